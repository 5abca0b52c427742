"""When a post that is live is asked how it does: before its first day is over, daily, weekly, never."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from postcron.errors import Code

DAY: Final = timedelta(days=1)
#: a story and its numbers are gone after a day; cron may miss a few hours of it
FIRST: Final = timedelta(hours=20)
WEEK: Final = timedelta(days=7)
END: Final = timedelta(days=90)

#: an account whose platform did not answer is asked again after this, or when it says itself
AFTER_TROUBLE: Final = timedelta(hours=6)
#: one whose platform refuses: only a person can change that
AFTER_REFUSAL: Final = DAY

#: what stops one post's numbers stops those of all the others of its account
ACCOUNT_WIDE: Final = frozenset(
    {
        Code.TOKEN_REFUSED,
        Code.TOKEN_EXPIRED,
        Code.ACCOUNT_UNUSABLE,
        Code.NOT_CONFIGURED,
        Code.RATE_LIMITED,
        Code.LEFT_ALONE,
        Code.CLOCKS_DISAGREE,
        Code.NOT_REACHABLE,
        Code.SERVER_TROUBLE,
        Code.ANSWER_LOST,
    }
)


def next_asking(published_at: datetime, after: datetime) -> datetime | None:
    """Return the first moment after `after` at which numbers are due; None once nobody asks.

    Counted from when it went out, so that what was missed is made up for by one question.
    """
    if after - published_at < FIRST:
        return published_at + FIRST
    age = max(after - published_at, DAY)
    step = DAY if age < WEEK else WEEK
    due = published_at + (age // step + 1) * step
    return due if due <= published_at + END else None

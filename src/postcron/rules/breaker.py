"""When an account, or a whole platform, is left alone: what an error means, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from postcron.errors import Code, Permanent, PlatformError
from postcron.model import Breaker, Trouble

#: so many deliveries in trouble within this time open it
ENOUGH: Final = 3
WINDOW: Final = timedelta(minutes=15)
#: for a platform they must belong to so many accounts: one account's trouble may be its own
ACCOUNTS: Final = 2
#: the first opening is this long; each further one twice as long, up to the longest
FIRST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(hours=1)
#: opened so long ago, it says nothing about today
FORGOTTEN: Final = timedelta(hours=2)

#: no call of ours is at fault: the platform, or the way there
_TROUBLES: Final = frozenset(
    {
        Code.NOT_REACHABLE,
        Code.SERVER_TROUBLE,
        Code.ANSWER_LOST,
        Code.UNEXPECTED_ANSWER,
        Code.RATE_LIMITED,
    }
)


class Meaning(StrEnum):
    """What an error says about its account."""

    #: a person has to log in again
    LOGIN = "login"
    #: not before a moment: the platform said so, or its clock and ours disagree
    PAUSE = "pause"
    #: the platform or the way there is broken for now
    TROUBLE = "trouble"
    #: it is about this post alone
    NOTHING = "nothing"


def meaning(error: PlatformError) -> Meaning:
    """Return what an error says about the account it happened to."""
    if error.code in {Code.TOKEN_REFUSED, Code.ACCOUNT_UNUSABLE}:
        return Meaning.LOGIN
    pauses = {Code.RATE_LIMITED, Code.CLOCKS_DISAGREE}
    if error.code in pauses and error.retry_after is not None:
        return Meaning.PAUSE
    if error.code in _TROUBLES and not isinstance(error, Permanent):
        return Meaning.TROUBLE
    return Meaning.NOTHING


def is_open(breaker: Breaker, now: datetime) -> bool:
    return breaker.open_until is not None and breaker.open_until > now


def after_pause(breaker: Breaker, *, until: datetime, why: str) -> Breaker:
    """Return the breaker after an error that asks for a pause: open for as long as that."""
    if breaker.open_until is not None and breaker.open_until >= until:
        return breaker
    return Breaker(openings=max(breaker.openings, 1), open_until=until, why=why)


def after_trouble(breaker: Breaker, *, trouble: Trouble, why: str, accounts: int = 1) -> Breaker:
    """Return the breaker after one more trouble; what happens while it is open changes nothing.

    It opens when there was enough, of at least so many accounts. The tries of one delivery count
    once. After an opening the first trouble opens it again, for twice as long.
    """
    now = trouble.at
    if is_open(breaker, now):
        return breaker
    if breaker.open_until is not None and now - breaker.open_until > FORGOTTEN:
        breaker = Breaker()
    if breaker.openings:
        return _opened(breaker, why, now)
    recent = [known for known in breaker.troubles if now - known.at < WINDOW]
    if trouble.delivery not in {known.delivery for known in recent}:
        recent.append(trouble)
    if len(recent) >= ENOUGH and len({known.account for known in recent}) >= accounts:
        return _opened(breaker, why, now)
    return replace(breaker, troubles=tuple(recent))


def _opened(breaker: Breaker, why: str, now: datetime) -> Breaker:
    pause = min(FIRST * 2 ** min(breaker.openings, 10), LONGEST)
    return Breaker(openings=breaker.openings + 1, open_until=now + pause, why=why)


#: what a run does to a breaker it finds in the store
Change = Callable[[Breaker], Breaker]

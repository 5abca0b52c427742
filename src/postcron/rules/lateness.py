"""How late is too late: within its grace a post goes out, after it the account's policy decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from postcron.rules.spans import spell, until

#: a grace lasts to its very end
_AFTER = timedelta(milliseconds=1)


def begins(due_at: datetime, grace: timedelta) -> datetime:
    """Return when a post that waits becomes late."""
    return due_at + grace + _AFTER


def reason(due_at: datetime, now: datetime, grace: timedelta) -> str | None:
    """Return why a post that is not out yet must not go out any more; None: its grace lasts."""
    if now <= due_at + grace:
        return None
    return f"It was due {until(due_at, now)}, and its grace of {spell(grace)} is over."

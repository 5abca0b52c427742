"""What a pause means, in words and in time."""

from __future__ import annotations

import shlex
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from postcron.model import Pause, Scope


def told(pause: Pause, zone: str) -> str:
    """Return who paused what, since when and why: `paused by ada since 2026-11-21 11:00 (acme)`."""
    what = str(pause) if pause.why is None else f"{pause}: {pause.why}"
    return f"paused by {pause.by} since {pause.since.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({what})"


def ending(pause: Pause) -> str:
    """Return the command that ends a pause."""
    what = [] if pause.scope is Scope.ALL else [f"--{pause.scope}", shlex.quote(pause.name)]
    return " ".join(["postcron resume", *what])


def shifted(due_at: datetime, pause: Pause, now: datetime) -> datetime:
    """Return the new moment of what was due while a pause lasted: later by its whole length.

    Full minutes, so that what was due at 18:00 does not become due at 18:00:07.
    """
    length = now - pause.since
    minutes = -(-length // timedelta(minutes=1))
    return due_at + minutes * timedelta(minutes=1)

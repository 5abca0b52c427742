"""When to try again after a failure, look again after a lost answer, ask again while they work."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

#: pauses within one run (and the first ones of later runs, if that run ended before)
IN_RUN: Final = (timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20))
#: between the parts of a thread: X refuses an answer to a post that is fresher than this
BETWEEN_PARTS: Final = timedelta(seconds=5)
#: pauses between later runs double from the first to the longest
FIRST: Final = timedelta(seconds=60)
LONGEST: Final = timedelta(hours=1)
LATER_TRIES: Final = 9

#: what a platform may make us wait, whatever it says
SHORTEST_ASKED: Final = timedelta(seconds=1)
LONGEST_ASKED: Final = timedelta(hours=24)

#: looks after a lost answer end here: then a person is needed
LOOKING: Final = timedelta(minutes=30)
#: some platforms work on a video for hours; asking is read-only
POLLING: Final = timedelta(hours=24)


def next_try(
    delivery_id: int,
    tries: int,
    *,
    now: datetime,
    until: datetime,
    retry_after: timedelta | None = None,
) -> datetime | None:
    """Return when to try again after the `tries`-th failure; None when only a person may.

    That is when no tries are left, or when the next one would come after `until`, the end of its
    grace. A platform that asks for a longer pause gets it.
    """
    pause = _pause(delivery_id, tries)
    if pause is None:
        return None
    asked = min(max(retry_after or SHORTEST_ASKED, SHORTEST_ASKED), LONGEST_ASKED)
    again = now + max(pause, asked)
    return again if again <= until else None


def _pause(delivery_id: int, tries: int) -> timedelta | None:
    if tries <= len(IN_RUN):
        return IN_RUN[tries - 1]
    n = tries - len(IN_RUN) - 1
    if n >= LATER_TRIES:
        return None
    return min(LONGEST, FIRST * (1 << n)) * jitter(delivery_id, n)


def jitter(delivery_id: int, n: int) -> float:
    """Return a number from ½ to 1 that is the same on every host: spread out, yet predictable."""
    digest = hashlib.sha256(f"{delivery_id}:{n}".encode()).digest()
    return 0.5 + int.from_bytes(digest[:6]) / 2**49


def next_look(since: datetime, now: datetime) -> datetime | None:
    """Return when to look again for a call that began to be looked for at `since`.

    Waits as long again as it has already been: 30 s, 1 min, 2 min … 10 min. None once the time for
    looking is over and a person has to say.
    """
    return _again(
        since, now, first=timedelta(seconds=30), longest=timedelta(minutes=10), end=since + LOOKING
    )


def next_poll(since: datetime, now: datetime, *, every: timedelta | None = None) -> datetime | None:
    """Return when to ask again about what the platform accepted at `since`: 2 s, 4 s … 5 min.

    `every` is the pause while something else waits for the answer.
    """
    if every is not None and now < since + POLLING:
        return now + every
    return _again(
        since, now, first=timedelta(seconds=2), longest=timedelta(minutes=5), end=since + POLLING
    )


def _again(
    since: datetime, now: datetime, *, first: timedelta, longest: timedelta, end: datetime
) -> datetime | None:
    if now >= end:
        return None
    pause = min(max(now - since, first), longest)
    return min(now + pause, end)

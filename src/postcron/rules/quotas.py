"""How many posts still fit: in a span of time that slides, and in what a platform says is left."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from postcron.model import AccountState, Cap

#: what a platform says is left, without saying until when, is believed this long
BELIEVED: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Said:
    """What a platform said is left, when, and until when that holds."""

    left: int
    at: datetime
    until: datetime


@dataclass(frozen=True)
class Room:
    """How many posts an account may publish now, when one more may go, and what sets that."""

    left: int
    frees_at: datetime
    why: str


def said(state: AccountState) -> Said | None:
    """Return what is known of an account's allowance, however old."""
    left, at = state.allowance_left, state.allowance_at
    if left is None or at is None:
        return None
    return Said(left, at, state.allowance_resets_at or at + BELIEVED)


def room(
    caps: Iterable[Cap], said: Said | None, outings: Iterable[datetime], now: datetime
) -> Room | None:
    """Return what is left by the tightest of an account's limits; None if it has none.

    `outings` are the moments at which it has published or is publishing.
    """
    ordered = sorted(outings)
    rooms = [_under(cap, ordered, now) for cap in caps]
    if said is not None and now < said.until:
        left = said.left - sum(at > said.at for at in ordered)
        rooms.append(Room(max(left, 0), said.until, "the platform says that it takes no more"))
    # Of two that are full, the one that frees last decides.
    return min(rooms, key=lambda one: (one.left, -one.frees_at.timestamp()), default=None)


def _under(cap: Cap, outings: Sequence[datetime], now: datetime) -> Room:
    """Return what is left of a cap: an outing counts until its span is over."""
    counted = outings[bisect_right(outings, now - cap.per) :]
    full = len(counted) >= cap.posts
    frees_at = counted[-cap.posts] + cap.per if full else now
    why = f"{len(counted)} posts went out within {hours(cap.per)}, and {cap.posts} fit"
    return Room(max(cap.posts - len(counted), 0), frees_at, why)


def most_within(per: timedelta, outings: Iterable[datetime], new: Sequence[datetime]) -> int:
    """Return the most posts of any sliding span that holds one of the new ones."""
    added, ordered = sorted(new), sorted([*outings, *new])

    def within(some: Sequence[datetime], end: datetime) -> int:
        return bisect_right(some, end) - bisect_right(some, end - per)

    # Each span is looked at as it ends with one of them: no other holds more.
    return max((within(ordered, end) for end in ordered if within(added, end)), default=0)


def hours(per: timedelta) -> str:
    """Return a span as platforms write theirs: `24 h`."""
    return f"{per / timedelta(hours=1):g} h"

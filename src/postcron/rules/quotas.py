"""How many posts still fit: in a span of time that slides, and in what a platform says is left."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from postcron.model import EVERY_POST, AccountState, Cap, Counted, Outing

#: what a platform says is left, without saying until when, is believed this long
BELIEVED: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Said:
    """What a platform said is left, when, and until when that holds."""

    left: int
    at: datetime
    until: datetime
    counted: Counted = EVERY_POST


@dataclass(frozen=True)
class Room:
    """How many posts an account may publish now, which ones, when one more may go, and why then."""

    left: int
    frees_at: datetime
    why: str
    counted: Counted = EVERY_POST


def said(state: AccountState, caps: Iterable[Cap] = ()) -> list[Said]:
    """Return what is known of an account's allowance, however old.

    By its `caps` it is known whether the platform counts answers apart, when it does not say so.
    """
    left, answers, at = state.allowance_left, state.allowance_answers, state.allowance_at
    if left is None or at is None:
        return []
    until = state.allowance_resets_at or at + BELIEVED
    posts = Counted(answers=False)
    if answers is not None:
        return [Said(left, at, until, posts), Said(answers, at, until, Counted(answers=True))]
    apart = any(cap.counted == posts for cap in caps)
    return [Said(left, at, until, posts if apart else EVERY_POST)]


def rooms(
    caps: Iterable[Cap], said: Iterable[Said], outings: Sequence[Outing], now: datetime
) -> list[Room]:
    """Return what is left by an account's limits: by the tightest of those that count the same.

    `outings` are those that it has published or is publishing.
    """
    found = [_under(cap, moments(outings, cap.counted), now) for cap in caps]
    found += [_as_said(one, moments(outings, one.counted)) for one in said if now < one.until]
    return [
        tightest(room for room in found if room.counted == counted)
        for counted in dict.fromkeys(room.counted for room in found)
    ]


def tightest(some: Iterable[Room]) -> Room:
    """Return the one of several that decides: of two that are full, the one that frees last."""
    return min(some, key=lambda one: (one.left, -one.frees_at.timestamp()))


def moments(outings: Iterable[Outing], counted: Counted) -> list[datetime]:
    """Return when those of some outings go out that are counted, in order."""
    return sorted(one.at for one in outings if counted.includes(one.type, answers=one.answers))


def _under(cap: Cap, outings: Sequence[datetime], now: datetime) -> Room:
    """Return what is left of a cap: an outing counts until its span is over."""
    within = outings[bisect_right(outings, now - cap.per) :]
    full = len(within) >= cap.posts
    frees_at = within[-cap.posts] + cap.per if full else now
    why = f"{len(within)} {cap.counted} went out within {hours(cap.per)}, and {cap.posts} fit"
    return Room(max(cap.posts - len(within), 0), frees_at, why, cap.counted)


def _as_said(one: Said, outings: Sequence[datetime]) -> Room:
    left = one.left - sum(at > one.at for at in outings)
    why = "the platform says that it takes no more"
    return Room(max(left, 0), one.until, why, one.counted)


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

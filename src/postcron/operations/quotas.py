"""Quotas: what an account may still publish, as its platform documents it or said in phase 2.

Two hosts may count at the same moment and let too many go: their platform then refuses those, and they
wait. Nothing here stands in the publish call's way.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from postcron.errors import Invalid, PlatformError
from postcron.model import (
    EVERY_POST,
    Account,
    AccountState,
    Cap,
    Counted,
    Delivery,
    Follow,
    Outing,
    PostType,
)
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.settings import settings
from postcron.platforms.base import Allows, Platform
from postcron.rules import quotas
from postcron.rules.quotas import Room, Said
from postcron.rules.spans import until
from postcron.states import AHEAD, State

log = logging.getLogger(__name__)

#: nothing is called for these yet; all other outings have been called, or are about to be
WAITING = AHEAD - {State.QUEUED}
BEING_CALLED = frozenset({State.QUEUED, State.PUBLISHING})
#: what a platform says is left is asked for this often at most
ASK_AGAIN = timedelta(minutes=15)


#: what is left of the limits of each account that has any
Rooms = Mapping[str, Sequence[Room]]


@dataclass(frozen=True)
class _Limit:
    """What an account's posts are counted by."""

    platform: str
    caps: tuple[Cap, ...]
    said: Sequence[Said]

    def rooms(self, outings: Iterable[Outing], now: datetime) -> list[Room]:
        called = [
            replace(one, at=max(one.at, now)) if one.state in BEING_CALLED else one
            for one in outings
            if one.state not in WAITING
        ]
        return quotas.rooms(self.caps, self.said, called, now)


def rooms(house: House) -> Rooms:
    """Return what is left now."""
    now, limits = house.clock.now(), _limits(house)
    found = _outings(house, limits, now, now + house.config.run.horizon)
    return {name: limit.rooms(found.get(name, ()), now) for name, limit in limits.items()}


def tight(house: House, due_by: datetime) -> Rooms:
    """Return what is left of the accounts for which more is due by a moment than may go now."""
    now, limits = house.clock.now(), _limits(house)
    found = {}
    for name, some in _outings(house, limits, now, due_by).items():
        due = [one for one in some if one.state in WAITING]
        left = limits[name].rooms(some, now) if due else []
        if any(one.left < len(quotas.moments(due, one.counted)) for one in left):
            found[name] = left
    return found


def used_up(rooms: Rooms) -> frozenset[tuple[str, Counted]]:
    """Return what may not go now: of which account, and which of its posts."""
    return frozenset((name, one.counted) for name, some in _full(rooms).items() for one in some)


def full(house: House) -> dict[str, str]:
    """Return the accounts with a limit that is used up, each with the reason and when that ends."""
    found = _full(rooms(house))
    return {name: " ".join(_told(house, name, one) for one in some) for name, some in found.items()}


def waits(house: House, deliveries: Sequence[Delivery]) -> dict[int, str]:
    """Return why those that a used up limit counts have to wait, by id, and until when."""
    found = _full(rooms(house)) if deliveries else {}
    types, told = _types(house, deliveries, found), {}
    for one in deliveries:
        if counting := [room for room in found.get(one.account, ()) if _counts(room, one, types)]:
            told[one.id] = _told(house, one.account, quotas.tightest(counting))
    return told


def fitting(house: House, deliveries: Sequence[Delivery], rooms: Rooms) -> list[Delivery]:
    """Return those that may go, as far as there is room for them, from the first on."""
    types = _types(house, deliveries, rooms)
    left = {name: {one.counted: one.left for one in some} for name, some in rooms.items()}
    fits = []
    for one in deliveries:
        counting = [
            room.counted for room in rooms.get(one.account, ()) if _counts(room, one, types)
        ]
        if all(left[one.account][counted] for counted in counting):
            fits.append(one)
            for counted in counting:
                left[one.account][counted] -= 1
    return fits


def ask(house: House, doors: Doors, account: Account, platform: Platform) -> None:
    """Ask what an account may still publish, and keep the answer. In phase 2; once a run, if at all.

    Nothing fails because of it: without an answer the platform itself will refuse what is too much.
    """
    if not isinstance(platform, Allows) or account.name in doors.allowed:
        return
    doors.allowed.add(account.name)
    now, asked_at = house.clock.now(), house.store.accounts.one(account.name).allowance_at
    if asked_at is not None and now - asked_at < ASK_AGAIN:
        return
    try:
        answer = platform.allowance(now)
    except PlatformError:
        log.warning("%s could not be asked what it still takes", account.name, exc_info=True)
        return
    house.store.accounts.set(
        account.name,
        allowance_left=None if answer is None else answer.left,
        allowance_answers=None if answer is None else answer.answers,
        allowance_resets_at=None if answer is None else answer.resets_at,
        allowance_at=now,
    )


def overfull(house: House, new: Iterable[Outing]) -> Iterator[str]:
    """Say of each account whose plan does not fit, with what is new in it, what will happen."""
    by_account: dict[str, list[Outing]] = defaultdict(list)
    for one in new:
        by_account[one.account].append(one)
    limits = {name: limit for name, limit in _limits(house).items() if name in by_account}
    for name, limit in limits.items():
        at = [one.at for one in by_account[name]]
        longest = max((cap.per for cap in limit.caps), default=timedelta())
        found = _outings(house, {name: limit}, min(at), max(at) + longest)
        yield from _overfull(name, limit, found.get(name, ()), by_account[name])


def _overfull(
    name: str, limit: _Limit, outings: Sequence[Outing], new: Sequence[Outing]
) -> Iterator[str]:
    wait = "the last ones will wait."
    for cap in limit.caps:
        there, added = quotas.moments(outings, cap.counted), quotas.moments(new, cap.counted)
        count = quotas.most_within(cap.per, there, added)
        if count > cap.posts:
            yield (
                f"{count} {cap.counted} within {quotas.hours(cap.per)} are planned for {name} and "
                f"{cap.posts} fit ({limit.platform}): {wait}"
            )
    for said in limit.said:
        there, added = quotas.moments(outings, said.counted), quotas.moments(new, said.counted)
        count = sum(said.at < at < said.until for at in [*there, *added])
        if count > said.left and any(at < said.until for at in added):
            yield (
                f"{count} {said.counted} are planned for {name} before "
                f"{said.until:%Y-%m-%d %H:%M} UTC and {said.left} fit, says {limit.platform}: {wait}"
            )


# --- what is counted, and by whom ----------------------------------------------------------------


def _full(rooms: Rooms) -> dict[str, list[Room]]:
    found = {name: [one for one in some if not one.left] for name, some in rooms.items()}
    return {name: some for name, some in found.items() if some}


def _told(house: House, name: str, full: Room) -> str:
    what = "" if full.counted == EVERY_POST else f" with its {full.counted}"
    return (
        f"{name} has to wait{what}: {full.why} ({house.config.accounts[name].platform}). "
        f"The next one may go {until(full.frees_at, house.clock.now())}."
    )


def _counts(room: Room, one: Delivery, types: Mapping[int, PostType]) -> bool:
    type = types.get(one.post_id, PostType.POST)
    return room.counted.includes(type, answers=one.follows is Follow.ANSWER)


def _types(house: House, deliveries: Iterable[Delivery], rooms: Rooms) -> dict[int, PostType]:
    """Return the types of those posts of whose account a limit heeds the type."""
    heeding = {name for name, some in rooms.items() if any(one.counted.types for one in some)}
    ids = {one.post_id for one in deliveries if one.account in heeding}
    return {id: post.type for id, post in (house.store.posts(ids) if ids else {}).items()}


def _limits(house: House) -> dict[str, _Limit]:
    """Return the accounts that have a limit which is known."""
    states, found = house.store.accounts.every(), {}
    for name, account in house.config.accounts.items():
        try:
            limits = house.platform_class(account).limits(settings(house, account))
        except Invalid:
            continue  # it is left out of every run anyhow
        said = quotas.said(states.get(name, AccountState(name)), limits.caps)
        if account.enabled and (limits.caps or said):
            found[name] = _Limit(account.platform, limits.caps, said)
    return found


def _outings(
    house: House, limits: Mapping[str, _Limit], first: datetime, last: datetime
) -> dict[str, list[Outing]]:
    """Return what counts between two moments, with all that the limits look back at from the first."""
    if not limits:
        return {}
    caps = [cap for limit in limits.values() for cap in limit.caps]
    said = [said for limit in limits.values() for said in limit.said]
    since = [first - max((cap.per for cap in caps), default=timedelta()), *(one.at for one in said)]
    counted = {one.counted for one in caps} | {one.counted for one in said}
    apart = counted != {EVERY_POST}
    found: dict[str, list[Outing]] = defaultdict(list)
    for one in house.store.outings(limits, since=min(since), before=last, told_apart=apart):
        found[one.account].append(one)
    return found

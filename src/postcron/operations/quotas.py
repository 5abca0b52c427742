"""Quotas: what an account may still publish, as its platform documents it or said in phase 2.

Two hosts may count at the same moment and let one too many go: its platform then refuses it, and it
waits. Nothing here stands in the publish call's way.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from postcron.errors import Invalid, PlatformError
from postcron.model import Account, AccountState, Cap, Delivery, Outing
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


@dataclass(frozen=True)
class _Limit:
    """What an account's posts are counted by."""

    platform: str
    caps: tuple[Cap, ...]
    said: Said | None

    def room(self, outings: Sequence[Outing], now: datetime) -> Room | None:
        called = [
            max(one.at, now) if one.state in BEING_CALLED else one.at
            for one in outings
            if one.state not in WAITING
        ]
        return quotas.room(self.caps, self.said, called, now)


def full(house: House) -> dict[str, str]:
    """Return the accounts that may not publish now, each with the reason and the moment it ends."""
    now = house.clock.now()
    limits = _limits(house)
    return {
        name: f"{name} has to wait: {one.why} ({limits[name].platform}). "
        f"The next one may go {until(one.frees_at, now)}."
        for name, one in _rooms(house, limits, now).items()
        if not one.left
    }


def tight(house: House, due_by: datetime) -> dict[str, int]:
    """Return the accounts for which more is due by a moment than may go now, and how many may."""
    now, limits = house.clock.now(), _limits(house)
    found = _outings(house, limits, now, due_by)
    due = {name: sum(one.state in WAITING for one in some) for name, some in found.items()}
    rooms = {name: limits[name].room(some, now) for name, some in found.items()}
    return {
        name: one.left for name, one in rooms.items() if one is not None and one.left < due[name]
    }


def fitting(house: House, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Return those that may go now, as far as their accounts' limits let them, from the first on."""
    rooms = _rooms(house, _limits(house), house.clock.now()) if deliveries else {}
    left = {name: one.left for name, one in rooms.items()}
    fits = []
    for delivery in deliveries:
        if left.get(delivery.account, 1):
            fits.append(delivery)
            if delivery.account in left:
                left[delivery.account] -= 1
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
        allowance_resets_at=None if answer is None else answer.resets_at,
        allowance_at=now,
    )


def overfull(house: House, new: Mapping[str, Sequence[datetime]]) -> Iterator[str]:
    """Say of each account whose plan does not fit, with these new moments, what will happen."""
    limits = {name: limit for name, limit in _limits(house).items() if new.get(name)}
    for name, limit in limits.items():
        moments = sorted(new[name])
        longest = max((cap.per for cap in limit.caps), default=timedelta())
        found = _outings(house, {name: limit}, moments[0], moments[-1] + longest)
        outings = [one.at for one in found.get(name, ())]
        yield from _overfull(name, limit, outings, moments)


def _overfull(
    name: str, limit: _Limit, outings: Sequence[datetime], new: Sequence[datetime]
) -> Iterator[str]:
    for cap in limit.caps:
        count = quotas.most_within(cap.per, outings, new)
        if count > cap.posts:
            yield (
                f"{count} posts within {quotas.hours(cap.per)} are planned for {name} and "
                f"{cap.posts} fit ({limit.platform}): the last ones will wait."
            )
    if (said := limit.said) is not None and new[0] < said.until:
        count = sum(said.at < at < said.until for at in [*outings, *new])
        if count > said.left:
            yield (
                f"{count} posts are planned for {name} before {said.until:%Y-%m-%d %H:%M} UTC and "
                f"{said.left} fit, says {limit.platform}: the last ones will wait."
            )


# --- what is counted, and by whom ----------------------------------------------------------------


def _rooms(house: House, limits: Mapping[str, _Limit], now: datetime) -> dict[str, Room]:
    found = _outings(house, limits, now, now + house.config.run.horizon)
    rooms = {name: limit.room(found.get(name, ()), now) for name, limit in limits.items()}
    return {name: one for name, one in rooms.items() if one is not None}


def _limits(house: House) -> dict[str, _Limit]:
    """Return the accounts that have a limit which is known."""
    states, found = house.store.accounts.every(), {}
    for name, account in house.config.accounts.items():
        said = quotas.said(states.get(name, AccountState(name)))
        try:
            limits = house.platform_class(account).limits(settings(house, account))
        except Invalid:
            continue  # it is left out of every run anyhow
        if account.enabled and (limits.caps or said is not None):
            found[name] = _Limit(account.platform, limits.caps, said)
    return found


def _outings(
    house: House, limits: Mapping[str, _Limit], first: datetime, last: datetime
) -> dict[str, list[Outing]]:
    """Return what counts between two moments, with all that the limits look back at from the first."""
    found: dict[str, list[Outing]] = {}
    spans = [cap.per for limit in limits.values() for cap in limit.caps]
    since = [limit.said.at for limit in limits.values() if limit.said is not None]
    start = min([first - max(spans, default=timedelta()), *since])
    for one in house.store.outings(limits, since=start, before=last) if limits else ():
        found.setdefault(one.account, []).append(one)
    return found

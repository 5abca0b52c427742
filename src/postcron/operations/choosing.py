"""Choosing: the moment that `next` and `best` mean for an account, by its slots and its best times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from postcron.errors import Invalid, PlatformError
from postcron.model import Account
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.placing import Diaries
from postcron.platforms.base import Advises
from postcron.rules import best_times, moments, slots
from postcron.rules.best_times import Hours
from postcron.rules.moments import Moment
from postcron.rules.placing import LONGEST_WAIT, Timetable
from postcron.rules.slots import Slot
from postcron.rules.zones import zone_of

NEXT: Final = "next"
BEST: Final = "best"
_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
_AT_ONCE: Final = timedelta(microseconds=1)


def chosen(
    diaries: Diaries,
    account: Account,
    text: str,
    *,
    zone: str | None,
    now: datetime,
    since: datetime,
) -> Moment:
    """Return the moment that a time names for an account; `next` and `best` are since another one.

    Raises `Invalid` for what is none, and where an account has no such moment.
    """
    word = text.strip().lower()
    if word == NEXT:
        return next_slot(diaries, account, since)
    if word == BEST:
        return best_moment(diaries, account, since)
    return moments.parse(text, now=now, zone=zone or account.timezone)


def next_slot(diaries: Diaries, account: Account, since: datetime) -> Moment:
    """Return the first slot of an account at which nothing else goes out and its rules hold."""
    given = _slots(diaries.house, account)
    if not given:
        message = f"{account.name} has no slots: {_setting(account)}, or give a time."
        raise Invalid(message, code="no_slots")
    diary, zone = diaries.of(account, whole=True), zone_of(account.timezone)
    found = slots.coming(given, zone, since=since, until=since + LONGEST_WAIT)
    at = next((at for at in found if diary.plan.is_free(at, _AT_ONCE)), None)
    if at is None:
        message = f"{account.name} has no free slot within a year: add slots, or look at its rules."
        raise Invalid(message, code="never")
    return Moment(at, f"the next free slot, {moments.told(at, zone)}")


def best_moment(diaries: Diaries, account: Account, since: datetime) -> Moment:
    """Return the best moment at which nothing else goes out and the rules hold; a slot if none is known."""
    known = hours_of(diaries.house, account)
    if not known.hours:
        return _slot_instead(diaries, account, since, known.by)
    diary, zone = diaries.of(account, whole=True), zone_of(account.timezone)
    free = partial(diary.plan.is_free, span=_HOUR)
    at = best_times.best(known.hours, zone, since=since, free=free)
    if at is None:
        message = f"{account.name} has none of its best times free within {best_times.WEEKS} weeks: give a time."
        raise Invalid(message, code="never")
    return Moment(at, f"a best time {known.by}, {moments.told(at, zone)}")


def _slot_instead(diaries: Diaries, account: Account, since: datetime, why: str) -> Moment:
    if not _slots(diaries.house, account):
        message = f"{account.name} has no best times ({why}) and no slots: {_setting(account)}, or give a time."
        raise Invalid(message, code="no_best_times")
    found = next_slot(diaries, account, since)
    return Moment(found.at, f"{found.reason}; there are no best times: {why}")


def spread(house: House, account: Account, number: int) -> list[Moment]:
    """Return so many of an account's best moments from now on, each free beside the others, in order."""
    diaries, now = Diaries(house), house.clock.now()
    found: list[Moment] = []
    for _ in range(number):
        found.append(best_moment(diaries, account, now))
        diaries.of(account).place(found[-1])
    return sorted(found, key=lambda moment: moment.at)


def hours_of(house: House, account: Account) -> Hours:
    """Return how good the hours of an account's week are; asked once in a process."""
    if account.name not in house.hours:
        advised = _advised(house, account)
        own = _by_results(house, account) if not advised.hours else Hours()
        by = " ".join(filter(None, (advised.by, own.by)))
        house.hours[account.name] = Hours(advised.hours or own.hours, own.by if own.hours else by)
    return house.hours[account.name]


def _advised(house: House, account: Account) -> Hours:
    """Return what the platform says, or why it says nothing."""
    if not issubclass(house.platform_class(account), Advises):
        return Hours()
    now = house.clock.now()
    try:
        platform: Any = Doors(house).reader(account)
        hours = platform.best_times(now, now + _WEEK, account.timezone)
    except (PlatformError, Invalid) as error:
        return Hours(by=house.secrets.redact(error.message))
    return Hours(hours, f"by {account.platform}") if hours else Hours()


def _by_results(house: House, account: Account) -> Hours:
    """Return the estimate from the account's own posts, or why there is none."""
    zone, since = zone_of(account.timezone), house.clock.now() - best_times.OLDEST
    found = best_times.telling(
        house.store.measures.results(
            account.name, since=since, first=best_times.FIRST, last=best_times.LAST
        )
    )
    why = best_times.too_few(found, zone)
    if why is not None:
        return Hours(by=why)
    return Hours(best_times.estimated(found, zone), f"by how {len(found)} of its posts did")


def _slots(house: House, account: Account) -> Sequence[Slot]:
    return house.config.timetables.get(account.name, Timetable()).slots


def _setting(account: Account) -> str:
    return f'set slots = ["mon-fri 09:00"] in [accounts.{account.name}]'

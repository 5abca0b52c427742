"""Keeping up: say of a series that an account lets it out more slowly than it comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from postcron.model import Delivery, Series
from postcron.operations.house import House
from postcron.rules.keeping_up import Given, backlog, overtaken
from postcron.rules.placing import LONGEST_WAIT, Plan
from postcron.rules.recurrence import Recurrence
from postcron.rules.zones import zone_of

#: so many moments are looked at, or those of a year: what comes hourly comes so often in four weeks
_LOOKED_AT: Final = 700

#: a moment of a series, and what is made for it
Made = tuple[datetime, Sequence[Delivery]]


def by_rules(house: House, rule: Recurrence, accounts: Iterable[str]) -> tuple[str, ...]:
    """Say which accounts only ever fall behind, whatever else they say."""
    now, timetables = house.clock.now(), house.config.timetables
    known = [name for name in dict.fromkeys(accounts) if name in timetables]
    counting = [name for name in known if timetables[name].counts]
    wanted = rule.first(_LOOKED_AT, now, until=now + LONGEST_WAIT) if counting else []
    found = (backlog(name, _empty_plan(house, name), wanted) for name in counting)
    return tuple(one.told(rule.zone) for one in found if one is not None)


def _empty_plan(house: House, name: str) -> Plan:
    return Plan(name, house.config.timetables[name], zone_of(house.account(name).timezone))


def as_made(house: House, one: Series, rule: Recurrence, made: Sequence[Made]) -> tuple[str, ...]:
    """Say which accounts fall behind with what has just been made of a series, and did not before."""
    following = rule.next(made[-1][0]) if made else None
    end: list[Given] = [] if following is None else [(following, {})]
    found = overtaken([*map(_given, made), *end])
    if not found:
        return ()
    behind = _behind(house, one, made[0][0])
    new = {each.account: each for each in reversed(found) if each.account not in behind}
    return tuple(each.told(rule.zone) for each in new.values())


def _behind(house: House, one: Series, at: datetime) -> set[str]:
    """Return the accounts for which the moment before this one is overtaken."""
    posts = house.store.series.posts(one, since=at - LONGEST_WAIT)
    before = max((known for known in posts if known < at), default=None)
    if before is None:
        return set()
    last = before, house.store.deliveries_of([posts[before]])
    return {each.account for each in overtaken([_given(last), (at, {})])}


def _given(made: Made) -> Given:
    at, deliveries = made
    return at, {each.account: each.due_at for each in deliveries if each.due_at is not None}

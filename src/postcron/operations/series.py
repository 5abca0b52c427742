"""Series for people: which there are, what each says, and what comes next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from postcron.errors import NotFound
from postcron.model import Delivery, Series
from postcron.operations.house import House
from postcron.operations.keeping_up import by_rules
from postcron.operations.report import Occurrence
from postcron.operations.series_template import Template
from postcron.operations.wishes import Wish
from postcron.rules.recurrence import Recurrence

#: so many of the next moments are told
TOLD: Final = 5


@dataclass(frozen=True)
class Next:
    """A moment of a series, and the deliveries that are made for it already."""

    at: datetime
    deliveries: tuple[Delivery, ...] = ()


@dataclass(frozen=True)
class Told:
    """What a series says, and what comes next."""

    #: None: it is only rehearsed
    series: Series | None
    template: Template
    rule: Recurrence
    next: tuple[Next, ...]
    #: said beside the answer, for a person
    notes: tuple[str, ...] = ()


def every(house: House) -> list[Told]:
    """Return all series, the one that makes something first in front, what has ended last."""
    return [tell(house, one, only=1) for one in house.store.series.every()]


def show(house: House, id: str) -> Told:
    told = tell(house, found(house, id))
    return replace(told, notes=by_rules(house, told.rule, told.template.wish.accounts))


def found(house: House, id: str) -> Series:
    """Return a series of this workspace; raises `NotFound`."""
    number = id.strip()
    one = house.store.series.one(int(number)) if _is_number(number) else None
    if one is None:
        message = f"There is no series {id[:20]!r}; `postcron series` shows what there is."
        raise NotFound(message)
    return one


def still_to_make(
    house: House, since: datetime, before: datetime, goes: Callable[[Wish], bool]
) -> list[Occurrence]:
    """Return what no posts are made for yet, of series whose posts go where they are looked for."""
    ending = before - timedelta(microseconds=1)
    return sorted(
        (
            Occurrence(one.id, at)
            for one in house.store.series.every()
            if one.wake_at is not None and goes(Template.of(house, one).wish)
            for at in Recurrence.read(one.rule, one.zone).between(
                max(one.made_until, since - timedelta(microseconds=1)), ending
            )
        ),
        key=lambda each: (each.at, each.series_id),
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 18


def tell(house: House, one: Series, *, only: int = TOLD, notes: tuple[str, ...] = ()) -> Told:
    """Return a series with its next moments."""
    template, rule = Template.of(house, one), Recurrence.read(one.rule, one.zone)
    now = house.clock.now()
    posts = house.store.series.posts(one, since=now)
    moments = sorted({*posts, *rule.first(only, now)})[:only]
    made = defaultdict(list)
    for delivery in house.store.deliveries_of([posts[at] for at in moments if at in posts]):
        made[delivery.post_id].append(delivery)
    coming = tuple(Next(at, tuple(made[posts.get(at, 0)])) for at in moments)
    return Told(one, template, rule, coming, notes)

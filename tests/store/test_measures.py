"""The numbers of what is live: the newest of each day, and when to ask again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import update

from postcron.model import Delivery, Measure
from postcron.states import State
from postcron.store import Store
from postcron.store.tables import delivery
from tests.builders import NOW, StoppedClock
from tests.store.journeys import brought_to

DAY = timedelta(days=1)
LONG_AGO = NOW - 90 * DAY


def live(store: Store, measure_at: datetime | None = NOW) -> Delivery:
    one = brought_to(store, State.PUBLISHED)
    set_next(store, one, measure_at)
    return one


def set_next(store: Store, one: Delivery, measure_at: datetime | None) -> None:
    with store._database.engine.begin() as connection:
        chosen = update(delivery).where(delivery.c.id == one.id)
        connection.execute(chosen.values(measure_at=measure_at))


def due(store: Store, *accounts: str, limit: int = 50) -> list[int]:
    return [one.id for one in store.measures.due(accounts or {"acme"}, limit)]


def a_measure(one: Delivery, at: datetime, **numbers: int) -> Measure:
    return Measure(one.id, at.date(), numbers, at)


def test_what_is_live_is_asked_about_when_its_moment_has_come(
    store: Store, clock: StoppedClock
) -> None:
    first, second = live(store, NOW), live(store, NOW - DAY)
    live(store, NOW + DAY)
    live(store, None)
    assert due(store) == [second.id, first.id]
    assert due(store, limit=1) == [second.id]
    assert due(store, "other") == []


@pytest.mark.parametrize("state", sorted(set(State) - {State.PUBLISHED}))
def test_what_is_not_live_is_not_asked_about(store: Store, state: State) -> None:
    set_next(store, brought_to(store, state), NOW)
    assert due(store) == []


def test_the_newest_numbers_of_a_day_are_kept(store: Store) -> None:
    one, other = live(store), live(store)
    noon, evening = NOW, NOW + timedelta(hours=8)
    for at, likes in ((noon, 1), (evening, 2), (NOW + DAY, 7)):
        store.measures.keep([a_measure(one, at, likes=likes)], {one.id: at + DAY})
    store.measures.keep([a_measure(other, noon)], {})
    assert [(m.day, m.numbers, m.taken_at) for m in store.measures.of(one.id)] == [
        (date(2026, 11, 21), {"likes": 2}, evening),
        (date(2026, 11, 22), {"likes": 7}, NOW + DAY),
    ]
    assert [m.numbers for m in store.measures.of(other.id)] == [{}]


def test_when_to_ask_again_is_kept_with_the_numbers(store: Store, clock: StoppedClock) -> None:
    one, other = live(store), live(store)
    store.measures.keep([a_measure(one, NOW, likes=1)], {one.id: NOW + DAY, other.id: None})
    assert due(store) == []
    clock.at = NOW + DAY
    assert due(store) == [one.id]


def test_an_account_is_put_off_as_a_whole(store: Store, clock: StoppedClock) -> None:
    soon, later = live(store, NOW), live(store, NOW + 2 * DAY)
    never = live(store, None)
    store.measures.put_off("other", NOW + DAY, ended=LONG_AGO)
    assert due(store) == [soon.id]
    store.measures.put_off("acme", NOW + DAY, ended=LONG_AGO)
    assert due(store) == []
    clock.at = NOW + DAY
    assert due(store) == [soon.id]
    clock.at = NOW + 2 * DAY
    assert due(store) == [soon.id, later.id]
    assert never.id not in due(store)

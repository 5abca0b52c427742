"""Figures worked out in the database are those a slow reader of every row would find."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest

from postcron.model import Delivery, Filter
from postcron.states import State, Step
from postcron.store import Store, open_store
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added
from tests.store.journeys import a_move, brought_to, way

HOUR = timedelta(hours=1)


def published(store: Store, sent: float, live: float, **more: Any) -> Delivery:
    """A post that is live: its call left, and it was seen, so many seconds after it was due."""
    saved = added(store, a_new_post(a_new_delivery(**more)), run=a_run())
    [delivery] = saved.deliveries
    for step in way(State.SCHEDULED, State.PUBLISHING):
        [moved] = store.record([a_move(delivery, step)], run=a_run())
        assert moved is not None
        delivery = moved
    due = delivery.due_at
    assert due is not None
    landed = a_move(
        delivery,
        Step.LANDED,
        set={"remote_id": f"r{delivery.id}", "published_at": due + timedelta(seconds=live)},
        attempt={"sent_at": due + timedelta(seconds=sent)},
    )
    [moved] = store.record([landed], run=a_run())
    assert moved is not None
    return moved


def nearest_rank(values: list[float], percent: int) -> float:
    return sorted(values)[-(-len(values) * percent // 100) - 1]


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 40])
def test_half_took_no_longer_than_p50_and_nineteen_of_twenty_no_longer_than_p95(
    store: Store, count: int
) -> None:
    chosen = random.Random(count)
    late = [(chosen.randrange(9000) / 1000, chosen.randrange(9, 99) * 1.0) for _ in range(count)]
    for sent, live in late:
        published(store, sent, live)
    [found] = store.punctuality(Filter())
    expected = [nearest_rank([row[at] for row in late], of) for at in (0, 1) for of in (50, 95)]
    figures = [found.sent_p50, found.sent_p95, found.live_p50, found.live_p95]
    assert (found.platform, found.count) == ("mastodon", count)
    assert figures == pytest.approx(expected, abs=0.0015)


def test_platforms_are_told_apart_and_what_does_not_fit_is_left_out(store: Store) -> None:
    published(store, 1, 2)
    published(store, 3, 4, platform="bluesky", account="sky")
    published(store, 50, 60, due=NOW + HOUR)
    asked = Filter(before=NOW + HOUR)
    assert [(one.platform, one.count) for one in store.punctuality(asked)] == [
        ("bluesky", 1),
        ("mastodon", 1),
    ]
    [sky] = store.punctuality(Filter(account="sky"))
    assert [sky.sent_p50, sky.live_p95] == pytest.approx([3, 4])


def test_a_call_that_left_at_an_unknown_moment_proves_nothing_about_punctuality(
    store: Store,
) -> None:
    brought_to(store, State.PUBLISHED)  # without a word about when its call left
    brought_to(store, State.FAILED)
    assert store.punctuality(Filter()) == []


def test_every_delivery_is_counted_once_where_it_stands(store: Store) -> None:
    expected: dict[str, Counter[State]] = defaultdict(Counter)
    for state in [*State, State.FAILED, State.PUBLISHED]:
        expected[brought_to(store, state).account][state] += 1
    published(store, 1, 2, account="other")
    expected["other"][State.PUBLISHED] += 1
    found: dict[str, Counter[State]] = defaultdict(Counter)
    for one in store.figures(Filter()):
        assert one.platform == "mastodon"
        found[one.account][one.state] += one.count
    assert found == expected


def test_another_workspace_has_figures_of_its_own(store: Store, store_url: str) -> None:
    published(store, 1, 2)
    elsewhere = open_store(store_url, now=lambda: NOW, skew=timedelta(0), workspace="elsewhere")
    assert (elsewhere.figures(Filter()), elsewhere.punctuality(Filter())) == ([], [])
    elsewhere.close()

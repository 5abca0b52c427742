"""Series in the store: each occurrence becomes a post once, and a change is whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from postcron.errors import PlanChanged, Refused
from postcron.model import Filter, Move, NewPost, NewSeries, Saved, Series
from postcron.states import State, Step
from postcron.store import Store
from tests.builders import (
    NOW,
    StoppedClock,
    a_media_file,
    a_new_delivery,
    a_new_post,
    a_run,
    every_delivery,
)
from tests.store.journeys import a_move

DAY = timedelta(days=1)
TOMORROW = NOW + DAY


def a_new_series(key: str | None = None, **more: Any) -> NewSeries:
    given: dict[str, Any] = {
        "workspace": "acme",
        "rule": "DTSTART:20261122T110000\nRRULE:FREQ=DAILY",
        "zone": "Europe/Rome",
        "template": {"text": "Hello"},
        "made_until": NOW,
        "wake_at": NOW,
        "created_by": "ada",
    }
    return NewSeries(key=key, **(given | more))


def an_occurrence(one: Series, at: datetime, *parts: str) -> list[NewPost]:
    """The posts of one occurrence: a thread, if it has more parts."""
    first = a_new_post(a_new_delivery(due=at), series_id=one.id, occurrence=at)
    return [first, *(replace(first, text=text, occurrence=None) for text in parts)]


def made(
    store: Store, one: Series, *at: datetime, parts: tuple[str, ...] = (), **more: Any
) -> tuple[Series, list[list[Saved]]] | None:
    threads = [an_occurrence(one, each, *parts) for each in at]
    given: dict[str, Any] = {"until": max(at, default=NOW), "wake_at": TOMORROW, "left_out": 0}
    return store.series.make(one, threads, run=a_run(), seen={}, **(given | more))


def test_a_series_is_kept_as_it_was_given(store: Store) -> None:
    new = a_new_series("daily", template={"text": "Hé", "accounts": ["acme"], "nested": {"a": [1]}})
    one = store.series.add(new, [a_media_file()])
    assert store.series.one(one.id) == store.series.by_key("daily") == one
    given = vars(new).keys() - {"workspace"}
    assert {name: getattr(one, name) for name in given} == {name: vars(new)[name] for name in given}
    assert (one.made, one.left_out, one.made_until, one.created_at) == (0, 0, NOW, NOW)
    assert store.media_file("ab" * 32) == a_media_file()


def test_the_same_key_again_is_the_same_series(store: Store) -> None:
    first = store.series.add(a_new_series("k"))
    assert store.series.add(a_new_series("k", zone="UTC")) == first
    others = [a_new_series(), a_new_series(), a_new_series("k", workspace="other")]
    assert len({first.id, *(store.series.add(new).id for new in others)}) == 4


def test_due_is_what_has_a_moment_that_has_come_soonest_first(store: Store) -> None:
    for wake_at in (NOW, TOMORROW, NOW - DAY):
        store.series.add(a_new_series(wake_at=wake_at))
    over = made(store, store.series.add(a_new_series()), TOMORROW, wake_at=None)
    assert over is not None
    assert [one.id for one in store.series.due(9)] == [3, 1]
    assert [one.id for one in store.series.due(1)] == [3]
    assert [one.id for one in store.series.every()] == [3, 1, 2, 4]


def test_occurrences_are_posts_of_the_series(store: Store) -> None:
    one = store.series.add(a_new_series())
    answer = made(store, one, TOMORROW, TOMORROW + DAY, left_out=3)
    assert answer is not None
    series, saved = answer
    assert series == store.series.one(one.id)
    assert (series.made, series.left_out, series.made_until) == (2, 3, TOMORROW + DAY)
    assert series.wake_at == TOMORROW
    assert [thread[0].post.series_id for thread in saved] == [one.id, one.id]
    ids = [thread[0].post.id for thread in saved]
    assert store.series.posts(series, since=NOW) == dict(
        zip([TOMORROW, TOMORROW + DAY], ids, strict=True)
    )
    assert store.series.posts(series, since=TOMORROW + DAY) == {TOMORROW + DAY: ids[1]}
    assert [each.post_id for each in store.deliveries_of(ids)] == ids


def test_of_two_that_make_at_once_one_makes_nothing(store: Store) -> None:
    one = store.series.add(a_new_series())
    assert made(store, one, TOMORROW) is not None
    assert made(store, one, TOMORROW, TOMORROW + DAY) is None
    assert list(store.series.posts(one, since=NOW)) == [TOMORROW]


def test_the_database_itself_refuses_an_occurrence_that_is_there(store: Store) -> None:
    answer = made(store, store.series.add(a_new_series()), TOMORROW)
    assert answer is not None
    with pytest.raises(Exception, match=r"one_post_per_occurrence|UNIQUE constraint failed"):
        made(store, answer[0], TOMORROW)
    assert store.series.one(1) == answer[0]
    assert store.count(Filter()) == 1


def test_what_was_planned_by_an_old_plan_is_not_made(store: Store) -> None:
    one = store.series.add(a_new_series())
    store.add_posts([a_new_post(a_new_delivery(due=TOMORROW))], run=a_run())
    with pytest.raises(PlanChanged):
        store.series.make(
            one,
            [an_occurrence(one, TOMORROW)],
            until=TOMORROW,
            wake_at=None,
            left_out=0,
            run=a_run(),
            seen={"acme": 0},
        )
    assert store.series.one(one.id) == one


def cancelling(store: Store, *post_ids: int) -> list[Move]:
    found = [each for each in store.deliveries_of(post_ids) if each.after_id is None]
    return [Move(each, Step.CANCELLED, wake_at=None) for each in found]


def test_a_change_withdraws_whole_threads_and_lets_them_be_made_anew(store: Store) -> None:
    answer = made(store, store.series.add(a_new_series()), TOMORROW, TOMORROW + DAY, parts=("2/2",))
    assert answer is not None
    one, (first, second) = answer
    values = {"made_until": NOW, "made": 1, "zone": "UTC"}
    moves = cancelling(store, first[0].post.id)
    changed = store.series.change(one, values, moves, files=[a_media_file()], run=a_run())
    assert (changed.zone, changed.made, changed.fence) == ("UTC", 1, one.fence + 1)
    assert store.series.posts(changed, since=NOW) == {TOMORROW + DAY: second[0].post.id}
    assert {each.state for each in store.deliveries_of([part.post.id for part in first])} == {
        State.CANCELLED
    }
    assert store.count(Filter()) == 2
    assert len(every_delivery(store)) == 4
    assert made(store, changed, TOMORROW) is not None
    assert store.media_file("ab" * 32) is not None
    withdrawn = [each for each in store.events(Filter(), limit=99) if each.kind == "deleted"]
    assert {each.post_id for each in withdrawn} == {part.post.id for part in first}


@pytest.mark.parametrize("overtaken", ["series", "delivery"])
def test_a_change_that_another_run_was_ahead_of_changes_nothing(
    store: Store, overtaken: str
) -> None:
    answer = made(store, store.series.add(a_new_series()), TOMORROW)
    assert answer is not None
    one, [[saved]] = answer
    moves = cancelling(store, saved.post.id)
    if overtaken == "series":
        assert made(store, one, TOMORROW + DAY) is not None
    else:
        store.record([a_move(saved.deliveries[0], Step.UPLOAD_STARTED)], run=a_run())
    before = store.series.one(one.id), store.deliveries_of([saved.post.id])
    with pytest.raises(Refused, match="just been changed by another run"):
        store.series.change(one, {"zone": "UTC"}, moves, run=a_run())
    assert (store.series.one(one.id), store.deliveries_of([saved.post.id])) == before


def test_what_was_left_out_is_told_once(store: Store) -> None:
    answer = made(store, store.series.add(a_new_series()), left_out=3)
    assert answer is not None
    store.series.tell([answer[0]])
    told = store.series.one(1)
    assert told is not None
    assert told.left_out == 0


def test_what_was_left_out_meanwhile_is_still_to_be_told(store: Store) -> None:
    first = made(store, store.series.add(a_new_series()), left_out=3)
    assert first is not None
    second = made(store, first[0], left_out=2)
    assert second is not None
    store.series.tell([first[0]])
    now = store.series.one(1)
    assert now is not None
    assert now.left_out == 5


def test_a_series_can_be_put_off(store: Store, clock: StoppedClock) -> None:
    one = store.series.add(a_new_series())
    store.series.put_off(one, NOW + DAY)
    assert store.series.due(9) == []
    clock.forward(days=1)
    assert [each.id for each in store.series.due(9)] == [one.id]

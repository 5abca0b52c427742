"""Plans: what an account says when, and of two who give a time at once, one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from postcron.errors import PlanChanged
from postcron.model import Filter, NewPost, PostChange
from postcron.states import State, Step
from postcron.store import Store, open_store
from tests.builders import NOW, StoppedClock, a_new_delivery, a_new_post, a_run, added
from tests.store.explained import plans
from tests.store.journeys import a_move, brought_to

HOUR = timedelta(hours=1)


@pytest.fixture
def store(store_url: str, clock: StoppedClock) -> Iterator[Store]:
    opened = open_store(store_url, now=clock.now, skew=timedelta(0), workspace="acme")
    yield opened
    opened.close()


def at(hours: float, account: str = "acme") -> NewPost:
    return a_new_post(a_new_delivery(account, due=NOW + hours * HOUR))


def moments(store: Store, since: float = -1, **more: list[int]) -> list[tuple[datetime, str]]:
    return sorted(store.planned("acme", since=NOW + since * HOUR, **more).moments)


def changes(store: Store, account: str = "acme") -> int:
    return store.planned(account, since=NOW).changes


def test_a_plan_holds_what_its_account_says_from_a_moment_on(store: Store) -> None:
    for post in (at(1), at(-2), at(3), at(2, "other")):
        added(store, post, run=a_run())
    assert moments(store) == [(NOW + HOUR, "1.1"), (NOW + 3 * HOUR, "3.1")]


def test_a_plan_leaves_out_what_is_withdrawn_or_has_no_time(store: Store) -> None:
    brought_to(store, State.CANCELLED)
    added(store, a_new_post(a_new_delivery(due=None, state=State.DRAFT)), run=a_run())
    added(store, a_new_post(a_new_delivery(state=State.DRAFT)), run=a_run())
    assert moments(store) == [(NOW, "3.1")]


def test_a_plan_leaves_out_what_is_about_to_be_moved(store: Store) -> None:
    first, second = (added(store, at(hours), run=a_run()).deliveries[0] for hours in (1, 2))
    assert moments(store, without=[first.id]) == [(second.due_at, "2.1")]


def test_what_is_out_counts_from_when_it_went_out(store: Store, clock: StoppedClock) -> None:
    sent = brought_to(store, State.PUBLISHING)
    clock.forward(minutes=7)
    out = {"published_at": clock.at, "remote_id": "r-1"}
    store.record([a_move(sent, Step.LANDED, set=out)], run=a_run())
    assert moments(store) == [(NOW + timedelta(minutes=7), "1.1")]


def test_a_thread_counts_once(store: Store) -> None:
    store.add_posts([at(1), at(1), at(1)], run=a_run())
    assert moments(store) == [(NOW + HOUR, "1.1")]


def test_every_time_that_is_given_counts_as_a_change_of_its_account(store: Store) -> None:
    assert changes(store) == 0
    [delivery] = added(store, at(1), run=a_run()).deliveries
    store.add_many([[at(2)], [at(3)], [at(4, "other")]], run=a_run())
    assert (changes(store), changes(store, "other")) == (2, 1)
    [post] = store.posts([delivery.post_id]).values()
    move = a_move(delivery, Step.RESCHEDULED, set={"due_at": NOW + 5 * HOUR})
    store.revise(post, PostChange(), [move], run=a_run())
    assert changes(store) == 3


def test_what_gives_no_time_changes_no_plan(store: Store) -> None:
    draft = a_new_post(a_new_delivery(due=None, state=State.DRAFT))
    [delivery] = added(store, draft, run=a_run()).deliveries
    [post] = store.posts([delivery.post_id]).values()
    store.revise(
        post, PostChange(), [a_move(delivery, Step.EDITED, set={"text": "bye"})], run=a_run()
    )
    assert changes(store) == 0


def test_who_has_seen_an_older_plan_is_refused_and_nothing_is_written(store: Store) -> None:
    added(store, at(1), run=a_run())
    for save in (
        lambda: store.add_posts([at(2)], run=a_run(), seen={"acme": 0}),
        lambda: store.add_many([[at(2, "other")], [at(3)]], run=a_run(), seen={"acme": 0}),
    ):
        with pytest.raises(PlanChanged, match="The plan of acme has just been changed"):
            save()
    assert len(store.page(Filter()).deliveries) == 1
    assert (changes(store), changes(store, "other")) == (1, 0)
    store.add_posts([at(2)], run=a_run(), seen={"acme": 1})


def test_a_time_given_by_an_older_plan_is_refused_and_nothing_is_changed(store: Store) -> None:
    [delivery] = added(store, at(1), run=a_run()).deliveries
    [post] = store.posts([delivery.post_id]).values()
    move = a_move(delivery, Step.RESCHEDULED, set={"due_at": NOW})
    with pytest.raises(PlanChanged):
        store.revise(post, PostChange(text="bye"), [move], run=a_run(), seen={"acme": 0})
    assert store.reload([delivery.id]) == [delivery]
    assert store.posts([post.id]) == {post.id: post}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_the_question_for_a_plan_is_answered_by_its_index(store: Store) -> None:
    [plan] = plans(store, lambda: store.planned("acme", since=NOW))
    assert "USING INDEX delivery_account_due (account=? AND due_at>?)" in plan

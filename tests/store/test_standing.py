"""Posts as they stand: page after page, the parts of threads, how many stand where."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from postcron.model import Filter
from postcron.states import State
from postcron.store import Store, open_store
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added, an_attachment


def test_pages_of_posts_follow_each_other_with_the_deliveries_that_fit(store: Store) -> None:
    both = (a_new_delivery("one"), a_new_delivery("two"))
    saved = [added(store, a_new_post(*both, attachments=(an_attachment(),)), run=a_run())]
    added(store, a_new_post(a_new_delivery("two")), run=a_run())
    added(store, a_new_post(*both, workspace="other"), run=a_run())
    saved += [added(store, a_new_post(*both), run=a_run())]
    wanted = Filter(account="one")
    first = store.posts_after(0, wanted, limit=1)
    second = store.posts_after(first[0].post.id, wanted, limit=5)
    assert [one.post for one in first] == [saved[0].post]
    assert [one.deliveries for one in first] == [saved[0].deliveries[:1]]
    ours = [one for one in second if one.post.workspace == "acme"]
    assert [(one.post, one.deliveries) for one in ours] == [
        (saved[1].post, saved[1].deliveries[:1])
    ]
    assert store.posts_after(second[-1].post.id, wanted, limit=5) == []


def test_the_next_part_of_a_thread_is_found_by_the_one_before(store: Store) -> None:
    first, second, third = store.add_posts([a_new_post() for _ in range(3)], run=a_run())
    [found] = store.answers([first.deliveries[0].id])
    assert (found.post, found.deliveries) == (second.post, second.deliveries)
    assert [one.post for one in store.answers([second.deliveries[0].id])] == [third.post]
    assert store.answers([third.deliveries[0].id]) == []


def test_states_are_counted_of_what_fits(store: Store) -> None:
    draft = a_new_delivery("two", due=None, state=State.DRAFT)
    for _ in range(2):
        added(store, a_new_post(a_new_delivery("one"), draft), run=a_run())
    assert store.states(Filter()) == {State.SCHEDULED: 2, State.DRAFT: 2}
    assert store.states(Filter(account="two")) == {State.DRAFT: 2}
    assert store.states(Filter(since=NOW + timedelta(hours=1))) == {}


@pytest.mark.parametrize("workspace", ["acme", "other"])
def test_posts_are_known_by_number_in_their_workspace(
    store_url: str, store: Store, workspace: str
) -> None:
    one = added(store, a_new_post(workspace=workspace, text="Hi"), run=a_run()).post
    acme = open_store(store_url, now=lambda: NOW, skew=timedelta(0), workspace="acme")
    with closing(acme):
        found = acme.there({one.id, one.id + 1})
    assert set(found) == ({one.id} if workspace == "acme" else set())

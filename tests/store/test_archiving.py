"""What is put aside is counted no more, on both databases, however often it comes back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from postcron.model import Filter
from postcron.states import State
from postcron.store import Store
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added
from tests.store.journeys import brought_to
from tests.store.slow import SlowDatabase


def test_the_counts_follow_what_is_put_aside_and_brought_back(store: Store) -> None:
    gone, kept = brought_to(store, State.CANCELLED), brought_to(store, State.CANCELLED)
    live = brought_to(store, State.PUBLISHED)
    before = store.counts()
    for _ in range(2):
        assert store.archive.put([gone.post_id, live.post_id], run=a_run()) == [
            gone.post_id,
            live.post_id,
        ]
        assert store.counts() == {State.CANCELLED: 1}
        assert [one.id for one in store.page(Filter()).deliveries] == [kept.id]
        assert store.count(Filter(archived=True)) == 2
        assert store.count(Filter(archived=None)) == 3
        assert (
            len(store.archive.restore([gone.post_id, live.post_id, kept.post_id], run=a_run())) == 2
        )
        assert store.counts() == before
    kinds = [event.kind for event in store.events(Filter(post_id=gone.post_id), limit=9)]
    assert kinds[:4] == ["restored", "archived", "restored", "archived"]


def test_what_still_moves_is_not_put_aside(store: Store) -> None:
    moving = [brought_to(store, state) for state in State if state is not State.CANCELLED]
    over = {one.post_id for one in moving if one.state is State.PUBLISHED}
    assert set(store.archive.put([one.post_id for one in moving], run=a_run())) == over


def test_a_post_that_gets_another_delivery_comes_back_and_counts_whole(store: Store) -> None:
    first = added(
        store,
        a_new_post(a_new_delivery("a", state=State.CANCELLED, wake_at=None), key="k"),
        run=a_run(),
    )
    store.archive.put([first.post.id], run=a_run())
    assert store.counts() == {}
    both = a_new_post(a_new_delivery("a"), a_new_delivery("b", due=NOW), key="k")
    assert added(store, both, run=a_run()).post.archived_at is None
    assert store.counts() == {State.CANCELLED: 1, State.SCHEDULED: 1}


def test_a_post_that_is_just_getting_another_delivery_is_not_put_aside(store: Store) -> None:
    """Else what is still to go out would be in no list, and counted nowhere."""
    over = a_new_delivery("a", state=State.CANCELLED, wake_at=None)
    first = added(store, a_new_post(over, key="k"), run=a_run())
    both = a_new_post(over, a_new_delivery("b", due=NOW), key="k")
    slow = SlowDatabase(store._database)
    with ThreadPoolExecutor() as pool:
        adding = pool.submit(added, Store(slow), both, run=a_run())
        assert slow.written.wait(30)
        archiving = pool.submit(store.archive.put, [first.post.id], run=a_run())
        threading.Event().wait(0.3)
        assert not archiving.done()
        slow.commit.set()
        assert len(adding.result().created) == 1
        assert archiving.result() == []
    assert store.counts() == {State.CANCELLED: 1, State.SCHEDULED: 1}

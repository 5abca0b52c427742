"""Editing and deleting posts: together with their deliveries, or not at all."""

from __future__ import annotations

import pytest

from postcron.errors import Refused
from postcron.model import Filter, PostChange, PostType
from postcron.states import State, Step
from postcron.store import Store
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added, an_attachment
from tests.store.journeys import a_move


def test_an_edit_changes_the_post_and_its_deliveries_together(store: Store) -> None:
    two = a_new_post(a_new_delivery("a"), a_new_delivery("b"), attachments=(an_attachment(),))
    saved = added(store, two, run=a_run())
    moves = [a_move(one, Step.EDITED, set={"revision": 2}) for one in saved.deliveries]
    files = (an_attachment("cd" * 32), an_attachment("ef" * 32))
    moved = store.revise(
        saved.post,
        PostChange(
            text="Better",
            type=PostType.STORY,
            attachments=files,
            campaign="autumn",
            notes="shorter",
        ),
        moves,
        run=a_run(actor="ada"),
    )
    post = store.post(saved.post.id)
    assert post is not None
    assert (post.text, post.type, post.attachments) == ("Better", PostType.STORY, files)
    assert (post.campaign, post.notes) == ("autumn", "shorter")
    assert [one.revision for one in moved] == [2, 2]
    (event, *_) = store.events(Filter(), limit=9)
    assert (event.kind, event.actor, event.delivery_id) == ("revised", "ada", None)
    assert event.detail == {"changed": ["attachments", "campaign", "notes", "text", "type"]}


def test_labels_and_priority_are_changed_without_a_step(store: Store) -> None:
    saved = added(store, a_new_post(labels=("old",)), run=a_run())
    store.revise(saved.post, PostChange(labels=("new", "sale"), priority=7), run=a_run())
    post = store.post(saved.post.id)
    assert post is not None
    assert post.labels == ("new", "sale")
    [one] = store.deliveries(post.id)
    assert (one.priority, one.state, one.fence) == (7, State.SCHEDULED, 0)
    (event, *_) = store.events(Filter(), limit=9)
    assert event.detail == {"changed": ["labels", "priority"]}


def test_what_is_not_named_stays(store: Store) -> None:
    saved = added(store, a_new_post(notes="old", attachments=(an_attachment(),)), run=a_run())
    store.revise(saved.post, PostChange(campaign="autumn"), run=a_run())
    post = store.post(saved.post.id)
    assert post is not None
    assert (post.text, post.notes, post.attachments) == ("Hello", "old", saved.post.attachments)


def test_an_edit_that_comes_too_late_for_one_delivery_changes_nothing(store: Store) -> None:
    two = a_new_post(a_new_delivery("a"), a_new_delivery("b"), attachments=(an_attachment(),))
    saved = added(store, two, run=a_run())
    store.claims.take_uploads(a_run(), until=NOW, lease=NOW - NOW, limit=1)
    before = store.page(Filter()), store.events(Filter(), limit=99)
    moves = [a_move(one, Step.EDITED) for one in saved.deliveries]
    with pytest.raises(Refused, match=r"Delivery 1\.1 has just been changed by another run"):
        store.revise(saved.post, PostChange(text="Better", attachments=()), moves, run=a_run())
    assert store.post(saved.post.id) == saved.post
    assert (store.page(Filter()), store.events(Filter(), limit=99)) == before


def test_a_deleted_post_says_when_and_keeps_its_history(store: Store) -> None:
    saved = added(store, a_new_post(key="k"), run=a_run())
    moves = [a_move(one, Step.CANCELLED) for one in saved.deliveries]
    (cancelled,) = store.change(moves, run=a_run(), deleted=[saved.post.id])
    assert cancelled.state is State.CANCELLED
    assert store.taken({"k"}).keys() == {"k"}
    post = store.post(saved.post.id)
    assert post is not None
    assert post.deleted_at == NOW
    kinds = [event.kind for event in store.events(Filter(post_id=post.id), limit=9)]
    assert kinds == ["deleted", "cancelled", "created"]


def test_a_post_that_goes_to_one_more_account_by_now_is_not_deleted(store: Store) -> None:
    saved = added(store, a_new_post(a_new_delivery("one"), key="k"), run=a_run())
    both = a_new_post(a_new_delivery("one"), a_new_delivery("two"), key="k")
    store.add_posts([both], run=a_run())
    with pytest.raises(Refused, match="Post 1 goes to one more account by now"):
        store.change(
            [a_move(saved.deliveries[0], Step.CANCELLED)], run=a_run(), deleted=[saved.post.id]
        )
    assert [one.state for one in store.deliveries(saved.post.id)] == [State.SCHEDULED] * 2

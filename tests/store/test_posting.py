"""Saving posts: all or nothing, and the same key for ever the same post."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from postcron.errors import Refused
from postcron.model import Filter, MediaFile, PostType, Taken, Ticket
from postcron.states import State, Step
from postcron.store import Store
from postcron.store.posting import AT_ONCE
from tests.builders import (
    NOW,
    a_media_file,
    a_new_delivery,
    a_new_post,
    a_run,
    added,
    an_attachment,
    every_delivery,
)
from tests.store.journeys import a_move


def test_a_post_comes_back_as_it_was_saved(store: Store) -> None:
    files = (an_attachment("cd" * 32, alt="Zwei Hunde 🐕"), an_attachment("ab" * 32))
    new = a_new_post(
        a_new_delivery("one", text="Only for one", options={"visibility": "public"}),
        a_new_delivery("two", due=None, state=State.DRAFT),
        key="launch",
        attachments=files,
        type=PostType.REEL,
        campaign="autumn",
        notes="mind the gap",
    )
    saved = added(store, new, run=a_run())
    assert saved.post == store.post(saved.post.id)
    assert store.taken({"launch"})["launch"].post_id == saved.post.id
    assert saved.post.attachments == files
    assert (saved.post.type, saved.post.campaign) == (PostType.REEL, "autumn")
    assert list(saved.deliveries) == store.deliveries(saved.post.id)
    one, two = saved.deliveries
    assert saved.created == {one.id, two.id}
    assert (one.ref, one.text, one.options) == ("1.1", "Only for one", {"visibility": "public"})
    assert (one.state, one.due_at, one.ticket, one.fence) == (State.SCHEDULED, NOW, Ticket(), 0)
    assert (two.state, two.due_at, two.wake_at) == (State.DRAFT, None, None)
    assert store.delivery(saved.post.id, 2) == two


def test_the_ledger_tells_the_wanted_and_the_given_time_of_each_delivery(store: Store) -> None:
    later = a_new_delivery(due=NOW + timedelta(hours=1), wanted_at=NOW, reason="window opens 11:00")
    added(store, a_new_post(later), run=a_run(actor="ada"))
    (event,) = store.events(Filter(), limit=10)
    assert (event.kind, event.before, event.after) == ("created", None, State.SCHEDULED)
    assert event.actor == "ada"
    assert event.detail == {
        "account": "acme",
        "wanted_at": "2026-11-21T10:00:00+00:00",
        "due_at": "2026-11-21T11:00:00+00:00",
        "reason": "window opens 11:00",
    }


def test_the_same_key_again_adds_only_the_accounts_that_are_missing(store: Store) -> None:
    new = a_new_post(a_new_delivery("one"), key="launch", attachments=(an_attachment(),))
    first = added(store, new, run=a_run())
    again = replace(new, text="Other", deliveries=(a_new_delivery("one"), a_new_delivery("two")))
    second = added(store, again, run=a_run())
    assert second.post == first.post
    assert second.deliveries[0] == first.deliveries[0]
    assert [one.account for one in second.deliveries] == ["one", "two"]
    assert second.created == {second.deliveries[1].id}
    assert added(store, again, run=a_run()).created == frozenset()


def test_posts_without_a_key_and_other_workspaces_are_other_posts(store: Store) -> None:
    news = [a_new_post(), a_new_post(), a_new_post(key="k"), a_new_post(key="k", workspace="b")]
    ids = {added(store, new, run=a_run()).post.id for new in news}
    assert len(ids) == 4


def test_one_file_serves_many_posts_and_its_newest_place_counts(store: Store) -> None:
    for place in ("/old", "s3://new"):
        file = a_media_file(location=place, fps=29.97, frames=3, pages=7)
        attachment = replace(an_attachment(), file=file)
        added(store, a_new_post(attachments=(attachment,)), run=a_run())
    assert store.media_file("ab" * 32) == a_media_file(
        location="s3://new", fps=29.97, frames=3, pages=7
    )
    assert store.media_file("00" * 32) is None


def test_a_large_video_keeps_its_size_and_length(store: Store) -> None:
    video: MediaFile = a_media_file(size=5 * 2**30, duration=timedelta(seconds=12.48), width=1080)
    attachment = replace(an_attachment(), file=video)
    added(store, a_new_post(attachments=(attachment,)), run=a_run())
    assert store.media_file(video.sha256) == video


def test_when_one_delivery_cannot_be_saved_nothing_is(store: Store) -> None:
    broken = a_new_delivery("two", options={"not": object()})
    with pytest.raises(Exception, match="JSON"):
        added(store, a_new_post(a_new_delivery("one"), broken, key="k"), run=a_run())
    assert store.taken({"k"}) == {}
    assert store.events(Filter(), limit=10) == []


def test_a_moment_without_a_zone_is_never_stored(store: Store) -> None:
    naive = a_new_delivery(due=NOW.replace(tzinfo=None))
    with pytest.raises(Exception, match="no time zone"):
        added(store, a_new_post(naive), run=a_run())


@pytest.mark.parametrize("text", ["'; DROP TABLE post; --", "100 % :now %(x)s ?", "א‎\u202e\\\n"])
def test_any_text_is_only_text(store: Store, text: str) -> None:
    new = a_new_post(a_new_delivery(text, options={text: text}), key=text, text=text, campaign=text)
    saved = added(store, new, run=a_run())
    assert (saved.post.text, saved.post.key) == (text, text)
    assert store.taken({text})[text].post_id == saved.post.id
    assert store.page(Filter(account=text, campaign=text)).deliveries == saved.deliveries
    assert saved.deliveries[0].options == {text: text}


def test_ids_are_never_used_again(store: Store) -> None:
    first = added(store, a_new_post(), run=a_run())
    with store._database.engine.begin() as connection:
        for table in ("event", "delivery", "post"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    second = added(store, a_new_post(), run=a_run())
    assert second.post.id > first.post.id
    assert second.deliveries[0].id > first.deliveries[0].id


# --- many at once ------------------------------------------------------------------------------


def test_many_posts_stand_as_if_each_had_been_saved_alone(store: Store) -> None:
    news = [
        a_new_post(
            a_new_delivery("one", text="Only for one", options={"visibility": "public"}),
            a_new_delivery("two", due=None, state=State.DRAFT, priority=2),
            key=key,
            text=key,
            attachments=(an_attachment(sha * 32),),
            labels=("red",),
        )
        for key, sha in (("a", "ab"), ("b", "cd"))
    ]
    [id] = store.add_many([[news[0]]], run=a_run())
    alone = added(store, news[1], run=a_run())
    together = store.deliveries(id)
    assert store.post(id) == replace(
        alone.post, id=id, key="a", text="a", attachments=news[0].attachments
    )
    assert together == [
        replace(one, id=here.id, post_id=id)
        for one, here in zip(alone.deliveries, together, strict=True)
    ]
    events = [store.events(Filter(post_id=one), limit=9) for one in (id, alone.post.id)]
    plain = [[replace(e, id=0, post_id=0, delivery_id=0) for e in some] for some in events]
    assert plain[0] == plain[1]


def test_many_more_than_go_into_one_statement_keep_their_order(store: Store) -> None:
    news = [[a_new_post(key=f"k{number}")] for number in range(AT_ONCE + 3)]
    ids = store.add_many(news, run=a_run())
    assert ids == sorted(ids)
    assert store.taken({"k0", f"k{AT_ONCE + 2}"}) == {
        "k0": Taken(ids[0], "Hello", None, None, False, {"acme": State.SCHEDULED}),
        f"k{AT_ONCE + 2}": Taken(ids[-1], "Hello", None, None, False, {"acme": State.SCHEDULED}),
    }


def test_a_deleted_post_gets_no_further_delivery(store: Store) -> None:
    saved = added(store, a_new_post(a_new_delivery("one"), key="k"), run=a_run())
    moves = [a_move(saved.deliveries[0], Step.CANCELLED)]
    store.change(moves, run=a_run(), deleted=[saved.post.id])
    both = a_new_post(a_new_delivery("one"), a_new_delivery("two"), key="k")
    with pytest.raises(Refused, match="Post 1 has just been deleted"):
        store.add_posts([both], run=a_run())
    assert [one.account for one in store.deliveries(saved.post.id)] == ["one"]


def test_of_many_the_known_keys_get_only_the_accounts_they_lack(store: Store) -> None:
    both = (a_new_delivery("one"), a_new_delivery("two"))
    first = added(store, a_new_post(a_new_delivery("one"), key="k"), run=a_run())
    again = [[a_new_post(*both, key="k")], [a_new_post(*both, key="new")]]
    known, new = store.add_many(again, run=a_run())
    assert known == first.post.id
    there = [(one.ref, one.account) for id in (known, new) for one in store.deliveries(id)]
    assert there == [("1.1", "one"), ("1.2", "two"), ("2.1", "one"), ("2.2", "two")]
    assert store.deliveries(known)[0] == first.deliveries[0]
    assert store.add_many(again, run=a_run()) == [known, new]
    assert len(every_delivery(store)) == len(there)


def test_each_of_many_threads_has_its_own_order(store: Store) -> None:
    threads = [[a_new_post(text=f"{name}{part}") for part in range(3)] for name in "ab"]
    store.add_many(threads, run=a_run())
    found = store.reload(range(1, 7))
    assert [(one.after_id, one.root_id, one.followed) for one in found] == [
        (None, None, True),
        (1, 1, True),
        (2, 1, False),
        (None, None, True),
        (4, 4, True),
        (5, 4, False),
    ]


def test_when_one_of_many_cannot_be_saved_none_is(store: Store) -> None:
    broken = a_new_post(a_new_delivery(options={"not": object()}), key="broken")
    many = [[a_new_post(key=f"k{number}")] for number in range(AT_ONCE)]
    with pytest.raises(Exception, match="JSON"):
        store.add_many([*many, [broken]], run=a_run())
    assert store.taken({"k0"}) == {}


@pytest.mark.parametrize("count", [1, 19, 20, 41])
def test_many_are_saved_as_they_are_however_many_go_in_one_statement(
    store: Store, count: int
) -> None:
    due = [NOW + timedelta(minutes=n) for n in range(count)]
    threads = [
        [a_new_post(a_new_delivery(due=at, options={"n": str(n)}), text=f"Post {n}", key=f"k{n}")]
        for n, at in enumerate(due)
    ]
    ids = store.add_many(threads, run=a_run(), seen={})
    posts = store.posts(ids)
    assert [posts[id].text for id in ids] == [f"Post {n}" for n in range(count)]
    deliveries = store.deliveries_of(ids)
    assert [one.due_at for one in deliveries] == due
    assert [dict(one.options) for one in deliveries] == [{"n": str(n)} for n in range(count)]
    assert store.counts() == {State.SCHEDULED: count}

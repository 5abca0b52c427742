"""Saving posts: all or nothing, and the same key for ever the same post."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from postcron.model import Filter, MediaFile, PostType, Ticket
from postcron.states import State
from postcron.store import Store
from tests.builders import (
    NOW,
    a_media_file,
    a_new_delivery,
    a_new_post,
    a_run,
    added,
    an_attachment,
)


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
    assert saved.post == store.post(saved.post.id) == store.post_by_key("acme", "launch")
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
        file = a_media_file(location=place)
        attachment = replace(an_attachment(), file=file)
        added(store, a_new_post(attachments=(attachment,)), run=a_run())
    assert store.media_file("ab" * 32) == a_media_file(location="s3://new")
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
    assert store.post_by_key("acme", "k") is None
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
    assert store.post_by_key("acme", text) == saved.post
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

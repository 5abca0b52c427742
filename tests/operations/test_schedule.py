"""Scheduling: everything is checked first, and nothing is half-saved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from postcron.errors import DoesNotFit, Invalid, NotFound, PostcronError, Refused
from postcron.model import Filter
from postcron.operations.cancel import cancel, delete
from postcron.operations.edit import Change, edit
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.reading import show
from postcron.operations.schedule import Scheduled, schedule
from postcron.operations.wishes import Wish
from postcron.states import State
from tests.operations.stage import START, Stage


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.new("RGB", (32, 32), "teal").save(path)
    return path


def wish(**changes: Any) -> Wish:
    return Wish(**({"text": "hello", "accounts": ["acme"], "at": "in 2h"} | changes))


def saved_nothing(stage: Stage) -> bool:
    files = [
        path for path in (stage.house.config.path.parent / "media").rglob("*") if path.is_file()
    ]
    return not stage.house.store.page(Filter()).deliveries and not files


def test_the_answer_says_what_was_wanted_what_was_given_and_why(stage: Stage) -> None:
    """C3."""
    answer = schedule(stage.house, wish(at="tomorrow 09:00"), actor="me")
    [delivery] = answer.deliveries
    assert delivery.wanted_at == delivery.due_at == datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    assert delivery.reason
    assert delivery.state is State.SCHEDULED


def test_media_is_kept_in_the_library_with_its_checksum(stage: Stage, photo: Path) -> None:
    """A2."""
    answer = schedule(stage.house, wish(media=[str(photo)], alts=["A square"]), actor="me")
    assert answer.post is not None
    [attachment] = answer.post.attachments
    assert (attachment.name, attachment.alt, attachment.file.width) == ("photo.png", "A square", 32)
    photo.unlink()
    kept = b"".join(stage.house.library.read(attachment.file))
    assert len(kept) == attachment.file.size


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"accounts": []}, "no_account", "--to"),
        ({"accounts": ["acmee"]}, "unknown_account", "acme?"),
        ({"at": None}, "no_time", "--at"),
        ({"at": "2026-11-21T09:00Z"}, "in_the_past", "ago"),
        ({"at": "2026-11-25 09:00", "zone": "Europe/Rom"}, "unknown_zone", "Europe/Rome"),
        ({"at": "2027-03-28 02:30", "zone": "Europe/Rome"}, "twice_or_never", "2027-03-28"),
        ({"at": "2027-10-31 02:30", "zone": "Europe/Rome"}, "twice_or_never", "+01:00"),
        ({"text": ""}, "does_not_fit", "acme"),
        ({"text": "x" * 41}, "does_not_fit", "40"),
        ({"media": ["/no/such/file.png"]}, "invalid", "/no/such/file.png"),
        ({"texts": {"other": "hi"}}, "no_account", "--to other"),
        ({"options": {"acme": {"mood": "angry"}}}, "does_not_fit", "calm"),
        ({"options": {"acme": {"moot": "calm"}}}, "does_not_fit", "mood"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_nothing_is_saved(
    stage: Stage, changes: dict[str, Any], code: str, says: str
) -> None:
    """E10, D6."""
    with pytest.raises(PostcronError) as refusal:
        schedule(stage.house, wish(**changes), actor="me")
    assert refusal.value.code == code
    assert says in refusal.value.message
    assert saved_nothing(stage)


def test_a_file_that_lies_about_its_type_is_refused(stage: Stage, tmp_path: Path) -> None:
    liar = tmp_path / "film.mp4"
    Image.new("RGB", (8, 8)).save(liar, format="PNG")
    with pytest.raises(Invalid, match=r"film\.mp4"):
        schedule(stage.house, wish(media=[str(liar)]), actor="me")
    assert saved_nothing(stage)


def test_every_account_that_does_not_fit_is_named_at_once(stage: Stage) -> None:
    with pytest.raises(DoesNotFit) as refusal:
        schedule(stage.house, wish(text="x" * 41, accounts=["acme", "other"]), actor="me")
    assert [problem.where for problem in refusal.value.problems] == ["acme", "other"]


def test_a_rehearsal_answers_and_saves_nothing(stage: Stage, photo: Path) -> None:
    answer = schedule(stage.house, wish(media=[str(photo)]), actor="me", dry_run=True)
    assert answer.post is None
    assert answer.deliveries[0].due_at == START + timedelta(hours=2)
    assert saved_nothing(stage)


def test_the_same_key_again_answers_with_the_same_ids_for_ever(stage: Stage) -> None:
    """F4."""
    first = schedule(stage.house, wish(key="release-1"), actor="ci")
    stage.pass_time(days=40)
    again = schedule(stage.house, wish(key="release-1", at="2026-11-21T12:00Z"), actor="ci")
    assert again.post == first.post
    assert again.created == frozenset()


def test_the_same_key_adds_only_the_accounts_that_are_missing(stage: Stage) -> None:
    schedule(stage.house, wish(key="release-1"), actor="ci")
    both = schedule(stage.house, wish(key="release-1", accounts=["acme", "other"]), actor="ci")
    assert [delivery.account for delivery in both.deliveries] == ["acme", "other"]
    assert len(both.created) == 1


def test_the_same_key_with_another_text_changes_nothing_and_says_so(stage: Stage) -> None:
    schedule(stage.house, wish(key="release-1"), actor="ci")
    again = schedule(stage.house, wish(key="release-1", text="other"), actor="ci")
    assert again.post is not None
    assert again.post.text == "hello"
    assert "nothing changed" in again.notes[0]


def test_a_further_account_gets_the_text_that_is_asked_for_now(stage: Stage) -> None:
    schedule(stage.house, wish(key="release-1"), actor="ci")
    both = stage.schedule(key="release-1", text="shorter", accounts=["acme", "other"])
    assert [one.text for one in both] == [None, "shorter"]


def test_a_further_account_never_gets_other_media_than_were_asked_for(
    stage: Stage, photo: Path
) -> None:
    schedule(stage.house, wish(key="release-1"), actor="ci")
    other = wish(key="release-1", accounts=["acme", "other"], media=[str(photo)])
    with pytest.raises(Invalid, match="Key release-1 already stands for post 1 with other media"):
        schedule(stage.house, other, actor="ci")


def test_a_post_that_somebody_deleted_gets_no_further_account(stage: Stage) -> None:
    schedule(stage.house, wish(key="release-1"), actor="ci")
    delete(stage.house, ["1"], actor="ada")
    again = schedule(stage.house, wish(key="release-1"), actor="ci")
    assert [one.state for one in again.deliveries] == [State.CANCELLED]
    with pytest.raises(Refused, match="Post 1 is deleted: schedule it for its other accounts"):
        schedule(stage.house, wish(key="release-1", accounts=["acme", "other"]), actor="ci")


@pytest.mark.parametrize("at", [None, "in 30m"])
def test_a_draft_goes_nowhere_until_somebody_says_when(stage: Stage, at: str | None) -> None:
    [delivery] = stage.schedule(at=at, draft=True)
    assert (delivery.state, delivery.wake_at) == (State.DRAFT, None)
    [story] = show(stage.house, delivery.ref).stories
    assert story.advice.startswith("A draft: it goes nowhere until you say when")
    edited = edit(stage.house, delivery.ref, Change(at="in 1h"), actor="me")
    assert edited.deliveries[0].state is State.SCHEDULED
    stage.pass_time(minutes=59, seconds=30)
    publish(stage.house)
    assert stage.remote.texts() == ["hello"]


def test_a_new_time_for_a_ready_delivery_keeps_what_phase_2_did(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    pre_upload(stage.house)
    edit(stage.house, "1", Change(at="in 3h"), actor="me")
    stage.pass_time(hours=2, minutes=59, seconds=30)
    publish(stage.house)
    assert (len(stage.remote.prepared), len(stage.remote.live)) == (1, 1)
    assert stage.now(delivery).published_at == START + timedelta(hours=3)


def published(stage: Stage) -> None:
    stage.schedule(at="in 1m")
    publish(stage.house, ahead=timedelta(minutes=2))


@pytest.mark.parametrize(
    "step",
    [
        lambda house: edit(house, "1", Change(text="new"), actor="me"),
        lambda house: edit(house, "1", Change(at="in 3h"), actor="me"),
        lambda house: cancel(house, ["1"], actor="me"),
        lambda house: delete(house, ["1"], actor="me"),
    ],
)
def test_what_is_out_is_not_touched(stage: Stage, step: Callable[[Any], object]) -> None:
    """B2, E1: illegal steps are refused, with the reason."""
    published(stage)
    with pytest.raises(Refused, match=r"1\.1 is published"):
        step(stage.house)


def test_an_edit_of_the_rest_leaves_the_text_of_what_is_out(stage: Stage) -> None:
    stage.schedule(at="in 1m", accounts=["acme", "other"])
    stage.remote.script.extend(["ok", "refused"])
    publish(stage.house, ahead=timedelta(minutes=2))
    edited = edit(stage.house, "1", Change(text="mended"), actor="me")
    assert edited.post.text == "hello"
    assert sorted(str(d.text) for d in edited.deliveries) == ["None", "mended"]


def test_cancelling_twice_is_cancelling(stage: Stage) -> None:
    [delivery] = stage.schedule()
    assert [d.state for d in cancel(stage.house, ["1"], actor="me")] == [State.CANCELLED]
    assert [d.state for d in cancel(stage.house, ["1"], actor="me")] == [State.CANCELLED]
    assert stage.kinds(delivery).count("cancelled") == 1


def test_what_is_named_twice_is_told_once(stage: Stage) -> None:
    stage.schedule(accounts=["acme", "other"])
    told = cancel(stage.house, ["1", "1.2", "1.2"], actor="me")
    assert [one.ref for one in told] == ["1.1", "1.2"]


def test_one_delivery_can_be_withdrawn_alone(stage: Stage) -> None:
    one, two = stage.schedule(accounts=["acme", "other"])
    cancel(stage.house, ["1.2"], actor="me")
    assert (stage.now(one).state, stage.now(two).state) == (State.SCHEDULED, State.CANCELLED)


def test_a_deleted_post_leaves_the_lists_and_stays_in_the_ledger(stage: Stage) -> None:
    stage.schedule()
    delete(stage.house, ["1"], actor="me")
    assert stage.house.store.page(Filter()).deliveries == ()
    kinds = [event.kind for event in stage.house.store.events(Filter(post_id=1), limit=9)]
    assert "cancelled" in kinds


@pytest.mark.parametrize("id", ["", "x", "0", "1.0", "1.2.3", "-1", "99", "1.9", "1" * 40])
def test_an_id_that_is_none_is_refused_in_one_sentence(stage: Stage, id: str) -> None:
    stage.schedule()
    with pytest.raises(NotFound):
        cancel(stage.house, [id], actor="me")


def test_a_wish_without_text_is_fine_with_media(stage: Stage, photo: Path) -> None:
    answer = schedule(stage.house, wish(text=None, media=[str(photo)]), actor="me")
    assert isinstance(answer, Scheduled)
    assert answer.created

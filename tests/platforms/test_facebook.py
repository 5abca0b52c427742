"""What is peculiar to Facebook: posts made unseen and then shown, videos whose end is read, stories."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.model import (
    Accepted,
    Attachment,
    Draft,
    MediaFile,
    PostType,
    Proposal,
    Receipt,
    Sight,
    Ticket,
)
from postcron.operations.run import run
from postcron.platforms import find
from postcron.platforms.base import Login
from postcron.platforms.facebook import Facebook
from postcron.platforms.facebook_limits import limits, objections
from postcron.rules.limits import problems
from postcron.states import State
from postcron.web import Api
from tests.operations.stage import Stage, build, close_all
from tests.platforms.contract import (
    DUE,
    Album,
    Killed,
    Notebook,
    draft,
    failure,
    looked,
    lost,
    prepared,
    published,
    started,
    went_out,
)
from tests.platforms.subjects.facebook import FacebookSubject
from tests.simulators.facebook import CHUNK, PAGE, PERSON, TOKEN
from tests.simulators.graph import DAY, NOT_THERE, failing
from tests.simulators.multipart import parts
from tests.simulators.server import Asked, Fault, Reply

NOW = datetime(2026, 11, 21, 16, tzinfo=UTC)


@pytest.fixture
def subject() -> Iterator[FacebookSubject]:
    built = FacebookSubject()
    with built.running():
        yield built


def page(subject: FacebookSubject, token: str = TOKEN) -> Facebook:
    return Facebook(Login("acme", subject.settings, lambda name: token), Api)


def reel(album: Album, text: str = "Hello", **more: Any) -> Draft:
    return draft(album, text, album.video(), type=PostType.REEL, **more)


def film(album: Album, text: str = "Hello", **more: Any) -> Draft:
    return draft(album, text, album.video(), **more)


def story(album: Album, *, of_video: bool = False, **more: Any) -> Draft:
    file = album.video() if of_video else album.image()
    return draft(album, "", file, type=PostType.STORY, **more)


def accepted(subject: FacebookSubject, asked: Draft) -> Ticket:
    """Publish what is answered with a handle; return the ticket as it is kept then."""
    ticket = started(subject, asked, prepared(subject, asked))
    answer = subject.platform().publish(asked, ticket)
    assert isinstance(answer, Accepted)
    return ticket.having(handle=answer.handle)


def on_stage(subject: FacebookSubject, folder: Path) -> Stage:
    lines = [f'{name} = "{value}"' for name, value in subject.settings.items()]
    account = "\n".join([*lines, 'token = { env = "TOKEN" }'])
    stage = build(folder, at=NOW, platform="facebook", account=account)
    stage.house.environ = {"TOKEN": TOKEN}
    stage.house.find_platform = find
    subject.server.now = lambda: stage.clock.now().timestamp()  # type: ignore[method-assign]
    subject.server.tokens = dict.fromkeys(subject.server.tokens, NOW.timestamp() - 2 * DAY)
    return stage


def sent(subject: FacebookSubject, end: str) -> list[Asked]:
    return [one for one in subject.server.asked if one.method == "POST" and one.path.endswith(end)]


def test_who_we_are(subject: FacebookSubject) -> None:
    identity = page(subject).whoami()
    assert (identity.remote_id, identity.name) == (PAGE, "Acme")


# --- posts ---------------------------------------------------------------------------------------


def test_a_post_is_made_unseen_within_the_minute_before_and_not_in_phase_2(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image(), album.image("cat"))
    ticket = prepared(subject, asked)
    assert subject.server.unseen == []
    ticket = started(subject, asked, ticket)
    [unseen] = subject.server.unseen
    assert subject.live() == []
    receipt = published(subject, asked, ticket)
    assert (receipt.remote_id, receipt.url) == (unseen.id, None)
    assert subject.server.unseen == []


def test_it_is_made_once_for_all_calls(subject: FacebookSubject, album: Album) -> None:
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    assert started(subject, asked, ticket).data == ticket.data
    again = started(subject, asked, prepared(subject, asked, ticket))
    assert again.data["post"] == ticket.data["post"]
    assert len(subject.server.unseen) == 1


@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE])
def test_one_whose_answer_is_lost_is_never_seen(
    subject: FacebookSubject, album: Album, how: Fault
) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    subject.server.misbehave(how)
    with pytest.raises(Temporary):
        started(subject, asked, ticket)
    published(subject, asked, started(subject, asked, ticket))
    assert (len(subject.live()), len(subject.server.unseen)) == (1, 1)


def test_one_that_is_shown_too_early_is_named_and_never_made_again(
    subject: FacebookSubject, album: Album
) -> None:
    subject.server.shows_at_once = True
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    again = started(subject, asked, prepared(subject, asked, ticket))
    error = failure(subject, asked, again)
    assert isinstance(error, Permanent)
    assert ticket.data["post"] in error.message
    # Not proof that nothing is live: it is looked for, and found.
    assert error.evidence is Evidence.UNCLEAR
    assert looked(subject, asked, ticket).sight is Sight.LIVE
    assert len(subject.live()) == 1
    assert not any(map(subject.is_publish, subject.server.asked))


@pytest.mark.parametrize("fault", [Fault.ANSWER_LOST, failing(100, 33, "Object does not exist")])
def test_one_that_cannot_be_read_at_once_is_kept(
    subject: FacebookSubject, album: Album, fault: Fault | Reply
) -> None:
    asked = draft(album)
    subject.server.misbehave(fault, lambda asked: asked.method == "GET")
    went_out(subject, asked)
    assert (len(subject.live()), subject.server.unseen) == (1, [])


def test_one_shown_too_early_ends_as_published_and_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    subject = FacebookSubject(NOW)
    with subject.running():
        stage = on_stage(subject, tmp_path)
        subject.server.shows_at_once = True
        [delivery] = stage.schedule("Hello", at="in 30m")
        stage.pass_time(minutes=29, seconds=30)
        for _ in range(4):
            run(stage.house)
            stage.pass_time(seconds=60)
        [live] = subject.live()
        delivery = stage.now(delivery)
        assert (delivery.state, delivery.remote_id) == (State.PUBLISHED, live.remote_id)
        [attempt] = stage.house.store.attempts(delivery.id)
        assert live.remote_id in str(attempt.message)
        assert f"Facebook shows {live.remote_id} already" in caplog.text
        close_all()


def test_photos_that_such_a_post_has_taken_are_sent_once_more(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = prepared(subject, asked)
    subject.server.misbehave(Fault.ANSWER_LOST)
    with pytest.raises(Temporary):
        started(subject, asked, ticket)
    with pytest.raises(Temporary) as raised:
        started(subject, asked, ticket)
    assert raised.value.code == "handle_gone"
    went_out(subject, asked)
    assert len(subject.live()) == 1


def test_photos_keep_their_order_and_carry_their_descriptions(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image("b", alt="B"), album.image("a", alt=""))
    went_out(subject, asked)
    [live] = subject.live()
    photos = [subject.server.photos[id] for id in live.media]
    assert [photo.alt for photo in photos] == ["B", ""]
    contents = [b"".join(album.read(one.file, 0)) for one in asked.attachments]
    assert [photo.content for photo in photos] == contents


def test_a_link_is_a_card_and_words_are_not_needed(subject: FacebookSubject, album: Album) -> None:
    asked = draft(album, "", options={"link": "https://example.org/page"})
    went_out(subject, asked)
    body = sent(subject, "/feed")[0].json()
    assert body == {"link": "https://example.org/page", "published": False}


def test_the_token_of_a_person_is_refused_before_the_moment(
    subject: FacebookSubject, album: Album
) -> None:
    with pytest.raises(Permanent, match="as the page itself") as raised:
        page(subject, PERSON).before_publish(draft(album), prepared(subject, draft(album)))
    assert raised.value.code == "account_unusable"


@pytest.mark.parametrize(
    ("reply", "code", "family"),
    [
        (failing(197, None, "The post is empty."), "content_refused", Permanent),
        (failing(506, None, "Duplicate status message"), "content_refused", Permanent),
        (failing(1500, None, "The url you supplied is invalid"), "content_refused", Permanent),
        (failing(100, 1609005, "Link scrape failed"), "not_ready", Temporary),
        (failing(1609005, None, "Link scrape failed"), "not_ready", Temporary),
        (failing(368, 4854002, "Confirm your identity"), "account_unusable", Permanent),
        (failing(368, 1390008, "We limit how often you can post"), "rate_limited", Temporary),
        (failing(2, None, "Please retry", status=500), "server_trouble", Temporary),
        (failing(80001, None, "Too many calls"), "rate_limited", Temporary),
    ],
)
def test_making_it_may_be_refused(
    subject: FacebookSubject, album: Album, reply: Reply, code: str, family: type[PlatformError]
) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    subject.server.misbehave(reply)
    with pytest.raises(family) as raised:
        started(subject, asked, ticket)
    assert raised.value.code == code


@pytest.mark.parametrize(
    "reply",
    [
        failing(100, 1366046, "Invalid parameter", error_user_title="Can't Read Files"),
        failing(324, None, "Missing or invalid image file"),
    ],
)
def test_a_photo_that_cannot_be_read_is_refused_before_its_time(
    subject: FacebookSubject, album: Album, reply: Reply
) -> None:
    subject.server.misbehave(reply)
    with pytest.raises(Permanent) as raised:
        prepared(subject, draft(album, "Hello", album.image()))
    assert raised.value.code == "media_refused"


def test_showing_it_twice_makes_no_second_one(subject: FacebookSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    published(subject, asked, ticket)
    published(subject, asked, ticket)
    assert len(subject.live()) == 1


def test_a_post_that_was_not_shown_may_be_shown_once_more(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    sighting = looked(subject, asked, ticket)
    assert (sighting.sight, sighting.safe_to_repeat) == (Sight.ABSENT, True)
    published(subject, asked, ticket)
    assert looked(subject, asked, ticket).sight is Sight.LIVE


def test_a_stale_answer_costs_a_second_call_and_no_second_post(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    subject.server.stale = 1
    assert looked(subject, asked, ticket).sight is Sight.ABSENT
    published(subject, asked, ticket)
    assert (len(subject.live()), looked(subject, asked, ticket).sight) == (1, Sight.LIVE)


def test_a_post_that_cannot_be_read_proves_nothing(subject: FacebookSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    del subject.server.posts[ticket.data["post"]]
    with pytest.raises(Temporary):
        looked(subject, asked, ticket)


def test_old_photos_are_sent_once_more_and_a_post_never_made_anew(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = prepared(subject, asked)
    assert prepared(subject, asked, ticket).data["photos"] != ticket.data["photos"]
    ticket = started(subject, asked, ticket)
    assert prepared(subject, asked, ticket).data == ticket.data


def test_an_old_video_is_asked_for_where_it_can_be_and_else_sent_once_more(
    subject: FacebookSubject, album: Album
) -> None:
    for make, same in ((reel, True), (film, False)):
        asked = make(album)
        ticket = prepared(subject, asked)
        again = prepared(subject, asked, ticket)
        assert (again.data["video"] == ticket.data["video"]) is same
        accepted(subject, asked)


# --- videos --------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [reel, film])
@pytest.mark.parametrize("spells_out", [False, True])
def test_a_video_is_published_once_it_is_asked_for_and_seen_later(
    subject: FacebookSubject, album: Album, make: Any, spells_out: bool
) -> None:
    subject.server.spells_out = spells_out
    asked = make(album, "Hello", options={"title": "A dog"})
    ticket = accepted(subject, asked)
    assert subject.live() == []
    assert subject.platform().look(asked, ticket, DUE).sight is Sight.WORKING
    sighting = looked(subject, asked, ticket)
    [live] = subject.live()
    assert sighting.receipt is not None
    assert (sighting.sight, sighting.receipt.remote_id) == (Sight.LIVE, live.remote_id)
    assert str(sighting.receipt.url).startswith("https://www.facebook.com/")
    assert live.text == "Hello"
    finished = subject.server.videos[live.remote_id].finished or {}
    assert finished["title"] == "A dog"


def test_finishing_does_not_wait_for_the_end_of_processing(
    subject: FacebookSubject, album: Album
) -> None:
    asked = reel(album)
    notebook = Notebook()
    subject.platform().prepare(asked, Ticket(), notebook.save)
    [video] = subject.server.videos.values()
    video.processing = 50
    assert prepared(subject, asked, notebook.last()).ready
    assert video.processing > 40


@pytest.mark.parametrize("make", [reel, film])
@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE])
def test_a_finish_whose_answer_was_lost_is_found_again(
    subject: FacebookSubject, album: Album, make: Any, how: Fault
) -> None:
    asked = make(album)
    ticket = lost(subject, asked, how)
    for _ in range(3):
        sighting = looked(subject, asked, ticket)
    [live] = subject.live()
    assert sighting.receipt is not None
    assert sighting.receipt.remote_id == live.remote_id


@pytest.mark.parametrize("make", [reel, film])
def test_a_finish_that_never_arrived_is_for_a_person(
    subject: FacebookSubject, album: Album, make: Any
) -> None:
    """That a second one would not make two is written nowhere."""
    asked = make(album)
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    sighting = looked(subject, asked, ticket)
    assert (sighting.sight, sighting.safe_to_repeat) == (Sight.ABSENT, False)
    assert subject.live() == []


@pytest.mark.parametrize("make", [reel, film])
@pytest.mark.parametrize("spells_out", [False, True])
def test_a_video_that_dies_after_its_finish_is_said_to(
    subject: FacebookSubject, album: Album, make: Any, spells_out: bool
) -> None:
    subject.server.spells_out = spells_out
    asked = make(album)
    ticket = accepted(subject, asked)
    [video] = subject.server.videos.values()
    video.failing = "processing_phase"
    sighting = looked(subject, asked, ticket)
    assert (sighting.sight, sighting.safe_to_repeat) == (Sight.GONE, False)
    assert "Bad codec" in sighting.why


@pytest.mark.parametrize(
    "phase",
    [
        {"status": "complete", "publish_status": "draft"},
        {"status": "not_started"},
        {"status": "in_progress", "publish_status": "scheduled"},
    ],
)
def test_what_is_a_draft_or_planned_there_is_not_live(
    subject: FacebookSubject, album: Album, phase: dict[str, str]
) -> None:
    asked = reel(album)
    ticket = accepted(subject, asked)
    status = {"video_status": "ready", "publishing_phase": phase}
    reply = Reply(200, {"id": ticket.data["video"], "status": status, "published": True})
    subject.server.misbehave(reply)
    assert subject.platform().look(asked, ticket, DUE).sight is Sight.WORKING


def test_a_page_has_thirty_reels_a_day(subject: FacebookSubject, album: Album) -> None:
    """How the next one is refused is written nowhere: it is looked for, and left to a person."""
    asked = reel(album)
    ticket, last = prepared(subject, asked), accepted(subject, asked)
    for _ in range(29):
        subject.server.finished_reel()
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)
    sighting = looked(subject, asked, ticket)
    assert (sighting.sight, sighting.safe_to_repeat) == (Sight.ABSENT, False)
    # What is among the thirty may be asked for again.
    subject.platform().publish(asked, last)
    later = subject.server.now() + DAY + 1
    subject.server.now = lambda: later  # type: ignore[method-assign]
    assert isinstance(subject.platform().publish(asked, ticket), Accepted)


def test_a_reel_the_platform_cannot_read_is_refused_before_its_time(
    subject: FacebookSubject, album: Album
) -> None:
    subject.server.fails_in = "processing_phase"
    with pytest.raises(Permanent, match="Bad codec") as raised:
        prepared(subject, reel(album))
    assert raised.value.code == "media_refused"


def test_an_upload_that_has_expired_begins_anew(subject: FacebookSubject, album: Album) -> None:
    asked = reel(album)
    ticket = prepared(subject, asked)
    subject.server.videos[ticket.data["video"]].lost = True
    with pytest.raises(Temporary) as raised:
        prepared(subject, asked, ticket)
    assert raised.value.code == "handle_gone"


@pytest.mark.parametrize("of_story", [False, True])
def test_a_status_that_is_behind_does_not_send_the_file_again(
    subject: FacebookSubject, album: Album, of_story: bool
) -> None:
    asked, notebook = of_a_story(album) if of_story else reel(album), Notebook()
    subject.server.behind = 3
    ticket = prepared(subject, asked, notebook=notebook)
    assert ticket.ready
    assert carried_bytes(subject.server.asked) == asked.attachments[0].file.size


def test_an_upload_that_broke_off_goes_on_where_it_stopped(
    subject: FacebookSubject, album: Album
) -> None:
    asked, notebook = reel(album), Notebook()
    subject.server.breaks_at = asked.attachments[0].file.size // 2
    with pytest.raises(Temporary):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    ticket = prepared(subject, asked, notebook.last())
    assert len(subject.server.videos) == 1
    uploads = [one for one in subject.server.asked if one.path.startswith("/video-upload/")]
    offsets = [int(one.headers["offset"]) for one in uploads]
    assert offsets == [0, asked.attachments[0].file.size // 2]
    accepted(subject, asked)
    assert ticket.ready


def test_the_token_goes_to_our_own_upload_host_only(subject: FacebookSubject, album: Album) -> None:
    asked, notebook = reel(album), Notebook()
    elsewhere = {"video_id": "123", "upload_url": "https://evil.example/video-upload/v26.0/123"}
    subject.server.misbehave(Reply(200, elsewhere))
    with pytest.raises(PlatformError):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    assert subject.server.asked[-1].path == "/video-upload/v26.0/123"


def carried(subject: FacebookSubject, asked: Draft, notebook: Notebook) -> Ticket:
    """Do phase 2 to its end, in processes that have no more than the last ticket that was saved."""
    for _ in range(20):
        with contextlib.suppress(Temporary, Killed):
            ticket = subject.platform().prepare(asked, notebook.last(), notebook.save)
            if ticket.ready:
                return ticket
        notebook.dies_at = None
    raise AssertionError("phase 2 never ends")


def carried_bytes(requests: list[Asked]) -> int:
    """Return how many bytes of the video were sent."""
    whole = [one.body for one in requests if one.path.startswith("/video-upload/")]
    forms = [form for one in requests if (form := parts(one)) is not None]
    chunks = [form["video_file_chunk"].content for form in forms]
    return sum(map(len, [*whole, *chunks]))


def of_a_story(album: Album) -> Draft:
    return story(album, of_video=True)


@pytest.mark.parametrize("make", [reel, film, of_a_story])
@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.DROP_BEFORE])
def test_cut_off_at_any_call_an_upload_goes_on_where_it_stopped(
    subject: FacebookSubject, album: Album, make: Any, how: Fault
) -> None:
    asked = make(album)
    size = asked.attachments[0].file.size
    carried(subject, asked, Notebook())
    for number in range(1, len(subject.server.asked) + 1):
        begun = len(subject.server.asked)
        subject.server.misbehave_at(number, how)
        assert carried(subject, asked, Notebook()).ready
        repeated = CHUNK if make is film else size if how is Fault.DROP_BEFORE else 0
        assert size <= carried_bytes(subject.server.asked[begun:]) <= size + repeated


@pytest.mark.parametrize("make", [reel, film, of_a_story])
def test_killed_at_any_save_an_upload_goes_on_where_it_stopped(
    subject: FacebookSubject, album: Album, make: Any
) -> None:
    asked, whole = make(album), Notebook()
    size = asked.attachments[0].file.size
    carried(subject, asked, whole)
    for dies_at in range(1, len(whole.tickets) + 1):
        begun = len(subject.server.asked)
        assert carried(subject, asked, Notebook(dies_at=dies_at)).ready
        repeated = CHUNK if make is film else 0
        assert size <= carried_bytes(subject.server.asked[begun:]) <= size + repeated


def test_a_chunk_that_arrived_is_not_sent_again(subject: FacebookSubject, album: Album) -> None:
    asked, notebook = film(album), Notebook()
    subject.server.misbehave_at(2, Fault.ANSWER_LOST)
    with pytest.raises(Temporary):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    ticket = prepared(subject, asked, notebook.last())
    [video] = subject.server.videos.values()
    assert video.is_whole
    assert ticket.data["start"] == ticket.data["end"] == asked.attachments[0].file.size


def test_a_platform_that_wants_the_same_piece_for_ever_is_given_up(
    subject: FacebookSubject, album: Album
) -> None:
    asked, notebook = film(album), Notebook()
    same = Reply(200, {"start_offset": "0", "end_offset": str(CHUNK)})
    subject.server.misbehave_at(2, same)
    with pytest.raises(Temporary, match="the same piece"):
        subject.platform().prepare(asked, Ticket(), notebook.save)


def test_offsets_that_are_none_begin_the_upload_anew(
    subject: FacebookSubject, album: Album
) -> None:
    subject.server.misbehave_at(2, Reply(200, {"start_offset": None, "end_offset": ""}))
    with pytest.raises(Temporary) as raised:
        subject.platform().prepare(film(album), Ticket(), Notebook().save)
    assert raised.value.code == "handle_gone"


# --- stories -------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_video", [False, True])
def test_a_story_is_told_and_found_in_the_list(
    subject: FacebookSubject, album: Album, of_video: bool
) -> None:
    asked = story(album, of_video=of_video)
    receipt = went_out(subject, asked)
    [live] = subject.live()
    assert receipt.remote_id == live.remote_id
    sighting = page(subject).visit(receipt.remote_id)
    assert sighting.sight is Sight.LIVE
    assert sighting.receipt is not None
    assert sighting.receipt.url == f"https://www.facebook.com/{live.remote_id}"


@pytest.mark.parametrize("of_video", [False, True])
@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE])
def test_a_story_whose_answer_was_lost_is_found_by_its_file(
    subject: FacebookSubject, album: Album, of_video: bool, how: Fault
) -> None:
    asked = story(album, of_video=of_video)
    ticket = lost(subject, asked, how)
    sighting = looked(subject, asked, ticket)
    [live] = subject.live()
    assert sighting.receipt is not None
    assert (sighting.sight, sighting.receipt.remote_id) == (Sight.LIVE, live.remote_id)


@pytest.mark.parametrize("of_video", [False, True])
@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.DROP_BEFORE])
def test_a_story_that_is_not_in_the_list_is_for_a_person(
    subject: FacebookSubject, album: Album, of_video: bool, how: Fault
) -> None:
    subject.server.stories_lag = True
    asked = story(album, of_video=of_video)
    ticket = lost(subject, asked, how)
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR


def test_a_story_without_its_id_is_unknown(subject: FacebookSubject, album: Album) -> None:
    asked = story(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(Reply(200, {"success": True}), subject.is_publish)
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)


def test_a_photo_that_was_used_proves_nothing_about_a_story(
    subject: FacebookSubject, album: Album
) -> None:
    asked = story(album)
    ticket = lost(subject, asked)
    with pytest.raises(OutcomeUnknown):
        subject.platform().publish(asked, ticket)
    assert len(subject.live()) == 1


# --- visits --------------------------------------------------------------------------------------


def test_a_post_made_and_not_shown_is_gone_for_who_visits(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    assert page(subject).visit(ticket.data["post"]).sight is Sight.GONE


def test_what_people_copy_is_found_among_the_posts(subject: FacebookSubject, album: Album) -> None:
    asked = draft(album)
    receipt = went_out(subject, asked)
    there = page(subject).visit(receipt.remote_id).receipt
    assert there is not None
    assert page(subject).visit(str(there.url)).receipt == there
    nowhere = "https://www.facebook.com/acme/posts/pfbid0none"
    assert page(subject).visit(nowhere).sight is Sight.UNCLEAR


def test_in_a_page_with_many_posts_an_old_one_may_be_anywhere(subject: FacebookSubject) -> None:
    for number in range(300):
        subject.server.already_there(f"Chatter {number}")
    assert page(subject).visit(f"{PAGE}_999").sight is Sight.UNCLEAR


@pytest.mark.parametrize("make", [reel, film])
def test_a_video_is_visited_by_its_number_or_its_address(
    subject: FacebookSubject, album: Album, make: Any
) -> None:
    asked = make(album)
    ticket = accepted(subject, asked)
    assert page(subject).visit(ticket.data["video"]).sight is Sight.UNCLEAR
    receipt = looked(subject, asked, ticket).receipt
    assert receipt is not None
    assert page(subject).visit(receipt.remote_id).receipt == receipt
    assert page(subject).visit(str(receipt.url)).receipt == receipt


def test_what_is_another_pages_is_not_there(subject: FacebookSubject) -> None:
    post, video = subject.server.of_another_page()
    for address in (post, video, f"https://www.facebook.com/reel/{video}"):
        sighting = page(subject).visit(address)
        assert (sighting.sight, sighting.receipt) == (Sight.GONE, None)


def test_a_video_that_does_not_say_whose_it_is_proves_nothing(
    subject: FacebookSubject, album: Album
) -> None:
    asked = reel(album)
    receipt = looked(subject, asked, accepted(subject, asked)).receipt
    assert receipt is not None
    ready = {"video_status": "ready", "publishing_phase": {"status": "complete"}}
    subject.server.misbehave(Reply(200, {"id": receipt.remote_id, "status": ready}))
    assert page(subject).visit(receipt.remote_id).sight is Sight.UNCLEAR


# --- limits --------------------------------------------------------------------------------------


def clip(album: Album, **shape: Any) -> Attachment:
    given: dict[str, Any] = {
        "width": 1080,
        "height": 1920,
        "duration": timedelta(seconds=30),
        "codec": "h264",
    }
    one = album.video()
    file: MediaFile = replace(one.file, **(given | shape))
    return replace(one, file=file)


def wrong(type: PostType, text: str, *files: Attachment, **options: str) -> list[str]:
    proposal = Proposal(text, type, files, options, {})
    found = problems(text, type, files, limits({}), "acme")
    return [*map(str, found), *(what for what, _ in objections(proposal))]


@pytest.mark.parametrize(
    ("shape", "fits"),
    [
        ({}, True),
        ({"width": 540, "height": 960}, True),
        ({"width": 530, "height": 942}, False),
        ({"width": 1080, "height": 1350}, False),
        ({"width": 1920, "height": 1080}, False),
        ({"duration": timedelta(seconds=3)}, True),
        ({"duration": timedelta(seconds=2.9)}, False),
        ({"duration": timedelta(seconds=90)}, True),
        ({"duration": timedelta(seconds=90.1)}, False),
        ({"codec": "mpeg4"}, False),
        ({"fps": 23.976}, True),
        ({"fps": 23}, False),
        ({"fps": 61}, False),
    ],
)
def test_a_reel_has_its_measures(album: Album, shape: dict[str, Any], fits: bool) -> None:
    assert (wrong(PostType.REEL, "Hello", clip(album, **shape)) == []) is fits


def test_an_upright_video_in_the_feed_is_sent_to_the_reels(album: Album) -> None:
    assert wrong(PostType.POST, "Hello", clip(album, width=1920, height=1080)) == []
    assert wrong(PostType.POST, "Hello", clip(album, width=1080, height=1080)) == []
    [what] = wrong(PostType.POST, "Hello", clip(album, width=1080, height=1081))
    assert "a reel that is never published" in what


def test_a_story_is_one_file_without_words(album: Album) -> None:
    minute = clip(album, duration=timedelta(seconds=60))
    assert wrong(PostType.STORY, "", minute) == []
    assert wrong(PostType.STORY, "", album.image()) == []
    assert wrong(PostType.STORY, "Hello", album.image())
    assert wrong(PostType.STORY, "", album.image(), album.image("cat"))
    assert wrong(PostType.STORY, "", clip(album, duration=timedelta(seconds=60.1)))
    assert wrong(PostType.STORY, "")


def test_a_link_stands_alone_and_a_title_needs_a_video(album: Album) -> None:
    link = {"link": "https://example.org"}
    assert wrong(PostType.POST, "Hello", **link) == []
    assert wrong(PostType.POST, "Hello", album.image(), **link)
    assert wrong(PostType.POST, "Hello", link="example.org")
    assert wrong(PostType.POST, "Hello", title="A dog")
    assert wrong(PostType.REEL, "Hello", clip(album), title="A dog") == []
    assert wrong(PostType.STORY, "", clip(album), title="A dog")


def test_photos_are_ten_and_small_and_stand_without_videos(album: Album) -> None:
    image = album.image()
    for size, fits in ((4_000_000, True), (4_000_001, False)):
        sized = replace(image, file=replace(image.file, size=size))
        assert (wrong(PostType.POST, "Hello", sized) == []) is fits
    assert wrong(PostType.POST, "Hello", *[image] * 10) == []
    assert wrong(PostType.POST, "Hello", *[image] * 11)
    assert wrong(PostType.POST, "Hello", image, clip(album, width=1920, height=1080))


def test_a_quota_without_a_time_is_left_alone_for_a_while(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(failing(368, 1390008, "We limit how often"), subject.is_publish)
    error = failure(subject, asked, ticket)
    assert (error.evidence, error.retry_after) == (Evidence.REFUSED, timedelta(hours=1))


# --- numbers -------------------------------------------------------------------------------------


def test_a_posts_numbers_are_one_question_and_what_is_not_said_is_left_out(
    subject: FacebookSubject, album: Album
) -> None:
    asked = draft(album)
    receipt = went_out(subject, asked)
    subject.server.counted = {"reactions": 3, "comments": 0, "shares": 2}
    before = len(subject.server.asked)
    assert page(subject).measure(receipt) == {"likes": 3, "comments": 0, "shares": 2}
    assert len(subject.server.asked) == before + 1
    subject.server.counted = {"reactions": 3, "shares": 0}
    assert page(subject).measure(receipt) == {"likes": 3}


@pytest.mark.parametrize("make", [reel, film])
def test_a_videos_likes_and_comments_are_counted(
    subject: FacebookSubject, album: Album, make: Any
) -> None:
    asked = make(album)
    receipt = looked(subject, asked, accepted(subject, asked)).receipt
    assert receipt is not None
    subject.server.counted = {"likes": 3, "comments": 1}
    assert page(subject).measure(receipt) == {"likes": 3, "comments": 1}


@pytest.mark.parametrize("id", ["stories/17", "https://www.facebook.com/acme/posts/pfbid0a", ""])
def test_a_story_and_what_a_person_said_are_not_asked_about(
    subject: FacebookSubject, id: str
) -> None:
    assert page(subject).measure(Receipt(id)) == {}
    assert subject.server.asked == []


def test_a_post_that_was_deleted_has_no_numbers(subject: FacebookSubject) -> None:
    with pytest.raises(Permanent) as raised:
        page(subject).measure(Receipt(subject.nowhere))
    assert raised.value.code == "handle_gone"


def test_what_only_seems_gone_has_no_numbers_today(subject: FacebookSubject) -> None:
    there = subject.server.already_there("Hello")
    subject.server.misbehave(NOT_THERE.reply())
    assert page(subject).measure(Receipt(there)) == {}
    assert page(subject).measure(Receipt("17")) == {}


def test_too_many_questions_are_followed_by_the_pause_meta_asks_for(
    subject: FacebookSubject,
) -> None:
    subject.server.misbehave(subject.busy[-1])
    with pytest.raises(Temporary) as raised:
        page(subject).measure(Receipt(subject.server.already_there("Hello")))
    assert raised.value.code == "rate_limited"
    assert raised.value.retry_after == timedelta(minutes=1)


def test_a_token_without_the_permission_is_told(subject: FacebookSubject) -> None:
    subject.server.may_count = False
    with pytest.raises(Permanent, match="pages_read_engagement") as raised:
        page(subject).measure(Receipt(subject.server.already_there("Hello")))
    assert raised.value.code == "account_unusable"


@pytest.mark.parametrize("fields", ["likes.summary(true)", "reactions", "views", "shares,plays"])
def test_a_field_there_is_none_of_is_refused(subject: FacebookSubject, fields: str) -> None:
    there = subject.server.already_there("Hello")
    answer = page(subject)._reader()._read(there, fields=fields)
    assert (answer.status, answer.json()["error"]["code"]) == (400, 100)  # type: ignore[index]

"""What is peculiar to YouTube: one session however often it breaks, hidden until the second, quotas."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from postcron.cli import documents
from postcron.errors import Code, Evidence, Permanent, PlatformError, Temporary
from postcron.model import Attachment, Draft, Kind, PostType, Sight, Ticket
from postcron.operations.pre_upload import pre_upload
from postcron.operations.reading import show
from postcron.platforms import find
from postcron.platforms.base import Login
from postcron.platforms.youtube import YouTube
from postcron.web import Api
from tests.contracts.discovery import complaints, document
from tests.media.files import lengthened, video
from tests.operations.stage import Stage, build, close_all
from tests.platforms.contract import (
    Album,
    Killed,
    Notebook,
    failure,
    fits,
    looked,
    post,
    prepared,
    published,
    started,
    went_out,
)
from tests.platforms.subjects.youtube import YouTubeSubject, refusal
from tests.simulators import youtube
from tests.simulators.server import Asked, Fault, Misbehaviour, Reply

NOW = datetime(2026, 11, 21, 16, tzinfo=UTC)
STEP = youtube.STEP


@pytest.fixture
def subject() -> Iterator[YouTubeSubject]:
    built = YouTubeSubject()
    with built.running():
        yield built


def long_video(album: Album, steps: float = 8.5) -> Attachment:
    """Return a video so many steps of an upload long: the rest of it is empty space."""
    path = video(album.folder / "long.mp4")
    return album._kept(lengthened(path, int(steps * STEP)), "Waves")


def is_upload(asked: Asked) -> bool:
    return "upload_id" in asked.query and asked.headers["content-length"] != "0"


def film_of(subject: YouTubeSubject, asked: Draft) -> youtube.Video:
    """Do all three phases; return what is there."""
    went_out(subject, asked)
    (one,) = subject.live()
    return subject.server.videos[one.remote_id]


def the_video(subject: YouTubeSubject) -> youtube.Video:
    (one,) = subject.server.videos.values()
    return one


# --- logging in ----------------------------------------------------------------------------------


def test_a_renewal_keeps_the_refresh_token_that_is_not_given_again(
    subject: YouTubeSubject,
) -> None:
    subject.platform()
    assert subject.session is not None
    assert subject.session.data["refresh"] == youtube.REFRESH
    session = subject.platform().refresh(NOW)
    assert session.data["access"] != subject.session.data["access"]
    assert session.expires_at == NOW + timedelta(seconds=3599)


def test_a_login_that_may_upload_but_not_publish_is_found_at_once(subject: YouTubeSubject) -> None:
    subject.server.scope = f"{youtube.AUTH}youtube.upload"
    with pytest.raises(Permanent, match=r"youtube\.force-ssl") as raised:
        subject.platform()
    assert raised.value.code == "token_refused"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(400, {"error": "invalid_grant", "error_description": "revoked"}), "token_refused"),
        (Reply(401, {"error": "invalid_client"}), "token_refused"),
        (Reply(503, b"<h1>Sorry</h1>"), "server_trouble"),
        (Reply(200, b"<h1>Please accept our terms</h1>"), "unexpected_answer"),
    ],
)
def test_a_renewal_that_fails_says_why(subject: YouTubeSubject, reply: Reply, code: str) -> None:
    subject.server.misbehave(reply)
    with pytest.raises(PlatformError) as raised:
        subject.platform()
    assert raised.value.code == code
    assert isinstance(raised.value, Permanent) == (code == "token_refused")


def test_a_person_logs_in_with_a_browser(subject: YouTubeSubject) -> None:
    platform = YouTube(replace(subject.login(), session=None), Api)
    page = urlsplit(platform.authorization(youtube.HERE, "a-state", youtube.VERIFIER))
    asked = {name: values[0] for name, values in parse_qs(page.query).items()}
    assert (
        asked.items()
        >= {
            "access_type": "offline",
            "prompt": "consent",
            "state": "a-state",
            "scope": youtube.SCOPE,
            "code_challenge_method": "S256",
        }.items()
    )
    session = platform.redeem("4/code", youtube.HERE, youtube.VERIFIER, NOW)
    assert session.data["refresh"] == youtube.REFRESH


def test_an_expired_session_asks_for_a_new_one(subject: YouTubeSubject, album: Album) -> None:
    asked = post(subject, album)
    ticket = prepared(subject, asked)
    subject.server.access.clear()
    error = failure(subject, asked, ticket)
    assert (error.code, error.evidence) == ("token_expired", Evidence.REFUSED)
    subject.session = None
    published(subject, asked, ticket)
    assert len(subject.live()) == 1


def test_without_a_session_nothing_is_asked(subject: YouTubeSubject, album: Album) -> None:
    platform = YouTube(replace(subject.login(), session=None), Api)
    with pytest.raises(Temporary) as raised:
        platform.prepare(post(subject, album), Ticket(), Notebook().save)
    assert (raised.value.code, raised.value.evidence) == ("token_expired", Evidence.NOT_SENT)
    assert subject.server.asked == []


def test_who_we_are_is_the_channel(subject: YouTubeSubject) -> None:
    identity = subject.platform().whoami()
    assert (identity.remote_id, identity.name) == (youtube.CHANNEL, "@acme")


def test_an_account_without_a_channel_is_named(subject: YouTubeSubject) -> None:
    platform = subject.platform()
    subject.server.misbehave(Reply(200, {"items": []}))
    with pytest.raises(Permanent) as raised:
        platform.whoami()
    assert raised.value.code == "account_unusable"


# --- the upload ----------------------------------------------------------------------------------


def test_a_video_is_hidden_until_it_is_published(subject: YouTubeSubject, album: Album) -> None:
    asked = post(subject, album)
    ticket = prepared(subject, asked)
    video = the_video(subject)
    assert video.status["privacyStatus"] == "private"
    assert video.sha256 == asked.attachments[0].file.sha256
    published(subject, asked, ticket)
    assert video.status["privacyStatus"] == "public"


def brings_a_file(asked: Asked) -> bool:
    return asked.headers.get("content-range", "").startswith("bytes 0-")


@pytest.mark.fault("F06")
@pytest.mark.parametrize("died_after", [0, 1000, 3 * STEP, int(8.4 * STEP)])
def test_an_upload_that_died_goes_on_from_what_youtube_has(
    subject: YouTubeSubject, album: Album, died_after: int
) -> None:
    video, notebook = long_video(album), Notebook()
    asked = replace(post(subject, album), attachments=(video,))

    def dies(file: Any, offset: int) -> Iterator[bytes]:
        sent = 0
        for piece in album.read(file, offset):
            if sent >= died_after:
                raise Killed
            sent += len(piece)
            yield piece

    with pytest.raises(Killed):
        subject.platform().prepare(replace(asked, read=dies), Ticket(), notebook.save)
    deadline = time.monotonic() + 10
    while not any(map(brings_a_file, subject.server.asked)):
        assert time.monotonic() < deadline, "what the dead one had sent is still on its way"
        time.sleep(0.01)
    ticket = prepared(subject, asked, notebook.last())
    assert ticket.ready
    assert the_video(subject).sha256 == video.file.sha256
    assert subject.server.received < 1.2 * video.file.size


@pytest.mark.parametrize("finished", [200, 201])
@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE])
def test_a_last_answer_that_was_lost_is_asked_for_again(
    subject: YouTubeSubject, album: Album, how: Fault, finished: int
) -> None:
    subject.server._finished = finished
    asked, notebook = post(subject, album), Notebook()
    subject.platform()
    subject.server.misbehave(how, is_upload)
    with pytest.raises(Temporary):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    assert prepared(subject, asked, notebook.last()).ready
    assert len(subject.server.videos) == 1
    assert subject.server.received == asked.attachments[0].file.size


def test_a_session_that_moves_is_followed(subject: YouTubeSubject, album: Album) -> None:
    asked, notebook = post(subject, album), Notebook()
    subject.platform()
    elsewhere = {
        "Location": f"{subject.server.url}/upload/youtube/v3/videos?uploadType=resumable&upload_id=AB00000002"
    }
    subject.server.misbehave(Reply(308, b"", elsewhere), lambda asked: "upload_id" in asked.query)
    subject.server.sessions["AB00000002"] = youtube.Session(
        {
            "snippet": {"title": "Hello", "description": "Hello"},
            "status": {"privacyStatus": "private"},
        },
        asked.attachments[0].file.size,
    )
    subject.platform().prepare(asked, Ticket(), notebook.save)
    assert subject.server.sessions["AB00000002"].video is not None


def test_all_bytes_without_a_video_are_waited_for_and_not_sent_again(
    subject: YouTubeSubject, album: Album
) -> None:
    asked, notebook = post(subject, album), Notebook()
    size = asked.attachments[0].file.size
    subject.platform()
    everything = Reply(308, b"", {"Range": f"bytes=0-{size - 1}"})
    subject.server.misbehave(everything, lambda asked: "upload_id" in asked.query)
    with pytest.raises(Temporary) as raised:
        subject.platform().prepare(asked, Ticket(), notebook.save)
    assert raised.value.code == "not_ready"
    assert subject.server.received == 0


def lost_session(subject: YouTubeSubject, asked: Draft, *, came_in: bool) -> Notebook:
    """Let a session end without a word, after the whole video came in or before."""
    notebook = Notebook()
    subject.platform()
    subject.server.misbehave(Fault.ANSWER_LOST if came_in else Fault.DROP_BEFORE, is_upload)
    with pytest.raises(Temporary):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    subject.server.sessions.clear()
    return notebook


@pytest.mark.parametrize("came_in", [False, True])
def test_a_session_that_ended_begins_anew(
    subject: YouTubeSubject, album: Album, came_in: bool
) -> None:
    """What had come in of it stays behind, private."""
    asked = post(subject, album)
    notebook = lost_session(subject, asked, came_in=came_in)
    left = set(subject.server.videos)
    with pytest.raises(Temporary) as raised:
        subject.platform().prepare(asked, notebook.last(), notebook.save)
    assert raised.value.code == "handle_gone"
    ticket = prepared(subject, asked, notebook.last())
    published(subject, asked, ticket)
    assert len(left) == came_in
    assert [one.remote_id for one in subject.live()] == [ticket.data["video"]]
    assert ticket.data["video"] not in left


def test_a_private_video_that_says_the_same_is_never_taken_for_ours(
    subject: YouTubeSubject, album: Album
) -> None:
    """It may be another post's, or somebody's own: nothing tells for sure, so nothing is taken."""
    ours = post(subject, album, key="ours")
    theirs = replace(ours, attachments=(long_video(album),), key="theirs")
    notebook = lost_session(subject, ours, came_in=False)
    other = prepared(subject, theirs)
    with pytest.raises(Temporary):
        subject.platform().prepare(ours, notebook.last(), notebook.save)
    ticket = prepared(subject, ours, notebook.last())
    published(subject, ours, ticket)
    assert ticket.data["video"] != other.data["video"]
    assert [one.media for one in subject.live()] == [(ours.attachments[0].file.sha256,)]


def test_a_session_whose_key_is_gone_is_as_good_as_ended(
    subject: YouTubeSubject, album: Album
) -> None:
    asked = post(subject, album)
    notebook = lost_session(subject, asked, came_in=True)
    login = replace(subject.login(), unseal=lambda sealed: "")
    with pytest.raises(Temporary) as raised:
        YouTube(login, Api).prepare(asked, notebook.last(), notebook.save)
    assert raised.value.code == "handle_gone"
    assert "session" not in notebook.last().data


def test_the_token_goes_to_no_other_host(subject: YouTubeSubject, album: Album) -> None:
    asked = post(subject, album)
    subject.platform()
    settings = subject.settings | {
        "upload_url": subject.server.url.replace("127.0.0.1", "localhost")
    }
    there = replace(subject.login(), settings=settings)
    subject.server.misbehave(
        Reply(200, b"", {"Location": f"{subject.server.url}/elsewhere?upload_id=AB1"}),
        lambda asked: asked.path == "/upload/youtube/v3/videos",
    )
    with pytest.raises(Temporary):
        YouTube(there, Api).prepare(asked, Ticket(), Notebook().save)
    (request,) = [asked for asked in subject.server.asked if asked.path == "/elsewhere"]
    assert "authorization" not in request.headers


# --- edits ---------------------------------------------------------------------------------------


def test_other_words_do_not_send_the_file_again(subject: YouTubeSubject, album: Album) -> None:
    before = post(subject, album, text="Before")
    ticket = prepared(subject, before)
    after = replace(before, text="After", options={"title": "New", "tags": "a, b"}, revision=2)
    ticket = prepared(subject, after, ticket)
    video = the_video(subject)
    assert (video.snippet["title"], video.snippet["description"]) == ("New", "After")
    assert (video.snippet["tags"], video.status["privacyStatus"]) == (["a", "b"], "private")
    assert subject.server.received == video.size


def test_another_file_is_another_video(subject: YouTubeSubject, album: Album) -> None:
    ticket = prepared(subject, post(subject, album))
    asked = replace(post(subject, album), attachments=(long_video(album),), revision=2)
    published(subject, asked, prepared(subject, asked, ticket))
    (one,) = subject.live()
    assert one.media == (asked.attachments[0].file.sha256,)
    assert len(subject.server.videos) == 2


# --- processing and thumbnails -------------------------------------------------------------------


def test_a_video_is_ready_once_youtube_has_worked_through_it(
    subject: YouTubeSubject, album: Album
) -> None:
    subject.server._processing = 2
    asked = post(subject, album, due_at=datetime.now(UTC) + timedelta(hours=1))
    notebook, asks = Notebook(), 1
    while not subject.platform().prepare(asked, notebook.last(), notebook.save).ready:
        asks += 1
    assert asks == 3
    assert subject.server.received == the_video(subject).size


def test_at_its_moment_a_video_goes_out_although_youtube_still_works_on_it(
    subject: YouTubeSubject, album: Album
) -> None:
    subject.server._processing = 1000
    asked = post(subject, album, due_at=datetime.now(UTC) + timedelta(seconds=50))
    assert subject.platform().prepare(asked, Ticket(), Notebook().save).ready


@pytest.mark.parametrize(
    "failure",
    [
        {"uploadStatus": "failed", "failureReason": "codec"},
        {"uploadStatus": "rejected", "rejectionReason": "duplicate"},
    ],
)
def test_a_video_youtube_gives_up_is_told_before_its_time(
    subject: YouTubeSubject, album: Album, failure: dict[str, str]
) -> None:
    subject.server._processing = 1
    asked, notebook = (
        post(subject, album, due_at=datetime.now(UTC) + timedelta(hours=1)),
        Notebook(),
    )
    subject.platform().prepare(asked, Ticket(), notebook.save)
    the_video(subject).failure = failure
    with pytest.raises(Permanent, match=r"codec|duplicate") as raised:
        subject.platform().prepare(asked, notebook.last(), notebook.save)
    assert raised.value.code == "media_refused"
    prepared(subject, asked, notebook.last())
    assert len(subject.server.videos) == 2


def test_a_video_somebody_deleted_is_uploaded_again(subject: YouTubeSubject, album: Album) -> None:
    asked = post(subject, album)
    ticket = prepared(subject, asked)
    subject.server.videos.clear()
    assert failure(subject, asked, ticket).code == Code.HANDLE_GONE
    with pytest.raises(Temporary) as raised:
        prepared(subject, asked, ticket)
    assert raised.value.code == Code.HANDLE_GONE


@pytest.mark.parametrize("reason", ["forbidden", "invalidImage"])
def test_a_thumbnail_that_is_refused_keeps_no_video_from_going_out(
    subject: YouTubeSubject, album: Album, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    asked = post(subject, album, "illustrated video")
    subject.platform()
    status = {"forbidden": 403, "invalidImage": 400}[reason]
    subject.server.misbehave(refusal(status, reason), lambda asked: "thumbnails" in asked.path)
    assert film_of(subject, asked).thumbnail is None
    assert reason in caplog.text


def of_thumbnails(asked: Asked) -> bool:
    return "thumbnails" in asked.path


@pytest.mark.parametrize(
    ("reply", "tries"),
    [
        (refusal(429, "uploadRateLimitExceeded"), 2),
        (Reply(503, b"<h1>Sorry</h1>"), 2),
        (refusal(400, "badRequest"), 1),
        (Reply(413, b"<h1>Too large</h1>"), 1),
    ],
)
def test_no_trouble_with_a_thumbnail_keeps_a_video_from_going_out_at_its_moment(
    subject: YouTubeSubject, album: Album, reply: Reply, tries: int
) -> None:
    due_at = datetime.now(UTC) + timedelta(seconds=30)
    asked, notebook = post(subject, album, "illustrated video", due_at=due_at), Notebook()
    subject.platform()
    for _ in range(tries - 1):
        subject.server.misbehave(reply, of_thumbnails)
        with pytest.raises(Temporary):
            subject.platform().prepare(asked, notebook.last(), notebook.save)
    subject.server.misbehave(reply, of_thumbnails)
    ticket = subject.platform().prepare(asked, notebook.last(), notebook.save)
    assert ticket.ready
    published(subject, asked, started(subject, asked, ticket))
    assert the_video(subject).thumbnail is None


def test_while_there_is_time_a_thumbnail_is_tried_again(
    subject: YouTubeSubject, album: Album
) -> None:
    due_at = datetime.now(UTC) + timedelta(hours=1)
    asked, notebook = post(subject, album, "illustrated video", due_at=due_at), Notebook()
    subject.platform()
    for _ in range(3):
        subject.server.misbehave(refusal(429, "uploadRateLimitExceeded"), of_thumbnails)
        with pytest.raises(Temporary):
            subject.platform().prepare(asked, notebook.last(), notebook.save)
    prepared(subject, asked, notebook.last())
    assert the_video(subject).thumbnail == asked.attachments[1].file.sha256


def test_another_picture_replaces_the_thumbnail(subject: YouTubeSubject, album: Album) -> None:
    before = post(subject, album, "illustrated video")
    ticket = prepared(subject, before)
    cat = album.image("cat")
    after = replace(before, attachments=(before.attachments[0], cat), revision=2)
    prepared(subject, after, ticket)
    assert the_video(subject).thumbnail == cat.file.sha256
    assert subject.server.received == the_video(subject).size


# --- the call, and after it ----------------------------------------------------------------------


def test_publishing_changes_nothing_but_who_can_see_it(
    subject: YouTubeSubject, album: Album
) -> None:
    asked, notebook = post(subject, album), Notebook()
    subject.server._processing = 1
    asked = replace(asked, due_at=datetime.now(UTC) + timedelta(hours=1))
    subject.platform().prepare(asked, Ticket(), notebook.save)
    by_hand = {"license": "creativeCommon", "embeddable": False, "publicStatsViewable": False}
    the_video(subject).status |= by_hand | {"selfDeclaredMadeForKids": True}
    published(subject, asked, prepared(subject, asked, notebook.last()))
    assert the_video(subject).status == {
        **by_hand,
        "selfDeclaredMadeForKids": True,
        "privacyStatus": "public",
    }


def test_what_somebody_sets_after_phase_2_stays(subject: YouTubeSubject, album: Album) -> None:
    asked = post(subject, album)
    ticket = prepared(subject, asked)
    the_video(subject).status |= {"selfDeclaredMadeForKids": True, "embeddable": False}
    published(subject, asked, started(subject, asked, ticket))
    status = the_video(subject).status
    assert (status["selfDeclaredMadeForKids"], status["embeddable"]) == (True, False)
    assert status["privacyStatus"] == "public"


@pytest.mark.parametrize("how", [Fault.DROP_BEFORE, refusal(403, "quotaExceeded")])
def test_a_status_that_cannot_be_read_again_is_that_of_phase_2(
    subject: YouTubeSubject, album: Album, how: Misbehaviour
) -> None:
    asked = post(subject, album)
    ticket = prepared(subject, asked)
    subject.platform()
    subject.server.misbehave(how)
    assert started(subject, asked, ticket).data == ticket.data


def test_the_options_of_a_post_are_sent(subject: YouTubeSubject, album: Album) -> None:
    options = {
        "title": "A title",
        "tags": "cats, two words,",
        "category": "10",
        "privacy": "unlisted",
        "made_for_kids": "true",
        "ai": "false",
        "embeddable": "false",
        "license": "creativeCommon",
        "notify": "false",
    }
    video = film_of(subject, replace(post(subject, album), options=options))
    assert video.snippet == {
        "title": "A title",
        "description": "Hello",
        "tags": ["cats", "two words"],
        "categoryId": "10",
    }
    assert video.status == {
        "privacyStatus": "unlisted",
        "selfDeclaredMadeForKids": True,
        "containsSyntheticMedia": False,
        "embeddable": False,
        "license": "creativeCommon",
        "publicStatsViewable": True,
    }
    (start,) = [asked for asked in subject.server.asked if "uploadType" in asked.query][:1]
    assert start.query["notifySubscribers"] == "false"


def test_a_project_that_may_not_publish_is_told_and_not_asked_again(
    subject: YouTubeSubject, album: Album
) -> None:
    subject.server.locked = True
    asked = post(subject, album)
    error = failure(subject, asked, prepared(subject, asked))
    assert (type(error), error.code, error.evidence) == (
        Permanent,
        Code.ACCOUNT_UNUSABLE,
        Evidence.REFUSED,
    )
    assert "https://www.youtube.com/watch?v=vid00000000" in error.message


@pytest.mark.parametrize(
    ("change", "sight"),
    [
        (lambda video: video.status.update(privacyStatus="unlisted"), Sight.UNCLEAR),
        (lambda video: video.failure.update(uploadStatus="rejected"), Sight.GONE),
    ],
)
def test_what_somebody_did_to_a_video_is_said(
    subject: YouTubeSubject,
    album: Album,
    change: Callable[[youtube.Video], None],
    sight: Sight,
) -> None:
    asked = post(subject, album)
    ticket = prepared(subject, asked)
    change(the_video(subject))
    assert looked(subject, asked, ticket).sight is sight


def test_a_video_removed_after_a_lost_call_is_never_made_anew_without_a_word(
    subject: YouTubeSubject, album: Album
) -> None:
    asked = post(subject, album)
    ticket = prepared(subject, asked)
    subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
    failure(subject, asked, ticket)
    subject.server.videos.clear()
    assert looked(subject, asked, ticket).sight is Sight.GONE


@pytest.mark.parametrize(
    "address",
    [
        "{}",
        "https://www.youtube.com/watch?v={}",
        "https://youtube.com/watch?v={}&t=10s",
        "https://m.youtube.com/watch?v={}",
        "https://youtu.be/{}?si=x",
        "https://www.youtube.com/shorts/{}",
    ],
)
def test_a_video_is_visited_by_any_of_its_addresses(
    subject: YouTubeSubject, album: Album, address: str
) -> None:
    video = film_of(subject, post(subject, album))
    assert subject.platform().visit(address.format(video.id)).sight is Sight.LIVE


def test_a_video_that_is_not_ours_or_hidden_is_not_there(
    subject: YouTubeSubject, album: Album
) -> None:
    theirs = subject.server.of_somebody_else()
    prepared(subject, post(subject, album))
    for id, why in ((theirs, "Somebody"), ("vid00000001", "private")):
        sighting = subject.platform().visit(id)
        assert sighting.sight is Sight.GONE
        assert why in sighting.why


def test_numbers_are_read_by_name(subject: YouTubeSubject, album: Album) -> None:
    asked = post(subject, album)
    receipt = published(subject, asked, prepared(subject, asked))
    assert subject.platform().measure(receipt) == {"views": 12, "likes": 3, "comments": 1}
    subject.server.videos.clear()
    with pytest.raises(Permanent) as raised:
        subject.platform().measure(receipt)
    assert raised.value.code == Code.HANDLE_GONE


# --- how much --------------------------------------------------------------------------------------


@pytest.mark.fault("F100")
def test_a_used_up_quota_is_waited_for_until_midnight_at_youtubes_home(
    subject: YouTubeSubject, album: Album
) -> None:
    subject.server.pass_time(
        datetime(2026, 7, 1, 6, 30, tzinfo=UTC).timestamp() - subject.server.now()
    )
    subject.platform()
    subject.server._pay("inserts", 100)
    with pytest.raises(Temporary) as raised:
        prepared(subject, post(subject, album))
    assert raised.value.code == Code.RATE_LIMITED
    assert raised.value.retry_after is not None
    assert abs(raised.value.retry_after - timedelta(minutes=30)) < timedelta(seconds=30)


def test_a_channels_own_limit_lasts_a_day(subject: YouTubeSubject, album: Album) -> None:
    subject.platform()
    subject.server.misbehave(refusal(400, "uploadLimitExceeded"))
    with pytest.raises(Temporary) as raised:
        prepared(subject, post(subject, album))
    assert raised.value.retry_after == timedelta(days=1)


def test_a_start_that_crossed_another_is_tried_again(subject: YouTubeSubject, album: Album) -> None:
    subject.platform()
    reply = Reply(409, {"error": {"code": 409, "message": "No.", "status": "ALREADY_EXISTS"}})
    subject.server.misbehave(reply)
    with pytest.raises(Temporary):
        prepared(subject, post(subject, album))
    assert prepared(subject, post(subject, album)).ready


# --- what fits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fitting", "text", "options"),
    [
        (True, "Hello", {"title": "x" * 100}),
        (False, "Hello", {"title": "x" * 101}),
        (True, "x" * 100 + "\nand more", {}),
        (False, "x" * 101, {}),
        (False, "", {}),
        (True, "", {"title": "x"}),
        (True, "Hello", {"title": "x" * 99 + "é"}),
        (True, "Hello\n" + "é" * 2497, {}),
        (False, "Hello\n" + "é" * 2498, {}),
        (False, "Hello\n2 > 1", {}),
        (False, "Hello", {"title": "<3"}),
        (False, "Hello", {"tags": "a<b"}),
        (True, "Hello", {"tags": ",".join(["x" * 95] * 5)}),
        (False, "Hello", {"tags": ",".join(["x" * 94 + " x"] * 5)}),
        (False, "Hello", {"category": "Music"}),
    ],
)
def test_words_fit_or_are_refused_when_scheduling(
    subject: YouTubeSubject, album: Album, fitting: bool, text: str, options: dict[str, str]
) -> None:
    asked = replace(post(subject, album, text=text), options=options)
    assert fits(subject, asked) == fitting


def test_a_post_is_one_video_and_at_most_one_picture(subject: YouTubeSubject, album: Album) -> None:
    video, picture = album.video(), album.image()
    another, sound = album.video("other"), replace(video, file=replace(video.file, kind=Kind.AUDIO))
    for files, fitting in (
        ((video,), True),
        ((picture, video), True),
        ((), False),
        ((picture,), False),
        ((video, another), False),
        ((video, picture, album.image("cat")), False),
        ((sound,), False),
    ):
        assert fits(subject, replace(post(subject, album), attachments=files)) == fitting


@pytest.mark.parametrize(
    ("fitting", "seconds", "size"),
    [
        (True, 180, (1080, 1920)),
        (True, 180, (1080, 1080)),
        (False, 181, (1080, 1920)),
        (False, 180, (1920, 1080)),
    ],
)
def test_a_short_is_upright_and_at_most_three_minutes_long(
    subject: YouTubeSubject, album: Album, fitting: bool, seconds: int, size: tuple[int, int]
) -> None:
    video = album.video()
    file = replace(video.file, duration=timedelta(seconds=seconds), width=size[0], height=size[1])
    asked = replace(post(subject, album), attachments=(replace(video, file=file),))
    assert fits(subject, asked)
    assert fits(subject, replace(asked, type=PostType.REEL)) == fitting


# --- what is kept, and what is said --------------------------------------------------------------


def staged(folder: Path, subject: YouTubeSubject) -> Stage:
    """Return a house whose account is this channel."""
    lines = [f'{name} = "{value}"' for name, value in subject.settings.items()]
    lines += [f'{name} = {{ env = "{name.upper()}" }}' for name in subject.secrets]
    stage = build(folder, at=NOW, platform="youtube", account="\n".join(lines))
    subject.server.now = stage.clock.now().timestamp  # type: ignore[method-assign]
    stage.house.environ = {name.upper(): value for name, value in subject.secrets.items()}
    stage.house.find_platform = find
    return stage


def test_the_address_of_an_upload_is_shown_to_nobody(
    subject: YouTubeSubject, album: Album, tmp_path: Path
) -> None:
    stage = staged(tmp_path, subject)
    page = b"<h1>/upload/youtube/v3/videos?uploadType=resumable&amp;upload_id=AB00000001</h1>"
    subject.server.misbehave(Reply(400, page, {"Content-Type": "text/html"}), is_upload)
    path = str(album.paths[album.video().file])
    [delivery] = stage.schedule("Hello", at="in 30m", media=[path])
    pre_upload(stage.house)
    delivery = stage.now(delivery)
    assert "session" in delivery.ticket.data
    assert delivery.error is not None
    shown = json.dumps(documents.shown(show(stage.house, delivery.ref)), default=str)
    close_all()
    kept = b"".join(one.read_bytes() for one in tmp_path.glob("postcron.db*"))
    assert "AB00000001" not in shown
    assert b"AB00000001" not in kept
    assert b"Hello" in kept


def test_every_call_and_every_answer_keeps_to_the_official_document(
    subject: YouTubeSubject, album: Album
) -> None:
    book, server = document("youtube-v3"), subject.server
    exchanges: list[tuple[Asked, Reply]] = []
    perform = server.perform

    def watched(asked: Asked) -> Reply:
        exchanges.append((asked, reply := perform(asked)))
        return reply

    server.perform = watched  # type: ignore[method-assign]
    asked = post(subject, album, "illustrated video")
    notebook = lost_session(subject, asked, came_in=True)
    after = replace(asked, text="After", options={"tags": "a,b", "ai": "true"}, revision=2)
    with pytest.raises(Temporary):
        subject.platform().prepare(asked, notebook.last(), notebook.save)
    ticket = prepared(subject, after, prepared(subject, asked, notebook.last()))
    receipt = published(subject, after, ticket)
    looked(subject, after, ticket)
    subject.platform().visit(receipt.remote_id)
    subject.platform().measure(receipt)
    calls = [(asked, reply) for asked, reply in exchanges if asked.path != "/token"]
    assert len(calls) > 10
    assert [each for call in calls for each in complaints(book, *call)] == []


@pytest.mark.parametrize(
    ("asked", "reply"),
    [
        (Asked("GET", "/youtube/v3/videos", {"id": "x"}, {}, b""), Reply(200, {"items": []})),
        (Asked("GET", "/youtube/v4/videos", {"part": "id"}, {}, b""), Reply(200, {})),
        (Asked("GET", "/youtube/v3/videos", {"part": "id", "x": "y"}, {}, b""), Reply(200, {})),
        (
            Asked("PUT", "/youtube/v3/videos", {"part": "status"}, {}, b'{"status": {"x": 1}}'),
            Reply(200, {}),
        ),
        (
            Asked("GET", "/youtube/v3/videos", {"part": "status"}, {}, b""),
            Reply(200, {"items": [{"status": {"privacyStatus": "secret"}}]}),
        ),
    ],
)
def test_what_does_not_keep_to_the_document_is_seen(asked: Asked, reply: Reply) -> None:
    assert list(complaints(document("youtube-v3"), asked, reply))


def test_what_a_login_holds_is_not_in_its_repr(subject: YouTubeSubject) -> None:
    subject.platform()
    login: Login = subject.login()
    assert youtube.REFRESH not in repr(login)
    assert "ya29" not in repr(login)

"""What is peculiar to TikTok: the last part posts, addresses die, tokens are good once, photos are blind."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from postcron.cli import documents
from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.media.library import pieces
from postcron.model import (
    Accepted,
    Attachment,
    Draft,
    MediaFile,
    PostType,
    Receipt,
    Sight,
    Sighting,
    Ticket,
)
from postcron.operations.pre_upload import pre_upload
from postcron.operations.reading import show
from postcron.operations.run import run
from postcron.platforms import find
from postcron.platforms.tiktok import COUNTING, SCOPE, TikTok
from postcron.platforms.tiktok_post import SMALLEST_PART, Parts
from postcron.states import State
from postcron.web import Api
from tests.media.files import lengthened, picture, video
from tests.operations.stage import Stage, build, close_all
from tests.platforms.contract import (
    Album,
    Killed,
    Notebook,
    draft,
    failure,
    fits,
    lost,
    post,
    prepared,
    published,
    started,
    went_out,
)
from tests.platforms.subjects.tiktok import LONG, TikTokSubject, saying
from tests.simulators import tiktok
from tests.simulators.server import Asked, Fault, Reply

NOW = datetime(2026, 11, 21, 16, tzinfo=UTC)
PUBLIC = {"privacy": "public"}


@pytest.fixture
def subject() -> Iterator[TikTokSubject]:
    built = TikTokSubject()
    with built.running():
        yield built


def soon(subject: TikTokSubject, minutes: float = 45) -> datetime:
    """Return a moment so far ahead of TikTok's clock."""
    return datetime.fromtimestamp(subject.server.now() + 60 * minutes, UTC)


def long_post(subject: TikTokSubject, album: Album, **more: Any) -> Draft:
    """Return a post that has three parts, due in 45 minutes."""
    return post(subject, album, "long video", **({"due_at": soon(subject)} | more))


def parts(subject: TikTokSubject) -> list[Asked]:
    return [asked for asked in subject.server.asked if asked.path == "/video/"]


def begun(subject: TikTokSubject) -> list[Mapping[str, Any]]:
    """Return the bodies of the calls that made a task."""
    return [asked.json() for asked in subject.server.asked if asked.path.endswith("/init/")]


def the_task(subject: TikTokSubject) -> tiktok.Task:
    return next(task for task in reversed(subject.server.tasks.values()) if task.failure is None)


def see(subject: TikTokSubject, asked: Draft, ticket: Ticket) -> Sighting:
    return subject.platform().look(asked, ticket, NOW)


# --- logging in ----------------------------------------------------------------------------------


@pytest.fixture
def strict() -> Iterator[TikTokSubject]:
    """Yield an account whose refresh tokens are good once."""
    built = TikTokSubject()
    built.server.put_away()
    built.server = tiktok.TikTok()
    with built.running():
        yield built


@pytest.mark.fault("F94", "F97")
def test_a_refresh_token_is_good_once_and_the_new_one_is_kept(strict: TikTokSubject) -> None:
    first = TikTok(strict.login(), Api).refresh(NOW)
    assert first.expires_at == NOW + timedelta(hours=2)
    assert first.dies_at == NOW + timedelta(days=180)
    strict.session = first
    second = strict.platform().refresh(NOW)
    assert second.data["refresh"] not in {tiktok.REFRESH, first.data["refresh"]}
    with pytest.raises(Permanent) as raised:
        strict.platform().refresh(NOW)
    assert raised.value.code == Code.TOKEN_REFUSED


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("error", "code"), [("invalid_grant", "token_refused"), ("server_error", "server_trouble")]
)
def test_a_renewal_that_fails_says_why_whatever_its_status(
    strict: TikTokSubject, status: int, error: str, code: str
) -> None:
    body = {"error": error, "error_description": "No.", "log_id": "1"}
    strict.server.misbehave(Reply(status, body))
    with pytest.raises(PlatformError) as raised:
        TikTok(strict.login(), Api).refresh(NOW)
    assert raised.value.code == code
    assert isinstance(raised.value, Temporary) == (code == "server_trouble")


def test_fresh_tokens_are_not_quoted_when_nobody_says_whose_they_are(
    strict: TikTokSubject,
) -> None:
    fresh = {"access_token": "act.fresh", "refresh_token": "rft.fresh", "expires_in": 7200}
    strict.server.misbehave(Reply(200, fresh))
    with pytest.raises(Permanent, match="answered 200") as raised:
        TikTok(strict.login(), Api).refresh(NOW)
    assert "fresh" not in raised.value.message


def test_a_person_logs_in_with_a_browser(strict: TikTokSubject) -> None:
    platform = TikTok(strict.login(), Api)
    page = urlsplit(platform.authorization(tiktok.HERE, "a-state", tiktok.VERIFIER))
    asked = {name: values[0] for name, values in parse_qs(page.query).items()}
    assert page.path == "/v2/auth/authorize/"
    assert asked == {
        "client_key": tiktok.CLIENT["client_key"],
        "response_type": "code",
        "scope": "user.info.basic,video.publish",
        "redirect_uri": tiktok.HERE,
        "state": "a-state",
        "code_challenge": hashlib.sha256(tiktok.VERIFIER.encode()).hexdigest(),
        "code_challenge_method": "S256",
    }
    session = platform.redeem("code-1", tiktok.HERE, tiktok.VERIFIER, NOW)
    assert session.data["open_id"] == tiktok.OPEN_ID


def test_who_we_are_is_told_by_the_session_and_the_creator(subject: TikTokSubject) -> None:
    identity = subject.platform().whoami()
    assert (identity.remote_id, identity.name) == (tiktok.OPEN_ID, f"@{tiktok.USER}")


def test_an_expired_session_asks_for_a_new_one(subject: TikTokSubject, album: Album) -> None:
    subject.platform()
    subject.server.access.clear()
    with pytest.raises(Temporary) as raised:
        prepared(subject, post(subject, album))
    assert raised.value.code == Code.TOKEN_EXPIRED


# --- the creator ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "ours", "passes"),
    [
        ("spam_risk_too_many_posts", "rate_limited", True),
        ("reached_active_user_cap", "rate_limited", True),
        ("spam_risk_user_banned_from_posting", "account_unusable", False),
    ],
)
def test_an_answer_of_200_may_be_a_refusal(
    subject: TikTokSubject, album: Album, code: str, ours: str, passes: bool
) -> None:
    subject.platform()
    subject.server.misbehave(saying(200, code))
    with pytest.raises(PlatformError) as raised:
        prepared(subject, post(subject, album))
    assert (raised.value.code, isinstance(raised.value, Temporary)) == (ours, passes)
    assert raised.value.retry_after == (timedelta(days=1) if passes else None)


def test_who_may_see_it_is_chosen_from_what_the_creator_has_now(
    subject: TikTokSubject, album: Album
) -> None:
    subject.server.privacy = ("FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
    with pytest.raises(Permanent, match="followers, friends, private") as raised:
        prepared(subject, post(subject, album))
    assert raised.value.code == Code.CONTENT_REFUSED
    assert begun(subject) == []


def test_a_video_longer_than_this_creator_may_post_is_refused_early(
    subject: TikTokSubject, album: Album
) -> None:
    asked = post(subject, album)
    file = replace(asked.attachments[0].file, duration=timedelta(seconds=301))
    long = replace(asked, attachments=(replace(asked.attachments[0], file=file),))
    assert fits(subject, long)
    with pytest.raises(Permanent, match="300 s") as raised:
        prepared(subject, long)
    assert raised.value.code == Code.MEDIA_REFUSED


def test_what_the_creator_switched_off_stays_off(subject: TikTokSubject, album: Album) -> None:
    subject.server.creator = {"comment_disabled": True, "stitch_disabled": True}
    prepared(subject, post(subject, album))
    about = begun(subject)[0]["post_info"]
    assert [about[f"disable_{name}"] for name in ("comment", "duet", "stitch")] == [
        *(True, False, True)
    ]


def test_the_options_of_a_video_are_sent(subject: TikTokSubject, album: Album) -> None:
    options = {
        "privacy": "private",
        "comments": "false",
        "duet": "false",
        "stitch": "true",
        "cover_ms": "1500",
        "paid_partnership": "true",
        "own_brand": "false",
        "ai": "true",
    }
    prepared(subject, replace(post(subject, album), options=options))
    assert begun(subject)[0]["post_info"] == {
        "privacy_level": "SELF_ONLY",
        "title": "Hello",
        "disable_comment": True,
        "disable_duet": True,
        "disable_stitch": False,
        "video_cover_timestamp_ms": 1500,
        "brand_content_toggle": True,
        "brand_organic_toggle": False,
        "is_aigc": True,
    }


# --- parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size",
    [
        *(1, 4_194_304, SMALLEST_PART, 2 * SMALLEST_PART - 1, 2 * SMALLEST_PART),
        *(3 * SMALLEST_PART - 1, 50_000_123, 64_000_001, 66_000_000, 94_371_840),
        *(999_999_999, 4_000_000_000),
    ],
)
def test_a_file_of_any_size_is_cut_as_tiktok_wants_it_with_a_short_last_part(size: int) -> None:
    parts = Parts(size)
    assert tiktok._is_plan(size, parts.length, parts.count)
    assert size - parts.last < 2 * SMALLEST_PART
    assert (parts.count > 1) == (size >= 2 * SMALLEST_PART)


@pytest.mark.parametrize(
    ("size", "part", "count"),
    [
        (50_000_123, 10_000_000, 6),
        (4_194_304, 2_097_152, 1),
        (4_194_304, 2_097_152, 2),
        (20_000_000, 10_000_000, 1),
        (64_000_001, 64_000_001, 1),
        (140_000_000, 64_500_000, 2),
    ],
)
def test_the_simulator_refuses_what_tiktok_refuses(size: int, part: int, count: int) -> None:
    assert not tiktok._is_plan(size, part, count)


def test_all_but_the_last_part_is_there_before_its_moment(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = prepared(subject, asked)
    size, part = LONG, LONG // 3
    assert [one.headers["content-range"] for one in parts(subject)] == [
        f"bytes 0-{part - 1}/{size}",
        f"bytes {part}-{2 * part - 1}/{size}",
    ]
    assert subject.live() == []
    published(subject, asked, started(subject, asked, ticket))
    assert parts(subject)[-1].headers["content-range"] == f"bytes {2 * part}-{size - 1}/{size}"
    (one,) = subject.live()
    assert one.media == (asked.attachments[0].file.sha256,)


def test_the_last_part_waits_in_memory_once(subject: TikTokSubject, album: Album) -> None:
    def read(file: MediaFile, offset: int) -> Iterator[bytes]:
        with album.paths[file].open("rb") as content:
            content.seek(offset)
            yield from pieces(content)

    asked = replace(long_post(subject, album), read=read)
    ticket = prepared(subject, asked)
    tracemalloc.start()
    started(subject, asked, ticket)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert LONG / 3 < peak < LONG / 3 * 1.5


def test_a_small_file_goes_with_the_call_and_nothing_of_it_before(
    subject: TikTokSubject, album: Album
) -> None:
    asked = post(subject, album)
    ticket = prepared(subject, asked)
    assert parts(subject) == []
    published(subject, asked, started(subject, asked, ticket))
    assert len(parts(subject)) == 1


def test_the_token_is_not_sent_to_where_the_bytes_go(subject: TikTokSubject, album: Album) -> None:
    asked = long_post(subject, album)
    went_out(subject, asked)
    assert len(parts(subject)) == 3
    assert not any("authorization" in one.headers for one in parts(subject))


@pytest.mark.fault("F06")
@pytest.mark.parametrize("died_after", [0, 1000, LONG // 3 + 1000, 2 * LONG // 3 + 1000])
def test_an_upload_that_died_goes_on_where_tiktok_is(
    subject: TikTokSubject, album: Album, died_after: int
) -> None:
    asked, notebook = long_post(subject, album), Notebook()

    def dies(file: Any, offset: int) -> Iterator[bytes]:
        sent = 0
        for piece in album.read(file, offset):
            if sent >= died_after:
                raise Killed
            sent += len(piece)
            yield piece

    with pytest.raises(Killed):
        subject.platform().prepare(replace(asked, read=dies), Ticket(), notebook.save)
    ticket = started(subject, asked, prepared(subject, asked, notebook.last()))
    published(subject, asked, ticket)
    (one,) = subject.live()
    assert one.media == (asked.attachments[0].file.sha256,)
    assert len(begun(subject)) == 1
    # A part that was cut off is sent again as a whole: at most one of three, and never posts twice.
    assert subject.server.received < 1.34 * LONG


def test_a_part_whose_answer_was_lost_is_not_sent_twice(
    subject: TikTokSubject, album: Album
) -> None:
    asked, notebook = long_post(subject, album), Notebook()
    subject.platform()
    subject.server.misbehave(Fault.ANSWER_LOST, lambda asked: asked.path == "/video/")
    with pytest.raises(Temporary):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    ticket = started(subject, asked, prepared(subject, asked, notebook.last()))
    published(subject, asked, ticket)
    assert subject.server.received == LONG


def test_a_status_that_is_behind_sends_no_part_to_a_wrong_place(
    subject: TikTokSubject, album: Album
) -> None:
    asked, notebook = long_post(subject, album), Notebook()
    subject.platform()
    subject.server.misbehave(Fault.ANSWER_LOST, lambda asked: asked.path == "/video/")
    with pytest.raises(Temporary):
        subject.platform().prepare(asked, Ticket(), notebook.save)
    subject.server.lag = LONG // 3
    with pytest.raises(Temporary) as raised:
        prepared(subject, asked, notebook.last())
    assert raised.value.code == Code.NOT_READY
    subject.server.lag = 0
    ticket = started(subject, asked, prepared(subject, asked, notebook.last()))
    published(subject, asked, ticket)
    assert len(begun(subject)) == 1


@pytest.mark.parametrize("status", [403, 404])
def test_an_address_that_died_in_phase_2_is_asked_for_again(
    subject: TikTokSubject, album: Album, status: int
) -> None:
    asked, notebook = long_post(subject, album), Notebook()
    subject.platform()
    subject.server.misbehave(Reply(status, b""), lambda asked: asked.path == "/video/")
    with pytest.raises(Temporary) as raised:
        subject.platform().prepare(asked, Ticket(), notebook.save)
    assert raised.value.code == Code.HANDLE_GONE
    assert prepared(subject, asked, notebook.last()).ready
    assert len(begun(subject)) == 2


def test_a_part_that_is_malformed_is_told_and_not_repeated(
    subject: TikTokSubject, album: Album
) -> None:
    subject.platform()
    subject.server.misbehave(Reply(400, b""), lambda asked: asked.path == "/video/")
    with pytest.raises(Permanent) as raised:
        prepared(subject, long_post(subject, album))
    assert raised.value.code == Code.MEDIA_REFUSED


@pytest.mark.parametrize(("later", "tasks"), [(0, 1), (10 * 60, 1), (15 * 60, 2), (61 * 60, 2)])
def test_an_address_that_will_not_live_until_the_moment_is_replaced(
    subject: TikTokSubject, album: Album, later: int, tasks: int
) -> None:
    asked = long_post(subject, album, due_at=soon(subject, 44))
    ticket = prepared(subject, asked)
    subject.server.pass_time(later)
    subject.session = None
    moved = replace(asked, due_at=max(asked.due_at + timedelta(seconds=later), soon(subject, 0)))
    again = prepared(subject, moved, ticket)
    assert len(begun(subject)) == tasks
    published(subject, moved, started(subject, moved, again))
    assert len(subject.live()) == 1


def test_an_address_whose_key_is_gone_is_replaced_while_that_is_safe(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = prepared(subject, asked)
    platform = TikTok(replace(subject.login(), unseal=lambda sealed: ""), Api)
    with pytest.raises(Permanent) as raised:
        platform.before_publish(asked, ticket)
    assert raised.value.code == Code.HANDLE_GONE
    assert prepared(subject, asked, ticket.having(address="")).ready
    assert len(begun(subject)) == 2


@pytest.mark.fault("F28")
def test_a_file_that_changed_since_is_not_finished(subject: TikTokSubject, album: Album) -> None:
    asked = long_post(subject, album)
    ticket = prepared(subject, asked)
    path = album.paths[asked.attachments[0].file]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    for attempt in (subject.platform().before_publish, subject.platform().publish):
        with pytest.raises(Permanent) as raised:
            attempt(asked, ticket)
        assert (raised.value.code, raised.value.evidence) == (
            Code.MEDIA_DAMAGED,
            Evidence.NOT_SENT,
        )
    assert subject.live() == []


def test_at_its_second_nothing_is_read_any_more(subject: TikTokSubject, album: Album) -> None:
    asked = long_post(subject, album)
    ticket = prepared(subject, asked)
    platform = subject.platform()
    ticket = platform.before_publish(asked, ticket)
    album.paths.clear()
    assert isinstance(platform.publish(asked, ticket), Accepted)


def test_seven_tasks_in_a_minute_are_one_too_many(strict: TikTokSubject, album: Album) -> None:
    asked = post(strict, album)
    for _ in range(6):
        prepared(strict, asked)
    with pytest.raises(Temporary) as raised:
        prepared(strict, asked)
    assert (raised.value.code, raised.value.retry_after) == (
        Code.RATE_LIMITED,
        timedelta(minutes=1),
    )


# --- after the call ------------------------------------------------------------------------------


def test_it_is_waited_for_while_tiktok_works_on_it(subject: TikTokSubject, album: Album) -> None:
    subject.server._processing = 3
    asked = post(subject, album)
    receipt = went_out(subject, asked)
    assert receipt.url == f"https://www.tiktok.com/@{tiktok.USER}/video/7561234567890123458"


def test_what_is_posted_and_not_public_yet_is_live_and_gets_its_address_later(
    subject: TikTokSubject, album: Album
) -> None:
    subject.server._moderation = 3
    asked = post(subject, album)
    receipt = went_out(subject, asked)
    assert receipt.url is None
    platform = subject.platform()
    visits = [platform.visit(receipt.remote_id) for _ in range(3)]
    assert [visit.sight for visit in visits] == [Sight.UNCLEAR, Sight.UNCLEAR, Sight.LIVE]
    assert visits[-1].receipt is not None
    assert str(visits[-1].receipt.url).endswith("/video/7561234567890123458")


def test_a_part_that_never_came_may_be_sent_again_to_the_same_task(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    sighting = see(subject, asked, ticket)
    assert (sighting.sight, sighting.safe_to_repeat) == (Sight.ABSENT, True)
    published(subject, asked, started(subject, asked, ticket))
    assert len(begun(subject)) == 1
    assert len(subject.live()) == 1


def test_a_status_that_is_behind_is_no_proof_while_the_call_settles(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = lost(subject, asked, Fault.ANSWER_LOST)
    the_task(subject).processing, subject.server.lag = 10, 1
    assert see(subject, asked, ticket).sight is Sight.ABSENT
    assert failure(subject, asked, started(subject, asked, ticket)).evidence is Evidence.UNCLEAR
    the_task(subject).processing = 0
    assert see(subject, asked, ticket).sight is Sight.LIVE
    assert len(subject.live()) == 1


def test_a_task_that_tiktok_gave_up_is_gone_with_its_reason(
    subject: TikTokSubject, album: Album
) -> None:
    asked = post(subject, album)
    ticket = lost(subject, asked, Fault.ANSWER_LOST)
    the_task(subject).failure = "spam_risk_text"
    sighting = see(subject, asked, ticket)
    assert sighting.sight is Sight.GONE
    assert "spam_risk_text" in sighting.why


def test_one_look_at_a_task_whose_address_died_is_no_proof(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.pass_time(59 * 60 + 50)
    subject.session = None
    subject.server.misbehave(Fault.ANSWER_LOST, subject.is_publish)
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
    the_task(subject).processing, subject.server.lag = 10, 1
    subject.server.pass_time(15)
    # What is gone is forgotten, and its task with it.
    assert see(subject, asked, ticket).sight is not Sight.GONE
    the_task(subject).processing = 0
    assert see(subject, asked, ticket).sight is Sight.LIVE


def test_a_last_part_that_came_too_late_for_its_address_is_begun_anew_after_two_looks(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.pass_time(61 * 60)
    subject.session = None
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
    sighting = see(subject, asked, ticket)
    assert (sighting.sight, sighting.safe_to_repeat) == (Sight.ABSENT, True)
    assert failure(subject, asked, ticket).evidence is Evidence.UNCLEAR
    again = begun_anew(subject, asked, ticket)
    published(subject, asked, started(subject, asked, again))
    assert (len(begun(subject)), len(subject.live())) == (2, 1)


@pytest.mark.parametrize("code", ["invalid_publish_id", "internal_error"])
def test_a_status_that_cannot_be_read_says_nothing(
    subject: TikTokSubject, album: Album, code: str
) -> None:
    asked = post(subject, album)
    ticket = lost(subject, asked, Fault.ANSWER_LOST)
    subject.server.misbehave(saying(400 if code == "invalid_publish_id" else 500, code))
    with pytest.raises(PlatformError):
        see(subject, asked, ticket)
    assert see(subject, asked, ticket).sight is Sight.LIVE


@pytest.mark.parametrize("status", ["SEND_TO_USER_INBOX", "SOMETHING_NEW"])
def test_a_status_that_nobody_knows_is_unclear(
    subject: TikTokSubject, album: Album, status: str
) -> None:
    asked = post(subject, album)
    ticket = lost(subject, asked, Fault.ANSWER_LOST)
    error = {"code": "ok", "message": "", "log_id": "1"}
    subject.server.misbehave(Reply(200, {"data": {"status": status}, "error": error}))
    assert see(subject, asked, ticket).sight is Sight.UNCLEAR


# --- phase 2 after a call that may have been made ------------------------------------------------


def test_after_a_call_no_other_task_is_made_while_its_address_lives(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    subject.server.pass_time(50 * 60)
    again = prepared(subject, asked, ticket)
    assert again.data["task"] == ticket.data["task"]
    published(subject, asked, started(subject, asked, again))
    assert len(begun(subject)) == 1


def test_after_a_call_that_landed_the_same_task_tells(subject: TikTokSubject, album: Album) -> None:
    asked = long_post(subject, album)
    ticket = lost(subject, asked, Fault.ANSWER_LOST)
    subject.server.pass_time(90 * 60)
    again = started(subject, asked, prepared(subject, asked, ticket))
    assert failure(subject, asked, again).evidence is Evidence.UNCLEAR
    assert see(subject, asked, again).sight is Sight.LIVE
    assert (len(begun(subject)), len(subject.live())) == (1, 1)


def test_what_is_missing_at_two_looks_after_its_address_died_is_begun_anew(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    subject.server.pass_time(61 * 60)
    subject.session = None
    again = begun_anew(subject, asked, ticket)
    published(subject, asked, started(subject, asked, again))
    assert (len(begun(subject)), len(subject.live())) == (2, 1)


def begun_anew(subject: TikTokSubject, asked: Draft, ticket: Ticket) -> Ticket:
    """Do phase 2 after the address died: no other task is made at the first look, nor soon after."""
    notebook = Notebook()
    waits = subject.platform().prepare(asked, ticket, notebook.save)
    assert (waits.ready, waits.check_after) == (False, timedelta(minutes=2))
    soon_after = subject.platform().prepare(asked, notebook.last(), notebook.save)
    assert (soon_after.ready, len(begun(subject))) == (False, 1)
    subject.server.pass_time(2 * 60)
    return prepared(subject, asked, notebook.last())


def test_a_task_that_failed_makes_room_for_another(subject: TikTokSubject, album: Album) -> None:
    asked = long_post(subject, album)
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    the_task(subject).failure = "internal"
    again = prepared(subject, asked, ticket)
    assert again.data["task"] != ticket.data["task"]


def shown_late(subject: TikTokSubject, asked: Draft) -> Ticket:
    """Lose the answer to a call that landed, while what TikTok says of it is behind."""
    ticket = lost(subject, asked, Fault.ANSWER_LOST)
    the_task(subject).processing, subject.server.lag = 10, 1
    return ticket


def edits(subject: TikTokSubject, album: Album, asked: Draft) -> list[Draft]:
    """Return what a person may make of a video: other words, or photos."""
    return [replace(asked, text="After", revision=2), replace(photos(album), revision=2)]


@pytest.mark.parametrize("which", [0, 1])
def test_an_edit_after_a_call_waits_until_nothing_can_come_of_the_call(
    subject: TikTokSubject, album: Album, which: int
) -> None:
    asked = long_post(subject, album)
    edited = edits(subject, album, asked)[which]
    ticket = shown_late(subject, asked)
    with pytest.raises(Temporary) as raised:
        prepared(subject, edited, ticket)
    assert raised.value.code == Code.NOT_READY
    waits = raised.value.retry_after
    assert waits is not None
    assert timedelta(minutes=59) < waits <= timedelta(hours=1)
    the_task(subject).processing = 0
    with pytest.raises(Permanent, match="before the edit"):
        prepared(subject, edited, ticket)
    assert (len(begun(subject)), len(subject.live())) == (1, 1)


@pytest.mark.parametrize("which", [0, 1])
def test_an_edit_after_a_call_that_never_came_goes_out_once_that_is_certain(
    subject: TikTokSubject, album: Album, which: int
) -> None:
    asked = long_post(subject, album)
    edited = edits(subject, album, asked)[which]
    ticket = lost(subject, asked, Fault.DROP_BEFORE)
    with pytest.raises(Temporary):
        prepared(subject, edited, ticket)
    subject.server.pass_time(60 * 60)
    subject.session = None
    again = begun_anew(subject, edited, ticket)
    published(subject, edited, started(subject, edited, again))
    assert [one.text for one in subject.live()] == [edited.text]


def test_an_edit_after_a_call_is_for_a_person_when_no_clock_tells_the_age_of_the_task(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = shown_late(subject, asked).having(issued=None)
    with pytest.raises(Permanent, match="before the edit"):
        prepared(subject, replace(asked, text="After", revision=2), ticket)
    assert len(begun(subject)) == 1


def test_a_task_is_not_forgotten_with_the_key_of_its_address_once_a_call_was_made(
    subject: TikTokSubject, album: Album
) -> None:
    asked = long_post(subject, album)
    ticket = shown_late(subject, asked)
    platform = TikTok(replace(subject.login(), unseal=lambda sealed: ""), Api)
    with pytest.raises(Permanent) as raised:
        platform.before_publish(asked, ticket)
    # What is gone is forgotten, and its task with it.
    assert raised.value.code != Code.HANDLE_GONE


# --- photos --------------------------------------------------------------------------------------


def photo(album: Album, name: str = "a", ending: str = "jpg") -> Attachment:
    return album._kept(picture(album.folder / f"{name}.{ending}", (40, 40)), "A dog")


def photos(album: Album, **options: str) -> Draft:
    files = (photo(album), photo(album, "b", "webp"))
    return draft(album, "Two dogs", *files, options=PUBLIC | options)


def test_photos_are_fetched_by_tiktok_and_posted_by_the_call(
    subject: TikTokSubject, album: Album
) -> None:
    asked = photos(album, title="Dogs", music="true")
    assert fits(subject, asked)
    ticket = started(subject, asked, prepared(subject, asked))
    assert begun(subject) == []
    receipt = published(subject, asked, ticket)
    (body,) = begun(subject)
    assert body["post_info"] == {
        "privacy_level": "PUBLIC_TO_EVERYONE",
        "title": "Dogs",
        "description": "Two dogs",
        "disable_comment": False,
        "auto_add_music": True,
        "brand_content_toggle": False,
        "brand_organic_toggle": False,
    }
    (one,) = subject.live()
    assert (one.remote_id, one.media) == (
        receipt.remote_id,
        tuple(album.address(each.file) for each in asked.attachments),
    )
    assert receipt.url == f"https://www.tiktok.com/@{tiktok.USER}/photo/7561234567890123458"
    assert subject.platform().visit(receipt.remote_id).receipt == receipt


@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.DROP_BEFORE, Fault.ERROR_THOUGH_DONE])
def test_photos_whose_answer_was_lost_are_for_a_person(
    subject: TikTokSubject, album: Album, how: Fault
) -> None:
    asked = photos(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(how, lambda asked: asked.path.endswith("/content/init/"))
    with pytest.raises(PlatformError) as raised:
        subject.platform().publish(asked, ticket)
    assert raised.value.evidence is Evidence.UNCLEAR
    sighting = see(subject, asked, ticket)
    assert (sighting.sight, sighting.safe_to_repeat) == (Sight.UNCLEAR, False)


def test_after_some_looks_a_person_is_told_of_photos_that_nobody_can_find(
    subject: TikTokSubject, album: Album, tmp_path: Path
) -> None:
    stage = staged(tmp_path, subject)
    media = [str(album.paths[photo(album).file])]
    [delivery] = stage.schedule("Dogs", at="in 30m", media=media, options={"acme": PUBLIC})
    subject.server.misbehave(Fault.ANSWER_LOST, lambda asked: asked.path.endswith("content/init/"))
    stage.pass_time(minutes=30)
    told = [*run(stage.house).unknown]
    while stage.now(delivery).wake_at is not None:
        stage.pass_time(minutes=10)
        told += run(stage.house).unknown
    assert (stage.now(delivery).state, len(subject.live())) == (State.UNKNOWN, 1)
    assert delivery.ref in [one.ref for one in told]
    close_all()


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [
        (400, "invalid_param", "content_refused"),
        (400, "invalid_params", "content_refused"),
        (401, "access_token_invalid", "token_expired"),
        (401, "scope_not_authorized", "token_refused"),
        (403, "spam_risk_too_many_posts", "rate_limited"),
        (403, "spam_risk_user_banned_from_posting", "account_unusable"),
        (403, "reached_active_user_cap", "rate_limited"),
        (403, "unaudited_client_can_only_post_to_private_accounts", "account_unusable"),
        (403, "url_ownership_unverified", "media_refused"),
        (403, "privacy_level_option_mismatch", "content_refused"),
        (429, "rate_limit_exceeded", "rate_limited"),
    ],
)
def test_a_listed_refusal_of_photos_is_believed(
    subject: TikTokSubject, album: Album, status: int, code: str, ours: str
) -> None:
    asked = photos(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(saying(status, code))
    with pytest.raises(PlatformError) as raised:
        subject.platform().publish(asked, ticket)
    error = raised.value
    assert (error.code, error.evidence) == (ours, Evidence.REFUSED)
    assert (error.retry_after is not None) == (ours == "rate_limited")


@pytest.mark.parametrize(
    "reply",
    [
        saying(500, "internal_error"),
        saying(400, "something_new"),
        saying(200, "internal_error"),
        Reply(200, {"data": {}, "error": {"code": "ok", "message": "", "log_id": "1"}}),
        Reply(403, b"<h1>No</h1>"),
        Reply(200, b"<h1>Welcome</h1>"),
    ],
)
def test_anything_else_leaves_photos_unknown(
    subject: TikTokSubject, album: Album, reply: Reply
) -> None:
    asked = photos(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.misbehave(reply)
    with pytest.raises(OutcomeUnknown):
        subject.platform().publish(asked, ticket)


def test_photos_from_a_domain_that_is_not_ours_are_refused(
    subject: TikTokSubject, album: Album
) -> None:
    subject.server.verified = "elsewhere.example"
    asked = photos(album)
    error = failure(subject, asked, started(subject, asked, prepared(subject, asked)))
    assert (error.code, error.evidence) == (Code.MEDIA_REFUSED, Evidence.REFUSED)


# --- what fits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fitting", "text", "options"),
    [
        (True, "x" * 2200, PUBLIC),
        (False, "x" * 2201, PUBLIC),
        (True, "🎉" * 1100, PUBLIC),
        (False, "🎉" * 1100 + "x", PUBLIC),
        (True, "", PUBLIC),
        (False, "Hello", {}),
        (False, "Hello", {**PUBLIC, "title": "Waves"}),
        (True, "Hello", {**PUBLIC, "cover_ms": "0"}),
        (False, "Hello", {**PUBLIC, "cover_ms": "soon"}),
    ],
)
def test_the_words_of_a_video_fit_or_are_refused_when_scheduling(
    subject: TikTokSubject, album: Album, fitting: bool, text: str, options: dict[str, str]
) -> None:
    asked = replace(post(subject, album, text=text), options=options)
    assert fits(subject, asked) == fitting


@pytest.mark.parametrize(
    ("fitting", "text", "title"),
    [
        *((True, "x" * 4000, "x" * 90), (True, "x", "🎉" * 45), (False, "x" * 4001, "")),
        *((False, "x", "x" * 91), (False, "x", "🎉" * 45 + "x")),
    ],
)
def test_the_words_of_photos_fit_or_are_refused_when_scheduling(
    subject: TikTokSubject, album: Album, fitting: bool, text: str, title: str
) -> None:
    assert fits(subject, replace(photos(album, title=title), text=text)) == fitting


@pytest.mark.parametrize(
    ("fitting", "change"),
    [
        (True, {"width": 360, "height": 4096}),
        (False, {"width": 359}),
        (False, {"height": 4097}),
        (True, {"duration": timedelta(minutes=10)}),
        (False, {"duration": timedelta(minutes=10, seconds=1)}),
        (True, {"size": 4_000_000_000}),
        (False, {"size": 4_000_000_001}),
        (True, {"codec": "vp9", "mime": "video/webm"}),
        (False, {"codec": "av1"}),
        (True, {"fps": 23.0}),
        (False, {"fps": 22.0}),
        (False, {"fps": 61.0}),
        (False, {"mime": "video/x-msvideo"}),
    ],
)
def test_a_video_fits_up_to_the_edges(
    subject: TikTokSubject, album: Album, fitting: bool, change: dict[str, Any]
) -> None:
    asked = post(subject, album)
    file = replace(asked.attachments[0].file, **change)
    changed = replace(asked, attachments=(replace(asked.attachments[0], file=file),))
    for type in (PostType.POST, PostType.REEL):
        assert fits(subject, replace(changed, type=type)) == fitting


def test_photos_fit_up_to_the_edges_and_never_beside_a_video(
    subject: TikTokSubject, album: Album
) -> None:
    one, clip = photo(album), post(subject, album).attachments[0]
    large = replace(one, file=replace(one.file, width=1920, height=1081))
    png = photo(album, "c", "png")
    for files, fitting in (
        ((one,) * 35, True),
        ((one,) * 36, False),
        ((large,), False),
        ((png,), False),
        ((one, clip), False),
        ((clip, clip), False),
    ):
        assert fits(subject, draft(album, "Hello", *files, options=PUBLIC)) == fitting
    reel = draft(album, "Hello", one, options=PUBLIC, type=PostType.REEL)
    assert not fits(subject, reel)


# --- what is kept, and what is said --------------------------------------------------------------


def staged(folder: Path, subject: TikTokSubject) -> Stage:
    """Return a house whose account is this creator."""
    lines = [f'{name} = "{value}"' for name, value in subject.settings.items()]
    lines += [f'{name} = {{ env = "{name.upper()}" }}' for name in subject.secrets]
    stage = build(folder, at=NOW, platform="tiktok", account="\n".join(lines))
    subject.server.now = lambda: stage.clock.now().timestamp()  # type: ignore[method-assign]
    stage.house.environ = {name.upper(): value for name, value in subject.secrets.items()}
    stage.house.find_platform = find
    return stage


def test_the_address_of_an_upload_is_shown_to_nobody(
    subject: TikTokSubject, album: Album, tmp_path: Path
) -> None:
    stage = staged(tmp_path, subject)
    secret = tiktok._token_of("v_pub_file~v2-1.1")
    page = f"<h1>/video/?upload_id=2&amp;upload_token={secret}</h1>".encode()
    subject.server.misbehave(Reply(400, page), lambda asked: asked.path == "/video/")
    path = lengthened(video(tmp_path / "long.mp4", size=(360, 640)), LONG)
    [delivery] = stage.schedule("Hello", at="in 30m", media=[str(path)], options={"acme": PUBLIC})
    pre_upload(stage.house)
    delivery = stage.now(delivery)
    assert "address" in delivery.ticket.data
    assert delivery.error is not None
    shown = json.dumps(documents.shown(show(stage.house, delivery.ref)), default=str)
    close_all()
    kept = b"".join(one.read_bytes() for one in tmp_path.glob("postcron.db*"))
    assert secret not in shown
    assert secret.encode() not in kept
    assert b"v_pub_file~v2-1.1" in kept


def test_the_address_of_a_photo_is_kept_sealed(subject: TikTokSubject, album: Album) -> None:
    login = replace(subject.login(), seal=lambda text: f"sealed {len(text)}")
    subject.platform()
    platform = TikTok(replace(login, session=subject.session), Api)
    asked = photos(album)
    ticket = platform.before_publish(asked, prepared(subject, asked))
    assert "media.example.test" not in json.dumps(ticket.data)


def test_phase_2_of_a_video_is_worth_its_while_only_so_early(subject: TikTokSubject) -> None:
    assert TikTok.max_lead == timedelta(minutes=45)


def test_no_secret_is_in_a_repr(subject: TikTokSubject) -> None:
    platform = subject.platform()
    said = f"{subject.login()!r} {vars(platform)!r}"
    assert subject.session is not None
    secrets = chain(subject.secrets.values(), subject.session.data.values())
    assert not any(secret in said for secret in secrets if len(secret) > 20)


# --- numbers -------------------------------------------------------------------------------------


@pytest.fixture
def counting(subject: TikTokSubject) -> TikTok:
    """Return a creator whose login may read numbers, too."""
    subject.server.scope = f"{SCOPE},{COUNTING}"
    subject.server.counts = {"like_count": 3, "comment_count": 0, "view_count": 120}
    subject.platform()
    login = subject.login()
    return TikTok(replace(login, settings={**login.settings, "scopes": subject.server.scope}), Api)


def test_a_videos_numbers_are_one_question_and_what_is_not_said_is_left_out(
    counting: TikTok, subject: TikTokSubject, album: Album
) -> None:
    receipt = went_out(subject, post(subject, album))
    before = len(subject.server.asked)
    assert counting.measure(receipt) == {"likes": 3, "comments": 0, "views": 120}
    assert len(subject.server.asked) == before + 1


def test_a_video_that_was_not_public_yet_is_found_by_its_task(
    counting: TikTok, subject: TikTokSubject, album: Album
) -> None:
    subject.server._moderation = 2
    receipt = went_out(subject, post(subject, album))
    assert receipt.url is None
    assert counting.measure(receipt) == {}
    assert counting.measure(receipt)["views"] == 120


def test_an_address_a_person_found_tells_which_video_it_is(
    counting: TikTok, subject: TikTokSubject, album: Album
) -> None:
    address = f"{went_out(subject, post(subject, album)).url}?is_from_webapp=1"
    assert counting.measure(Receipt(address, address))["views"] == 120
    nowhere = "https://vm.tiktok.com/ZM1234"
    assert counting.measure(Receipt(nowhere, nowhere)) == {}


def test_a_task_that_tiktok_has_forgotten_has_no_numbers(counting: TikTok) -> None:
    assert counting.measure(Receipt("v_pub_file~v2-1.999")) == {}


def test_a_video_that_was_taken_away_is_gone(
    counting: TikTok, subject: TikTokSubject, album: Album
) -> None:
    receipt = went_out(subject, post(subject, album))
    subject.server.removed.add(str(receipt.url).rpartition("/")[2])
    with pytest.raises(Permanent) as raised:
        counting.measure(receipt)
    assert raised.value.code == Code.HANDLE_GONE


def test_an_answer_that_says_nothing_of_videos_says_nothing(
    counting: TikTok, subject: TikTokSubject, album: Album
) -> None:
    receipt = went_out(subject, post(subject, album))
    subject.server.misbehave(saying(200, "ok"))
    assert counting.measure(receipt) == {}


def test_too_many_questions_are_followed_by_a_pause(
    counting: TikTok, subject: TikTokSubject, album: Album
) -> None:
    receipt = went_out(subject, post(subject, album))
    subject.server._queries.most = 0
    with pytest.raises(Temporary) as raised:
        counting.measure(receipt)
    assert (raised.value.code, raised.value.retry_after) == (
        Code.RATE_LIMITED,
        timedelta(minutes=1),
    )


def test_a_login_without_the_scope_is_told_where_numbers_are_wanted(
    counting: TikTok, subject: TikTokSubject, album: Album
) -> None:
    receipt = went_out(subject, post(subject, album))
    subject.server.scope = SCOPE
    with pytest.raises(Permanent) as raised:
        counting.measure(receipt)
    assert raised.value.code == Code.TOKEN_REFUSED


def test_numbers_are_asked_for_only_where_a_login_asks_for_their_scope(
    counting: TikTok, subject: TikTokSubject
) -> None:
    before = len(subject.server.asked)
    assert subject.platform().measure(Receipt("v_pub_file~v2-1.1")) == {}
    assert counting.measure(Receipt("p_pub_url~v2.1")) == {}
    assert len(subject.server.asked) == before
    page = urlsplit(counting.authorization(tiktok.HERE, "st", tiktok.VERIFIER))
    assert parse_qs(page.query)["scope"] == [f"{SCOPE},{COUNTING}"]


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ("id,fps", {"filters": {"video_ids": ["1"]}}),
        ("id", {"filters": {"video_ids": []}}),
        ("id", {"filters": {"video_ids": ["1"] * 21}}),
        ("id", {"filters": {}}),
        ("id", {"video_ids": ["1"]}),
    ],
)
def test_what_cannot_be_asked_of_videos_is_refused(
    counting: TikTok, subject: TikTokSubject, fields: str, body: Any
) -> None:
    answer = Api(subject.server.url).call(
        "POST",
        "/v2/video/query/",
        params={"fields": fields},
        json=body,
        headers=counting._headers(),
    )
    assert answer.status == 400

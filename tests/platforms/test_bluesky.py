"""What is peculiar to Bluesky: sessions that rotate, a key that outlives edits, blobs that go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from postcron.errors import Code, Evidence, Permanent, Temporary
from postcron.media.probe import probe
from postcron.model import Attachment, Session, Sight, Ticket
from postcron.platforms.base import Login
from postcron.platforms.bluesky import ENTRYWAY, Bluesky
from postcron.web import Api
from tests.media.files import animation, picture, video
from tests.platforms.contract import Album, draft, failure, fits, looked, prepared, published
from tests.platforms.subjects.bluesky import BlueskySubject
from tests.simulators import bluesky
from tests.simulators.server import Fault, Reply

NOW = datetime(2026, 11, 21, 16, tzinfo=UTC)


@pytest.fixture
def subject() -> Iterator[BlueskySubject]:
    built = BlueskySubject()
    with built.running():
        yield built


def opened(
    server: bluesky.Bluesky, session: Session | None = None, password: str = bluesky.PASSWORD
) -> Bluesky:
    settings = {"api_url": server.url, "identifier": bluesky.HANDLE}
    return Bluesky(Login("acme", settings, lambda name: password, session), Api)


def logins(server: bluesky.Bluesky) -> int:
    return sum(asked.path.endswith("createSession") for asked in server.asked)


@pytest.mark.parametrize(
    ("language", "fitting"),
    [
        ("en", True),
        ("en, pt-BR,zh-Hant-TW", True),
        ("", True),
        ("a,b,c,d", False),
        ("en,it,de,fr", False),
        ("my mother tongue", False),
        ("English", False),
    ],
)
def test_languages_the_server_would_refuse_are_told_when_it_is_scheduled(
    subject: BlueskySubject, album: Album, language: str, fitting: bool
) -> None:
    asked = draft(album, options={"language": language})
    assert fits(subject, asked) is fitting
    ticket = prepared(subject, asked)
    if fitting:
        published(subject, asked, ticket)
    else:
        assert failure(subject, asked, ticket).code == "content_refused"


def test_nobody_learns_where_a_photo_was_taken(
    subject: BlueskySubject, album: Album, tmp_path: Path
) -> None:
    exif, path = Image.Exif(), tmp_path / "photo.jpg"
    exif[0x0110], exif[0x0112] = "Camera of Ada", 6
    Image.new("RGB", (40, 30)).save(path, exif=exif)
    file = probe(path)
    album.paths[file] = path
    asked = draft(album, "Hello", Attachment(file, path.name, ""))
    published(subject, asked, prepared(subject, asked))
    (up,) = [each for each in subject.server.asked if each.path.endswith("uploadBlob")]
    with Image.open(BytesIO(up.body)) as photo:
        assert dict(photo.getexif()) == {0x0112: 6}
    (one,) = subject.live()
    assert one.media[0]["aspectRatio"] == {"width": 30, "height": 40}


def test_nobody_learns_where_a_film_was_taken(
    subject: BlueskySubject, album: Album, tmp_path: Path
) -> None:
    path = video(tmp_path / "film.mp4")
    where = b"\xa9xyz+41.8902+012.4922/"
    path.write_bytes(path.read_bytes() + (8 + len(where)).to_bytes(4) + b"udta" + where)
    file = probe(path)
    album.paths[file] = path
    asked = draft(album, "Hello", Attachment(file, path.name, ""))
    published(subject, asked, prepared(subject, asked))
    (up,) = [each for each in subject.server.asked if each.path.endswith("uploadBlob")]
    assert (where in path.read_bytes(), where in up.body) == (True, False)
    assert len(up.body) == file.size
    path.write_bytes(up.body)
    assert replace(probe(path), sha256=file.sha256) == file


@pytest.mark.parametrize("make", [animation, picture])
def test_a_gif_which_would_keep_what_was_written_into_it_is_not_taken(
    subject: BlueskySubject, album: Album, make: Callable[[Path], Path]
) -> None:
    assert not fits(subject, draft(album, "Hello", album._kept(make(album.folder / "a.gif"), "")))


def test_the_app_password_is_used_once_and_then_the_refresh_token(subject: BlueskySubject) -> None:
    server = subject.server
    first = opened(server).refresh(NOW)
    assert first.expires_at == NOW + timedelta(hours=2)
    second = opened(server, first).refresh(NOW)
    assert second.data["access"] != first.data["access"]
    assert opened(server, second).whoami().remote_id == bluesky.DID
    assert logins(server) == 1


@pytest.mark.fault("F97")
def test_a_crash_before_the_new_pair_is_saved_does_no_harm(subject: BlueskySubject) -> None:
    first = opened(subject.server).refresh(NOW)
    lost = opened(subject.server, first).refresh(NOW)
    assert opened(subject.server, first).refresh(NOW) == lost
    assert logins(subject.server) == 1


@pytest.mark.fault("F97")
def test_a_refresh_token_that_is_over_means_logging_in_again(subject: BlueskySubject) -> None:
    first = opened(subject.server).refresh(NOW)
    subject.server.pass_time(91 * 24 * 3600)
    assert opened(subject.server, first).refresh(NOW).data["did"] == bluesky.DID
    assert logins(subject.server) == 2


def test_a_wrong_app_password_is_told_and_not_tried_again(subject: BlueskySubject) -> None:
    with pytest.raises(Permanent) as raised:
        opened(subject.server, password="abcd-efgh-ijkl-mnoz").refresh(NOW)
    assert raised.value.code == "token_refused"
    assert "Invalid identifier or password" in raised.value.message
    assert logins(subject.server) == 1


@pytest.mark.parametrize("password", ["hunter2-hunter2", "abcdefghijklmnop", "abcd-efgh-ijkl", ""])
def test_the_main_password_of_an_account_never_leaves_this_machine(
    subject: BlueskySubject, password: str
) -> None:
    with pytest.raises(Permanent, match="is no app password") as raised:
        opened(subject.server, password=password).refresh(NOW)
    assert (raised.value.code, raised.value.evidence) == (Code.TOKEN_REFUSED, Evidence.NOT_SENT)
    assert not password or password not in raised.value.message
    assert logins(subject.server) == 0


def test_too_many_logins_say_how_long_to_wait(subject: BlueskySubject) -> None:
    for _ in range(30):
        opened(subject.server).refresh(NOW)
    with pytest.raises(Temporary) as raised:
        opened(subject.server).refresh(NOW)
    assert raised.value.code == "rate_limited"
    assert raised.value.retry_after is not None
    assert raised.value.retry_after > timedelta(minutes=4)


def test_an_expired_session_is_a_refusal_that_asks_for_a_new_one(
    subject: BlueskySubject, album: Album
) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    subject.server.expire_access()
    error = failure(subject, asked, ticket)
    assert (error.code, error.evidence) == ("token_expired", Evidence.REFUSED)
    subject.session = None
    published(subject, asked, ticket)
    assert len(subject.live()) == 1


def test_an_expired_session_is_noticed_in_phase_2_too(
    subject: BlueskySubject, album: Album
) -> None:
    subject.platform()
    subject.server.expire_access()
    with pytest.raises(Temporary) as raised:
        prepared(subject, draft(album, "Hello", album.image()))
    assert raised.value.code == "token_expired"


def test_the_entryway_sends_us_to_the_pds_of_the_account(subject: BlueskySubject) -> None:
    settings = {"api_url": ENTRYWAY, "identifier": bluesky.HANDLE}
    addresses = []

    def api(address: str) -> Api:
        addresses.append(address)
        return Api(subject.server.url if address == ENTRYWAY else address)

    login = Login("acme", settings, lambda name: bluesky.PASSWORD)
    session = Bluesky(login, api).refresh(NOW)
    assert session.data["pds"] == subject.server.url
    Bluesky(replace(login, session=session), api).whoami()
    assert addresses[-1] == subject.server.url


def test_a_deactivated_account_is_named(subject: BlueskySubject) -> None:
    subject.server.deactivated = True
    with pytest.raises(Permanent, match=r"acme\.test") as raised:
        subject.platform().whoami()
    assert raised.value.code == "account_unusable"


def test_the_record_key_outlives_an_edit(subject: BlueskySubject, album: Album) -> None:
    first = prepared(subject, draft(album, "Before"))
    second = prepared(subject, draft(album, "After", revision=2), first)
    assert first.data["rkey"] == second.data["rkey"]


def test_a_lost_call_of_an_older_version_is_met_and_never_doubled(
    subject: BlueskySubject, album: Album
) -> None:
    before = draft(album, "Before")
    ticket = prepared(subject, before)
    published(subject, before, ticket)
    after = draft(album, "After", revision=2)
    ticket = prepared(subject, after, ticket)
    assert failure(subject, after, ticket).evidence is Evidence.UNCLEAR
    sighting = looked(subject, after, ticket)
    assert sighting.sight is Sight.UNCLEAR
    assert "bsky.app" in sighting.why
    assert [post.text for post in subject.live()] == ["Before"]


def test_blobs_that_went_are_uploaded_again_for_the_same_record(
    subject: BlueskySubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = prepared(subject, asked)
    subject.server.lose_blobs()
    error = failure(subject, asked, ticket)
    assert (error.code, error.evidence) == ("handle_gone", Evidence.REFUSED)
    again = prepared(subject, asked, ticket)
    assert again.data["record"] == ticket.data["record"]
    published(subject, asked, again)
    assert len(subject.live()) == 1


def test_a_mention_is_resolved_in_phase_2_and_frozen(subject: BlueskySubject, album: Album) -> None:
    asked = draft(album, "Hello @friend.test and @nobody.test")
    ticket = prepared(subject, asked)
    del subject.server.handles["friend.test"]
    before = len(subject.server.asked)
    published(subject, asked, ticket)
    assert len(subject.server.asked) == before + 1
    (facet,) = ticket.data["record"]["facets"]
    assert facet["features"][0]["did"] == "did:plc:friendfriendfriendfriend"


def test_looking_needs_no_session(subject: BlueskySubject, album: Album) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    receipt = published(subject, asked, ticket)
    assert opened(subject.server).look(asked, ticket, NOW).receipt == receipt


def test_a_person_who_moves_a_post_moves_its_date_too(
    subject: BlueskySubject, album: Album
) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    later = replace(asked, due_at=asked.due_at + timedelta(minutes=30))
    published(subject, later, ticket)
    ((record, _),) = subject.server.records.values()
    assert record["createdAt"] == "2026-11-21T17:30:00.000Z"


def test_an_error_of_the_server_is_kept_for_the_person(
    subject: BlueskySubject, album: Album
) -> None:
    asked = draft(album, "x" * 301)
    error = failure(subject, asked, prepared(subject, asked))
    assert error.evidence is Evidence.REFUSED
    assert "maximum 300, got 301" in error.message


def test_without_a_session_nothing_is_begun(subject: BlueskySubject, album: Album) -> None:
    with pytest.raises(Temporary) as raised:
        opened(subject.server).prepare(draft(album), Ticket(), lambda ticket: None)
    assert raised.value.code == "token_expired"


def test_an_answer_without_its_fields_shows_no_token(subject: BlueskySubject) -> None:
    subject.server.misbehave(Reply(200, {"accessJwt": "s3cret-access", "refreshJwt": "s3cret"}))
    with pytest.raises(Permanent) as raised:
        opened(subject.server).refresh(NOW)
    assert "s3cret" not in raised.value.message


def test_a_lost_login_is_only_a_lost_login(subject: BlueskySubject) -> None:
    subject.server.misbehave(Fault.ANSWER_LOST)
    with pytest.raises(Temporary):
        opened(subject.server).refresh(NOW)
    assert opened(subject.server).refresh(NOW).data["did"] == bluesky.DID


@pytest.mark.parametrize("whose", ["friend.test", "did:plc:friendfriendfriendfriend"])
def test_a_post_of_somebody_else_is_not_ours(subject: BlueskySubject, whose: str) -> None:
    sighting = subject.platform().visit(f"https://bsky.app/profile/{whose}/post/3mfzzzzzzzz2z")
    assert (sighting.sight, whose in sighting.why) == (Sight.GONE, True)


def test_a_page_leads_to_the_post_by_handle_and_by_did(
    subject: BlueskySubject, album: Album
) -> None:
    asked = draft(album)
    receipt = published(subject, asked, prepared(subject, asked))
    assert receipt.url is not None
    for url in (receipt.url, receipt.url.replace(bluesky.DID, bluesky.HANDLE) + "?ref=x"):
        assert subject.platform().visit(url).receipt == receipt


def test_the_app_view_counts_what_others_do_and_gets_no_token(
    subject: BlueskySubject, album: Album
) -> None:
    asked = draft(album)
    receipt = published(subject, asked, prepared(subject, asked))
    numbers = subject.platform().measure(receipt)
    assert numbers == {"likes": 3, "comments": 2, "shares": 1, "quotes": 0}


def test_a_post_the_app_view_does_not_show_yet_is_not_gone(
    subject: BlueskySubject, album: Album
) -> None:
    subject.server.view_lag = 3600
    asked = draft(album)
    receipt = published(subject, asked, prepared(subject, asked))
    with pytest.raises(Temporary):
        subject.platform().measure(receipt)
    subject.server.records.clear()
    with pytest.raises(Permanent) as raised:
        subject.platform().measure(receipt)
    assert raised.value.code == "handle_gone"

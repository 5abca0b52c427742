"""What is peculiar to Mastodon: keys that promise little, media that ripen, looking by reading back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from postcron.errors import Evidence, Invalid, OutcomeUnknown, Permanent
from postcron.media.probe import probe
from postcron.model import Attachment, Receipt, Sight, Ticket
from postcron.platforms.base import Visits
from postcron.platforms.mastodon import Mastodon
from tests.media.files import sound
from tests.platforms.contract import (
    Album,
    Notebook,
    draft,
    failure,
    fits,
    looked,
    lost,
    prepared,
    published,
    started,
    went_out,
)
from tests.platforms.subjects.mastodon import MastodonSubject
from tests.simulators.mastodon import TOKEN, Keys
from tests.simulators.server import Asked, Reply


@pytest.fixture
def subject() -> Iterator[MastodonSubject]:
    built = MastodonSubject()
    with built.running():
        yield built


def sent(subject: MastodonSubject) -> list[Asked]:
    return [asked for asked in subject.server.asked if subject.is_publish(asked)]


def test_who_we_are(subject: MastodonSubject) -> None:
    assert subject.platform().whoami().name == "@acme"  # type: ignore[attr-defined]


def test_visibility_and_language_are_always_sent(subject: MastodonSubject, album: Album) -> None:
    asked = draft(album)
    went_out(subject, asked)
    (request,) = sent(subject)
    assert request.json() == {"status": "Hello", "visibility": "public", "language": "it"}
    assert request.headers["idempotency-key"] == asked.key


def test_the_options_of_a_post_are_sent(subject: MastodonSubject, album: Album) -> None:
    options = {
        "visibility": "unlisted",
        "language": "en",
        "sensitive": "true",
        "spoiler_text": "Dogs",
    }
    asked = draft(album, "Hello", album.image(), options=options)
    went_out(subject, asked)
    body = sent(subject)[0].json()
    assert body.items() >= {**options, "sensitive": True}.items()


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("Hello", {"language": "English"}),
        ("x" * 480, {"spoiler_text": "y" * 21}),
    ],
)
def test_what_the_server_would_refuse_at_its_moment_is_told_when_it_is_scheduled(
    subject: MastodonSubject, album: Album, text: str, options: dict[str, str]
) -> None:
    asked = draft(album, text, options=options)
    assert not fits(subject, asked)
    refused = failure(subject, asked, started(subject, asked, prepared(subject, asked)))
    assert refused.code == "content_refused"


@pytest.mark.parametrize("language", ["pt-BR", "zh-TW", "ast"])
def test_a_language_of_a_region_goes_out(
    subject: MastodonSubject, album: Album, language: str
) -> None:
    """Mastodon knows some of them by themselves, and leaves the region out of the others."""
    asked = draft(album, "Hello", options={"language": language})
    assert fits(subject, asked)
    went_out(subject, asked)


def test_text_and_warning_that_fit_together_go_out(subject: MastodonSubject, album: Album) -> None:
    options = {"spoiler_text": "y" * 20, "language": "it"}
    asked = draft(album, "x" * 480, options=options)
    assert fits(subject, asked)
    went_out(subject, asked)


@pytest.mark.parametrize(
    ("there", "told"), [([], True), ([{"id": "1"}], False), (None, False), (0, False)]
)
def test_a_status_that_lost_its_picture_is_live_and_told(
    subject: MastodonSubject,
    album: Album,
    caplog: pytest.LogCaptureFixture,
    there: object,
    told: bool,
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = started(subject, asked, prepared(subject, asked))
    status = {"id": "5", "url": "https://acme.example/@acme/5", "media_attachments": there}
    subject.server.misbehave(Reply(200, status), subject.is_publish)
    assert published(subject, asked, ticket) == Receipt("5", "https://acme.example/@acme/5")
    assert ("@acme/5 is live without 1 of its files" in caplog.text) is told


@pytest.mark.parametrize(
    ("codec", "container"),
    [("libmp3lame", "mp3"), ("libopus", "ogg"), ("pcm_s16le", "wav"), ("flac", "flac")],
)
def test_a_sound_goes_out(
    subject: MastodonSubject, album: Album, codec: str, container: str
) -> None:
    path = sound(album.folder / f"sound.{container}", codec=codec, container=container)
    file = probe(path)
    album.paths[file] = path
    asked = draft(album, "Hello", Attachment(file, path.name, "The sea"))
    assert fits(subject, asked)
    went_out(subject, asked)
    (one,) = subject.live()
    assert [media.kind for media in one.media] == ["audio"]


def test_alt_text_goes_with_the_file(subject: MastodonSubject, album: Album) -> None:
    prepared(subject, draft(album, "Hello", album.image(alt='Ein "Hund" 🐕')))
    assert [media.description for media in subject.server.media.values()] == ['Ein "Hund" 🐕']


def test_a_video_is_waited_for_without_being_uploaded_twice(
    subject: MastodonSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", album.video()), Notebook()
    first = subject.platform().prepare(asked, Ticket(), notebook.save)
    assert not first.ready
    assert first.check_after is not None
    assert prepared(subject, asked, notebook.last()).ready
    assert len(subject.server.media) == 1


def test_a_video_the_server_cannot_read_is_refused_before_its_time(
    subject: MastodonSubject, album: Album
) -> None:
    asked, notebook = draft(album, "Hello", album.video()), Notebook()
    subject.platform().prepare(asked, Ticket(), notebook.save)
    (media,) = subject.server.media.values()
    media.failed = True
    with pytest.raises(Permanent) as raised:
        prepared(subject, asked, notebook.last())
    assert raised.value.code == "media_refused"


def test_media_too_old_to_be_used_are_uploaded_again(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = prepared(subject, asked)
    subject.server.pass_time(25 * 3600)
    again = prepared(subject, asked, ticket)
    published(subject, asked, started(subject, asked, again))
    assert len(subject.live()) == 1


def test_media_that_vanished_before_the_first_call_are_asked_for_again(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.pass_time(25 * 3600)
    error = failure(subject, asked, ticket)
    assert (error.code, error.evidence) == ("handle_gone", Evidence.REFUSED)


@pytest.mark.parametrize("keys", Keys)
def test_a_repeat_with_media_never_makes_two(
    subject: MastodonSubject, album: Album, keys: Keys
) -> None:
    subject.server.keys = keys
    asked = draft(album, "Hello", album.image())
    ticket = started(subject, asked, lost(subject, asked))
    with contextlib.suppress(OutcomeUnknown):
        published(subject, asked, ticket)
    assert looked(subject, asked, ticket).sight is Sight.LIVE
    assert len(subject.live()) == 1


def test_already_attached_on_a_repeat_is_no_refusal(subject: MastodonSubject, album: Album) -> None:
    subject.server.keys = Keys.IGNORED
    asked = draft(album, "Hello", album.image())
    ticket = started(subject, asked, lost(subject, asked))
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)


@pytest.mark.fault("F50")
def test_a_text_is_found_by_its_source_and_not_by_its_html(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album, "  Fish & chips <3 https://example.com/?a=1&b=2  ")
    assert looked(subject, asked, lost(subject, asked)).sight is Sight.LIVE


@pytest.mark.fault("F50")
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("Cafe\u0301", "Caf\u00e9"),
        ("first\nsecond", "first\r\nsecond"),
        ("Hello  ", "Hello"),
    ],
)
def test_a_text_is_found_though_the_server_tidied_it(
    subject: MastodonSubject, album: Album, sent: str, shown: str
) -> None:
    asked = draft(album, sent)
    ticket = lost(subject, asked)
    subject.server.statuses[-1].text = shown
    assert looked(subject, asked, ticket).sight is Sight.LIVE


@pytest.mark.fault("F56")
def test_an_id_is_kept_as_it_is_written_whatever_else_is_new(
    subject: MastodonSubject, album: Album
) -> None:
    """Read as a float, the last digit would be another one."""
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    odd = {"id": 9007199254740993, "visibility": "shimmering", "quote": {"state": [None]}}
    subject.server.misbehave(Reply(200, odd), subject.is_publish)
    assert published(subject, asked, ticket).remote_id == "9007199254740993"


def test_the_same_words_written_by_a_person_are_not_ours(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.already_there("Hello", application="Web")
    assert looked(subject, asked, ticket).sight is Sight.ABSENT


def test_the_same_words_of_last_week_are_not_ours(subject: MastodonSubject, album: Album) -> None:
    subject.server.already_there("Hello", application="postcron")
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    assert looked(subject, asked, ticket).sight is Sight.ABSENT


@pytest.mark.fault("F47")
def test_two_that_look_like_it_are_shown_to_a_person(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    subject.server.already_there("Hello", application="postcron")
    sighting = looked(subject, asked, ticket)
    assert sighting.sight is Sight.UNCLEAR
    assert sighting.why.count("http://") == 2


def test_a_post_without_its_picture_is_still_our_post(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = lost(subject, asked)
    subject.server.statuses[-1].media.clear()
    assert looked(subject, asked, ticket).sight is Sight.LIVE


@pytest.mark.fault("F48")
def test_a_list_that_shows_nothing_older_proves_nothing(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.statuses.clear()
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR


def test_a_deleted_neighbour_does_not_blind_the_look(
    subject: MastodonSubject, album: Album
) -> None:
    subject.server.already_there("A second one")
    asked = draft(album)
    ticket = started(subject, asked, prepared(subject, asked))
    subject.server.statuses.pop()
    assert looked(subject, asked, ticket).sight is Sight.ABSENT


def test_a_busy_account_is_read_page_by_page(subject: MastodonSubject, album: Album) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    for number in range(90):
        subject.server.already_there(f"Something else {number}")
    assert looked(subject, asked, ticket).sight is Sight.LIVE


def test_media_that_are_used_say_that_the_post_exists(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = lost(subject, asked)
    hidden = subject.server.statuses.pop()
    assert looked(subject, asked, ticket).sight is Sight.UNCLEAR
    subject.server.statuses.append(hidden)
    assert looked(subject, asked, ticket).sight is Sight.LIVE


def test_what_was_noted_before_the_first_call_stays_noted(
    subject: MastodonSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = lost(subject, asked)
    again = started(subject, asked, ticket)
    assert again.data["known"] == ticket.data["known"]
    assert looked(subject, asked, again).sight is Sight.LIVE


def test_a_token_without_a_scope_is_told(subject: MastodonSubject, album: Album) -> None:
    subject.server.scopes[TOKEN] = frozenset({"read:accounts", "read:statuses"})
    with pytest.raises(Permanent) as raised:
        prepared(subject, draft(album, "Hello", album.image()))
    assert "outside the authorized scopes" in raised.value.message


def test_a_server_that_does_not_tell_our_name_is_believed_by_text(
    subject: MastodonSubject, album: Album
) -> None:
    subject.server.misbehave(
        Reply(404, {"error": "Not Found"}), lambda asked: "apps/verify" in asked.path
    )
    asked = draft(album)
    assert looked(subject, asked, lost(subject, asked)).sight is Sight.LIVE


def test_max_characters_are_those_of_the_server() -> None:
    assert Mastodon.limits({"max_characters": "5000"}).text_max == 5000
    assert Mastodon.limits({}).text_max == 500
    with pytest.raises(Invalid, match="max_characters"):
        Mastodon.limits({"max_characters": "many"})


@pytest.mark.parametrize(("fps", "fitting"), [(120, True), (121, False)])
def test_a_video_may_run_as_fast_as_mastodon_social_lets_it(
    subject: MastodonSubject, album: Album, fps: float, fitting: bool
) -> None:
    clip = album.video()
    clip = replace(clip, file=replace(clip.file, fps=fps))
    assert fits(subject, draft(album, "Hello", clip)) is fitting


def test_a_post_of_somebody_else_is_not_ours(subject: MastodonSubject) -> None:
    platform = subject.platform()
    assert isinstance(platform, Visits)
    sighting = platform.visit(f"https://acme.example/@somebody/{subject.server.of_somebody_else()}")
    assert (sighting.sight, "@somebody" in sighting.why) == (Sight.GONE, True)


def test_what_others_do_with_a_status_is_counted(subject: MastodonSubject, album: Album) -> None:
    asked = draft(album)
    receipt = went_out(subject, asked)
    numbers = subject.platform().measure(receipt)  # type: ignore[attr-defined]
    assert numbers == {"likes": 3, "comments": 2, "shares": 1}


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(404, {"error": "Record not found"}), "handle_gone"),
        (Reply(404, b"<h1>No</h1>"), "account_unusable"),
        (Reply(401, {"error": "The access token is invalid"}), "token_refused"),
    ],
)
def test_only_a_server_that_has_no_such_status_says_that_it_is_gone(
    subject: MastodonSubject, reply: Reply, code: str
) -> None:
    subject.server.misbehave(reply)
    with pytest.raises(Permanent) as raised:
        subject.platform().measure(Receipt("113"))  # type: ignore[attr-defined]
    assert raised.value.code == code

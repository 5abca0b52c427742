"""What is peculiar to Telegram: files in the call, captions, albums, chats that move, no way to look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from postcron.errors import Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.model import Attachment, Kind, PostType, Proposal, Sight, Ticket
from postcron.platforms.base import Login
from postcron.platforms.telegram import Telegram
from postcron.rules.limits import problems
from postcron.web import Api
from tests.media.files import animation, pdf, picture
from tests.platforms.contract import DUE, Album, draft, failure, prepared, published
from tests.platforms.subjects.telegram import TelegramSubject, said
from tests.simulators.server import Fault
from tests.simulators.telegram import CHANNEL, GROUP, TOKEN


@pytest.fixture
def subject() -> Iterator[TelegramSubject]:
    built = TelegramSubject()
    with built.running():
        yield built


def in_chat(subject: TelegramSubject, chat: str, token: str = TOKEN) -> Telegram:
    settings = {**subject.settings, "chat": chat}
    return Telegram(Login("acme", settings, lambda name: token), Api)


def gif(album: Album) -> Attachment:
    return album._kept(animation(album.folder / "wave.gif"), "")


def paper(album: Album) -> Attachment:
    return album._kept(pdf(album.folder / "menu.pdf"), "")


def objections(text: str, *attachments: Attachment) -> list[str]:
    proposal = Proposal(text, PostType.POST, attachments, {}, {})
    return [what for what, _ in Telegram.objections(proposal)]


def test_who_we_are(subject: TelegramSubject) -> None:
    identity = in_chat(subject, "@acme").whoami()
    assert (identity.remote_id, identity.name) == ("123456", "@acme_bot")


def test_a_public_channel_has_addresses_and_a_group_has_none(
    subject: TelegramSubject, album: Album
) -> None:
    asked = draft(album)
    receipt = published(subject, asked, prepared(subject, asked))
    assert (receipt.remote_id, receipt.url) == (f"{CHANNEL}/42", "https://t.me/acme/42")
    group = in_chat(subject, str(GROUP))
    receipt = group.publish(asked, group.prepare(asked, Ticket(), lambda ticket: None))
    assert (receipt.remote_id, receipt.url) == (f"{GROUP}/43", None)


@pytest.mark.parametrize("size", [(420, 20), (20, 420), (9500, 501)])
def test_the_simulator_takes_no_photo_that_telegram_would_not(
    subject: TelegramSubject, album: Album, size: tuple[int, int]
) -> None:
    wrong = album._kept(picture(album.folder / "wrong.jpg", size, quality=5), "")
    asked = draft(album, "Hello", wrong)
    ticket = prepared(subject, asked)
    assert "PHOTO_INVALID_DIMENSIONS" in failure(subject, asked, ticket).message
    assert subject.live() == []


def test_a_chat_that_is_not_there_is_found_in_phase_2(
    subject: TelegramSubject, album: Album
) -> None:
    with pytest.raises(Permanent, match="chat not found") as raised:
        in_chat(subject, "@nobody").prepare(draft(album), Ticket(), lambda ticket: None)
    assert raised.value.code == "account_unusable"


@pytest.mark.parametrize("token", ["999:wrong", "not/a token"])
def test_a_wrong_token_is_a_login_that_is_no_good(subject: TelegramSubject, token: str) -> None:
    with pytest.raises(Permanent) as raised:
        in_chat(subject, "@acme", token).whoami()
    assert raised.value.code == "token_refused"
    assert token not in str(raised.value)


def test_the_token_in_the_address_stays_out_of_messages(
    subject: TelegramSubject, album: Album
) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    for fault in (Fault.DROP_BEFORE, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE):
        subject.server.misbehave(fault)
        assert TOKEN not in repr(failure(subject, asked, ticket))
        subject.server.misbehave(fault)
        with pytest.raises(PlatformError) as raised:
            in_chat(subject, "@acme").whoami()
        assert TOKEN not in repr(raised.value)


def test_a_picture_goes_with_its_caption_and_an_album_shows_one(
    subject: TelegramSubject, album: Album
) -> None:
    for files in ([album.image()], [album.image(), album.video(), album.image("cat")]):
        asked = draft(album, "Look: 🎉", *files)
        published(subject, asked, prepared(subject, asked))
    one, several = subject.server.messages
    assert (one.numbers, one.text) == ((42,), "Look: 🎉")
    assert (several.numbers, several.text) == ((43, 44, 45), "Look: 🎉")
    contents = [b"".join(album.read(one.file, 0)) for one in asked.attachments]
    assert [part.content for part in several.media] == contents
    assert subject.live()[1].remote_id == f"{CHANNEL}/43,44,45"


def test_a_film_says_how_long_and_how_large_it_is(subject: TelegramSubject, album: Album) -> None:
    asked = draft(album, "", album.video())
    published(subject, asked, prepared(subject, asked))
    form = subject.server.asked[-1].body
    for name, value in (("width", b"64"), ("height", b"48"), ("duration", b"1")):
        assert f'name="{name}"\r\n\r\n'.encode() + value in form
    assert b'name="supports_streaming"\r\n\r\ntrue' in form


def test_an_animation_and_a_paper_are_sent_as_they_are(
    subject: TelegramSubject, album: Album
) -> None:
    for files in ([gif(album)], [paper(album)], [gif(album), paper(album)]):
        asked = draft(album, "Hi", *files)
        published(subject, asked, prepared(subject, asked))
    paths = [asked.path.rpartition("/")[2] for asked in subject.server.asked[1::2]]
    assert paths == ["sendDocument", "sendDocument", "sendMediaGroup"]
    assert [len(one.media) for one in subject.live()] == [1, 1, 2]


def test_the_options_of_a_post_are_sent(subject: TelegramSubject, album: Album) -> None:
    asked = draft(album, options={"silent": "true", "link_preview": "false"})
    published(subject, asked, prepared(subject, asked))
    assert subject.server.asked[-1].json() == {
        "chat_id": CHANNEL,
        "text": "Hello",
        "disable_notification": True,
        "link_preview_options": {"is_disabled": True},
    }


def test_without_options_nothing_is_said_of_them(subject: TelegramSubject, album: Album) -> None:
    asked = draft(album)
    published(subject, asked, prepared(subject, asked))
    assert subject.server.asked[-1].json() == {"chat_id": CHANNEL, "text": "Hello"}


def test_a_group_that_became_a_supergroup_is_a_refusal_that_names_its_new_number(
    subject: TelegramSubject, album: Album
) -> None:
    subject.server.moved[CHANNEL] = -1009876543210
    asked = draft(album)
    error = failure(subject, asked, prepared(subject, asked))
    assert (type(error), error.evidence) == (Permanent, Evidence.REFUSED)
    assert "write chat = -1009876543210" in str(error)


def test_an_album_that_failed_in_part_may_be_live_in_part(
    subject: TelegramSubject, album: Album
) -> None:
    subject.server.fails_in_album = 2
    asked = draft(album, "Hi", album.image(), album.image("cat"))
    assert isinstance(failure(subject, asked, prepared(subject, asked)), OutcomeUnknown)
    assert len(subject.live()) == 1


@pytest.mark.parametrize(
    "reply",
    [
        said(400, "Bad Request: group send failed"),
        said(429, "Too Many Requests: retry after 3", retry_after=3),
    ],
)
def test_what_refuses_a_message_is_no_proof_for_an_album(
    subject: TelegramSubject, album: Album, reply: Any
) -> None:
    asked = draft(album, "Hi", album.image(), album.image("cat"))
    ticket = prepared(subject, asked)
    subject.server.misbehave(reply, subject.is_publish)
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)


def test_an_album_nobody_may_send_is_refused(subject: TelegramSubject, album: Album) -> None:
    asked = draft(album, "Hi", album.image(), album.image("cat"))
    ticket = prepared(subject, asked)
    reply = said(403, "Forbidden: bot was kicked from the channel chat")
    subject.server.misbehave(reply, subject.is_publish)
    assert failure(subject, asked, ticket).evidence is Evidence.REFUSED


@pytest.mark.parametrize(
    ("asks", "waits"), [(35, 35), (0, 1), (10**9, 86_400), ("soon", None), (None, None)]
)
def test_how_long_to_wait_stands_in_the_body(
    subject: TelegramSubject, album: Album, asks: Any, waits: int | None
) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    reply = said(429, "Too Many Requests", retry_after=asks)
    subject.server.misbehave(reply, subject.is_publish)
    error = failure(subject, asked, ticket)
    assert isinstance(error, Temporary)
    assert error.retry_after == (None if waits is None else timedelta(seconds=waits))


def test_nothing_can_be_looked_up(subject: TelegramSubject, album: Album) -> None:
    asked = draft(album)
    before = len(subject.server.asked)
    sighting = subject.platform().look(asked, Ticket({"chat": CHANNEL}), DUE)
    assert (sighting.sight, sighting.receipt) == (Sight.UNCLEAR, None)
    assert len(subject.server.asked) == before


def test_a_text_counts_in_units_of_utf_16() -> None:
    limits = Telegram.limits({})
    assert problems("x" * 4096, PostType.POST, [], limits, "acme") == []
    assert problems("x" * 4095 + "🎉", PostType.POST, [], limits, "acme")


def test_a_caption_is_shorter_than_a_message(album: Album) -> None:
    assert objections("x" * 4096) == []
    assert objections("x" * 1024, album.image()) == []
    assert objections("x" * 1025, album.image())


def test_what_is_shown_cannot_stand_beside_what_is_sent_as_it_is(album: Album) -> None:
    assert objections("Hi", gif(album), paper(album)) == []
    assert objections("Hi", gif(album), album.image())
    assert objections("Hi", paper(album), album.video())


@pytest.mark.parametrize(
    ("size", "fits"),
    [((5000, 5000), True), ((5001, 5000), False), ((2000, 100), True), ((2001, 100), False)],
)
def test_a_photo_is_not_too_large_and_not_too_narrow(
    album: Album, size: tuple[int, int], fits: bool
) -> None:
    image = album.image()
    sized = replace(image, file=replace(image.file, width=size[0], height=size[1]))
    found = problems("", PostType.POST, [sized], Telegram.limits({}), "acme")
    assert (not found and not objections("", sized)) is fits


@pytest.mark.parametrize(("kind", "most"), [(Kind.IMAGE, 10_000_000), (Kind.VIDEO, 50_000_000)])
def test_files_have_a_size(album: Album, kind: Kind, most: int) -> None:
    one = album.image() if kind is Kind.IMAGE else album.video()
    for size, fits in ((most, True), (most + 1, False)):
        sized = replace(one, file=replace(one.file, size=size))
        found = problems("", PostType.POST, [sized], Telegram.limits({}), "acme")
        assert (found == []) is fits


def test_a_message_has_what_the_sheet_shows(subject: TelegramSubject, album: Album) -> None:
    """The answer of the sheet, word for word, is a receipt."""
    asked = draft(album)
    ticket = prepared(subject, asked)
    chat = {"id": CHANNEL, "type": "channel", "username": "mychannel"}
    result = {"message_id": 42, "chat": chat, "date": 1795190400, "text": "hi"}
    content = json.dumps({"ok": True, "result": result}).encode()
    subject.server.misbehave(replace(said(200, ""), body=content), subject.is_publish)
    assert published(subject, asked, ticket).url == "https://t.me/mychannel/42"

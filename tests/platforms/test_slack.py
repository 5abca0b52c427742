"""What is peculiar to Slack: one word for an answer, pictures by address, words that wake people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from postcron.errors import Code, Evidence, Invalid, OutcomeUnknown, Permanent
from postcron.model import MediaFile, PostType, Sight, Ticket
from postcron.platforms.base import Login
from postcron.platforms.slack import Slack
from postcron.rules.limits import problems
from postcron.web import Api
from tests.media.files import animation
from tests.platforms.contract import (
    DUE,
    PUBLIC_URL,
    Album,
    draft,
    failure,
    prepared,
    published,
    started,
)
from tests.platforms.subjects.slack import SlackSubject, said
from tests.simulators.server import Fault, Reply


@pytest.fixture
def subject() -> Iterator[SlackSubject]:
    built = SlackSubject()
    with built.running():
        yield built


def nowhere(file: MediaFile) -> str:
    raise Permanent("There is no address.", code=Code.NOT_CONFIGURED, evidence=Evidence.NOT_SENT)


def by_webhook(address: str) -> Slack:
    return Slack(Login("acme", {}, lambda name: address), Api)


def test_a_message_is_its_text_and_the_receipt_the_deliverys_own_key(
    subject: SlackSubject, album: Album
) -> None:
    asked = draft(album)
    receipt = published(subject, asked, prepared(subject, asked))
    assert subject.server.asked[-1].json() == {"text": "Hello"}
    assert (receipt.remote_id, receipt.url) == (asked.key, None)


def test_nobody_is_woken_by_a_word_in_a_text(subject: SlackSubject, album: Album) -> None:
    asked = draft(album, "<!channel> & <@U123> <https://example.com|click>")
    published(subject, asked, prepared(subject, asked))
    assert subject.server.pings == []
    assert subject.live()[0].text == asked.text


def test_pictures_stand_under_the_text_by_their_address(
    subject: SlackSubject, album: Album
) -> None:
    wave = album._kept(animation(album.folder / "wave.gif"), "")
    asked = draft(album, "Hello & welcome", album.image(alt="A dog"), wave)
    published(subject, asked, prepared(subject, asked))
    body = subject.server.asked[-1].json()
    section, dog, waving = body["blocks"]
    assert section["text"] == {"type": "mrkdwn", "text": "Hello &amp; welcome"}
    assert dog["alt_text"] == "A dog"
    assert dog["image_url"].startswith(f"{PUBLIC_URL}/")
    assert waving["alt_text"] == "wave.gif"
    assert body["text"] == "Hello &amp; welcome"


def test_a_picture_alone_is_announced_by_its_description(
    subject: SlackSubject, album: Album
) -> None:
    asked = draft(album, "", album.image(alt="A dog"))
    published(subject, asked, prepared(subject, asked))
    body = subject.server.asked[-1].json()
    assert (body["text"], len(body["blocks"])) == ("A dog", 1)


def test_a_picture_without_an_address_is_found_in_phase_2(
    subject: SlackSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image(), address=nowhere)
    with pytest.raises(Permanent):
        prepared(subject, asked)
    with pytest.raises(Permanent) as raised:
        started(subject, asked, Ticket(ready=True))
    assert raised.value.evidence is Evidence.NOT_SENT


def test_an_address_that_cannot_be_made_leaves_the_call_unmade(
    subject: SlackSubject, album: Album
) -> None:
    asked = draft(album, "Hello", album.image())
    ticket = started(subject, asked, prepared(subject, asked))
    error = failure(subject, replace(asked, address=nowhere), ticket)
    assert error.evidence is Evidence.NOT_SENT
    assert subject.server.asked == []


def test_an_address_never_stands_in_the_ticket(subject: SlackSubject, album: Album) -> None:
    asked = draft(album, "Hello", album.image())
    assert PUBLIC_URL not in repr(started(subject, asked, prepared(subject, asked)).data)


@pytest.mark.parametrize(("shown", "wire"), [("true", True), ("false", False)])
def test_links_are_shown_as_cards_or_not(
    subject: SlackSubject, album: Album, shown: str, wire: bool
) -> None:
    asked = draft(album, options={"link_preview": shown})
    published(subject, asked, prepared(subject, asked))
    body = subject.server.asked[-1].json()
    assert body == {"text": "Hello", "unfurl_links": wire, "unfurl_media": wire}


@pytest.mark.parametrize("reply", [Reply(200, b"ok\n"), Reply(200, b"ok")])
def test_ok_is_all_there_is(subject: SlackSubject, album: Album, reply: Reply) -> None:
    asked = draft(album)
    subject.server.misbehave(reply, subject.is_publish)
    assert published(subject, asked, prepared(subject, asked)).remote_id == asked.key


def test_a_rollup_error_may_have_been_posted(subject: SlackSubject, album: Album) -> None:
    asked = draft(album)
    ticket = prepared(subject, asked)
    subject.server.misbehave(said(500, "rollup_error"), subject.is_publish)
    assert isinstance(failure(subject, asked, ticket), OutcomeUnknown)


def test_nothing_can_be_looked_up(subject: SlackSubject, album: Album) -> None:
    sighting = subject.platform().look(draft(album), Ticket(), DUE)
    assert (sighting.sight, sighting.receipt) == (Sight.UNCLEAR, None)
    assert subject.server.asked == []


def test_the_address_of_a_webhook_stays_out_of_messages(
    subject: SlackSubject, album: Album
) -> None:
    asked = draft(album)
    for fault in (Fault.DROP_BEFORE, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE):
        subject.server.misbehave(fault)
        assert "slack-token" not in repr(failure(subject, asked, Ticket(ready=True)))


@pytest.mark.parametrize("address", ["", "https://hooks.slack.com", "https://hooks.slack.com/x"])
def test_what_is_no_webhooks_address_is_said(address: str) -> None:
    with pytest.raises(Invalid, match="Incoming Webhooks"):
        by_webhook(address)


def test_a_text_counts_as_it_is_written_for_slack() -> None:
    limits = Slack.limits({})
    assert problems("x" * 3000, PostType.POST, [], limits, "acme") == []
    assert problems("x" * 2999 + "&", PostType.POST, [], limits, "acme")


def test_a_film_has_no_place(album: Album) -> None:
    assert problems("Hi", PostType.POST, [album.video()], Slack.limits({}), "acme")

"""Bluesky against the real PDS: what its own code says, our simulator only imitates."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from postcron.errors import Evidence, Permanent
from postcron.model import Session, Sight
from postcron.platforms.base import Login
from postcron.platforms.bluesky import Bluesky
from postcron.web import Api
from tests.platforms.contract import Album, draft, failure, looked, prepared, published
from tests.proxy import Proxy
from tests.real.servers import asked as ask
from tests.simulators.server import Asked, Fault

pytestmark = pytest.mark.real


@dataclass
class Author:
    """A fresh account on the PDS, reached through a wire that can lose answers."""

    url: str
    did: str
    handle: str
    password: str
    server: Proxy
    session: Session | None = None

    def login(self) -> Login:
        settings = {"api_url": self.server.url, "identifier": self.handle}
        return Login("acme", settings, lambda name: self.password, self.session)

    def platform(self) -> Bluesky:
        if self.session is None:
            self.session = Bluesky(self.login(), Api).refresh(datetime.now(UTC))
        return Bluesky(self.login(), Api)

    def is_publish(self, asked: Asked) -> bool:
        return asked.path.endswith("putRecord")

    def records(self) -> list[dict[str, Any]]:
        """Return what is in the repository, asked for past the proxy."""
        query = f"repo={self.did}&collection=app.bsky.feed.post"
        listed = ask(f"{self.url}/xrpc/com.atproto.repo.listRecords?{query}")
        return list(listed["records"])


@pytest.fixture
def author(pds_url: str) -> Iterator[Author]:
    name = f"acme{secrets.token_hex(4)}.test"
    account = ask(
        f"{pds_url}/xrpc/com.atproto.server.createAccount",
        {"handle": name, "email": f"{name}@example.com", "password": secrets.token_hex(12)},
    )
    app = ask(
        f"{pds_url}/xrpc/com.atproto.server.createAppPassword",
        {"name": "postcron"},
        account["accessJwt"],
    )
    with Proxy(pds_url) as proxy:
        yield Author(pds_url, account["did"], name, app["password"], proxy)


def test_three_phases_with_an_image_and_facets(author: Author, album: Album) -> None:
    text = f"👨‍👩‍👧‍👦 Ciao @{author.handle}, see https://example.com/ü?q=1 #café 🎉"
    asked = draft(album, text, album.image(), album.image("cat"), options={"language": "it"})
    ticket = prepared(author, asked)
    assert author.records() == []
    receipt = published(author, asked, ticket)
    (record,) = author.records()
    assert record["uri"] == receipt.remote_id
    assert receipt.url == f"https://bsky.app/profile/{author.did}/post/{ticket.data['rkey']}"
    value = record["value"]
    assert (value["text"], value["createdAt"]) == (text, "2026-11-21T17:00:00.000Z")
    assert [image["alt"] for image in value["embed"]["images"]] == ["A dog on a beach"] * 2
    content = text.encode()
    shown = [
        content[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        for facet in value["facets"]
    ]
    assert shown == [f"@{author.handle}", "https://example.com/ü?q=1", "#café"]
    assert value["facets"][0]["features"][0]["did"] == author.did


def test_a_video_goes_out(author: Author, album: Album) -> None:
    asked = draft(album, "", album.video())
    published(author, asked, prepared(author, asked))
    (record,) = author.records()
    assert record["value"]["embed"]["video"]["mimeType"] == "video/mp4"


@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE])
def test_a_lost_answer_is_found_and_a_repeat_makes_no_second_post(
    author: Author, album: Album, how: Fault
) -> None:
    asked = draft(album, "Hello #news 🎉", album.image())
    ticket = prepared(author, asked)
    author.server.misbehave(how, author.is_publish)
    assert failure(author, asked, ticket).evidence is Evidence.UNCLEAR
    sighting = looked(author, asked, ticket)
    assert sighting.sight is Sight.LIVE
    assert published(author, asked, ticket) == sighting.receipt
    assert published(author, asked, prepared(author, asked, ticket)) == sighting.receipt
    assert len(author.records()) == 1


def test_a_call_that_never_arrived_is_absent_and_may_be_repeated(
    author: Author, album: Album
) -> None:
    asked = draft(album)
    ticket = prepared(author, asked)
    author.server.misbehave(Fault.DROP_BEFORE, author.is_publish)
    assert failure(author, asked, ticket).evidence is Evidence.UNCLEAR
    sighting = looked(author, asked, ticket)
    assert (sighting.sight, sighting.safe_to_repeat) == (Sight.ABSENT, True)
    published(author, asked, ticket)
    assert len(author.records()) == 1


def test_an_edited_version_meets_the_old_one_and_is_not_posted(
    author: Author, album: Album
) -> None:
    before = draft(album, "Before")
    ticket = prepared(author, before)
    published(author, before, ticket)
    after = draft(album, "After", revision=2)
    ticket = prepared(author, after, ticket)
    error = failure(author, after, ticket)
    assert error.evidence is Evidence.UNCLEAR
    assert "InvalidSwap" in error.message
    assert looked(author, after, ticket).sight is Sight.UNCLEAR
    assert [record["value"]["text"] for record in author.records()] == ["Before"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("👨‍👩‍👧‍👦" * 300, "maximum 3000"), ("x" * 301, "maximum 300")],
    ids=["bytes", "graphemes"],
)
def test_what_the_server_refuses_is_a_refusal(
    author: Author, album: Album, text: str, reason: str
) -> None:
    asked = draft(album, text)
    error = failure(author, asked, prepared(author, asked))
    assert isinstance(error, Permanent)
    assert error.evidence is Evidence.REFUSED
    assert reason in error.message
    assert author.records() == []


def test_three_hundred_families_fit_where_three_hundred_letters_do(
    author: Author, album: Album
) -> None:
    asked = draft(album, "👨‍👩‍👧‍👦" * 100 + "x" * 200)
    published(author, asked, prepared(author, asked))
    assert len(author.records()) == 1


def test_a_session_rotates_and_survives_a_crash_in_between(author: Author) -> None:
    author.platform()
    first = author.session
    assert first is not None
    now = datetime.now(UTC)
    second = Bluesky(author.login(), Api).refresh(now)
    again = Bluesky(author.login(), Api).refresh(now)
    assert second.data["refresh"] == again.data["refresh"] != first.data["refresh"]
    author.session = second
    assert author.platform().whoami().remote_id == author.did
    logins = [asked for asked in author.server.asked if asked.path.endswith("createSession")]
    assert len(logins) == 1


def test_a_wrong_password_is_told(author: Author) -> None:
    author.password = "abcd-efgh-ijkl-mnop"
    with pytest.raises(Permanent) as raised:
        author.platform()
    assert raised.value.code == "token_refused"

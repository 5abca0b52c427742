"""Mastodon against somebody else's mock of it: laxer than ours, but not written by us."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from postcron.errors import Evidence, Permanent
from postcron.model import Sight
from postcron.platforms.base import Login, Platform
from postcron.platforms.mastodon import Mastodon
from postcron.web import Api
from tests.platforms.contract import (
    Album,
    draft,
    failure,
    looked,
    prepared,
    published,
    started,
)
from tests.proxy import Proxy
from tests.real.servers import asked as ask
from tests.simulators.server import Asked, Fault

pytestmark = pytest.mark.real


@dataclass
class Author:
    """The mock's one account, reached through a wire that can lose answers."""

    url: str
    server: Proxy
    token: str = "mock_token"

    def platform(self) -> Platform:
        settings = {"api_url": self.server.url}
        return Mastodon(Login("acme", settings, lambda name: self.token), Api)

    def is_publish(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/api/v1/statuses")

    def statuses(self, containing: str) -> list[dict[str, Any]]:
        """Return the account's statuses that contain some words, asked for past the proxy."""
        me = ask(f"{self.url}/api/v1/accounts/verify_credentials", token=self.token)["id"]
        listed = ask(f"{self.url}/api/v1/accounts/{me}/statuses?limit=40", token=self.token)
        return [status for status in listed if containing in status["content"]]


@pytest.fixture
def author(mastodon_url: str) -> Iterator[Author]:
    ask(f"{mastodon_url}/api/v1/statuses", {"status": "Something older"}, "mock_token")
    with Proxy(mastodon_url) as proxy:
        yield Author(mastodon_url, proxy)


@pytest.fixture
def words() -> str:
    return f"Hello {secrets.token_hex(8)}"


def test_three_phases_with_two_images(author: Author, album: Album, words: str) -> None:
    asked = draft(album, f"{words} 🎉", album.image(), album.image("cat", alt="A cat"), key=words)
    ticket = prepared(author, asked)
    assert author.statuses(words) == []
    receipt = published(author, asked, started(author, asked, ticket))
    (status,) = author.statuses(words)
    assert (status["id"], status["url"]) == (receipt.remote_id, receipt.url)
    alts = [media["description"] for media in status["media_attachments"]]
    assert alts == ["A dog on a beach", "A cat"]


@pytest.mark.parametrize("with_image", [True, False])
@pytest.mark.parametrize("how", [Fault.ANSWER_LOST, Fault.HALF_REPLY, Fault.ERROR_THOUGH_DONE])
def test_a_lost_answer_is_found(
    author: Author, album: Album, words: str, how: Fault, *, with_image: bool
) -> None:
    asked = draft(album, f"{words} & <more>", *[album.image()] * with_image, key=words)
    ticket = started(author, asked, prepared(author, asked))
    author.server.misbehave(how, author.is_publish)
    assert failure(author, asked, ticket).evidence is Evidence.UNCLEAR
    sighting = looked(author, asked, ticket)
    (status,) = author.statuses(words)
    assert sighting.sight is Sight.LIVE
    assert sighting.receipt is not None
    assert sighting.receipt.remote_id == status["id"]


def test_a_call_that_never_arrived_is_absent(author: Author, album: Album, words: str) -> None:
    asked = draft(album, words, key=words)
    ticket = started(author, asked, prepared(author, asked))
    author.server.misbehave(Fault.DROP_BEFORE, author.is_publish)
    assert failure(author, asked, ticket).evidence is Evidence.UNCLEAR
    assert looked(author, asked, ticket).sight is Sight.ABSENT
    assert author.statuses(words) == []


def test_what_the_server_refuses_is_a_refusal(author: Author, album: Album) -> None:
    asked = draft(album, "x" * 501, key=secrets.token_hex(8))
    error = failure(author, asked, started(author, asked, prepared(author, asked)))
    assert isinstance(error, Permanent)
    assert (error.evidence, error.code) == (Evidence.REFUSED, "content_refused")


def test_a_wrong_token_is_told(author: Author, album: Album) -> None:
    author.token = "not_the_token"
    with pytest.raises(Permanent) as raised:
        prepared(author, draft(album))
    assert raised.value.code == "token_refused"

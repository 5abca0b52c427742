"""What each platform makes of every answer its publish call can get."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from postcron.errors import Evidence, PlatformError
from postcron.model import Accepted, Receipt, Session, Ticket
from postcron.platforms import (
    bluesky_answers,
    linkedin_answers,
    mastodon_answers,
    onlysocial_answers,
    x_answers,
)
from postcron.platforms.base import Login, Platform, Refusal
from postcron.platforms.bluesky import Bluesky
from postcron.platforms.linkedin import LinkedIn
from postcron.platforms.mastodon import Mastodon
from postcron.platforms.onlysocial import Mixpost, OnlySocial
from postcron.platforms.x import X
from postcron.web import Answer, Api
from tests.platforms.contract import Album, draft

GARBAGE = {
    "HTML": b"<html><h1>Hello</h1></html>",
    "nothing": b"",
    "broken gzip": b"\x1f\x8b\x08\x00garbage",
    "half of it": b'{"id": "117", "uri": "at://did/app.bsky.feed.post/3k',
    "no object": b"[]",
}
BIG = 2**63 + 1


@dataclass(frozen=True)
class Judged:
    """One platform at its publish call: what it believes, and how its answers are written."""

    platform: Callable[[Login, Callable[[str], Api]], Platform]
    refusals: tuple[Refusal, ...]
    ticket: Mapping[str, Any]
    said: Callable[[str | None], Any]
    #: a good answer, and what is live or taken up then
    good: Any
    answer: Receipt | Accepted
    #: good is every 2xx that is JSON, because the handle is ours
    handle: bool = False
    #: the one status of a good answer, where that is not so
    status: int = 200
    #: what a good answer says in its headers
    headers: Mapping[str, str] = field(default_factory=dict)
    #: an entry without a name is for every name, those of other entries included
    any_name: bool = False

    def published(self, answer: Answer) -> Receipt | Accepted:
        settings = {"api_url": "https://x.test", "identifier": "a", "workspace": "w"}
        settings |= {"account_id": "1", "network": "mastodon", "core_path": "os"}
        settings |= {"user_id": "1", "client_id": "c", "author": "urn:li:organization:1"}
        settings |= {"version": "202609", "login_url": "https://x.test"}
        data = {"access": "a", "refresh": "r", "did": "did", "pds": "https://x.test"}
        session = Session(data, datetime.now(UTC) + timedelta(hours=1))
        login = Login("acme", settings, lambda name: "s3cret", session)
        platform = self.platform(login, lambda url: cast("Api", Says(answer)))
        return platform.publish(draft(Album(None)), Ticket(self.ticket, ready=True))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Says:
    """A wire that gives one answer."""

    answer: Answer

    def act(self, *_: Any, **__: Any) -> Answer:
        return self.answer


def _mixpost(name: str | None) -> Any:
    if name is not None and name.islower() and " " not in name:
        return {"message": "No.", "errors": {name: ["No."]}}
    return {"message": name}


def _x(name: str | None) -> Any:
    if name is None:
        return {}
    if name.isdecimal():
        return {"errors": [{"code": int(name), "message": "No."}]}
    return {"title": "No", "detail": name, "type": f"https://api.x.com/2/problems/{name}"}


MASTODON = (*mastodon_answers.REFUSALS, *mastodon_answers.BY_WORDS)
JUDGED = {
    "mastodon": Judged(
        Mastodon,
        MASTODON,
        {"body": {"status": "Hello"}, "media": []},
        lambda name: {"error": name},
        {"id": BIG, "url": "https://x.test/@a/1", "visibility": "brand-new"},
        Receipt(str(BIG), "https://x.test/@a/1"),
    ),
    "bluesky": Judged(
        Bluesky,
        bluesky_answers.REFUSALS,
        {"repo": "did", "rkey": "3k", "record": {}},
        lambda name: {"error": name, "message": "No."},
        {"uri": "at://did/app.bsky.feed.post/3k", "cid": "b", "more": BIG},
        Receipt("at://did/app.bsky.feed.post/3k", "https://bsky.app/profile/did/post/3k"),
    ),
    "linkedin": Judged(
        LinkedIn,
        linkedin_answers.REFUSALS,
        {"media": []},
        lambda name: {"code": name, "message": "No.", "status": 400} if name else {},
        None,
        Receipt("urn:li:share:1", "https://www.linkedin.com/feed/update/urn:li:share:1/"),
        status=201,
        headers={"x-restli-id": "urn:li:share:1"},
        any_name=True,
    ),
    "x": Judged(
        X,
        x_answers.REFUSALS,
        {"media": []},
        _x,
        {"data": {"id": BIG, "text": "Hello", "mood": "brand-new"}},
        Receipt(str(BIG), f"https://x.com/i/status/{BIG}"),
        status=201,
        any_name=True,
    ),
    "onlysocial": Judged(
        OnlySocial,
        OnlySocial.refusals,
        {"post": "U"},
        _mixpost,
        "The post will be published.",
        Accepted("U", check_after=timedelta(seconds=2)),
        handle=True,
    ),
    "mixpost": Judged(
        Mixpost,
        onlysocial_answers.MIXPOST_REFUSALS,
        {"post": "U"},
        _mixpost,
        {"success": True, "new_field": BIG},
        Accepted("U", check_after=timedelta(seconds=2)),
        handle=True,
    ),
}


@pytest.fixture(params=sorted(JUDGED))
def judged(request: pytest.FixtureRequest) -> Judged:
    return JUDGED[request.param]


def every(judged: Judged) -> Iterator[tuple[int, str | None, bytes]]:
    """Give each status with each error name: none, each listed one, and one nobody knows."""
    names = {refusal.error for refusal in judged.refusals} | {None, "SomethingNew"}
    for status in range(100, 600):
        for name in names:
            yield status, name, json.dumps(judged.said(name)).encode()


def verdict(judged: Judged, status: int, body: bytes, **headers: str) -> str:
    try:
        judged.published(Answer(status, headers, body))
    except PlatformError as error:
        return str(error.evidence)
    return "landed"


@pytest.mark.fault("F29", "F43", "F56")
def test_only_what_is_listed_is_refused(judged: Judged) -> None:
    listed = {(refusal.status, refusal.error) for refusal in judged.refusals}
    names = {error for _, error in listed}
    for status, name, body in every(judged):
        # Where any words of the platform's own will do, there have to be some.
        row = name if name in names else None
        rows = {name, None} if judged.any_name else {row}
        refused = name is not None and any((status, one) in listed for one in rows)
        if judged.handle and status // 100 == 2:
            assert verdict(judged, status, body) == "landed"
        else:
            expected = Evidence.REFUSED if refused else Evidence.UNCLEAR
            assert verdict(judged, status, body) == expected, (status, name)


@pytest.mark.fault("F29", "F38", "F56")
def test_only_a_good_answer_with_its_id_is_live(judged: Judged) -> None:
    good = json.dumps(judged.good).encode()
    answer = judged.published(Answer(judged.status, judged.headers, good))
    assert answer == judged.answer, "ids stay as they are"
    for status in range(100, 600):
        if status == judged.status or (judged.handle and status // 100 == 2):
            assert verdict(judged, status, good, **judged.headers) == "landed"
        else:
            assert verdict(judged, status, good, **judged.headers) == Evidence.UNCLEAR, status


@pytest.mark.fault("F29", "F38")
@pytest.mark.parametrize("body", [*GARBAGE.values(), b'{"some": "thing"}'], ids=str)
def test_a_body_that_is_not_the_platforms_proves_nothing_whatever_its_status(
    judged: Judged, body: bytes
) -> None:
    for status in range(100, 600):
        if not (judged.handle and status // 100 == 2 and body[:1] in {b"[", b"{"}):
            assert verdict(judged, status, body) == Evidence.UNCLEAR, status


def test_every_entry_says_where_it_stands_and_when_that_was_read(judged: Judged) -> None:
    for refusal in judged.refusals:
        assert refusal.source
        assert date.fromisoformat(refusal.seen) <= date(2026, 12, 31)
        assert refusal.status // 100 == 4, "a server in trouble may have done it all the same"

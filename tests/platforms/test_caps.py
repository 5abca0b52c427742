"""A cap that is planned by is the one at which the platform refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from postcron.errors import OutcomeUnknown, PlatformError
from postcron.model import Cap, PostType, Receipt
from tests.platforms.contract import (
    Album,
    Subject,
    failure,
    post,
    prepared,
    published,
    started,
    went_out,
)
from tests.platforms.subjects.bluesky import BlueskySubject
from tests.platforms.subjects.facebook import FacebookSubject
from tests.platforms.subjects.mastodon import MastodonSubject
from tests.platforms.subjects.threads import ThreadsSubject
from tests.platforms.subjects.x import XSubject
from tests.platforms.subjects.youtube import YouTubeSubject
from tests.simulators.allowance import Allowance

Fill = Callable[[Cap], None]


def spend(allowance: Allowance, now: float, cap: Cap) -> None:
    """Let all but one be taken, by others."""
    assert timedelta(seconds=allowance.window) == cap.per
    allowance.taken = [now] * (cap.posts - 1)


def mastodon() -> tuple[Subject, Fill]:
    subject = MastodonSubject()
    server = subject.server
    return subject, lambda cap: spend(server.rates.statuses, server.now(), cap)


def bluesky() -> tuple[Subject, Fill]:
    subject = BlueskySubject()
    server = subject.server

    def fill(cap: Cap) -> None:
        by_span = {timedelta(seconds=one.window): one for one in server.writes}
        spend(by_span[cap.per], server.now(), cap)

    return subject, fill


def x() -> tuple[Subject, Fill]:
    subject = XSubject()
    server = subject.server

    def fill(cap: Cap) -> None:
        allowance = server.allowed("POST /2/tweets", 100)
        spend(allowance, server.now(), cap)

    return subject, fill


def youtube() -> tuple[Subject, Fill]:
    subject = YouTubeSubject()
    server = subject.server

    def fill(cap: Cap) -> None:
        day = datetime.fromtimestamp(server.now(), ZoneInfo("America/Los_Angeles")).date()
        server.units[f"inserts {day}"] = cap.posts - 1

    return subject, fill


@pytest.mark.parametrize("number", [0, -1])
@pytest.mark.parametrize("account", [mastodon, bluesky, x, youtube])
def test_the_last_post_of_a_cap_goes_out_and_the_next_is_refused(
    account: Callable[[], tuple[Subject, Fill]], number: int, album: Album
) -> None:
    subject, fill = account()
    with subject.running():
        cap = subject.platform().limits(subject.settings).caps[number]
        fill(cap)
        went_out(subject, post(subject, album, key="5d1f7a9e-5d57-4f3f-8b3e-0d3c5c1f0a11"))
        with pytest.raises(PlatformError) as refused:
            went_out(subject, post(subject, album, key="5d1f7a9e-5d57-4f3f-8b3e-0d3c5c1f0a12"))
        assert refused.value.code == "rate_limited"
        assert len(subject.live()) == 1


# --- where only some posts are counted -----------------------------------------------------------


@dataclass(frozen=True)
class Apart:
    """An account with a cap of some of its posts, what it counts, and what it does not."""

    subject: Subject
    #: lets others publish so many
    fill: Callable[[int], None]
    counted: Mapping[str, Any]
    other: Mapping[str, Any]


def reels() -> Apart:
    subject = FacebookSubject()

    def fill(number: int) -> None:
        for _ in range(number):
            subject.server.finished_reel()

    return Apart(subject, fill, {"shape": "reel", "type": PostType.REEL}, {"shape": "image"})


def posts(*, answers: bool = False) -> Apart:
    subject = ThreadsSubject()
    server, root = subject.server, subject.server.posts[0]

    def fill(number: int) -> None:
        more = {"reply_to_id": root.id} if answers else {}
        used = server.answered() if answers else server.used()
        for _ in range(number - used):
            server.already_there("So it is", media_type="TEXT", **more)
        subject.older = len(server.live)

    post, answer = dict[str, Any](), {"parent": Receipt(root.id)}
    return Apart(subject, fill, answer, post) if answers else Apart(subject, fill, post, answer)


def answers() -> Apart:
    return posts(answers=True)


@pytest.mark.parametrize("account", [reels, posts, answers])
def test_only_what_a_cap_counts_is_refused_beyond_it(
    account: Callable[[], Apart], album: Album
) -> None:
    """With which code is written nowhere, so that it proves nothing: it is better not to call."""
    one = account()
    with one.subject.running():
        first, second, other = (
            post(one.subject, album, key=str(uuid4()), **how)
            for how in (one.counted, one.counted, one.other)
        )
        [cap] = [
            cap
            for cap in one.subject.platform().limits(one.subject.settings).caps
            if cap.counted.includes(first.type, answers=first.parent is not None)
        ]
        assert not cap.counted.includes(other.type, answers=other.parent is not None)
        tickets = [prepared(one.subject, asked) for asked in (first, second)]
        one.fill(cap.posts - 1)
        published(one.subject, first, started(one.subject, first, tickets[0]))
        assert isinstance(failure(one.subject, second, tickets[1]), OutcomeUnknown)
        went_out(one.subject, other)

"""A cap that is planned by is the one at which the platform refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from postcron.errors import PlatformError
from postcron.model import Cap
from tests.platforms.contract import Album, Subject, post, went_out
from tests.platforms.subjects.bluesky import BlueskySubject
from tests.platforms.subjects.mastodon import MastodonSubject
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

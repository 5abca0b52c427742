"""The platforms that stand the shared contract, each with its simulator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from postcron.model import Session
from postcron.platforms.base import Login, Platform
from postcron.platforms.bluesky import Bluesky
from postcron.platforms.mastodon import Mastodon
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.simulators import bluesky, mastodon
from tests.simulators.server import Asked, Live, Reply


def _in_a_minute() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=60)


def _busy(body: object, *more: dict[str, str]) -> tuple[Reply, ...]:
    forms = (
        {"Retry-After": "60"},
        {"Retry-After": format_datetime(_in_a_minute(), usegmt=True)},
        *more,
    )
    return tuple(Reply(429, body, headers) for headers in forms)


class MastodonSubject:
    """Mastodon against its simulator."""

    turned_away = Reply(401, {"error": "The access token is invalid"})

    def __init__(self) -> None:
        self.server = mastodon.Mastodon()
        self.server.already_there("Something older")
        self.busy = _busy(
            {"error": "Too many requests"},
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": _in_a_minute().isoformat()},
        )
        self.refusals: tuple[Refusal, ...] = (
            Refusal(self.turned_away, "token_refused"),
            Refusal(
                Reply(403, {"error": "This action is outside the authorized scopes"}),
                "account_unusable",
            ),
            Refusal(
                Reply(422, {"error": "Validation failed: Text can't be blank"}), "content_refused"
            ),
            Refusal(
                Reply(422, {"error": "Cannot attach files that have not finished processing."}),
                "not_ready",
                temporary=True,
            ),
            Refusal(self.busy[0], "rate_limited", temporary=True),
        )

    def running(self) -> AbstractContextManager[object]:
        return self.server

    def platform(self) -> Platform:
        settings = {"api_url": self.server.url}
        return Mastodon(Login("acme", settings, lambda name: mastodon.TOKEN), Api)

    def live(self) -> list[Live]:
        return self.server.live[1:]

    def is_publish(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/api/v1/statuses")


class BlueskySubject:
    """Bluesky against its simulator."""

    turned_away = Reply(400, {"error": "InvalidToken", "message": "Token could not be verified"})

    def __init__(self) -> None:
        self.server = bluesky.Bluesky()
        self.session: Session | None = None
        self.busy = _busy(
            {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"},
            {
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": str(int(_in_a_minute().timestamp())),
            },
        )
        self.refusals: tuple[Refusal, ...] = (
            Refusal(
                Reply(400, {"error": "ExpiredToken", "message": "Token has expired"}),
                "token_expired",
                temporary=True,
            ),
            Refusal(self.turned_away, "token_refused"),
            Refusal(
                Reply(401, {"error": "AccountTakedown", "message": "Account is taken down"}),
                "account_unusable",
            ),
            Refusal(
                Reply(400, {"error": "InvalidRequest", "message": "grapheme too big"}),
                "content_refused",
            ),
            Refusal(
                Reply(400, {"error": "BlobNotFound", "message": "Could not find blob: b"}),
                "handle_gone",
                temporary=True,
            ),
            Refusal(self.busy[0], "rate_limited", temporary=True),
        )

    def running(self) -> AbstractContextManager[object]:
        return self.server

    def platform(self) -> Bluesky:
        settings = {"api_url": self.server.url, "identifier": bluesky.HANDLE}
        if self.session is None:
            login = Login("acme", settings, lambda name: bluesky.PASSWORD)
            self.session = Bluesky(login, Api).refresh(datetime.now(UTC))
        return Bluesky(Login("acme", settings, lambda name: bluesky.PASSWORD, self.session), Api)

    def live(self) -> list[Live]:
        return self.server.live

    def is_publish(self, asked: Asked) -> bool:
        return asked.path == "/xrpc/com.atproto.repo.putRecord"


SUBJECTS: Final[dict[str, Callable[[], Subject]]] = {
    "mastodon": MastodonSubject,
    "bluesky": BlueskySubject,
}

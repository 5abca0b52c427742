"""The platforms that stand the shared contract, each with the simulator it is tried against."""

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
from postcron.platforms.onlysocial import OnlySocial
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.simulators import bluesky, mastodon, onlysocial
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


def _html(status: int) -> Reply:
    return Reply(status, b"<h1>Something in between</h1>", {"Content-Type": "text/html"})


class MastodonSubject:
    """Mastodon against its simulator."""

    nowhere = "https://acme.example/@acme/113999999999999999"
    turned_away = Reply(401, {"error": "The access token is invalid"})
    proves_nothing: tuple[Reply, ...] = (
        _html(401),
        _html(403),
        _html(404),
        _html(422),
        Reply(200, {"some": "thing"}),
    )

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

    @property
    def settings(self) -> dict[str, str]:
        return {"api_url": self.server.url}

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": mastodon.TOKEN}

    def running(self) -> AbstractContextManager[object]:
        return self.server

    def platform(self) -> Platform:
        return Mastodon(Login("acme", self.settings, lambda name: mastodon.TOKEN), Api)

    def live(self) -> list[Live]:
        return self.server.live[1:]

    def is_publish(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/api/v1/statuses")


class BlueskySubject:
    """Bluesky against its simulator."""

    nowhere = f"https://bsky.app/profile/{bluesky.HANDLE}/post/3mfzzzzzzzz2z"
    turned_away = Reply(400, {"error": "InvalidToken", "message": "Token could not be verified"})
    proves_nothing: tuple[Reply, ...] = (
        *(_html(status) for status in (400, 401, 403, 413)),
        Reply(200, {"some": "thing"}),
        Reply(400, {"error": "InvalidSwap", "message": "Record was at bafyrei"}),
    )

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

    @property
    def settings(self) -> dict[str, str]:
        return {"api_url": self.server.url, "identifier": bluesky.HANDLE}

    @property
    def secrets(self) -> dict[str, str]:
        return {"app_password": bluesky.PASSWORD}

    def running(self) -> AbstractContextManager[object]:
        return self.server

    def platform(self) -> Bluesky:
        if self.session is None:
            self.session = Bluesky(self._login(), Api).refresh(datetime.now(UTC))
        return Bluesky(self._login(), Api)

    def _login(self) -> Login:
        return Login("acme", self.settings, lambda name: bluesky.PASSWORD, self.session)

    def live(self) -> list[Live]:
        return self.server.live

    def is_publish(self, asked: Asked) -> bool:
        return asked.path == "/xrpc/com.atproto.repo.putRecord"


class OnlySocialSubject:
    """OnlySocial, for an account on Mastodon, against the sandbox."""

    nowhere = "00000000-0000-4000-8000-000000000000"
    turned_away = Reply(401, {"message": "Unauthenticated."})
    proves_nothing: tuple[Reply, ...] = (
        _html(404),
        _html(422),
        Reply(422, {"errors": {"publishing": ["publishing"]}}),
        Reply(422, {"errors": {"in_history": ["in_history"]}}),
        Reply(429, {"message": "Too Many Attempts."}),
        Reply(404, {"message": "Post not found."}),
        Reply(422, {"message": "No.", "errors": {"cannot_scheduled": ["No."]}}),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = onlysocial.OnlySocial(start)
        self.busy = _busy({"message": "Too Many Attempts."})
        self.refusals: tuple[Refusal, ...] = (
            Refusal(self.turned_away, "token_refused"),
            Refusal(Reply(403, {"message": "Access forbidden."}), "token_refused"),
            Refusal(Reply(404, {"message": "Workspace not found."}), "account_unusable"),
        )

    @property
    def settings(self) -> dict[str, str]:
        return {
            "api_url": self.server.url,
            "core_path": "os",
            "workspace": self.server.sandbox.workspace,
            "account_id": "2",
            "network": "mastodon",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": self.server.sandbox.token}

    def running(self) -> AbstractContextManager[object]:
        return self.server

    def platform(self) -> Platform:
        token = self.server.sandbox.token
        return OnlySocial(Login("acme", self.settings, lambda name: token), Api)

    def live(self) -> list[Live]:
        return self.server.live

    def is_publish(self, asked: Asked) -> bool:
        return "/posts/schedule/" in asked.path


SUBJECTS: Final[dict[str, Callable[[], Subject]]] = {
    "mastodon": MastodonSubject,
    "bluesky": BlueskySubject,
    "onlysocial": OnlySocialSubject,
}

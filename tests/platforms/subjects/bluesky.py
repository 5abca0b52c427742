"""Bluesky against its simulator."""

from __future__ import annotations

from datetime import UTC, datetime

from postcron.model import Session
from postcron.platforms.base import Login
from postcron.platforms.bluesky import Bluesky
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.platforms.subjects.shared import busy, html, in_a_minute
from tests.simulators import bluesky
from tests.simulators.server import Asked, Reply


class BlueskySubject(Subject):
    """One account on one PDS."""

    server: bluesky.Bluesky
    nowhere = f"https://bsky.app/profile/{bluesky.HANDLE}/post/3mfzzzzzzzz2z"
    turned_away = Reply(400, {"error": "InvalidToken", "message": "Token could not be verified"})
    proves_nothing: tuple[Reply, ...] = (
        *(html(status) for status in (400, 401, 403, 413)),
        Reply(200, {"some": "thing"}),
        Reply(400, {"error": "InvalidSwap", "message": "Record was at bafyrei"}),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = bluesky.Bluesky()
        self.session: Session | None = None
        self.busy = busy(
            {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"},
            {
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": str(int(in_a_minute().timestamp())),
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
        return {
            "api_url": self.server.url,
            "identifier": bluesky.HANDLE,
            "view_url": self.server.url,
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"app_password": bluesky.PASSWORD}

    def platform(self) -> Bluesky:
        if self.session is None:
            self.session = Bluesky(self._login(), Api).refresh(datetime.now(UTC))
        return Bluesky(self._login(), Api)

    def _login(self) -> Login:
        return Login("acme", self.settings, lambda name: bluesky.PASSWORD, self.session)

    def is_publish(self, asked: Asked) -> bool:
        return asked.path == "/xrpc/com.atproto.repo.putRecord"


SUBJECT = BlueskySubject

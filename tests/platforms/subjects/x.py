"""X against its simulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from postcron.model import Session
from postcron.platforms.base import Login
from postcron.platforms.x import X
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.platforms.subjects.shared import busy, html, in_a_minute
from tests.simulators import x
from tests.simulators.server import Asked, Reply


def problem(status: int, title: str, detail: str = "", type: str = "about:blank") -> Reply:
    """Return an answer in X's own shape."""
    if not type.startswith("about:"):
        type = f"https://api.x.com/2/problems/{type}"
    body: dict[str, Any] = {"title": title, "detail": detail or title, "type": type}
    return Reply(status, {**body, "status": status})


DUPLICATE = problem(
    403, "Forbidden", "You are not allowed to create a Tweet with duplicate content."
)
UNAVAILABLE = problem(503, "Service Unavailable")


class XSubject(Subject):
    """One account, and the app it gave its consent to."""

    server: x.X
    older = 1
    nowhere = "https://x.com/acme/status/1000000000000000000"
    turned_away = problem(403, "Forbidden", "Your client lacks a scope.", "client-forbidden")
    proves_nothing: tuple[Reply, ...] = (
        DUPLICATE,
        UNAVAILABLE,
        Reply(201, {"errors": [{"title": "Partial", "detail": "?", "type": "about:blank"}]}),
        Reply(201, {"data": {"text": "Hello"}}),
        Reply(403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]}),
        *(html(status) for status in (400, 401, 403, 404, 413, 429)),
        Reply(413, b""),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = x.X()
        self.server.already_there("Something older")
        if start is not None:
            self.server.posts[0].at = (start - timedelta(days=1)).timestamp()
        self.session: Session | None = None
        reset = {
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(int(in_a_minute().timestamp())),
        }
        self.busy = (
            *busy(problem(429, "Too Many Requests").body, reset),
            Reply(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, reset),
        )
        self.refusals: tuple[Refusal, ...] = (
            Refusal(
                problem(400, "Invalid Request", "Unknown field.", "invalid-request"),
                "content_refused",
            ),
            Refusal(
                problem(403, "Forbidden", "You are not permitted to perform this action."),
                "content_refused",
            ),
            Refusal(problem(401, "Unauthorized"), "token_expired", temporary=True),
            Refusal(
                Reply(401, {"errors": [{"code": 89, "message": "Invalid or expired token"}]}),
                "token_expired",
                temporary=True,
            ),
            Refusal(self.turned_away, "token_refused"),
            Refusal(
                problem(403, "Forbidden", "This user is suspended.", "user-suspended"),
                "account_unusable",
            ),
            Refusal(
                problem(400, "Invalid Request", "Your media IDs are invalid.", "invalid-request"),
                "handle_gone",
                temporary=True,
            ),
            Refusal(
                Reply(403, {"errors": [{"code": 385, "message": "Too quickly."}]}),
                "not_ready",
                temporary=True,
            ),
            Refusal(problem(404, "Not Found Error"), "content_refused"),
            *(Refusal(reply, "rate_limited", temporary=True) for reply in self.busy),
        )

    @property
    def settings(self) -> dict[str, str]:
        return {
            "api_url": self.server.url,
            "login_url": self.server.url,
            "user_id": x.USER,
            "client_id": x.CLIENT,
            "max_characters": "280",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"client_secret": x.SECRET, "refresh_token": x.REFRESH}

    def platform(self) -> X:
        if self.session is None:
            self.session = X(self.login(), Api).refresh(datetime.now(UTC))
        return X(self.login(), Api)

    def login(self) -> Login:
        """Return what a process knows of the account."""
        return Login("acme", self.settings, lambda name: self.secrets.get(name, ""), self.session)

    def is_publish(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/2/tweets")


SUBJECT = XSubject

"""What the subjects share: replies that every platform may give, and logins by webhook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from postcron.platforms.base import Login, Platform
from postcron.web import Api
from tests.platforms.contract import Subject
from tests.simulators.server import Asked, Reply


class WebhookSubject(Subject):
    """One webhook: its address is the whole login."""

    speaks: type[Platform]
    carries_early = False

    @property
    def settings(self) -> dict[str, str]:
        return {}

    def platform(self) -> Platform:
        return self.speaks(Login("acme", self.settings, self.secrets.__getitem__), Api)

    def is_publish(self, asked: Asked) -> bool:
        return asked.method == "POST"


def in_a_minute() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=60)


def busy(body: object, *more: dict[str, str]) -> tuple[Reply, ...]:
    forms = (
        {"Retry-After": "60"},
        {"Retry-After": format_datetime(in_a_minute(), usegmt=True)},
        *more,
    )
    return tuple(Reply(429, body, headers) for headers in forms)


def html(status: int) -> Reply:
    return Reply(status, b"<h1>Something in between</h1>", {"Content-Type": "text/html"})

"""Metricool, for the Facebook page of a brand, against its simulator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from postcron.platforms.base import Login
from postcron.platforms.metricool import Metricool
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.platforms.subjects.shared import busy, html
from tests.simulators import metricool
from tests.simulators.server import Asked, Reply


class MetricoolSubject(Subject):
    """One network of one brand."""

    server: metricool.Metricool
    #: the account's other keys, where a test wants them otherwise
    chosen: Mapping[str, str] = {"network": "facebook"}
    nowhere = "252000000"
    turned_away = Reply(401, {"status": 401, "title": "Unauthorized"})
    proves_absence = False
    proves_nothing: tuple[Reply, ...] = (
        html(401),
        html(403),
        Reply(200, {"data": None}),
        Reply(400, {"status": 400, "title": "ValidationError"}),
        Reply(404, {"status": 404, "title": "NotFound"}),
        Reply(429, {"status": 429}, {"Retry-After": "60"}),
        Reply(500, {"status": 500, "title": "InternalError", "detail": "DateTimeInfo"}),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = metricool.Metricool()
        self.busy = busy({"status": 429, "title": "TooManyRequests"})
        self.refusals: tuple[Refusal, ...] = (
            Refusal(self.turned_away, "token_refused"),
            Refusal(Reply(403, {"status": 403, "title": "Forbidden"}), "account_unusable"),
        )

    @property
    def settings(self) -> dict[str, str]:
        return {
            "api_url": self.server.url,
            "user_id": metricool.USER,
            "blog_id": metricool.BRAND,
            **self.chosen,
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": metricool.TOKEN}

    def platform(self) -> Metricool:
        return Metricool(self.login(), Api)

    def login(self) -> Login:
        """Return what a process knows of the account."""
        return Login("acme", self.settings, lambda name: metricool.TOKEN)

    def is_publish(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/api/v2/scheduler/posts")


SUBJECT = MetricoolSubject

"""Threads against its simulator."""

from __future__ import annotations

from datetime import datetime, timedelta

from postcron.platforms.base import Login, Platform
from postcron.platforms.threads import Threads
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.platforms.subjects.instagram import USAGE
from tests.platforms.subjects.shared import busy, html
from tests.simulators import threads
from tests.simulators.graph import failing
from tests.simulators.server import Asked, Reply


class ThreadsSubject(Subject):
    """One profile."""

    server: threads.Threads
    older = 1
    shapes = ("text", "image", "video", "images")
    nowhere = "17999999999999999"
    turned_away = failing(190, 460, "Error validating access token", status=401)
    proves_nothing: tuple[Reply, ...] = (
        failing(1, 2207051, "Restricted"),
        failing(4, 2207051, "Application request limit reached"),
        failing(100, 33, "Unsupported get request"),
        failing(2, None, "An unexpected error", is_transient=True),
        failing(100, None, "Param text must be at most 500 characters long"),
        failing(24, 4279009, "The requested resource does not exist", status=500),
        failing(32, None, "Too many calls"),
        Reply(200, {"id": ""}),
        Reply(200, {"success": True}),
        html(400),
        html(401),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = threads.Threads()
        older = self.server.already_there("Something older", media_type="TEXT")
        if start is not None:
            older.at = (start - timedelta(days=1)).timestamp()
        for token in self.server.tokens:
            self.server.tokens[token] = older.at - 2 * 86400
        self.busy = (
            *busy({"error": {"message": "Too many", "code": 4}}),
            failing(80002, headers={"X-Business-Use-Case-Usage": USAGE}),
        )
        self.refusals: tuple[Refusal, ...] = (
            Refusal(self.turned_away, "token_refused"),
            Refusal(failing(10, None, "Permission denied"), "account_unusable"),
            Refusal(failing(17, 4279013, "The user is restricted"), "account_unusable"),
            Refusal(failing(24, 4279009, "Media Not Found"), "handle_gone", temporary=True),
        )

    @property
    def settings(self) -> dict[str, str]:
        url = self.server.url
        user = {"user_id": threads.USER, "graph_version": "v1.0"}
        return {**user, "api_url": url, "login_url": url}

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": threads.TOKEN}

    def platform(self) -> Platform:
        return Threads(Login("acme", self.settings, lambda name: threads.TOKEN), Api)

    def is_publish(self, asked: Asked) -> bool:
        return asked.path.endswith("/threads_publish")


SUBJECT = ThreadsSubject

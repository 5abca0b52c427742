"""OnlySocial, for an account on Mastodon, against the sandbox."""

from __future__ import annotations

from datetime import datetime

from postcron.platforms.base import Login, Platform
from postcron.platforms.onlysocial import OnlySocial
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.platforms.subjects.shared import busy, html
from tests.simulators import onlysocial
from tests.simulators.server import Asked, Reply


class OnlySocialSubject(Subject):
    """An account of a workspace."""

    server: onlysocial.OnlySocial
    speaks = OnlySocial
    core_path = "os"
    nowhere = "00000000-0000-4000-8000-000000000000"
    turned_away = Reply(401, {"message": "Unauthenticated."})
    proves_nothing: tuple[Reply, ...] = (
        html(404),
        html(422),
        Reply(422, {"errors": {"publishing": ["publishing"]}}),
        Reply(422, {"errors": {"in_history": ["in_history"]}}),
        Reply(429, {"message": "Too Many Attempts."}),
        Reply(404, {"message": "Post not found."}),
        Reply(422, {"message": "No.", "errors": {"cannot_scheduled": ["No."]}}),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = onlysocial.OnlySocial(start)
        self.busy = busy({"message": "Too Many Attempts."})
        self.refusals: tuple[Refusal, ...] = (
            Refusal(self.turned_away, "token_refused"),
            Refusal(Reply(403, {"message": "Access forbidden."}), "token_refused"),
            Refusal(Reply(404, {"message": "Workspace not found."}), "account_unusable"),
        )

    @property
    def settings(self) -> dict[str, str]:
        return {
            "api_url": self.server.url,
            "core_path": self.core_path,
            "workspace": self.server.sandbox.workspace,
            "account_id": "2",
            "network": "mastodon",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": self.server.sandbox.token}

    def platform(self) -> Platform:
        token = self.server.sandbox.token
        return self.speaks(Login("acme", self.settings, lambda name: token), Api)

    def is_publish(self, asked: Asked) -> bool:
        return "/posts/schedule/" in asked.path


SUBJECT = OnlySocialSubject

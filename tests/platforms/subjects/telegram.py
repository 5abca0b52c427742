"""Telegram against its simulator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from postcron.platforms.base import Login, Platform
from postcron.platforms.telegram import Telegram
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.platforms.subjects.shared import busy, html
from tests.simulators import telegram
from tests.simulators.server import Asked, Reply


def said(status: int, description: str, **parameters: Any) -> Reply:
    more = {"parameters": parameters} if parameters else {}
    return Reply(status, {"ok": False, "error_code": status, "description": description, **more})


class TelegramSubject(Subject):
    """One bot in one channel."""

    server: telegram.Telegram
    carries_early = False
    turned_away = said(401, "Unauthorized")
    proves_nothing: tuple[Reply, ...] = (
        *(html(status) for status in (400, 401, 403, 404, 413, 429)),
        said(404, "Not Found"),
        said(500, "Internal Server Error"),
        Reply(400, {"ok": False, "error_code": 401, "description": "Unauthorized"}),
        Reply(200, {"ok": True, "result": True}),
        Reply(200, {"ok": True, "result": []}),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = telegram.Telegram()
        waiting = said(429, "Too Many Requests: retry after 60", retry_after=60)
        self.busy = (waiting, *busy(waiting.body))
        self.refusals: tuple[Refusal, ...] = (
            Refusal(said(400, "Bad Request: message is too long"), "content_refused"),
            Refusal(said(400, "Bad Request: chat not found"), "account_unusable"),
            Refusal(
                said(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009),
                "account_unusable",
            ),
            Refusal(self.turned_away, "token_refused"),
            Refusal(
                said(403, "Forbidden: bot is not a member of the channel chat"),
                "account_unusable",
            ),
            Refusal(said(413, "Request Entity Too Large"), "media_refused"),
            Refusal(waiting, "rate_limited", temporary=True),
        )

    @property
    def settings(self) -> dict[str, str]:
        return {"api_url": self.server.url, "chat": "@acme"}

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": telegram.TOKEN}

    def platform(self) -> Platform:
        return Telegram(Login("acme", self.settings, lambda name: telegram.TOKEN), Api)

    def is_publish(self, asked: Asked) -> bool:
        return "/send" in asked.path


SUBJECT = TelegramSubject

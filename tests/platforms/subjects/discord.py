"""Discord against its simulator, by webhook; `Bot` is the same channel by a bot's token."""

from __future__ import annotations

from datetime import datetime, timedelta

from postcron.platforms.discord import Discord
from tests.platforms.contract import Refusal
from tests.platforms.subjects.shared import WebhookSubject, busy, html, in_a_minute
from tests.simulators import discord
from tests.simulators.server import Reply


def said(status: int, code: int, message: str) -> Reply:
    return Reply(status, {"message": message, "code": code})


class DiscordSubject(WebhookSubject):
    """One webhook."""

    server: discord.Discord
    speaks = Discord
    nowhere = f"https://discord.com/channels/{discord.GUILD}/{discord.CHANNEL}/1299999999999999999"
    turned_away = said(401, 50027, "Invalid Webhook Token")
    proves_nothing: tuple[Reply, ...] = (
        *(html(status) for status in (400, 401, 403, 404, 413, 429)),
        said(404, 10008, "Unknown Message"),
        said(400, 1, "Never heard of"),
        Reply(204, b""),
        Reply(200, {"some": "thing"}),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = discord.Discord()
        waiting = {"message": "You are being rate limited.", "retry_after": 60.0, "global": False}
        used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Scope": "user"}
        reset = {**used_up, "X-RateLimit-Reset": f"{in_a_minute().timestamp():.3f}"}
        self.busy = busy(waiting, reset)
        self.refusals: tuple[Refusal, ...] = (
            Refusal(said(400, 50035, "Invalid Form Body"), "content_refused"),
            Refusal(said(404, 10015, "Unknown Webhook"), "account_unusable"),
            Refusal(said(400, 50006, "Cannot send an empty message"), "content_refused"),
            Refusal(self.turned_away, "token_refused"),
            Refusal(said(403, 40333, "internal network error"), "account_unusable"),
            Refusal(said(413, 40005, "Request entity too large"), "media_refused"),
            Refusal(self.busy[0], "rate_limited", temporary=True),
        )

    @property
    def secrets(self) -> dict[str, str]:
        return {"webhook": self.server.webhook}


class BotSubject(DiscordSubject):
    """One bot in the same channel."""

    older = 1
    turned_away = said(401, 0, "401: Unauthorized")

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start)
        if start is not None:
            self.server.pass_time((start - timedelta(days=1)).timestamp() - self.server.now())
        self.server.already_there("Something older")
        if start is not None:
            self.server.pass_time(timedelta(days=1).total_seconds())

    @property
    def settings(self) -> dict[str, str]:
        return {"api_url": f"{self.server.url}/api/v10", "channel_id": discord.CHANNEL}

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": discord.BOT_TOKEN}


SUBJECT = DiscordSubject
VARIANTS = {"bot": BotSubject}

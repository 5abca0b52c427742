"""Slack against its simulator."""

from __future__ import annotations

from datetime import datetime

from postcron.platforms.slack import Slack
from tests.platforms.contract import Refusal
from tests.platforms.subjects.shared import WebhookSubject, busy, html
from tests.simulators import slack
from tests.simulators.server import Reply


def said(status: int, word: str) -> Reply:
    return Reply(status, word.encode(), slack.PLAIN)


class SlackSubject(WebhookSubject):
    """One webhook."""

    server: slack.Slack
    speaks = Slack
    shapes = ("text", "image", "images")
    names_posts = False
    turned_away = said(403, "invalid_token")
    proves_nothing: tuple[Reply, ...] = (
        *(html(status) for status in (400, 403, 404, 410, 429)),
        said(500, "rollup_error"),
        said(400, "never_heard_of"),
        # These are on nobody's official list.
        said(400, "no_text"),
        said(403, "posting_to_general_channel_denied"),
        said(404, "no_service"),
        said(404, "invalid_token"),
        Reply(200, {"ok": True}),
        said(200, "okay"),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = slack.Slack()
        self.busy = busy(b"rate_limited")
        self.refusals: tuple[Refusal, ...] = (
            Refusal(said(400, "invalid_payload"), "content_refused"),
            Refusal(said(400, "invalid_blocks"), "content_refused"),
            Refusal(
                said(400, "missing_text_or_fallback_or_attachments"),
                "content_refused",
            ),
            Refusal(said(400, "user_not_found"), "account_unusable"),
            Refusal(self.turned_away, "token_refused"),
            Refusal(said(403, "action_prohibited"), "account_unusable"),
            Refusal(said(404, "channel_not_found"), "account_unusable"),
            Refusal(said(404, "no_team"), "account_unusable"),
            Refusal(said(410, "channel_is_archived"), "account_unusable"),
            Refusal(self.busy[0], "rate_limited", temporary=True),
        )

    @property
    def secrets(self) -> dict[str, str]:
        return {"webhook": self.server.webhook}


SUBJECT = SlackSubject

"""Mastodon against its simulator."""

from __future__ import annotations

from datetime import datetime, timedelta

from postcron.platforms.base import Login, Platform
from postcron.platforms.mastodon import Mastodon
from postcron.web import Api
from tests.platforms.contract import Refusal, Subject
from tests.platforms.subjects.shared import busy, html, in_a_minute
from tests.simulators import mastodon
from tests.simulators.server import Asked, Reply


class MastodonSubject(Subject):
    """One account on one server."""

    server: mastodon.Mastodon
    older = 1
    #: which application the token belongs to: some servers do not say
    unheeded = 1
    nowhere = "https://acme.example/@acme/113999999999999999"
    turned_away = Reply(401, {"error": "The access token is invalid"})
    proves_nothing: tuple[Reply, ...] = (
        html(401),
        html(403),
        html(404),
        html(422),
        Reply(200, {"some": "thing"}),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = mastodon.Mastodon()
        self.server.already_there("Something older")
        if start is not None:
            self.server.statuses[0].at = (start - timedelta(days=1)).timestamp()
        self.busy = busy(
            {"error": "Too many requests"},
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in_a_minute().isoformat()},
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

    def platform(self) -> Platform:
        return Mastodon(Login("acme", self.settings, lambda name: mastodon.TOKEN), Api)

    def is_publish(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/api/v1/statuses")


SUBJECT = MastodonSubject

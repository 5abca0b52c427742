"""YouTube against its simulator."""

from __future__ import annotations

from datetime import UTC, datetime

from postcron.model import Attachment, Session
from postcron.platforms.base import Login
from postcron.platforms.youtube import YouTube
from postcron.web import Api
from tests.platforms.contract import Album, Refusal, Subject
from tests.platforms.subjects.shared import busy, html
from tests.simulators import youtube
from tests.simulators.server import Asked, Reply


def refusal(status: int, reason: str) -> Reply:
    error = {"domain": "global", "reason": reason, "message": "No."}
    return Reply(status, {"error": {"code": status, "message": "No.", "errors": [error]}})


class YouTubeSubject(Subject):
    """One channel."""

    server: youtube.YouTube
    shapes = ("video", "illustrated video")
    nowhere = "https://www.youtube.com/watch?v=AAAAAAAAAAA"
    turned_away = refusal(403, "insufficientPermissions")
    proves_nothing: tuple[Reply, ...] = (
        *(html(status) for status in (400, 401, 403, 404)),
        Reply(200, {"some": "thing"}),
        Reply(200, {"id": "another0000", "status": {"privacyStatus": "private"}}),
        refusal(400, "somethingNew"),
        Reply(429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}),
    )
    refusals: tuple[Refusal, ...] = (
        Refusal(turned_away, "token_refused"),
        Refusal(refusal(403, "forbiddenPrivacySetting"), "content_refused"),
        Refusal(refusal(401, "authError"), "token_expired", temporary=True),
        Refusal(refusal(401, "youtubeSignupRequired"), "account_unusable"),
        Refusal(refusal(403, "channelSuspended"), "account_unusable"),
        Refusal(refusal(404, "videoNotFound"), "handle_gone", temporary=True),
        Refusal(refusal(403, "quotaExceeded"), "rate_limited", temporary=True),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = youtube.YouTube()
        self.session: Session | None = None
        self.busy = busy(refusal(429, "uploadRateLimitExceeded").body)

    @property
    def settings(self) -> dict[str, str]:
        urls = ("api_url", "upload_url", "token_url", "login_url")
        return {"client_id": youtube.CLIENT["client_id"]} | dict.fromkeys(urls, self.server.url)

    @property
    def secrets(self) -> dict[str, str]:
        return {
            "client_secret": youtube.CLIENT["client_secret"],
            "refresh_token": youtube.REFRESH,
        }

    def platform(self) -> YouTube:
        if self.session is None:
            self.session = YouTube(self.login(), Api).refresh(datetime.now(UTC))
        return YouTube(self.login(), Api)

    def login(self) -> Login:
        """Return what a run knows of the account."""
        return Login("acme", self.settings, lambda name: self.secrets[name], self.session)

    def files(self, album: Album, shape: str) -> list[Attachment]:
        return [album.video(), album.image()][: 1 if shape == "video" else 2]

    def is_publish(self, asked: Asked) -> bool:
        updates = (asked.method, asked.path) == ("PUT", "/youtube/v3/videos")
        return updates and asked.query.get("part", "status") == "status"


SUBJECT = YouTubeSubject

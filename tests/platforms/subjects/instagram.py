"""Instagram, by the Facebook login, against its simulator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from postcron.model import Attachment, PostType
from postcron.platforms.base import Login, Platform
from postcron.platforms.instagram import Instagram
from postcron.web import Api
from tests.media.files import picture, video
from tests.platforms.contract import Album, Refusal, Subject
from tests.platforms.subjects.shared import busy, html
from tests.simulators import instagram
from tests.simulators.graph import VERSION, failing
from tests.simulators.server import Asked, Reply

USAGE = (
    '{"17841": [{"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 1}]}'
)


class InstagramSubject(Subject):
    """One professional account."""

    server: instagram.Instagram
    older = 1
    login = "facebook"
    shapes = ("image", "video", "images", "mixed")
    special: Mapping[str, Mapping[str, Any]] = {"story": {"type": PostType.STORY, "text": ""}}
    nowhere = "17999999999999999"
    turned_away = failing(190, 460, "Error validating access token", status=401)
    proves_nothing: tuple[Reply, ...] = (
        # a live post was answered with this
        failing(4, 2207051, "Application request limit reached", is_transient=False),
        failing(-1, 2207001, "Instagram server error"),
        failing(24, 2207006, "The media could not be found"),
        failing(100, 33, "Authorization Error", type="GraphMethodException"),
        failing(2, None, "An unexpected error", is_transient=True),
        failing(80002, None, "There have been too many calls"),
        failing(190, 460, "Error validating access token", status=200),
        failing(9007, 2207027, "Media ID is not available", status=500),
        Reply(200, {"id": ""}),
        Reply(200, {"id": None}),
        Reply(200, {"success": True}),
        html(400),
        html(401),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = instagram.Instagram(self.login)
        older = self.server.already_there("Something older")
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
            Refusal(failing(10, None, "Permission denied", status=403), "account_unusable"),
            Refusal(failing(25, 2207050, "The user is restricted"), "account_unusable"),
            Refusal(
                failing(9007, 2207027, "Media ID is not available"), "not_ready", temporary=True
            ),
            Refusal(failing(9, 2207042, "Too many posts"), "rate_limited", temporary=True),
            Refusal(failing(24, 2207008, "Gone"), "handle_gone", temporary=True),
            Refusal(failing(-2, 2207020, "Expired"), "handle_gone", temporary=True),
        )

    @property
    def settings(self) -> dict[str, str]:
        url = self.server.url
        return {
            "login": self.login,
            "user_id": instagram.USER,
            "graph_version": VERSION,
            "api_url": url,
            "upload_url": url,
            "login_url": url,
            "token_url": url,
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": instagram.TOKEN}

    def platform(self) -> Platform:
        return Instagram(Login("acme", self.settings, lambda name: self.secrets.get(name, "")), Api)

    def is_publish(self, asked: Asked) -> bool:
        return asked.path.endswith("/media_publish")

    def files(self, album: Album, shape: str) -> list[Attachment]:
        photos = [
            album._kept(picture(album.folder / f"{n}.jpg", (40, 40)), f"A dog {n}") for n in "ab"
        ]
        clip = album._kept(video(album.folder / "clip.mp4", tenths=40), "Waves")
        return {
            "image": photos[:1],
            "story": photos[:1],
            "video": [clip],
            "images": photos,
            "mixed": [*photos, clip],
        }[shape]


class ByInstagram(InstagramSubject):
    """The same account by the other login: there, films go by their addresses."""

    login = "instagram"


SUBJECT = InstagramSubject
VARIANTS = {"by-instagram": ByInstagram}

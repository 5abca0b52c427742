"""A Facebook Page against its simulator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from postcron.model import Attachment, PostType
from postcron.platforms.base import Login, Platform
from postcron.platforms.facebook import Facebook
from postcron.web import Api
from tests.media.files import video
from tests.platforms.contract import Album, Refusal, Subject
from tests.platforms.subjects.shared import busy, html
from tests.simulators import facebook
from tests.simulators.graph import VERSION, failing
from tests.simulators.server import Asked, Reply

USAGE = '{"1": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 1}]}'


class FacebookSubject(Subject):
    """One Page."""

    server: facebook.Facebook
    older = 1
    shapes = ("text", "image", "video", "images")
    special: Mapping[str, Mapping[str, Any]] = {
        "reel": {"type": PostType.REEL},
        "story": {"type": PostType.STORY, "text": ""},
        "video story": {"type": PostType.STORY, "text": ""},
    }
    #: whether their last call may be made again is written nowhere
    unsure = frozenset({"video", *special})
    nowhere = f"{facebook.PAGE}_999"
    turned_away = failing(190, 460, "Error validating access token", status=401)
    proves_nothing: tuple[Reply, ...] = (
        # a post was live after each of these
        failing(2, None, "An unexpected error has occurred.", status=500),
        failing(1, None, "An unknown error occurred", status=500),
        failing(2, None, "Please retry your request later.", is_transient=True),
        failing(506, None, "Duplicate status message"),
        failing(368, None, "You already posted this."),
        failing(100, 1366051, "These photos were already posted."),
        failing(100, 33, "Object does not exist", type="GraphMethodException"),
        failing(4, None, "Application request limit reached"),
        failing(80001, None, "There have been too many calls to this Page account."),
        failing(190, 460, "Error validating access token", status=200),
        Reply(200, {"success": False}),
        Reply(200, {"id": "1"}),
        html(400),
        html(401),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = facebook.Facebook()
        older = self.server.already_there("Something older")
        if start is not None:
            self.server.posts[older].shown_at = (start - timedelta(days=1)).timestamp()
        self.busy = (
            *busy({"error": {"message": "Too many", "code": 4}}),
            failing(80001, headers={"X-Business-Use-Case-Usage": USAGE}),
        )
        self.refusals: tuple[Refusal, ...] = (
            Refusal(self.turned_away, "token_refused"),
            Refusal(
                failing(200, None, "(#200) Unpublished posts must be posted to a page as the page"),
                "account_unusable",
            ),
            Refusal(failing(10, None, "Permission denied", status=403), "account_unusable"),
            Refusal(
                failing(368, 1390008, "We limit how often you can post"),
                "rate_limited",
                temporary=True,
            ),
        )

    @property
    def settings(self) -> dict[str, str]:
        url = self.server.url
        return {
            "page_id": facebook.PAGE,
            "graph_version": VERSION,
            "api_url": url,
            "upload_url": url,
            "login_url": url,
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": facebook.TOKEN}

    def platform(self) -> Platform:
        return Facebook(Login("acme", self.settings, lambda name: facebook.TOKEN), Api)

    def is_publish(self, asked: Asked) -> bool:
        shows = asked.json() == {"is_published": True}
        return shows or b"upload_phase=finish" in asked.body or b"photo_id=" in asked.body

    def files(self, album: Album, shape: str) -> list[Attachment]:
        if shape == "reel":
            path = video(album.folder / "reel.mp4", tenths=30, size=(540, 960))
            return [album._kept(path, "")]
        kind = {"story": "image", "video story": "video"}.get(shape, shape)
        return super().files(album, kind)


SUBJECT = FacebookSubject

"""TikTok, for videos, against its simulator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from postcron.model import Attachment, Session
from postcron.platforms.base import Login
from postcron.platforms.tiktok import TikTok
from postcron.web import Api
from tests.media.files import lengthened, picture, video
from tests.platforms.contract import Album, Refusal, Subject
from tests.platforms.subjects.shared import busy, html
from tests.simulators import tiktok
from tests.simulators.server import Asked, Reply

#: a file of three parts, with some bytes over
LONG = 3 * tiktok.SMALLEST + 2


def saying(status: int, code: str) -> Reply:
    error = {"code": code, "message": "No.", "log_id": "20261121"}
    return Reply(status, {"data": {}, "error": error})


class TikTokSubject(Subject):
    """One creator. Photos have tests of their own, too: nothing can be promised of them."""

    server: tiktok.TikTok
    shapes = ("video", "long video")
    special: Mapping[str, Mapping[str, Any]] = {"photos": {}}
    unsure = frozenset({"photos"})
    options: Mapping[str, str] = {"privacy": "public"}
    nowhere = tiktok.FAILED
    turned_away = saying(401, "scope_not_authorized")
    proves_nothing: tuple[Reply, ...] = (
        *(Reply(status, b"") for status in (400, 403, 404, 416, 429)),
        html(403),
        Reply(200, b""),
        Reply(206, b"", {"Content-Range": "bytes 0-9/10"}),
        saying(401, "access_token_invalid"),
        saying(403, "spam_risk_too_many_posts"),
    )
    #: a part of a video is not refused: its task tells what became of it
    refusals: tuple[Refusal, ...] = ()

    def __init__(self, start: datetime | None = None) -> None:
        # That a refresh token is good once has tests of its own: a process that dies with the new
        # one would end every story with a login.
        self.server = tiktok.TikTok(inits=1000, once=False)
        self.session: Session | None = None
        self.busy = busy(saying(429, "rate_limit_exceeded").body)

    @property
    def settings(self) -> dict[str, str]:
        urls = dict.fromkeys(("api_url", "login_url"), self.server.url)
        return {"client_key": tiktok.CLIENT["client_key"]} | urls

    @property
    def secrets(self) -> dict[str, str]:
        return {"client_secret": tiktok.CLIENT["client_secret"], "refresh_token": tiktok.REFRESH}

    def platform(self) -> TikTok:
        if self.session is None:
            self.session = TikTok(self.login(), Api).refresh(datetime.now(UTC))
        return TikTok(self.login(), Api)

    def login(self) -> Login:
        """Return what a run knows of the account."""
        return Login("acme", self.settings, lambda name: self.secrets[name], self.session)

    def files(self, album: Album, shape: str) -> list[Attachment]:
        if shape == "photos":
            paths = (picture(album.folder / name, (40, 40)) for name in ("a.jpg", "b.webp"))
            return [album._kept(path, "A dog") for path in paths]
        path = video(album.folder / f"{shape.replace(' ', '-')}.mp4", size=(360, 640), tenths=3)
        return [album._kept(path if shape == "video" else lengthened(path, LONG), "Waves")]

    def is_publish(self, asked: Asked) -> bool:
        if asked.path.endswith("/content/init/"):
            return True
        span = asked.headers.get("content-range", "0-0/1")
        last, _, size = span.partition("-")[2].partition("/")
        return asked.path == "/video/" and int(last) + 1 == int(size)


SUBJECT = TikTokSubject

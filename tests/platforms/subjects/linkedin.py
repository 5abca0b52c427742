"""LinkedIn against its simulator: a page, which can be read back, and a member, who cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from postcron.media.probe import probe
from postcron.model import Attachment, Session
from postcron.platforms.base import Login
from postcron.platforms.linkedin import LinkedIn
from postcron.web import Api
from tests.media.files import pdf, video
from tests.platforms.contract import Album, Refusal, Subject
from tests.platforms.subjects.shared import busy, html
from tests.simulators import linkedin
from tests.simulators.server import Asked, Reply


def said(status: int, code: str, message: str = "No.") -> Reply:
    """Return an answer in LinkedIn's newer shape."""
    return Reply(status, {"status": status, "code": code, "message": message})


def duplicate(urn: str = "urn:li:share:7141138937766391808") -> Reply:
    wrong = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
    body: dict[str, Any] = {"message": f"Content is a duplicate of {urn}", "status": 422}
    return Reply(422, {**body, "errorDetails": {"inputErrors": [wrong]}})


class LinkedInSubject(Subject):
    """A page."""

    server: linkedin.LinkedIn
    older = 1
    author = linkedin.PAGE
    shapes = ("text", "image", "video", "document", "images")
    nowhere = "https://www.linkedin.com/feed/update/urn:li:share:6000000000000000000/"
    turned_away = said(401, "REVOKED_ACCESS_TOKEN", "The token has been revoked by the user")
    proves_nothing: tuple[Reply, ...] = (
        duplicate(),
        said(409, "CONFLICT"),
        said(422, "SOMETHING_NEW"),
        said(504, "GATEWAY_TIMEOUT"),
        Reply(201, b""),
        Reply(200, {"id": "urn:li:share:1"}),
        *(html(status) for status in (400, 401, 403, 404, 422, 426, 429)),
    )

    def __init__(self, start: datetime | None = None) -> None:
        self.server = linkedin.LinkedIn(self.author)
        older = self.server.already_there("Something older", ago=86_400)
        if start is not None:
            older.at = (start - timedelta(days=1)).timestamp()
        self.session: Session | None = None
        self.busy = busy(said(429, "TOO_MANY_REQUESTS").body)
        self.refusals: tuple[Refusal, ...] = (
            Refusal(said(400, "FIELD_LENGTH_TOO_LONG"), "content_refused"),
            Refusal(said(403, "ACCESS_DENIED"), "account_unusable"),
            Refusal(self.turned_away, "token_refused"),
            Refusal(said(401, "EXPIRED_ACCESS_TOKEN"), "token_expired", temporary=True),
            Refusal(
                Reply(401, {"message": "Empty", "serviceErrorCode": 65604, "status": 401}),
                "token_expired",
                temporary=True,
            ),
            Refusal(said(400, "MEDIA_ASSET_WAITING_UPLOAD"), "not_ready", temporary=True),
            Refusal(said(400, "MEDIA_ASSET_PROCESSING_FAILED"), "handle_gone", temporary=True),
            Refusal(said(400, "INVALID_IMAGE_ID"), "handle_gone", temporary=True),
            Refusal(said(400, "VERSION_MISSING"), "not_configured"),
            Refusal(said(426, "NONEXISTENT_VERSION"), "not_configured"),
            Refusal(said(404, "RESOURCE_NOT_FOUND"), "content_refused"),
            Refusal(said(422, "UNPROCESSABLE_ENTITY"), "content_refused"),
            Refusal(self.busy[0], "rate_limited", temporary=True),
        )

    @property
    def settings(self) -> dict[str, str]:
        return {
            "author": self.author,
            "client_id": linkedin.CLIENT,
            "version": "202609",
            "api_url": self.server.url,
            "upload_url": self.server.url,
            "login_url": self.server.url,
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": linkedin.TOKEN}

    def platform(self) -> LinkedIn:
        if self.session is None:
            self.session = LinkedIn(self.login(), Api).refresh(datetime.now(UTC))
        return LinkedIn(self.login(), Api)

    def login(self) -> Login:
        """Return what a process knows of the account."""
        return Login("acme", self.settings, lambda name: self.secrets.get(name, ""), self.session)

    def is_publish(self, asked: Asked) -> bool:
        return (asked.method, asked.path) == ("POST", "/rest/posts")

    def files(self, album: Album, shape: str) -> list[Attachment]:
        if shape == "video":
            return [_attached(album, film(album), "Waves")]
        if shape == "document":
            return [_attached(album, pdf(album.folder / "plan.pdf"), "")]
        return super().files(album, shape)


def film(album: Album) -> Any:
    """Return a video that is long and large enough; what is behind it players skip."""
    path = video(album.folder / "film.mp4", tenths=40)
    padding = 80_000
    box = padding.to_bytes(4, "big") + b"free" + bytes(padding - 8)
    path.write_bytes(path.read_bytes() + box)
    return path


def _attached(album: Album, path: Any, alt: str) -> Attachment:
    file = probe(path)
    album.paths[file] = path
    return Attachment(file, path.name, alt)


class MemberSubject(LinkedInSubject):
    """A member."""

    author = linkedin.MEMBER
    nowhere = ""


SUBJECT = LinkedInSubject
VARIANTS = {"member": MemberSubject}

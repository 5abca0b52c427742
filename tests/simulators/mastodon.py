"""A strict Mastodon of one account, after the sheet; its manners with repeated keys can be chosen.

Sources: docs.joinmastodon.org (methods/statuses, methods/media, api/rate-limits), and what was
measured on GoToSocial where Mastodon leaves something open.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from enum import StrEnum
from typing import Any, Final

import regex

from tests.simulators.allowance import Allowance
from tests.simulators.server import Asked, Live, Reply, Server

TOKEN: Final = "mastodon-token-of-acme"
SCOPES: Final = frozenset({"read:accounts", "read:statuses", "write:media", "write:statuses"})
ACCOUNT: Final = "109876543210987654"
OTHER: Final = {"id": "109000000000000001", "acct": "somebody"}

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_MOST_BYTES: Final = {"image": 16_777_216, "video": 103_809_024, "audio": 103_809_024}
_TYPES: Final = frozenset(
    {"image/jpeg", "image/png", "image/gif", "image/heic", "image/webp", "image/avif"}
    | {"video/mp4", "video/webm", "video/quicktime", "audio/mpeg", "audio/ogg", "audio/wav"}
    | {"audio/flac"}
)


class Keys(StrEnum):
    """What a server does with an Idempotency-Key it has seen."""

    #: the same post, 200 (Mastodon with #40439)
    KEPT = "kept"
    #: no second post, but 500 (Mastodon with the lock, before #40439)
    ANSWERS_500 = "answers_500"
    #: a second post (GoToSocial, Takahē, Pixelfed)
    IGNORED = "ignored"


@dataclass
class Media:
    """One uploaded file."""

    id: str
    mime: str
    size: int
    description: str
    uploaded_at: float
    #: questions still answered with 206
    processing: int = 0
    failed: bool = False
    status: str | None = None

    @property
    def kind(self) -> str:
        return "gifv" if self.mime == "image/gif" else self.mime.partition("/")[0]


@dataclass
class Status:
    """One post."""

    id: str
    text: str
    body: Mapping[str, Any]
    media: list[Media]
    at: float
    application: str = "postcron"


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    error: str


@dataclass
class Rates:
    """The limits of mastodon.social."""

    requests: Allowance = field(default_factory=lambda: Allowance(300, 300))
    uploads: Allowance = field(default_factory=lambda: Allowance(30, 1800))
    statuses: Allowance = field(default_factory=lambda: Allowance(300, 3 * _HOUR))


class Mastodon(Server):
    """One server with one account and its token."""

    def __init__(
        self, *, keys: Keys = Keys.KEPT, max_characters: int = 500, processing: int = 2
    ) -> None:
        super().__init__()
        self.keys = keys
        self.scopes: dict[str, frozenset[str]] = {TOKEN: SCOPES}
        self.media: dict[str, Media] = {}
        self.statuses: list[Status] = []
        self.others: dict[str, Status] = {}
        self.rates = Rates()
        self._max_characters = max_characters
        self._processing = processing
        self._remembered: dict[str, tuple[float, Status]] = {}
        self._last_id = 113_000_000_000_000_000

    @property
    def live(self) -> list[Live]:
        """Return what the public can see, oldest first."""
        return [
            Live(one.id, one.text, tuple(one.media), one.at, one.body.get("in_reply_to_id"))
            for one in self.statuses
        ]

    def already_there(self, text: str, *, application: str = "Web") -> str:
        """Let the account have posted something else before; return its id."""
        status = Status(self._new_id(), text, {}, [], self.now(), application)
        self.statuses.append(status)
        return status.id

    def of_somebody_else(self) -> str:
        """Let another account of this server have posted something; return its id."""
        status = Status(self._new_id(), "Not ours", {}, [], self.now(), "Web")
        self.others[status.id] = status
        return status.id

    def _new_id(self) -> str:
        self._last_id += 65_537
        return str(self._last_id)

    # --- the way of a request ----------------------------------------------------------------

    def perform(self, asked: Asked) -> Reply:
        try:
            status, body = self._routed(asked)
        except Refused as refused:
            status, body = refused.status, {"error": refused.error}
        return Reply(status, body, self._limits())

    def _limits(self) -> dict[str, str]:
        allowance = self.rates.requests
        reset = datetime.fromtimestamp(allowance.reset(self.now()), UTC)
        return {
            "X-RateLimit-Limit": str(allowance.most),
            "X-RateLimit-Remaining": str(allowance.left),
            "X-RateLimit-Reset": reset.isoformat().replace("+00:00", "Z"),
        }

    def _routed(self, asked: Asked) -> tuple[int, Any]:
        if not self.rates.requests.take(self.now()):
            raise Refused(429, "Too many requests")
        if not asked.headers.get("user-agent"):
            raise Refused(418, "I'm a teapot: no user-agent sent with request")
        for method, path, scope, work in (
            ("GET", r"/api/v1/accounts/verify_credentials", "read:accounts", self._account),
            ("GET", r"/api/v1/apps/verify_credentials", None, self._application),
            ("POST", r"/api/v2/media", "write:media", self._upload),
            ("GET", r"/api/v1/media/(\d+)", "write:media", self._show_media),
            ("POST", r"/api/v1/statuses", "write:statuses", self._create),
            ("DELETE", r"/api/v1/statuses/(\d+)", "write:statuses", self._delete),
            ("GET", r"/api/v1/statuses/(\d+)/source", "read:statuses", self._source),
            ("GET", r"/api/v1/statuses/(\d+)", "read:statuses", self._show),
            ("GET", rf"/api/v1/accounts/{ACCOUNT}/statuses", "read:statuses", self._list),
        ):
            match = re.fullmatch(path, asked.path)
            if match and method == asked.method:
                self._authorize(asked, scope)
                return work(asked, *match.groups())
        raise Refused(404, "Record not found")

    def _authorize(self, asked: Asked, scope: str | None) -> None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.scopes:
            raise Refused(401, "The access token is invalid")
        if scope is not None and scope not in self.scopes[token]:
            raise Refused(403, "This action is outside the authorized scopes")

    # --- who we are --------------------------------------------------------------------------

    def _account(self, asked: Asked) -> tuple[int, Any]:
        return 200, {
            "id": ACCOUNT,
            "username": "acme",
            "acct": "acme",
            "source": {"language": "it", "privacy": "private"},
        }

    def _application(self, asked: Asked) -> tuple[int, Any]:
        return 200, {"name": "postcron", "website": None}

    # --- media -------------------------------------------------------------------------------

    def _upload(self, asked: Asked) -> tuple[int, Any]:
        if not self.rates.uploads.take(self.now()):
            raise Refused(429, "Too many requests")
        parts = _parts(asked)
        file = parts.get("file")
        if file is None or file.get_filename() is None:
            raise Refused(422, "Validation failed: File can't be blank")
        content = file.get_payload(decode=True)
        assert isinstance(content, bytes)
        mime = _sniffed(content)
        if mime not in _TYPES:
            raise Refused(422, "Validation failed: File content type is invalid, File is invalid")
        if len(content) > _MOST_BYTES[mime.partition("/")[0]]:
            raise Refused(422, "Validation failed: File size must be less than 16 MB")
        description = _text(parts.get("description"))
        if len(description) > 1500:
            raise Refused(422, "Validation failed: Description is too long")
        media = Media(self._new_id(), mime, len(content), description, self.now())
        media.processing = 0 if media.kind == "image" else self._processing
        self.media[media.id] = media
        return (202 if media.processing else 200), self._shown(media)

    def _shown(self, media: Media) -> dict[str, Any]:
        url = None if media.processing else f"{self.url}/media/{media.id}"
        return {
            "id": media.id,
            "type": media.kind,
            "url": url,
            "description": media.description or None,
        }

    def _show_media(self, asked: Asked, id: str) -> tuple[int, Any]:
        media = self._unattached(id)
        if media is None:
            raise Refused(404, "Record not found")
        if media.failed:
            raise Refused(422, "Error processing thumbnail for uploaded media")
        if media.processing:
            media.processing -= 1
            return 206, self._shown(media)
        return 200, self._shown(media)

    def _unattached(self, id: str) -> Media | None:
        media = self.media.get(id)
        if media is None or media.status or media.uploaded_at < self.now() - _DAY:
            return None
        return media

    # --- statuses ----------------------------------------------------------------------------

    def _create(self, asked: Asked) -> tuple[int, Any]:
        key = asked.headers.get("idempotency-key")
        again = self._repeated(key)
        if again is not None:
            return 200, self._entity(again)
        if not self.rates.statuses.take(self.now()):
            raise Refused(429, "Too many requests")
        body = asked.json()
        if asked.headers.get("content-type") != "application/json" or not isinstance(body, dict):
            raise Refused(422, "Validation failed: Text can't be blank")
        media = self._checked(body)
        status = Status(
            self._new_id(), str(body.get("status", "")).strip(), body, media, self.now()
        )
        for one in media:
            one.status = status.id
        self.statuses.append(status)
        if key is not None:
            self._remembered[key] = self.now(), status
        return 200, self._entity(status)

    def _repeated(self, key: str | None) -> Status | None:
        at, status = self._remembered.get(key or "", (0.0, None))
        if self.keys is Keys.IGNORED or status is None or at < self.now() - _HOUR:
            return None
        if self.keys is Keys.ANSWERS_500:
            raise Refused(500, "An unexpected error occurred")
        return status

    def _checked(self, body: Mapping[str, Any]) -> list[Media]:
        """Return the media of a body that is allowed; raises `Refused`."""
        if "scheduled_at" in body:
            raise Refused(422, "Scheduled at must be at least 5 minutes in the future")
        if body.get("visibility", "public") not in {"public", "unlisted", "private", "direct"}:
            raise Refused(422, "Validation failed: Visibility is not included in the list")
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]+)*", body.get("language", "en")):
            raise Refused(422, "Validation failed: Language is invalid")
        if "in_reply_to_id" in body:
            self._status(body["in_reply_to_id"])
        ids = body.get("media_ids", [])
        text = str(body.get("status", "")).strip()
        if not text and not ids:
            raise Refused(422, "Validation failed: Text can't be blank")
        if _length(text) + _length(body.get("spoiler_text", "")) > self._max_characters:
            limit = self._max_characters
            raise Refused(422, f"Validation failed: Text character limit of {limit} exceeded")
        return self._attachable(ids)

    def _attachable(self, ids: list[str]) -> list[Media]:
        if len(ids) > 4:
            raise Refused(422, "Cannot attach more than 4 files")
        found = [self._unattached(id) for id in ids]
        for id, one in zip(ids, found, strict=True):
            if one is None:
                raise Refused(422, f"Media {id} not found or already attached to another post")
        media = [one for one in found if one is not None]
        if len(media) > 1 and any(one.kind in {"video", "audio"} for one in media):
            raise Refused(422, "Cannot attach a video to a post that already contains images")
        if any(one.processing for one in media):
            raise Refused(
                422, "Cannot attach files that have not finished processing. Try again in a moment!"
            )
        return media

    def _entity(self, status: Status) -> dict[str, Any]:
        linked = re.sub(r"(https?://\S+)", r'<a href="\1">\1</a>', html.escape(status.text))
        return {
            "id": status.id,
            "created_at": datetime.fromtimestamp(status.at, UTC).isoformat(),
            "url": f"{self.url}/@acme/{status.id}",
            "uri": f"{self.url}/users/acme/statuses/{status.id}",
            "account": OTHER if status.id in self.others else {"id": ACCOUNT, "acct": "acme"},
            "content": f"<p>{linked}</p>",
            "replies_count": 2,
            "reblogs_count": 1,
            "favourites_count": 3,
            "visibility": status.body.get("visibility", "public"),
            "language": status.body.get("language"),
            "media_attachments": [self._shown(media) for media in status.media],
            "application": {"name": status.application, "website": None},
        }

    def _list(self, asked: Asked) -> tuple[int, Any]:
        newest_first = sorted(self.statuses, key=lambda status: int(status.id), reverse=True)
        if "max_id" in asked.query:
            older = int(asked.query["max_id"])
            newest_first = [status for status in newest_first if int(status.id) < older]
        limit = min(int(asked.query.get("limit", "20")), 40)
        return 200, [self._entity(status) for status in newest_first[:limit]]

    def _source(self, asked: Asked, id: str) -> tuple[int, Any]:
        status = self._status(id)
        spoiler = status.body.get("spoiler_text", "")
        return 200, {"id": status.id, "text": status.text, "spoiler_text": spoiler}

    def _show(self, asked: Asked, id: str) -> tuple[int, Any]:
        return 200, self._entity(self.others.get(id) or self._status(id))

    def _delete(self, asked: Asked, id: str) -> tuple[int, Any]:
        status = self._status(id)
        self.statuses.remove(status)
        return 200, self._entity(status)

    def _status(self, id: str) -> Status:
        for status in self.statuses:
            if status.id == id:
                return status
        raise Refused(404, "Record not found")


def _length(text: str) -> int:
    text = re.sub(r"https?://\S+", "x" * 23, text)
    text = re.sub(r"(@\w+)@[\w.-]+", r"\1", text)
    return len(regex.findall(r"\X", text))


def _parts(asked: Asked) -> dict[str, Message]:
    kind = asked.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise Refused(422, "Validation failed: File can't be blank")
    whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + asked.body, policy=HTTP)
    parts = [part for part in whole.walk() if not part.is_multipart()]
    return {str(part.get_param("name", header="content-disposition")): part for part in parts}


def _text(part: Message | None) -> str:
    content = b"" if part is None else part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def _sniffed(content: bytes) -> str:
    starts = {
        b"\x89PNG": "image/png",
        b"\xff\xd8\xff": "image/jpeg",
        b"GIF8": "image/gif",
        b"ID3": "audio/mpeg",
        b"\xff\xfb": "audio/mpeg",
        b"OggS": "audio/ogg",
        b"fLaC": "audio/flac",
    }
    if content.startswith(b"RIFF"):
        return "audio/wav" if content[8:12] == b"WAVE" else "image/webp"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return next((mime for start, mime in starts.items() if content.startswith(start)), "")

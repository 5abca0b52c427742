"""A strict YouTube of one channel, after the sheet: resumable sessions, hidden videos, quotas.

Sources: the discovery document of youtube v3, revision 20261104, and developers.google.com/youtube
(resumable uploads, errors, quota). Of what is uploaded it keeps the size and the checksum only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from tests.simulators.server import Asked, Live, Reply, Server

CHANNEL: Final = "UCacmeacmeacmeacmeacme"
CLIENT: Final = {"client_id": "acme.apps.googleusercontent.com", "client_secret": "client-secret-1"}
REFRESH: Final = "1//refresh-token-of-acme"
AUTH: Final = "https://www.googleapis.com/auth/"
SCOPE: Final = f"{AUTH}youtube.force-ssl"

UPLOADING: Final = frozenset(f"{AUTH}{name}" for name in ("youtube", "youtube.upload")) | {SCOPE}
WRITING: Final = frozenset({f"{AUTH}youtube", SCOPE})
READING: Final = WRITING | {f"{AUTH}youtube.readonly"}

STEP: Final = 256 * 1024
LARGEST: Final = 274_877_906_944
THUMBNAIL: Final = 52_428_800
CATEGORIES: Final = frozenset(
    {"1", "2", "10", "15", "17", "19", "20", "22", "23", "24", "25", "26", "27", "28", "29"}
)
#: what a part of a video holds after an update that leaves it out
DEFAULTS: Final = {
    "privacyStatus": "public",
    "license": "youtube",
    "embeddable": True,
    "publicStatsViewable": True,
}
_RANGE: Final = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)")


@dataclass
class Video:
    """One uploaded video."""

    id: str
    snippet: dict[str, Any]
    status: dict[str, Any]
    size: int
    sha256: str
    at: float
    #: questions that are still answered with "processing"
    processing: int = 0
    thumbnail: str | None = None
    shown_at: float | None = None
    channel: str = CHANNEL
    failure: dict[str, str] = field(default_factory=dict)


@dataclass
class Session:
    """One resumable upload."""

    body: Mapping[str, Any]
    size: int
    stored: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    video: str | None = None


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    reason: str
    domain: str = "youtube.video"


class YouTube(Server):
    """One channel, its uploads and its project's quota."""

    def __init__(self, *, processing: int = 0, finished: int = 201) -> None:
        super().__init__()
        self.videos: dict[str, Video] = {}
        self.sessions: dict[str, Session] = {}
        self._begun = 0
        #: access tokens and when they end, and what every login is allowed
        self.access: dict[str, float] = {}
        self.scope = SCOPE
        #: projects under this lock cannot make a video public
        self.locked = False
        #: channels nobody verified by telephone have no thumbnails of their own
        self.verified = True
        self.units: dict[str, int] = {}
        self.received = 0
        self._processing, self._finished = processing, finished

    @property
    def live(self) -> list[Live]:
        """Return what the public can see, oldest first."""
        shown = [video for video in self.videos.values() if video.shown_at is not None]
        return [
            Live(
                one.id,
                one.snippet["description"],
                (one.sha256, *([one.thumbnail] if one.thumbnail else ())),
                one.shown_at or 0.0,
            )
            for one in sorted(shown, key=lambda one: one.shown_at or 0.0)
            if one.status["privacyStatus"] != "private"
        ]

    def let_in(self, lasts: float = 3600) -> str:
        """Return a new access token."""
        token = f"ya29.access-token-{len(self.access) + 1}"
        self.access[token] = self.now() + lasts
        return token

    def of_somebody_else(self) -> str:
        """Let another channel have published a video; return its id."""
        id = self._add({"title": "Not ours", "description": ""}, {"privacyStatus": "public"}, 1, "")
        self.videos[id].channel = "UCsomebodysomebodyelse"
        return id

    def perform(self, asked: Asked) -> Reply:
        try:
            return self._routed(asked)
        except Refused as refused:
            error = {
                "domain": refused.domain,
                "reason": refused.reason,
                "message": f"No: {refused.reason}",
            }
            body = {"code": refused.status, "message": error["message"], "errors": [error]}
            return Reply(refused.status, {"error": body})

    def _routed(self, asked: Asked) -> Reply:
        if (asked.method, asked.path) == ("POST", "/token"):
            return self._token(asked)
        if asked.method == "PUT" and "upload_id" in asked.query:
            return self._put(asked)
        for method, path, scopes, units, work in (
            ("POST", "/upload/youtube/v3/videos", UPLOADING, 1, self._start),
            ("POST", "/upload/youtube/v3/thumbnails/set", UPLOADING, 50, self._illustrate),
            ("GET", "/youtube/v3/videos", READING, 1, self._list),
            ("PUT", "/youtube/v3/videos", WRITING, 50, self._update),
            ("GET", "/youtube/v3/channels", READING, 1, self._channels),
        ):
            if (asked.method, asked.path) == (method, path):
                self._authorize(asked, scopes)
                self._pay("inserts" if work == self._start else "units", units)
                return work(asked)
        raise Refused(404, "notFound", "global")

    def _authorize(self, asked: Asked, scopes: frozenset[str]) -> None:
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or self.access.get(token, 0) <= self.now():
            raise Refused(401, "authError", "global")
        if not scopes & set(self.scope.split()):
            raise Refused(403, "insufficientPermissions", "global")

    def _pay(self, bucket: str, units: int) -> None:
        day = datetime.fromtimestamp(self.now(), ZoneInfo("America/Los_Angeles")).date()
        paid = self.units.get(f"{bucket} {day}", 0) + units
        if paid > {"inserts": 100, "units": 10_000}[bucket]:
            raise Refused(403, "quotaExceeded", "youtube.quota")
        self.units[f"{bucket} {day}"] = paid

    # --- logging in --------------------------------------------------------------------------

    def _token(self, asked: Asked) -> Reply:
        form = dict(parse_qsl(asked.body.decode()))
        if asked.headers.get("content-type") != "application/x-www-form-urlencoded":
            return Reply(400, {"error": "invalid_request"})
        if {name: form.pop(name, None) for name in CLIENT} != CLIENT:
            return Reply(401, {"error": "invalid_client", "error_description": "Unauthorized"})
        grants = [
            {"grant_type": "refresh_token", "refresh_token": REFRESH},
            {"grant_type": "authorization_code", "code": "4/code", "redirect_uri": HERE}
            | {"code_verifier": VERIFIER},
        ]
        if form not in grants:
            gone = "Token has been expired or revoked."
            return Reply(400, {"error": "invalid_grant", "error_description": gone})
        again = {} if form["grant_type"] == "refresh_token" else {"refresh_token": REFRESH}
        given = {"access_token": self.let_in(), "expires_in": 3599, "token_type": "Bearer"}
        return Reply(200, {**given, **again, "scope": self.scope})

    # --- uploading ---------------------------------------------------------------------------

    def _start(self, asked: Asked) -> Reply:
        body, headers = asked.json(), asked.headers
        if headers.get("content-type") != "application/json; charset=UTF-8":
            raise Refused(400, "invalidVideoMetadata")
        if asked.query.keys() - {"uploadType", "part", "notifySubscribers"}:
            raise Refused(400, "invalidVideoMetadata")
        if asked.query.get("uploadType") != "resumable":
            raise Refused(400, "mediaBodyRequired")
        if not isinstance(body, dict) or set(asked.query["part"].split(",")) != body.keys():
            raise Refused(400, "invalidVideoMetadata")
        mime = headers.get("x-upload-content-type", "")
        if not (mime.startswith("video/") or mime == "application/octet-stream"):
            raise Refused(400, "mediaBodyRequired")
        size = int(headers.get("x-upload-content-length", "0"))
        if not 0 < size <= LARGEST:
            raise Refused(400, "mediaBodyRequired")
        _require_good(body["snippet"])
        self._begun += 1
        id = f"AB{self._begun:08d}"
        self.sessions[id] = Session(body, size)
        where = f"http://{headers['host']}/upload/youtube/v3/videos"
        location = f"{where}?uploadType=resumable&upload_id={id}"
        return Reply(200, b"", {"Location": location})

    def _put(self, asked: Asked) -> Reply:
        if "authorization" in asked.headers:
            self._authorize(asked, UPLOADING)
        session = self.sessions.get(asked.query["upload_id"])
        if session is None:
            return Reply(404, b"Not Found", {"Content-Type": "text/html"})
        span = _RANGE.fullmatch(asked.headers.get("content-range", ""))
        if span is None or int(span[3]) != session.size:
            raise Refused(400, "badRequest", "global")
        if session.video is not None:
            return Reply(200, self._resource(self.videos[session.video], ("snippet", "status")))
        if span[1] is None:
            if asked.headers.get("content-length") != "0":
                raise Refused(400, "badRequest", "global")
            return _so_far(session)
        return self._take(session, asked, int(span[1]), int(span[2]))

    def _take(self, session: Session, asked: Asked, first: int, last: int) -> Reply:
        length = last - first + 1
        final = last + 1 == session.size
        if int(asked.headers["content-length"]) != length or first != session.stored:
            raise Refused(400, "badRequest", "global")
        if last >= session.size or (not final and length % STEP):
            raise Refused(400, "badRequest", "global")
        self.received += len(asked.body)
        # A body that was cut off is kept as far as whole steps of it came.
        kept = length if len(asked.body) == length else len(asked.body) // STEP * STEP
        session.digest.update(asked.body[:kept])
        session.stored += kept
        if session.stored < session.size:
            return _so_far(session)
        body = session.body
        status = {**DEFAULTS, **body.get("status", {})}
        session.video = self._add(body["snippet"], status, session.size, session.digest.hexdigest())
        return Reply(
            self._finished, self._resource(self.videos[session.video], ("snippet", "status"))
        )

    def _add(
        self, snippet: Mapping[str, Any], status: Mapping[str, Any], size: int, sha256: str
    ) -> str:
        id = f"vid{len(self.videos):08d}"
        video = Video(id, dict(snippet), dict(status), size, sha256, self.now(), self._processing)
        self.videos[id] = video
        self._show(video)
        return id

    def _show(self, video: Video) -> None:
        if video.status["privacyStatus"] != "private" and video.shown_at is None:
            video.shown_at = self.now()

    def _illustrate(self, asked: Asked) -> Reply:
        video = self._of_ours(asked.query.get("videoId", ""))
        if asked.headers.get("content-type") not in {
            *("image/jpeg", "image/png", "application/octet-stream"),
        }:
            raise Refused(400, "mediaBodyRequired", "youtube.thumbnail")
        if not asked.body:
            raise Refused(400, "mediaBodyRequired", "youtube.thumbnail")
        if len(asked.body) > THUMBNAIL or asked.body[:3] not in {b"\x89PN", b"\xff\xd8\xff"}:
            raise Refused(400, "invalidImage", "youtube.thumbnail")
        if not self.verified:
            raise Refused(403, "forbidden", "youtube.thumbnail")
        video.thumbnail = hashlib.sha256(asked.body).hexdigest()
        url = f"https://i.ytimg.com/vi/{video.id}/default.jpg"
        sizes = {"default": {"url": url, "width": 120, "height": 90}}
        return Reply(200, {"kind": "youtube#thumbnailSetResponse", "etag": "e", "items": [sizes]})

    # --- what there is -----------------------------------------------------------------------

    def _list(self, asked: Asked) -> Reply:
        parts = tuple(asked.query["part"].split(","))
        found = [self.videos[id] for id in asked.query["id"].split(",") if id in self.videos]
        items = [self._resource(video, parts) for video in found]
        for video in found:
            video.processing = max(video.processing - 1, 0)
        return _listing("youtube#videoListResponse", items)

    def _resource(self, video: Video, parts: tuple[str, ...]) -> dict[str, Any]:
        at = datetime.fromtimestamp(video.at, UTC).isoformat().replace("+00:00", "Z")
        working = video.processing > 0
        uploaded = "uploaded" if working else "processed"
        told: dict[str, Callable[[], Any]] = {
            "snippet": lambda: {
                **video.snippet,
                "publishedAt": at,
                "channelId": video.channel,
                "channelTitle": "Acme" if video.channel == CHANNEL else "Somebody",
            },
            "status": lambda: {"uploadStatus": uploaded, **video.status, **video.failure},
            "processingDetails": lambda: {
                "processingStatus": "processing" if working else "succeeded"
            },
            "statistics": lambda: {"viewCount": "12", "likeCount": "3", "commentCount": "1"},
        }
        head = {"kind": "youtube#video", "etag": "e", "id": video.id}
        return head | {part: told[part]() for part in parts}

    def _update(self, asked: Asked) -> Reply:
        body = asked.json()
        if asked.headers.get("content-type") != "application/json" or not isinstance(body, dict):
            raise Refused(400, "invalidVideoMetadata")
        video = self._of_ours(str(body.get("id")))
        parts = tuple(asked.query.get("part", "").split(","))
        if {"id", *parts} != body.keys():
            raise Refused(400, "invalidVideoMetadata")
        if "snippet" in parts:
            _require_good(body["snippet"])
            video.snippet = dict(body["snippet"])
        if "status" in parts:
            given = body["status"]
            if given.get("publishAt") and given.get("privacyStatus") != "private":
                raise Refused(400, "invalidPublishAt")
            video.status = {**DEFAULTS, **given}
            if self.locked:
                video.status["privacyStatus"] = "private"
            self._show(video)
        return Reply(200, self._resource(video, parts))

    def _of_ours(self, id: str) -> Video:
        if id not in self.videos:
            raise Refused(404, "videoNotFound")
        if self.videos[id].channel != CHANNEL:
            raise Refused(403, "forbidden")
        return self.videos[id]

    def _channels(self, asked: Asked) -> Reply:
        if asked.query.get("mine") != "true":
            raise Refused(400, "missingRequiredParameter", "global")
        told = {"snippet": {"title": "Acme", "customUrl": "@acme"}}
        head = {"kind": "youtube#channel", "etag": "e", "id": CHANNEL}
        parts = [part for part in asked.query["part"].split(",") if part != "id"]
        return _listing(
            "youtube#channelListResponse", [head | {part: told[part] for part in parts}]
        )


HERE: Final = "http://127.0.0.1:8400/"
VERIFIER: Final = "a-verifier-that-is-long-enough-to-be-one-0123456789"


def _listing(kind: str, items: list[dict[str, Any]]) -> Reply:
    info = {"totalResults": len(items), "resultsPerPage": len(items)}
    return Reply(200, {"kind": kind, "etag": "e", "items": items, "pageInfo": info})


def _so_far(session: Session) -> Reply:
    there = {"Range": f"bytes=0-{session.stored - 1}"} if session.stored else {}
    return Reply(308, b"", there)


def _require_good(snippet: Mapping[str, Any]) -> None:
    title, about = str(snippet.get("title", "")), str(snippet.get("description", ""))
    if not title.strip() or len(title) > 100 or set("<>") & set(title):
        raise Refused(400, "invalidTitle")
    if len(about.encode()) > 5000 or set("<>") & set(about):
        raise Refused(400, "invalidDescription")
    if len(",".join(snippet.get("tags", ()))) > 500:
        raise Refused(400, "invalidTags")
    if snippet.get("categoryId") not in CATEGORIES:
        raise Refused(400, "invalidCategoryId")

"""A strict Metricool of one user, after the sheet: a planner that publishes by its own clock.

Sources: Metricool's swagger (metricool_api_2.0.0), and where that is silent its official clients
(metricool/mcp-metricool, vicampuzano/metricool-mcp) and LabansatOS/n8n-nodes-metricool.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.simulators.server import Asked, Live, Reply, Server

TOKEN: Final = "metricool-token-of-acme"
USER, BRAND, OTHER_BRAND = "1234567", "7654321", "7654322"
PART: Final = 5 * 1024 * 1024
NETWORKS: Final = (
    *("facebook", "instagram", "twitter", "linkedin", "tiktok"),
    *("threads", "bluesky", "pinterest", "youtube"),
)
_DATA: Final = {
    "facebookData": {"type"},
    "instagramData": {"type", "autoPublish", "showReelOnFeed"},
    "youtubeData": {"title", "madeForKids", "privacy", "type"},
    "tiktokData": {"title", "privacyOption"},
    "pinterestData": {"boardId", "pinTitle", "pinLink"},
}
_FIELDS: Final = (
    {"text", "providers", "publicationDate", "media", "mediaAltText", "autoPublish", "draft"}
    | {"firstCommentText", "shortener", "saveExternalMediaFiles"}
    | set(_DATA)
)
_WALL: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    title: str
    detail: str = ""


@dataclass
class Upload:
    """One upload transaction."""

    key: str
    mime: str
    parts: list[dict[str, Any]]
    tags: dict[int, str] = field(default_factory=dict)
    done: bool = False


@dataclass
class Planned:
    """One post in the planner of one brand."""

    id: int
    brand: str
    body: Mapping[str, Any]
    date: datetime
    created: float
    #: how often it was asked for since: its moment comes while somebody waits
    reads: int = 0
    published: float | None = None
    failed: str = ""
    draft: bool = False

    @property
    def network(self) -> str:
        return str(self.body["providers"][0]["network"])


class Metricool(Server):
    """One user with two brands."""

    def __init__(self) -> None:
        super().__init__()
        self.planner: dict[int, Planned] = {}
        #: out of the planner, and on its network all the same: it was published before
        self.outlived: list[Planned] = []
        self.uploads: dict[str, Upload] = {}
        self.normalized: list[str] = []
        #: bytes that storage was sent, all tries together
        self.received = 0
        self.connected = dict.fromkeys(NETWORKS, True)
        self.may_publish = True
        self.may_upload = True
        #: a created post is listed only so many seconds later
        self.lag = 0.0
        #: a created post is moved without a word
        self.moves = timedelta()
        #: it publishes what waits already, long before its minute
        self.begins_early = False
        #: what is deleted is answered without a body, as one client has met
        self.answers_empty = False
        #: what its network says at the moment of publishing
        self.fails = ""
        #: questions until a waiting post is live, if its minute does not come first
        self.patience = 3
        self._last_id = 252_904_321

    @property
    def live(self) -> list[Live]:
        """Return what the public of the first brand can see, oldest first."""
        self._go_on()
        every = [*self.planner.values(), *self.outlived]
        posts = [one for one in every if one.brand == BRAND and one.published]
        return [
            Live(str(one.id), one.body["text"], tuple(one.body["media"]), one.published or 0.0)
            for one in sorted(posts, key=lambda one: one.id)
        ]

    # --- what people do in the dashboard -----------------------------------------------------

    def already_there(self, body: Mapping[str, Any], *, published: bool = True) -> str:
        """Let the brand have something in its planner; return its id."""
        date = datetime.fromtimestamp(self.now() - 3600, UTC).replace(tzinfo=None)
        post = self._planned(BRAND, body, date if published else date + timedelta(days=2))
        post.published = self.now() - 3600 if published else None
        return str(post.id)

    def edit(self, id: str) -> str:
        """Let somebody change a post: the old one is gone, and a new one has another id."""
        old = self.planner.pop(int(id))
        return str(self._planned(old.brand, old.body, old.date).id)

    def delete(self, id: str) -> None:
        del self.planner[int(id)]

    # --- the way of a request ----------------------------------------------------------------

    def perform(self, asked: Asked) -> Reply:
        self._go_on()
        try:
            reply = self._stored(asked) if asked.path.startswith("/s3/") else self._routed(asked)
        except Refused as refused:
            body = {"status": refused.status, "title": refused.title, "detail": refused.detail}
            reply = Reply(refused.status, body)
        return Reply(reply.status, reply.body, {**reply.headers, **self._date()})

    def _date(self) -> dict[str, str]:
        return {"Date": formatdate(self.now(), usegmt=True)}

    def _routed(self, asked: Asked) -> Reply:
        if asked.headers.get("x-mc-auth") != TOKEN or "authorization" in asked.headers:
            raise Refused(401, "Unauthorized")
        if asked.query.get("userId") != USER:
            raise Refused(401, "Unauthorized")
        for method, path, work in (
            ("GET", r"/api/v2/settings/brands", self._brands),
            ("GET", r"/api/actions/normalize/image/url", self._normalize),
            ("PUT", r"/api/v2/media/s3/upload-transactions", self._begin),
            ("PATCH", r"/api/v2/media/s3/upload-transactions", self._finish),
            ("POST", r"/api/v2/scheduler/posts", self._create),
            ("GET", r"/api/v2/scheduler/posts", self._list),
            ("GET", r"/api/v2/scheduler/posts/(\d+)", self._show),
            ("DELETE", r"/api/v2/scheduler/posts/(\d+)", self._delete),
            ("GET", r"/api/v2/scheduler/besttimes/(\w+)", self._best_times),
        ):
            match = re.fullmatch(path, asked.path)
            if match and method == asked.method:
                return work(asked, *match.groups())
        raise Refused(404, "NotFound")

    def _brand_of(self, asked: Asked) -> str:
        brand = asked.query.get("blogId")
        if brand not in {BRAND, OTHER_BRAND}:
            raise Refused(403, "Forbidden")
        return brand

    def _brands(self, asked: Asked) -> Reply:
        data = {f"{name}Data": {"id": "x"} if on else None for name, on in self.connected.items()}
        actions = {"schedulePosts": True, "publishPosts": self.may_publish}
        brands = [
            {
                "id": int(id),
                "userId": int(USER),
                "label": label,
                "timezone": "Europe/Rome",
                "brandRole": {"actions": actions},
                "networksData": data,
            }
            for id, label in ((OTHER_BRAND, "Other"), (BRAND, "Acme"))
        ]
        return Reply(200, {"data": brands})

    # --- media -------------------------------------------------------------------------------

    def _normalize(self, asked: Asked) -> Reply:
        if "json" in asked.headers.get("accept", ""):
            raise Refused(406, "NotAcceptable")
        self._brand_of(asked)
        url = asked.query.get("url", "")
        if not re.fullmatch(r"https://[!-~]+", url):
            return Reply(200, b"", {"Content-Type": "text/plain"})
        self.normalized.append(url)
        kept = f"https://static.metricool.com/{len(self.normalized)}/{url.rpartition('/')[2]}"
        return Reply(200, f'"{kept}"'.encode(), {"Content-Type": "text/plain"})

    def _begin(self, asked: Asked) -> Reply:
        self._brand_of(asked)
        if not self.may_upload:
            raise Refused(403, "FeatureNotEnabled")
        body = asked.json()
        if not isinstance(body, dict) or set(body) != {
            *("resourceType", "contentType", "fileExtension", "parts")
        }:
            raise Refused(400, "ValidationError")
        if body["resourceType"] != "planner" or not _contiguous(body["parts"]):
            raise Refused(400, "ValidationError", "resourceType or parts")
        key = f"planner/{len(self.uploads) + 1}.{body['fileExtension']}"
        upload = self.uploads[key] = Upload(key, body["contentType"], body["parts"])
        host = f"http://{asked.headers['host']}"
        urls = [f"{host}/s3/{key}?part={n}&signed=1" for n in range(1, len(upload.parts) + 1)]
        data: dict[str, Any] = {"key": key, "bucket": "mtr", "fileUrl": _url(key)}
        if len(urls) == 1:
            return Reply(200, {"data": {**data, "uploadType": "SIMPLE", "presignedUrl": urls[0]}})
        parts = [{"partNumber": n, "presignedUrl": url} for n, url in enumerate(urls, 1)]
        named = {"uploadType": "MULTIPART", "uploadId": f"u-{key}", "parts": parts}
        return Reply(200, {"data": {**data, **named}})

    def _stored(self, asked: Asked) -> Reply:
        upload, number = self.uploads.get(asked.path[4:]), int(asked.query.get("part", "0"))
        self.received += len(asked.body)
        digest = base64.b64encode(hashlib.sha256(asked.body).digest()).decode()
        if (
            (upload is None or asked.method != "PUT" or asked.query.get("signed") != "1")
            or {"x-mc-auth", "authorization"} & set(asked.headers)
            or asked.headers.get("content-type") != upload.mime
            or asked.headers.get("x-amz-checksum-sha256") != digest
            or upload.parts[number - 1]["hash"] != digest
        ):
            return Reply(403, b"<Error><Code>AccessDenied</Code></Error>")
        tag = upload.tags[number] = (
            f'"{hashlib.md5(asked.body, usedforsecurity=False).hexdigest()}"'
        )
        return Reply(200, b"", {"ETag": tag})

    def _finish(self, asked: Asked) -> Reply:
        body = asked.json() or {}
        if set(body) == {"simple"}:
            urls = {_url(key): upload for key, upload in self.uploads.items()}
            upload = urls.get(body["simple"].get("fileUrl"))
        else:
            named = body.get("multipart") or {}
            upload = self.uploads.get(named.get("key", ""))
            told = {part["partNumber"]: part["etag"] for part in named.get("parts") or ()}
            if upload and (named.get("uploadId") != f"u-{upload.key}" or told != upload.tags):
                upload = None
        if upload is None or len(upload.tags) != len(upload.parts):
            raise Refused(404, "NotFound")
        upload.done = True
        return Reply(200, {"data": {"fileUrl": _url(upload.key)}})

    # --- the planner -------------------------------------------------------------------------

    def _create(self, asked: Asked) -> Reply:
        brand, body = self._brand_of(asked), asked.json()
        if asked.headers.get("content-type") != "application/json" or not isinstance(body, dict):
            raise Refused(400, "ValidationError")
        date = self._checked(body)
        post = self._planned(brand, body, date + self.moves)
        # What it moves, it does not say here.
        return Reply(
            200, {"data": self._entity(post) | {"publicationDate": body["publicationDate"]}}
        )

    def _checked(self, body: Mapping[str, Any]) -> datetime:
        """Return the moment of a body that is allowed, in UTC; raises `Refused`."""
        if not body.get("providers") or "text" not in body or set(body) - _FIELDS:
            raise Refused(400, "ValidationError", "text, providers")
        for provider in body["providers"]:
            if not isinstance(provider, dict) or provider.get("network") not in NETWORKS:
                raise Refused(400, "ValidationError", "providers")
            if set(provider) != {"network"}:
                raise Refused(500, "InternalError", "PublicationStatusCode")
        date = body.get("publicationDate")
        if not isinstance(date, dict) or set(date) != {"dateTime", "timezone"}:
            raise Refused(500, "InternalError", "Cannot construct DateTimeInfo")
        if not re.fullmatch(_WALL, date["dateTime"]):
            raise Refused(500, "InternalError", "DateTimeInfo")
        wall = datetime.fromisoformat(date["dateTime"]).replace(second=0)
        moment = wall.replace(tzinfo=ZoneInfo(date["timezone"])).astimezone(UTC)
        if moment.timestamp() <= self.now():
            raise Refused(400, "ValidationError", "publicationDate is in the past")
        if not all(isinstance(url, str) for url in body.get("media", [])):
            raise Refused(400, "ValidationError", "media")
        self._require_data(body)
        return moment.replace(tzinfo=None)

    def _require_data(self, body: Mapping[str, Any]) -> None:
        network, text, media = body["providers"][0]["network"], body["text"], body.get("media")
        own = body.get(f"{network}Data") or {}
        if any(name in body and set(body[name]) - known for name, known in _DATA.items()):
            raise Refused(400, "ValidationError", "data of the network")
        needed = {
            "youtube": {"title", "madeForKids"},
            "tiktok": {"title"},
            "pinterest": {"boardId", "pinTitle", "pinLink"},
        }.get(network, set())
        if {name for name in needed if own.get(name) in (None, "")}:
            raise Refused(400, "ValidationError", f"{network}: {needed}")
        if network in {"instagram", "tiktok", "pinterest"} and not media:
            raise Refused(400, "ValidationError", f"{network} needs media")
        if not text.strip() and own.get("type") != "STORY" and not media:
            raise Refused(400, "ValidationError", "text")
        if own.get("type") == "STORY" and text.strip():
            raise Refused(400, "ValidationError", "a story has no text")
        if own.get("type", "POST") not in {"POST", "REEL", "STORY"}:
            raise Refused(400, "ValidationError", "type")

    def _planned(self, brand: str, body: Mapping[str, Any], date: datetime) -> Planned:
        self._last_id += 1
        post = Planned(self._last_id, brand, body, date, self.now(), draft=body.get("draft", False))
        self.planner[post.id] = post
        return post

    def _go_on(self) -> None:
        """Publish what its minute has come for."""
        for post in self.planner.values():
            due = post.date.replace(tzinfo=UTC).timestamp() <= self.now()
            waited = post.reads >= self.patience and not self.moves
            if post.published is None and not post.failed and not post.draft and (due or waited):
                post.failed = self._trouble(post)
                post.published = None if post.failed else self.now()

    def _trouble(self, post: Planned) -> str:
        if not post.body.get("autoPublish", True):
            return "Waiting for somebody"
        done = {_url(upload.key) for upload in self.uploads.values() if upload.done}
        for url in post.body.get("media", []):
            if url not in done and not url.startswith("https://static.metricool.com/"):
                return "The media could not be downloaded"
        network = post.network
        if post.body.get("media") and network == "facebook" and "facebookData" not in post.body:
            return "No media"
        return self.fails

    def _entity(self, post: Planned) -> dict[str, Any]:
        status = "PUBLISHED" if post.published else "ERROR" if post.failed else "PENDING"
        status = "PUBLISHING" if status == "PENDING" and self.begins_early else status
        status = "DRAFT" if post.draft else status
        provider = {
            "network": post.network,
            "status": status,
            "detailedStatus": post.failed or status.title(),
        }
        if post.published:
            provider |= {
                "id": f"n-{post.id}",
                "publicUrl": f"https://{post.network}.test/{post.id}",
            }
        return {
            **{name: value for name, value in post.body.items() if name != "providers"},
            "id": post.id,
            "uuid": str(8525485292235081787 + post.id),
            "publicationDate": {"dateTime": post.date.isoformat(), "timezone": "UTC"},
            "creationDate": {"dateTime": "2026-05-01T10:00:00", "timezone": "Europe/Madrid"},
            "creatorUserId": int(USER),
            "providers": [provider],
        }

    def _show(self, asked: Asked, id: str) -> Reply:
        post = self.planner.get(int(id))
        if post is None or post.brand != self._brand_of(asked):
            raise Refused(404, "NotFound")
        post.reads += 1
        return Reply(200, {"data": self._entity(post)})

    def _delete(self, asked: Asked, id: str) -> Reply:
        post = self.planner.get(int(id))
        if post is None or post.brand != self._brand_of(asked):
            raise Refused(404, "NotFound")
        del self.planner[post.id]
        if post.published:
            self.outlived.append(post)
        return Reply(204, b"") if self.answers_empty else Reply(200, {"data": True})

    def _list(self, asked: Asked) -> Reply:
        brand = self._brand_of(asked)
        if not all(re.fullmatch(_WALL, asked.query.get(end, "")) for end in ("start", "end")):
            raise Refused(400, "ValidationError", "start, end")
        zone = ZoneInfo(asked.query["timezone"])
        start, end = (
            datetime.fromisoformat(asked.query[name]).replace(tzinfo=zone).astimezone(UTC)
            for name in ("start", "end")
        )
        wider = timedelta(days=asked.query.get("extendedRange") == "true")
        found = [
            post
            for post in self.planner.values()
            if post.brand == brand
            and start - wider <= post.date.replace(tzinfo=UTC) < end + wider
            and post.created + self.lag <= self.now()
        ]
        for post in found:
            post.reads += 1
        return Reply(200, {"data": [self._entity(post) for post in found]})

    def _best_times(self, asked: Asked, network: str) -> Reply:
        self._brand_of(asked)
        if network not in {"facebook", "instagram", "tiktok", "linkedin", "youtube", "twitter"}:
            raise Refused(400, "ValidationError", "provider")
        for end in ("start", "end"):
            if not re.fullmatch(_WALL, asked.query.get(end, "")):
                raise Refused(400, "ValidationError", end)
        ZoneInfo(asked.query["timezone"])
        # The first day is Sunday, which is the best one here.
        worth = {day: [{"hourOfDay": 9, "value": 12 / day}] for day in range(1, 8)}
        days = [{"dayOfWeek": day, "bestTimesByHour": hours} for day, hours in worth.items()]
        return Reply(200, {"data": days})


def _contiguous(parts: Any) -> bool:
    """Say whether parts follow each other, each 5 MiB but the last, each with its hash."""
    at = 0
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        right = part["startByte"] == at and part["endByte"] == at + part["size"]
        full = part["size"] == PART or (last and 0 < part["size"] < PART)
        if not right or not full or len(base64.b64decode(part["hash"])) != 32:
            return False
        at = part["endByte"]
    return bool(parts)


def _url(key: str) -> str:
    return f"https://media.metricool.com/{key}"

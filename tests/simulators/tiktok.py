"""A strict TikTok of one creator, after the sheet: tasks, their parts, and tokens that are good once.

Sources: developers.tiktok.com (direct post, media transfer guide, status, creator info, photo post,
user access tokens). Of what is uploaded it keeps the size and the checksum only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.simulators.allowance import Allowance
from tests.simulators.server import Asked, Live, Reply, Server

CLIENT: Final = {"client_key": "aw-client-key", "client_secret": "client-secret-1"}
REFRESH: Final = "rft.refresh-token-1"
OPEN_ID: Final = "-000acme"
USER: Final = "acme.shop"
HERE: Final = "http://127.0.0.1:8400/"
VERIFIER: Final = "a-verifier-that-is-long-enough-to-be-one-0123456789"
#: a task of ours that came to nothing
FAILED: Final = "v_pub_file~v2-1.666"

HOUR: Final = 3600.0
#: the smallest and the largest part, where megabytes are binary and where they are decimal
SMALLEST: Final = 5 * 1024 * 1024
LARGEST: Final = 64_000_000
LAST: Final = 128_000_000

#: the number before the first one a video gets
IDS: Final = 7_561_234_567_890_123_456
#: what can be asked of a video
VIDEO: Final = frozenset(
    {"id", "create_time", "cover_image_url", "share_url", "video_description", "duration"}
    | {"height", "width", "title", "embed_html", "embed_link"}
    | {f"{name}_count" for name in ("like", "comment", "share", "view")}
)
PUBLIC: Final = ("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
_BOOL: Final = (bool,)
_POST_INFO: Final[Mapping[str, tuple[type, ...]]] = {
    "privacy_level": (str,),
    "title": (str,),
    "disable_comment": _BOOL,
    "disable_duet": _BOOL,
    "disable_stitch": _BOOL,
    "video_cover_timestamp_ms": (int,),
    "brand_content_toggle": _BOOL,
    "brand_organic_toggle": _BOOL,
    "is_aigc": _BOOL,
}
_PHOTO_INFO: Final[Mapping[str, tuple[type, ...]]] = {
    **{name: _POST_INFO[name] for name in ("privacy_level", "title", "disable_comment")},
    **dict.fromkeys(("brand_content_toggle", "brand_organic_toggle"), _BOOL),
    "description": (str,),
    "auto_add_music": _BOOL,
}
_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass
class Task:
    """One post that was begun."""

    id: str
    about: Mapping[str, Any]
    #: of a video: its size, the size of a part, how many there are
    size: int = 0
    part: int = 0
    count: int = 0
    media: tuple[str, ...] = ()
    issued: float = 0.0
    stored: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    posted_at: float | None = None
    #: questions that are still answered with "processing"
    processing: int = 0
    #: and then with "complete", but no public id yet
    moderation: int = 0
    failure: str | None = None

    @property
    def text(self) -> str:
        return str(self.about.get("description") or self.about.get("title") or "")


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    code: str


class TikTok(Server):
    """One creator and one app of theirs."""

    def __init__(
        self,
        *,
        inits: int = 6,
        processing: int = 0,
        moderation: int = 0,
        flat: int = 400,
        once: bool = True,
    ) -> None:
        super().__init__()
        self.tasks: dict[str, Task] = {FAILED: Task(FAILED, {}, failure="file_format_check_failed")}
        self.refresh_tokens = {REFRESH}
        self.access: dict[str, float] = {}
        self.scope = "user.info.basic,video.publish"
        self.privacy = PUBLIC
        self.creator: dict[str, Any] = {}
        #: what every post is answered with (a cap that is reached, an app without an audit)
        self.refuses: tuple[int, str] | None = None
        self.verified = "media.example.test"
        #: how far a status is behind, in bytes
        self.lag = 0
        self.received = 0
        #: what each video counts, and those its creator took away
        self.counts: dict[str, int] = {}
        self.removed: set[str] = set()
        self._processing, self._moderation = processing, moderation
        #: the status of an error of the token endpoint, and whether a refresh token is good once
        self._flat, self._once = flat, once
        self._inits = Allowance(inits, 60)
        # twenty and thirty a minute, where six posts may be begun
        self._questions, self._looks = Allowance(20 * inits // 6, 60), Allowance(5 * inits, 60)
        self._queries = Allowance(600, 60)

    @property
    def live(self) -> list[Live]:
        """Return what is posted, oldest first."""
        posted = [task for task in self.tasks.values() if task.posted_at is not None]
        return [
            Live(one.id, one.text, one.media, one.posted_at or 0.0)
            for one in sorted(posted, key=lambda one: one.posted_at or 0.0)
        ]

    def let_in(self) -> str:
        """Return a new access token."""
        token = f"act.access-token-{len(self.access) + 1}"
        self.access[token] = self.now() + 2 * HOUR
        return token

    def perform(self, asked: Asked) -> Reply:
        if asked.path == "/v2/oauth/token/":
            return self._token(asked)
        if asked.path == "/video/":
            return self._part(asked)
        try:
            return _said(200, "ok", self._routed(asked))
        except Refused as refused:
            return _said(refused.status, refused.code, {})

    def _routed(self, asked: Asked) -> dict[str, Any]:
        publish = "video.publish"
        for path, scope, allowance, work in (
            ("post/publish/creator_info/query/", publish, self._questions, self._creator),
            ("post/publish/video/init/", publish, self._inits, self._begin),
            ("post/publish/content/init/", publish, self._inits, self._photos),
            ("post/publish/status/fetch/", publish, self._looks, self._status),
            ("video/query/", "video.list", self._queries, self._query),
        ):
            if (asked.method, asked.path) == ("POST", f"/v2/{path}"):
                self._authorize(asked, scope)
                if not allowance.take(self.now()):
                    raise Refused(429, "rate_limit_exceeded")
                return work(asked)
        raise Refused(404, "not_found")

    def _authorize(self, asked: Asked, scope: str) -> None:
        kind, _, token = asked.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or self.access.get(token, 0) <= self.now():
            raise Refused(401, "access_token_invalid")
        if scope not in self.scope.split(","):
            raise Refused(401, "scope_not_authorized")
        kind, _, charset = asked.headers.get("content-type", "").partition("; ")
        wanted = "charset=UTF-8" if scope == "video.publish" else ""
        if (kind, charset) != ("application/json", wanted):
            raise Refused(400, "invalid_param")

    # --- logging in --------------------------------------------------------------------------

    def _token(self, asked: Asked) -> Reply:
        form = dict(parse_qsl(asked.body.decode()))
        if asked.headers.get("content-type") != "application/x-www-form-urlencoded":
            return self._no("invalid_request")
        if {name: form.pop(name, None) for name in CLIENT} != CLIENT:
            return self._no("invalid_client")
        by_code = {"grant_type": "authorization_code", "code": "code-1", "redirect_uri": HERE}
        if form.get("grant_type") == "refresh_token":
            if form.keys() != {"grant_type", "refresh_token"}:
                return self._no("invalid_request")
            if form["refresh_token"] not in self.refresh_tokens:
                return self._no("invalid_grant")
        elif form != by_code | {"code_verifier": VERIFIER}:
            return self._no("invalid_grant")
        token = self.let_in()
        again = f"rft.refresh-token-{len(self.access) + 1}"
        self.refresh_tokens = {again} if self._once else {again, *self.refresh_tokens}
        given = {
            "access_token": token,
            "expires_in": 7200,
            "open_id": OPEN_ID,
            "refresh_expires_in": 15_552_000,
            "refresh_token": again,
            "scope": self.scope,
            "token_type": "Bearer",
        }
        return Reply(200, given)

    def _no(self, error: str) -> Reply:
        body = {"error": error, "error_description": f"No: {error}", "log_id": "20261121"}
        return Reply(self._flat, body)

    # --- beginning ---------------------------------------------------------------------------

    def _creator(self, asked: Asked) -> dict[str, Any]:
        if asked.body:
            raise Refused(400, "invalid_param")
        self._post(200)
        return {
            "creator_username": USER,
            "creator_nickname": "Acme",
            "creator_avatar_url": "https://p16.tiktokcdn.com/acme.jpeg",
            "privacy_level_options": list(self.privacy),
            "comment_disabled": False,
            "duet_disabled": False,
            "stitch_disabled": False,
            "max_video_post_duration_sec": 300,
            **self.creator,
        }

    def _post(self, status: int) -> None:
        if self.refuses is not None:
            there = self.refuses[1] if status == 200 else None
            if there in {None, "spam_risk_too_many_posts", "reached_active_user_cap"}:
                raise Refused(status if there else self.refuses[0], self.refuses[1])

    def _begin(self, asked: Asked) -> dict[str, Any]:
        about, source = self._checked(asked, {"post_info", "source_info"}, _POST_INFO, 2200)
        known = {"source", "video_size", "chunk_size", "total_chunk_count"}
        if source.keys() != known or source["source"] != "FILE_UPLOAD":
            raise Refused(400, "invalid_param")
        size, part, count = (source[n] for n in ("video_size", "chunk_size", "total_chunk_count"))
        if not _is_plan(size, part, count):
            raise Refused(400, "invalid_params")
        id = f"v_pub_file~v2-1.{len(self.tasks)}"
        task = Task(id, about, size, part, count, issued=self.now(), processing=self._processing)
        self.tasks[id] = task
        where = f"http://{asked.headers['host']}/video/"
        address = f"{where}?upload_id={len(self.tasks)}&upload_token={_token_of(id)}"
        return {"publish_id": id, "upload_url": address}

    def _checked(
        self, asked: Asked, names: set[str], known: Mapping[str, tuple[type, ...]], longest: int
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        body = asked.json()
        if not isinstance(body, dict) or body.keys() != names:
            raise Refused(400, "invalid_param")
        about: dict[str, Any] = body["post_info"]
        for name, value in about.items():
            if name not in known or not isinstance(value, known[name]):
                raise Refused(400, "invalid_param")
        if {"brand_content_toggle", "brand_organic_toggle"} - about.keys():
            raise Refused(400, "invalid_param")
        title = 90 if "description" in known else longest
        if _units(about.get("title", "")) > title or _units(about.get("description", "")) > 4000:
            raise Refused(400, "invalid_param")
        if about.get("privacy_level") not in self.privacy:
            raise Refused(403, "privacy_level_option_mismatch")
        self._post(403)
        return about, body["source_info"]

    def _photos(self, asked: Asked) -> dict[str, Any]:
        names = {"media_type", "post_mode", "post_info", "source_info"}
        about, source = self._checked(asked, names, _PHOTO_INFO, 90)
        body = asked.json()
        if (body["media_type"], body["post_mode"]) != ("PHOTO", "DIRECT_POST"):
            raise Refused(400, "invalid_param")
        if source.keys() != {"source", "photo_images", "photo_cover_index"}:
            raise Refused(400, "invalid_param")
        images = source["photo_images"]
        if source["source"] != "PULL_FROM_URL" or not 1 <= len(images) <= 35:
            raise Refused(400, "invalid_param")
        for image in images:
            parts = urlsplit(image)
            if (parts.scheme, parts.hostname) != ("https", self.verified):
                raise Refused(403, "url_ownership_unverified")
        id = f"p_pub_url~v2.{len(self.tasks)}"
        task = Task(id, about, media=tuple(images), processing=self._processing)
        task.posted_at, task.moderation = self.now(), self._moderation
        self.tasks[id] = task
        return {"publish_id": id}

    # --- uploading ---------------------------------------------------------------------------

    def _part(self, asked: Asked) -> Reply:
        found = [one for one in self.tasks.values() if _token_of(one.id) == _given(asked)]
        if asked.method != "PUT" or not found:
            return Reply(404, b"")
        [task] = found
        if "authorization" in asked.headers:
            return Reply(400, b"")
        if self.now() >= task.issued + HOUR:
            return Reply(403, b"")
        span = _RANGE.fullmatch(asked.headers.get("content-range", ""))
        if span is None or asked.headers.get("content-type") not in {
            *("video/mp4", "video/quicktime", "video/webm"),
        }:
            return Reply(400, b"")
        first, last, total = map(int, span.groups())
        length = last - first + 1
        if total != task.size or int(asked.headers.get("content-length", "0")) != length:
            return Reply(400, b"")
        if task.posted_at is not None or first != task.stored:
            return Reply(416, b"")
        if length != (task.size - first if first == (task.count - 1) * task.part else task.part):
            return Reply(400, b"")
        self.received += len(asked.body)
        if len(asked.body) < length:
            return Reply(400, b"")  # nobody hears it: the line is cut
        task.digest.update(asked.body)
        task.stored += length
        if task.stored < task.size:
            so_far = {"Content-Range": f"bytes 0-{task.stored - 1}/{task.size}"}
            return Reply(206, b"", so_far)
        task.media, task.posted_at = (task.digest.hexdigest(),), self.now()
        task.moderation = self._moderation
        return Reply(201, b"")

    # --- status ------------------------------------------------------------------------------

    def _status(self, asked: Asked) -> dict[str, Any]:
        body = asked.json()
        if not isinstance(body, dict) or body.keys() != {"publish_id"}:
            raise Refused(400, "invalid_param")
        task = self.tasks.get(body["publish_id"])
        if task is None:
            raise Refused(400, "invalid_publish_id")
        if task.failure is not None:
            return {"status": "FAILED", "fail_reason": task.failure, "uploaded_bytes": task.stored}
        if task.posted_at is None or task.processing > 0:
            task.processing -= task.posted_at is not None
            if not task.size:
                return {"status": "PROCESSING_DOWNLOAD", "downloaded_bytes": 0}
            stored = max(task.stored - self.lag, 0)
            return {"status": "PROCESSING_UPLOAD", "uploaded_bytes": stored}
        task.moderation -= 1
        ids = [int(self._public_id(task))] if self._is_shown(task) else []
        return {"status": "PUBLISH_COMPLETE", "publicaly_available_post_id": ids}

    def _is_shown(self, task: Task) -> bool:
        public = task.about.get("privacy_level") == PUBLIC[0]
        return public and task.posted_at is not None and task.moderation < 0

    def _public_id(self, task: Task) -> str:
        return str(IDS + list(self.tasks).index(task.id) + 1)

    def _query(self, asked: Asked) -> dict[str, Any]:
        fields, body = asked.query.get("fields", "").split(","), asked.json()
        if asked.query.keys() != {"fields"} or not set(fields) <= VIDEO:
            raise Refused(400, "invalid_params")
        ids = body["filters"].get("video_ids") if body.keys() == {"filters"} else None
        if not isinstance(ids, list) or not 1 <= len(ids) <= 20:
            raise Refused(400, "invalid_params")
        shown = {self._public_id(task) for task in self.tasks.values() if self._is_shown(task)}
        videos = [{"id": id, **self.counts} for id in ids if id in shown - self.removed]
        return {
            "videos": [{name: one[name] for name in fields if name in one} for one in videos],
        }


def _is_plan(size: Any, part: Any, count: Any) -> bool:
    """Say whether a file may be cut like this."""
    if not all(type(number) is int for number in (size, part, count)) or not 0 < part <= size:
        return False
    if count != size // part or not 1 <= count <= 1000:
        return False
    if count == 1:
        return bool(part == size <= LARGEST)
    return bool(SMALLEST <= part <= LARGEST and size - (count - 1) * part <= LAST)


def _token_of(id: str) -> str:
    return hashlib.sha256(f"upload {id}".encode()).hexdigest()


def _given(asked: Asked) -> str:
    return asked.query.get("upload_token", "")


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _said(status: int, code: str, data: dict[str, Any]) -> Reply:
    error = {"code": code, "message": "" if code == "ok" else f"No: {code}", "log_id": "20261121"}
    return Reply(status, {"data": data, "error": error})

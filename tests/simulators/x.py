"""A strict X of one account, after the sheet; what it takes and gives is X's own OpenAPI document.

Sources: xdevplatform/docs (openapi.json 2.167 and the pages beside it), and issues of products that
use it where those are silent: iembot#163 and #171, node-twitter-api-v2#366, trypost#31, gptme#285.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final
from urllib.parse import parse_qs

import regex
from PIL import Image

from tests.contracts.openapi import Contract
from tests.simulators.allowance import Allowance
from tests.simulators.multipart import parts
from tests.simulators.server import Asked, Live, Reply, Server

USER: Final = "2244994945"
OTHER: Final = "783214"
CLIENT: Final = "client-of-acme"
SECRET: Final = "x-client-secret"
#: what a person got when they logged in
REFRESH: Final = "x-refresh-0"
SCOPES: Final = frozenset(
    {"tweet.read", "tweet.write", "users.read", "media.write", "offline.access"}
)
METRICS: Final = tuple(
    f"{name}_count" for name in ("repost", "reply", "like", "quote", "bookmark", "impression")
)
CONTRACT: Final = Contract("x-openapi.json")

_MIB: Final = 1_048_576
#: a body larger than this never reaches X
_EDGE: Final = 4 * _MIB
_DAY: Final = 86_400.0
_QUARTER: Final = 900.0
_CODE_LIFE: Final = 30.0
_STARTS: Final = {
    b"\x89PNG": "tweet_image",
    b"\xff\xd8\xff": "tweet_image",
    b"RIFF": "tweet_image",
}


@dataclass
class Media:
    """One upload."""

    id: str
    key: str
    category: str
    total: int
    segments: dict[int, bytes] = field(default_factory=dict)
    #: None until it was finished
    finished_at: float | None = None
    #: questions still answered with in_progress
    working: int = 0
    failed: bool = False
    alt: str | None = None

    @property
    def content(self) -> bytes:
        return b"".join(self.segments[number] for number in sorted(self.segments))


@dataclass
class Post:
    """One post."""

    id: str
    text: str
    media: list[Media]
    at: float
    author: str = USER
    parent: str | None = None
    conversation: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    detail: str
    type: str = "about:blank"
    title: str = ""
    #: with one, the answer has the old shape
    code: int | None = None


def invalid(detail: str) -> Refused:
    kind = "https://api.x.com/2/problems/invalid-request"
    return Refused(400, detail, kind, "Invalid Request")


_TITLES: Final = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found Error"} | {
    429: "Too Many Requests",
    503: "Service Unavailable",
}


class X(Server):
    """X with one account, its app, and the sessions it gave out."""

    def __init__(self, *, working: int = 2, fields: str = "post.fields") -> None:
        super().__init__()
        #: the name of the parameter that asks for more fields: the documents do not agree
        self.fields = fields
        self.confidential = True
        self.scopes: dict[str, frozenset[str]] = {}
        self.ends: dict[str, float] = {}
        #: refresh tokens that are still good
        self.refresh = {REFRESH}
        #: codes of people who have just logged in: when, where to, and the challenge
        self.codes: dict[str, tuple[float, str, str]] = {}
        self.media: dict[str, Media] = {}
        self.posts: list[Post] = []
        self.max_characters = 280
        #: is a text that was ever used refused? Nobody says for how long X does that, nor whether
        #: media count: what must not go out twice may not rest on it
        self.remembers_duplicates = False
        #: so long a new post is in no list
        self.lag = 0.0
        #: a reply to a post that is fresher is refused (node-twitter-api-v2#366)
        self.too_soon = 0.0
        #: may a program reply where nobody mentioned it? (23 February 2026)
        self.replies = True
        #: what a post counts
        self.counts = dict.fromkeys(METRICS, 0)
        #: bytes of media that arrived
        self.carried = 0
        #: good answers, and what was asked
        self.said: list[tuple[Asked, int, Any]] = []
        self._working = working
        self._last = 1_990_000_000_000_000_000
        self._granted = 0
        self._allowed: dict[str, Allowance] = {}

    @property
    def live(self) -> list[Live]:
        """Return what the public can see of the account, oldest first."""
        return [
            Live(post.id, post.text, tuple(post.media), post.at, post.parent)
            for post in self.posts
            if post.author == USER
        ]

    def already_there(self, text: str, *, author: str = USER, ago: float = 3600.0) -> Post:
        """Let something have been posted before."""
        post = Post(self._new_id(), text, [], self.now() - ago, author)
        post.conversation = post.id
        self.posts.append(post)
        return post

    def _new_id(self) -> str:
        self._last += 65_537
        return str(self._last)

    # --- the way of a request ----------------------------------------------------------------

    def perform(self, asked: Asked) -> Reply:
        try:
            if asked.path == "/2/oauth2/token":
                return self._token(asked)
            if len(asked.body) > _EDGE:
                return Reply(413, b"")
            return self._routed(asked)
        except Refused as refused:
            return Reply(refused.status, _problem(refused), self._limits(asked))

    def _routed(self, asked: Asked) -> Reply:
        work: Callable[[Asked, Any], tuple[int, Any]]
        for method, path, scopes, most, work in (
            ("GET", "/2/users/me", "users.read tweet.read", 75, self._me),
            ("POST", "/2/media/upload/initialize", "media.write", 1875, self._initialize),
            ("POST", r"/2/media/upload/\d+/append", "media.write", 1875, self._append),
            ("POST", r"/2/media/upload/\d+/finalize", "media.write", 1875, self._finalize),
            ("GET", "/2/media/upload", "media.write", 1000, self._status),
            ("POST", "/2/media/metadata", "media.write", 500, self._describe),
            ("POST", "/2/tweets", "tweet.read tweet.write users.read", 100, self._create),
            ("GET", rf"/2/users/{USER}/tweets", "tweet.read users.read", 900, self._list),
            ("GET", r"/2/tweets/\d+", "tweet.read users.read", 900, self._show),
        ):
            if method == asked.method and re.fullmatch(path, asked.path):
                self._authorize(asked, scopes)
                self._count(f"{method} {path}", most)
                status, body = work(asked, self._checked(asked))
                self.said.append((asked, status, body))
                return Reply(status, body, self._limits(asked))
        raise Refused(404, "Not Found")

    def _authorize(self, asked: Asked, scopes: str) -> None:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self.ends.get(token, 0) < self.now():
            raise Refused(401, "Unauthorized")
        if not self.scopes[token] >= set(scopes.split()):
            kind = "https://api.x.com/2/problems/client-forbidden"
            raise Refused(403, "Your token lacks a required scope.", kind)

    def allowed(self, call: str, most: int) -> Allowance:
        """Return how often a call may still be made."""
        return self._allowed.setdefault(call, Allowance(most, _QUARTER))

    def _count(self, call: str, most: int) -> None:
        if not self.allowed(call, most).take(self.now()):
            raise Refused(429, "Too Many Requests")

    def _limits(self, asked: Asked) -> dict[str, str]:
        used = [one for call, one in self._allowed.items() if call.startswith(asked.method)]
        allowance = min(used, key=lambda one: one.left, default=Allowance(100, _QUARTER))
        return {
            "x-rate-limit-limit": str(allowance.most),
            "x-rate-limit-remaining": str(allowance.left),
            "x-rate-limit-reset": str(int(allowance.reset(self.now()))),
        }

    def _checked(self, asked: Asked) -> Any:
        """Return the body of a request that is as X's own document says; raises `Refused`."""
        body = _form(asked)
        if body is None and asked.body:
            if asked.headers.get("content-type") != "application/json":
                raise invalid("The content type is not supported.")
            body = asked.json()
        query = {name.replace(self.fields, "post.fields"): v for name, v in asked.query.items()}
        if self.fields != "post.fields" and "post.fields" in asked.query:
            raise invalid("The query parameter [post.fields] is not one of those.")
        for wrong in CONTRACT.asked(asked.method, asked.path, query, body):
            raise invalid(f"One or more parameters to your request was invalid: {wrong}")
        return body

    # --- who we are --------------------------------------------------------------------------

    def consented(self, redirect: str, challenge: str) -> str:
        """Let a person log in; return the code their browser brings back."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = self.now(), redirect, challenge
        return code

    def _token(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if not self._is_client(asked, form):
            denied = {"error": "unauthorized_client", "error_description": "Missing valid header"}
            return Reply(401, denied)
        if not self._is_granted(form):
            wrong = "Value passed for the token was invalid."
            return Reply(400, {"error": "invalid_request", "error_description": wrong})
        self._granted += 1
        access, refresh = f"x-access-{self._granted}", f"x-refresh-{self._granted}"
        self.refresh.add(refresh)
        self.scopes[access], self.ends[access] = SCOPES, self.now() + 7200
        grant = {"token_type": "bearer", "expires_in": 7200, "access_token": access}
        return Reply(200, {**grant, "scope": " ".join(SCOPES), "refresh_token": refresh})

    def _is_client(self, asked: Asked, form: Mapping[str, str]) -> bool:
        basic = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if self.confidential:
            return asked.headers.get("authorization") == basic
        return form.get("client_id") == CLIENT and "authorization" not in asked.headers

    def _is_granted(self, form: Mapping[str, str]) -> bool:
        if form.get("grant_type") == "refresh_token":
            given = form.get("refresh_token", "")
            good = given in self.refresh
            self.refresh.discard(given)
            return good
        at, redirect, challenge = self.codes.pop(form.get("code", ""), (0.0, "", ""))
        return (
            form.get("grant_type") == "authorization_code"
            and self.now() - at <= _CODE_LIFE
            and form.get("redirect_uri") == redirect
            and _challenge(form.get("code_verifier", "")) == challenge
        )

    def _me(self, asked: Asked, body: Any) -> tuple[int, Any]:
        return 200, {"data": {"id": USER, "name": "Acme", "username": "acme"}}

    # --- media -------------------------------------------------------------------------------

    def _initialize(self, asked: Asked, body: Any) -> tuple[int, Any]:
        if not body.keys() >= {"media_type", "total_bytes", "media_category"}:
            raise invalid("media_type, total_bytes and media_category are needed.")
        id = self._new_id()
        kind = {"tweet_image": "3", "tweet_gif": "16", "tweet_video": "13"}
        category = body["media_category"]
        media = Media(id, f"{kind[category]}_{id}", category, body["total_bytes"])
        self.media[id] = media
        return 200, {"data": {"id": id, "media_key": media.key, "expires_after_secs": 1_295_999}}

    def _append(self, asked: Asked, body: Any) -> tuple[int, Any]:
        media = self._begun(asked)
        content = (parts(asked) or {})["media"].content
        self.carried += len(content)
        if not 0 < len(content) <= _MIB:
            raise invalid("Segments do not add up: this one is too large.")
        media.segments[body["segment_index"]] = content
        return 200, {"data": {"expires_at": int(self.now() + _DAY)}}

    def _begun(self, asked: Asked) -> Media:
        media = self.media.get(asked.path.split("/")[4])
        if media is None or media.finished_at is not None:
            raise invalid("Invalid media id.")
        return media

    def _finalize(self, asked: Asked, body: Any) -> tuple[int, Any]:
        media = self.media.get(asked.path.split("/")[4])
        if media is None:
            raise invalid("Invalid media id.")
        if media.finished_at is None:
            numbers = sorted(media.segments)
            if numbers != list(range(len(numbers))) or len(media.content) != media.total:
                raise invalid("Segments do not add up to provided total file size.")
            media.finished_at = self.now()
            media.working = 0 if media.category == "tweet_image" else self._working
        return 200, {"data": self._shown(media)}

    def _shown(self, media: Media) -> dict[str, Any]:
        shown: dict[str, Any] = {"id": media.id, "media_key": media.key, "size": media.total}
        shown["expires_after_secs"] = int(_DAY)
        if media.failed:
            shown["processing_info"] = {"state": "failed", "progress_percent": 40}
        elif media.working:
            shown["processing_info"] = {"state": "pending", "check_after_secs": 1}
        elif media.category != "tweet_image":
            shown["processing_info"] = {"state": "succeeded", "progress_percent": 100}
        return shown

    def _status(self, asked: Asked, body: Any) -> tuple[int, Any]:
        media = self.media.get(asked.query["media_id"])
        if asked.query.get("command") != "STATUS" or media is None or media.finished_at is None:
            raise invalid("Invalid media id.")
        media.working = max(media.working - 1, 0)
        return 200, {"data": self._shown(media)}

    def _describe(self, asked: Asked, body: Any) -> tuple[int, Any]:
        media = self.media.get(body["id"])
        if media is None or media.category == "tweet_video":
            raise invalid("Invalid media id.")
        media.alt = body["metadata"]["alt_text"]["text"]
        return 200, {"data": {"id": media.id, "associated_metadata": body["metadata"]}}

    # --- posts -------------------------------------------------------------------------------

    def _create(self, asked: Asked, body: Any) -> tuple[int, Any]:
        text = unicodedata.normalize("NFC", body.get("text", ""))
        media = self._attached(body.get("media", {}).get("media_ids", []))
        if not text.strip() and not media:
            raise invalid("Your post has neither text nor media.")
        if _weight(text) > self.max_characters:
            raise invalid("Your Tweet text is too long.")
        parent = self._parent(body)
        ours = (post.text for post in self.posts if post.author == USER)
        if self.remembers_duplicates and text and text in ours:
            raise Refused(403, "You are not allowed to create a Tweet with duplicate content.")
        post = Post(self._new_id(), body.get("text", ""), media, self.now(), body=body)
        post.parent = parent.id if parent else None
        post.conversation = parent.conversation if parent else post.id
        self.posts.append(post)
        return 201, {"data": {"id": post.id, "text": text, "edit_history_post_ids": [post.id]}}

    def _attached(self, ids: list[str]) -> list[Media]:
        found = [self.media.get(id) for id in ids]
        media = [one for one in found if one is not None and self._is_usable(one)]
        if len(media) < len(ids):
            raise invalid("Your media IDs are invalid.")
        if len(media) > 1 and any(one.category != "tweet_image" for one in media):
            raise invalid("Your media IDs are invalid: one video, one GIF or four photos.")
        return media

    def _is_usable(self, media: Media) -> bool:
        at = media.finished_at
        fresh = at is not None and self.now() - at < _DAY
        return fresh and not media.working and media.category == _sniffed(media.content)

    def _parent(self, body: Mapping[str, Any]) -> Post | None:
        if "reply" not in body:
            return None
        id = body["reply"]["in_reply_to_tweet_id"]
        parent = next((post for post in self.posts if post.id == id), None)
        if parent is None or not self.replies:
            raise Refused(403, "You are not permitted to reply to this conversation.")
        if self.now() - parent.at < self.too_soon:
            raise Refused(403, "Replied too quickly.", code=385)
        return parent

    def _list(self, asked: Asked, body: Any) -> tuple[int, Any]:
        begin = _moment(asked.query.get("start_time", "2010-11-07T00:00:00Z"))
        newest_first = [
            post
            for post in reversed(self.posts)
            if post.author == USER and begin <= post.at <= self.now() - self.lag
        ]
        start = int(asked.query.get("pagination_token", "0"), 8)
        most = int(asked.query.get("max_results", "10"))
        page = newest_first[start : start + most]
        meta: dict[str, Any] = {"result_count": len(page)}
        if not page:
            return 200, {"meta": meta}
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if start + most < len(newest_first):
            meta["next_token"] = f"{start + most:o}"
        return 200, {"data": [self._entity(post, asked) for post in page], "meta": meta}

    def _show(self, asked: Asked, body: Any) -> tuple[int, Any]:
        id = asked.path.rpartition("/")[2]
        post = next((post for post in self.posts if post.id == id), None)
        if post is None:
            detail = f"Could not find tweet with id: [{id}]."
            kind = "https://api.x.com/2/problems/resource-not-found"
            error = {"type": kind, "title": "Not Found Error", "detail": detail}
            return 200, {"errors": [{**error, "resource_type": "tweet", "value": id}]}
        return 200, {"data": self._entity(post, asked)}

    def _entity(self, post: Post, asked: Asked) -> dict[str, Any]:
        """Return a post as it is shown: links are X's own, and a link to the media is behind."""
        text = re.sub(r"https?://\S+", lambda link: _tco(link[0]), post.text.strip())
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if post.media:
            text = f"{text} {_tco(post.id)}".strip()
        shown: dict[str, Any] = {"id": post.id, "text": text, "edit_history_post_ids": [post.id]}
        more = asked.query.get(self.fields, "").split(",")
        if "attachments" in more and post.media:
            shown["attachments"] = {"media_keys": [media.key for media in post.media]}
        if "conversation_id" in more:
            shown["conversation_id"] = post.conversation
        if "public_metrics" in more:
            shown["public_metrics"] = self.counts
        if "author_id" in asked.query.get("expansions", ""):
            shown["author_id"] = post.author
        return shown


def _problem(refused: Refused) -> dict[str, Any]:
    if refused.code is not None:
        return {"errors": [{"code": refused.code, "message": refused.detail}]}
    title = refused.title or _TITLES.get(refused.status, "Error")
    body = {"title": title, "detail": refused.detail, "type": refused.type}
    return {**body, "status": refused.status}


def _form(asked: Asked) -> dict[str, Any] | None:
    """Return the fields of a form, a file as a word for it; None if it is no form."""
    found = parts(asked)
    if found is None:
        return None
    return {
        name: "binary" if part.file else int(part.text) if part.text.isdecimal() else part.text
        for name, part in found.items()
    }


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _weight(text: str) -> int:
    text = re.sub(r"https?://\S+", "x" * 23, text)
    return sum(
        2 if re.search(r"[\U0001f1e6-\U0001faff]", one) else sum(map(_light, one))
        for one in regex.findall(r"\X", text)
    )


def _light(character: str) -> int:
    point = ord(character)
    light = point <= 4351 or 8192 <= point <= 8205 or 8208 <= point <= 8223
    return 1 if light or 8242 <= point <= 8247 else 2


def _sniffed(content: bytes) -> str:
    if content[4:8] == b"ftyp":
        return "tweet_video"
    if content.startswith(b"GIF8"):
        # One that stands still is among the pictures of the best practices.
        with Image.open(BytesIO(content)) as gif:
            return "tweet_gif" if getattr(gif, "is_animated", False) else "tweet_image"
    return next((kind for start, kind in _STARTS.items() if content.startswith(start)), "")


def _moment(text: str) -> float:
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text):
        raise invalid("start_time is no moment.")
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()


def _tco(link: str) -> str:
    return f"https://t.co/{hashlib.sha256(link.encode()).hexdigest()[:10]}"

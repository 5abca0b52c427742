"""A strict LinkedIn of one author, after the sheet.

Sources: Microsoft Learn (posts, images, videos, documents, little text, versioning, refresh tokens,
error handling), and issues of products that use it where those are silent: Linkedin-RSS#5 and
ComposioHQ/composio#2710 for duplicates, linkedctl#194 for texts that are cut off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, quote

from tests.simulators.allowance import Allowance
from tests.simulators.server import Asked, Live, Reply, Server

PAGE: Final = "urn:li:organization:5515715"
MEMBER: Final = "urn:li:person:8675309"
TOKEN: Final = "linkedin-token-of-acme"
CLIENT: Final = "client-of-acme"
SECRET: Final = "linkedin-client-secret"
REFRESH: Final = "linkedin-refresh-of-acme"
SCOPES: Final = {
    MEMBER: frozenset({"openid", "profile", "w_member_social"}),
    PAGE: frozenset({"w_organization_social", "r_organization_social", "rw_organization_admin"}),
}
VERSIONS: Final = frozenset({"202511", "202605", "202609", "202610"})

_KINDS: Final = {"shares": "share", "ugcPosts": "ugcPost"}
_DAY: Final = 86_400.0
_TWO_MONTHS: Final = 60 * _DAY
_SAME: Final = 600.0
_PLAIN: Final = re.compile(r"[^\\|{}@\[\]()<>#*_~]+")
_MEANT: Final = re.compile(
    r"\\(?P<escaped>[\\|{}@\[\]()<>#*_~])"
    r"|\{hashtag\|\\?#\|(?P<tag>[^{}]+)\}"
    r"|@\[(?P<name>[^\[\]]+)\]\(urn:li:(?:person|organization):[\w-]+\)"
    r"|(?P<hash>#)(?=\w)"
)


@dataclass
class Asset:
    """One image, video or document."""

    urn: str
    owner: str
    size: int
    #: bytes by where they begin, and what each part is called
    parts: dict[int, bytes] = field(default_factory=dict)
    tags: dict[int, str] = field(default_factory=dict)
    finished_at: float | None = None
    #: questions still answered with PROCESSING
    processing: int = 0
    failed: bool = False

    @property
    def kind(self) -> str:
        return self.urn.split(":")[2]


@dataclass
class Post:
    """One post."""

    urn: str
    author: str
    body: Mapping[str, Any]
    text: str
    at: float
    assets: list[str] = field(default_factory=list)
    state: str = "PUBLISHED"


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    code: str
    message: str = ""


class LinkedIn(Server):
    """LinkedIn with one author and a token for them."""

    def __init__(
        self,
        author: str = PAGE,
        *,
        processing: int = 2,
        seconds: float = 0,
        part: int = 4_194_304,
        quoted: bool = False,
    ) -> None:
        super().__init__()
        self.author = author
        self.scopes: dict[str, frozenset[str]] = {TOKEN: SCOPES[author]}
        self.ends: dict[str, float] = {}
        self.roles = {"ADMINISTRATOR": [PAGE]}
        self.assets: dict[str, Asset] = {}
        self.posts: list[Post] = []
        #: so long a new post is in no list
        self.lag = 0.0
        #: is the same body refused for some minutes? The window is old hearsay: what must not go
        #: out twice may not rest on it
        self.remembers_duplicates = False
        #: is the app one of those that are given refresh tokens?
        self.partner = True
        self.codes: dict[str, tuple[float, str]] = {}
        self.day = Allowance(10_000, _DAY)
        #: bytes of media that arrived
        self.carried = 0
        #: what is counted of each post, and those of which nothing is
        self.counts: dict[str, Any] = {}
        self.uncounted: set[str] = set()
        self._processing, self._seconds = processing, seconds
        #: how many bytes a part of a video has, and is its name given in quotation marks?
        self.part, self.quoted = part, quoted
        self._last = 6_844_785_523_593_134_080
        self._granted = 0

    @property
    def live(self) -> list[Live]:
        """Return what the public can see of the author, oldest first."""
        return [
            Live(post.urn, post.text, tuple(post.assets), post.at)
            for post in self.posts
            if post.author == self.author
        ]

    def already_there(self, text: str, *, author: str = "", ago: float = 3600.0) -> Post:
        """Let something have been posted before."""
        at, owner = self.now() - ago, author or self.author
        post = Post(self._new_urn("share"), owner, {"commentary": text}, text, at)
        self.posts.append(post)
        return post

    def _new_urn(self, kind: str) -> str:
        self._last += 65_537
        return f"urn:li:{kind}:{self._last}"

    # --- the way of a request ----------------------------------------------------------------

    def perform(self, asked: Asked) -> Reply:
        try:
            if asked.path == "/oauth/v2/accessToken":
                return self._token(asked)
            if asked.path.startswith("/dms-uploads/"):
                return self._sent(asked)
            return self._routed(asked)
        except Refused as refused:
            message = refused.message or refused.code
            body = {"status": refused.status, "code": refused.code, "message": message}
            return Reply(refused.status, body)

    def _routed(self, asked: Asked) -> Reply:
        token = self._authorize(asked)
        if not self.day.take(self.now()):
            raise Refused(429, "TOO_MANY_REQUESTS", "Resource level throttle limit reached")
        if asked.path == "/v2/userinfo":
            self._require(token, "openid")
            return Reply(200, {"sub": MEMBER.rpartition(":")[2], "name": "Ada Acme"})
        self._require_version(asked)
        work: Callable[..., Reply]
        for method, path, scope, work in (
            ("GET", "/rest/organizationAcls", "rw_organization_admin", self._roles),
            ("POST", "/rest/(image|video|document)s", "", self._act_on),
            ("GET", "/rest/(image|video|document)s/([^/]+)", "", self._status),
            ("POST", "/rest/posts", "", self._create),
            ("GET", "/rest/posts", "r_organization_social", self._find),
            ("GET", "/rest/posts/([^/]+)", "r_organization_social", self._show),
            (
                "GET",
                "/rest/organizationalEntityShareStatistics",
                "rw_organization_admin",
                self._count,
            ),
        ):
            match = re.fullmatch(path, asked.path)
            if match and method == asked.method:
                self._require(token, scope)
                return work(asked, token, *match.groups())
        raise Refused(404, "RESOURCE_NOT_FOUND", "No virtual resource found")

    def _authorize(self, asked: Asked) -> str:
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            raise Refused(401, "EMPTY_ACCESS_TOKEN", "Empty oauth2 access token")
        if self.ends.get(token, self.now() + 1) < self.now():
            raise Refused(401, "EXPIRED_ACCESS_TOKEN", "The token used has expired")
        if token not in self.scopes:
            raise Refused(401, "INVALID_ACCESS_TOKEN", "Invalid access token")
        return token

    def _require(self, token: str, scope: str) -> None:
        if scope and scope not in self.scopes[token]:
            raise Refused(403, "ACCESS_DENIED", "Not enough permissions to access this resource")

    def _require_version(self, asked: Asked) -> None:
        version = asked.headers.get("linkedin-version")
        if version is None:
            raise Refused(400, "VERSION_MISSING", "A version must be present")
        if version not in VERSIONS:
            said = f"Requested version {version}01 is not active"
            raise Refused(426, "NONEXISTENT_VERSION", said)
        if asked.headers.get("x-restli-protocol-version") != "2.0.0":
            raise Refused(400, "ILLEGAL_ARGUMENT", "Invalid Rest.li protocol version")
        if asked.body and asked.headers.get("content-type") != "application/json":
            raise Refused(415, "UNSUPPORTED_MEDIA_TYPE")

    # --- who we are --------------------------------------------------------------------------

    def consented(self, redirect: str) -> str:
        """Let a person log in; return the code their browser brings back."""
        code = f"code-{len(self.codes)}"
        self.codes[code] = self.now(), redirect
        return code

    def _token(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            said = {"error": "invalid_client", "error_description": "Client authentication failed"}
            return Reply(401, said)
        if form.get("grant_type") == "refresh_token":
            good = form.get("refresh_token") == REFRESH and self.partner
        else:
            at, redirect = self.codes.pop(form.get("code", ""), (0.0, ""))
            good = self.now() - at <= 1800 and form.get("redirect_uri") == redirect
        if not good:
            said = {"error": "invalid_grant", "error_description": "The token provided is invalid"}
            return Reply(400, said)
        self._granted += 1
        access = f"linkedin-access-{self._granted}"
        self.scopes[access] = SCOPES[self.author]
        self.ends[access] = self.now() + _TWO_MONTHS
        grant = {"access_token": access, "expires_in": int(_TWO_MONTHS), "scope": "…"}
        if self.partner:
            grant |= {"refresh_token": REFRESH, "refresh_token_expires_in": 31_536_000}
        return Reply(200, grant)

    def _roles(self, asked: Asked, token: str) -> Reply:
        if asked.query.get("q") != "roleAssignee" or asked.query.get("state") != "APPROVED":
            raise Refused(400, "MISSING_FIELD")
        pages = self.roles.get(asked.query.get("role", ""), [])
        return Reply(200, {"elements": [{"organization": page} for page in pages]})

    # --- media -------------------------------------------------------------------------------

    def _act_on(self, asked: Asked, token: str, kind: str) -> Reply:
        action, body = asked.query.get("action"), asked.json()
        if action == "initializeUpload":
            return self._initialize(asked, kind, body)
        if action == "finalizeUpload" and kind == "video":
            return self._finalize(body)
        raise Refused(400, "ILLEGAL_ARGUMENT")

    def _initialize(self, asked: Asked, kind: str, body: Any) -> Reply:
        given = body["initializeUploadRequest"]
        wanted = {"owner"}
        if kind == "video":
            wanted |= {"fileSizeBytes", "uploadCaptions", "uploadThumbnail"}
        if given.keys() != wanted:
            raise Refused(400, "MISSING_FIELD")
        if given["owner"] != self.author:
            raise Refused(403, "ACCESS_DENIED")
        asset = Asset(self._new_urn(kind), given["owner"], given.get("fileSizeBytes", 0))
        self.assets[asset.urn] = asset
        address = f"http://{asked.headers['host']}/dms-uploads/{asset.urn.replace(':', '-')}"
        expires = int((self.now() + _DAY) * 1000)
        if kind != "video":
            value = {"uploadUrlExpiresAt": expires, "uploadUrl": f"{address}/0", kind: asset.urn}
            return Reply(200, {"value": value})
        instructions = [
            {
                "uploadUrl": f"{address}/{first}",
                "firstByte": first,
                "lastByte": min(first + self.part, asset.size) - 1,
            }
            for first in range(0, asset.size, self.part)
        ]
        value = {"uploadUrlsExpireAt": expires, "video": asset.urn, "uploadToken": ""}
        return Reply(200, {"value": {**value, "uploadInstructions": instructions}})

    def _sent(self, asked: Asked) -> Reply:
        _, _, name, first = asked.path.split("/")
        asset = self.assets.get(name.replace("-", ":"))
        if asked.method != "PUT" or asset is None:
            return Reply(401, b"", {"Content-Type": "text/plain"})
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        self.carried += len(asked.body)
        if asset.kind != "video":
            if token not in self.scopes:
                return Reply(401, b"", {"Content-Type": "text/plain"})
            asset.parts[0], asset.size = asked.body, len(asked.body)
            # Who may not ask cannot wait by asking: for members only time counts.
            asked_for = asset.kind == "document" and self.author == PAGE
            self._whole(asset, self._processing if asked_for else 0)
            return Reply(201, b"")
        if token or asked.headers.get("content-type") != "application/octet-stream":
            return Reply(400, b"", {"Content-Type": "text/plain"})
        begin = int(first)
        if len(asked.body) != min(self.part, asset.size - begin):
            return Reply(400, b"", {"Content-Type": "text/plain"})
        tag = f"/ambry-videoei/signedId/{begin:08x}"
        asset.parts[begin], asset.tags[begin] = asked.body, tag
        return Reply(200, b"", {"ETag": f'"{tag}"' if self.quoted else tag})

    def _whole(self, asset: Asset, processing: int) -> None:
        if asset.finished_at is None:
            asset.finished_at, asset.processing = self.now(), processing

    def _finalize(self, body: Any) -> Reply:
        given = body["finalizeUploadRequest"]
        asset = self.assets.get(given.get("video"))
        if asset is None or given.keys() != {"video", "uploadToken", "uploadedPartIds"}:
            raise Refused(400, "INVALID_VIDEO_ID")
        in_order = [asset.tags[first] for first in sorted(asset.tags)]
        if given["uploadedPartIds"] != in_order or given["uploadToken"] != "":
            raise Refused(400, "INVALID_VALUE_FOR_FIELD", "Uploaded part ids are out of order")
        if sum(map(len, asset.parts.values())) != asset.size:
            raise Refused(400, "INVALID_VALUE_FOR_FIELD", "Parts are missing")
        self._whole(asset, self._processing)
        return Reply(200, b"")

    def _status(self, asked: Asked, token: str, kind: str, name: str) -> Reply:
        asset = self.assets.get(_urn(name))
        if asset is None or asset.kind != kind:
            raise Refused(404, "RESOURCE_NOT_FOUND")
        if kind != "video":
            # A member's token may send these, and not ask for them.
            self._require(token, "r_organization_social")
        state = self._state(asset)
        asset.processing = max(asset.processing - 1, 0)
        shown = {"id": asset.urn, "owner": asset.owner, "status": state}
        if asset.failed:
            shown["processingFailureReason"] = "The codec is not supported"
        return Reply(200, shown)

    def _state(self, asset: Asset) -> str:
        if asset.finished_at is None:
            return "WAITING_UPLOAD"
        if asset.failed:
            return "PROCESSING_FAILED"
        ripe = self.now() - asset.finished_at >= self._seconds
        return "AVAILABLE" if ripe and not asset.processing else "PROCESSING"

    # --- posts -------------------------------------------------------------------------------

    def _create(self, asked: Asked, token: str) -> Reply:
        body = asked.json()
        assets = self._checked(body)
        for other in self.posts if self.remembers_duplicates else ():
            if other.body == body and self.now() - other.at < _SAME:
                return _duplicate(other.urn)
        kind = "ugcPost" if any(asset.kind == "video" for asset in assets) else "share"
        text = _read(body["commentary"])
        post = Post(self._new_urn(kind), body["author"], body, text, self.now())
        post.assets = [asset.urn for asset in assets]
        self.posts.append(post)
        return Reply(201, b"", {"x-restli-id": post.urn})

    def _checked(self, body: Any) -> list[Asset]:
        """Return the assets of a body that is allowed; raises `Refused`."""
        needed = {"author", "commentary", "visibility", "distribution", "lifecycleState"}
        if not isinstance(body, dict) or not needed <= body.keys():
            raise Refused(400, "MISSING_FIELD")
        if body.keys() - needed - {"isReshareDisabledByAuthor", "content"}:
            raise Refused(400, "INVALID_VALUE_FOR_FIELD", "Unrecognized field")
        if body["author"] != self.author:
            raise Refused(403, "ACCESS_DENIED")
        if len(body["commentary"]) > 3000:
            raise Refused(400, "FIELD_LENGTH_TOO_LONG")
        nowhere: dict[str, Any] = {"targetEntities": [], "thirdPartyDistributionChannels": []}
        if body["distribution"] != {"feedDistribution": "MAIN_FEED", **nowhere}:
            raise Refused(400, "INVALID_VALUE_FOR_FIELD")
        if body["lifecycleState"] != "PUBLISHED":
            raise Refused(400, "INVALID_VALUE_FOR_FIELD")
        if body["visibility"] not in {"PUBLIC", "CONNECTIONS", "LOGGED_IN"}:
            raise Refused(400, "INVALID_VALUE_FOR_FIELD")
        if not body["commentary"].strip() and "content" not in body:
            raise Refused(400, "INVALID_VALUE_BLANK_FIELD")
        return self._attached(body.get("content", {}))

    def _attached(self, content: Mapping[str, Any]) -> list[Asset]:
        if len(content) > 1 or content.keys() - {"media", "multiImage"}:
            raise Refused(400, "INVALID_VALUE_FOR_FIELD")
        media = [content["media"]] if "media" in content else []
        if "multiImage" in content:
            media = content["multiImage"]["images"]
            if not 2 <= len(media) <= 20:
                raise Refused(400, "INVALID_VALUE_FOR_FIELD")
        return [self._usable(one, alone="media" in content) for one in media]

    def _usable(self, medium: Mapping[str, Any], *, alone: bool) -> Asset:
        asset = self.assets.get(medium["id"])
        if asset is None or asset.owner != self.author or not (alone or asset.kind == "image"):
            raise Refused(400, "INVALID_IMAGE_ID")
        if medium.keys() - {"id", "title", "altText"}:
            raise Refused(400, "INVALID_VALUE_FOR_FIELD")
        if asset.kind == "document" and not medium.get("title"):
            raise Refused(400, "MISSING_FIELD")
        state = self._state(asset)
        if state == "PROCESSING_FAILED":
            raise Refused(400, "MEDIA_ASSET_PROCESSING_FAILED")
        if state != "AVAILABLE":
            raise Refused(400, "MEDIA_ASSET_WAITING_UPLOAD")
        return asset

    def _find(self, asked: Asked, token: str) -> Reply:
        query = asked.query
        if asked.headers.get("x-restli-method") != "FINDER" or query.get("q") != "author":
            raise Refused(400, "ILLEGAL_ARGUMENT")
        if query.get("sortBy") not in {"LAST_MODIFIED", "CREATED"} or not query["author"]:
            raise Refused(400, "INVALID_VALUE_FOR_FIELD")
        shown = [
            _entity(post)
            for post in sorted(self.posts, key=lambda post: post.at, reverse=True)
            if post.author == query["author"] and post.at <= self.now() - self.lag
        ]
        return Reply(200, {"paging": {"start": 0}, "elements": shown[: int(query["count"])]})

    def _show(self, asked: Asked, token: str, name: str) -> Reply:
        urn = _urn(name)
        for post in self.posts:
            if post.urn == urn:
                return Reply(200, _entity(post))
        raise Refused(404, "RESOURCE_NOT_FOUND", "Could not find entity")

    def _count(self, asked: Asked, token: str) -> Reply:
        query = dict(pair.split("=", 1) for pair in asked.raw_query.split("&"))
        entity = {"q": "organizationalEntity", "organizationalEntity": quote(PAGE, safe="")}
        kinds = query.keys() - entity.keys()
        if {name: query.get(name) for name in entity} != entity or not kinds <= {*_KINDS}:
            raise Refused(400, "QUERY_PARAM_NOT_ALLOWED")
        elements = []
        for kind in kinds:
            wanted = re.fullmatch(r"List\(([\w%,-]+)\)", query[kind])
            if wanted is None:
                raise Refused(400, "PARAM_INVALID", f"{kind} is no list")
            urns = {_urn(name) for name in wanted[1].split(",")}
            if any(urn.split(":")[2] != _KINDS[kind] for urn in urns):
                raise Refused(400, "PARAM_INVALID", f"{kind} holds another kind of URN")
            there = {post.urn for post in self.posts if post.author == PAGE} - self.uncounted
            elements += [
                {
                    "organizationalEntity": PAGE,
                    _KINDS[kind]: urn,
                    "totalShareStatistics": self.counts,
                }
                for urn in urns & there
            ]
        return Reply(200, {"paging": {"start": 0, "count": 10}, "elements": elements})


def _urn(name: str) -> str:
    if not re.fullmatch(r"urn%3Ali%3A\w+%3A[\w-]+", name):
        raise Refused(400, "INVALID_URN_TYPE", "The urn is not encoded")
    return name.replace("%3A", ":")


def _entity(post: Post) -> dict[str, Any]:
    at = int(post.at * 1000)
    commentary = re.sub(r"(?<!\\)#(\w+)", r"{hashtag|\\#|\1}", post.body["commentary"])
    return {
        "id": post.urn,
        "author": post.author,
        "commentary": commentary,
        "createdAt": at,
        "publishedAt": at,
        "lastModifiedAt": at,
        "lifecycleState": post.state,
        "visibility": post.body.get("visibility", "PUBLIC"),
        **({"content": post.body["content"]} if "content" in post.body else {}),
    }


def _duplicate(urn: str) -> Reply:
    wrong = {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
    body = {
        "errorDetailType": "com.linkedin.common.error.BadRequest",
        "message": f"Content is a duplicate of {urn}",
        "errorDetails": {"inputErrors": [wrong]},
        "status": 422,
    }
    return Reply(422, body)


def _read(commentary: str) -> str:
    """Return what a reader sees: a sign that means something and is not escaped ends the text."""
    text, at = "", 0
    while at < len(commentary):
        plain = _PLAIN.match(commentary, at) or _MEANT.match(commentary, at)
        if plain is None:
            break
        found = plain.groupdict() if plain.re is _MEANT else {}
        text += (
            found.get("escaped")
            or found.get("name")
            or (f"#{found['tag']}" if found.get("tag") else plain[0])
        )
        at = plain.end()
    return text

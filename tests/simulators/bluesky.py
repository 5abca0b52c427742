"""A strict PDS with one account, after the sheet: what was measured on @atproto/pds 0.4.217."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.simulators.allowance import Allowance
from tests.simulators.bluesky_records import RKEY, Wrong, check, cid, record_cid
from tests.simulators.server import Asked, Live, Reply, Server

DID: Final = "did:plc:d4fiacmeacmeacmeacmeacme"
HANDLE: Final = "acme.test"
PASSWORD: Final = "abcd-efgh-ijkl-mnop"
COLLECTION: Final = "app.bsky.feed.post"

_XRPC: Final = "/xrpc/com.atproto."
_ACCESS_LIFE: Final = 7200.0
_REFRESH_LIFE: Final = 7_776_000.0
_GRACE: Final = 7200.0
_BLOB_LIMIT: Final = 5 * 1024 * 1024
_BLOB_LIFE: Final = 3600.0


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    error: str
    message: str = ""


@dataclass
class Tokens:
    """One pair of tokens and what becomes of it."""

    access: str
    refresh: str
    access_ends: float
    refresh_ends: float
    #: the pair this one was exchanged for: for two hours the same one again
    next: Tokens | None = None


class Bluesky(Server):
    """One PDS with one account."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, tuple[dict[str, Any], float]] = {}
        self.blobs: dict[str, tuple[str, int, float]] = {}
        self.handles = {HANDLE: DID, "friend.test": "did:plc:friendfriendfriendfriend"}
        self.logins = Allowance(30, 300)
        self.requests = Allowance(3000, 300)
        self.uploads = Allowance(1000, 86_400)
        #: 5,000 points an hour and 35,000 a day, of which a record costs three
        self.writes = (Allowance(1666, 3600), Allowance(11_666, 86_400))
        self.deactivated = False
        #: the app view shows a record so many seconds after it was written
        self.view_lag = 0.0
        self._tokens: list[Tokens] = []

    @property
    def live(self) -> list[Live]:
        """Return what the public can see, oldest first."""
        return [
            Live(_uri(rkey), record["text"], _media(record), at, _parent(record))
            for rkey, (record, at) in self.records.items()
        ]

    def expire_access(self) -> None:
        """Let every access token be over."""
        for tokens in self._tokens:
            tokens.access_ends = 0.0

    def lose_blobs(self) -> None:
        """Delete the blobs that no record uses, as a PDS may."""
        self.blobs.clear()

    # --- the way of a request ----------------------------------------------------------------

    def perform(self, asked: Asked) -> Reply:
        allowance = self.requests
        if not allowance.take(self.now()):
            return self._limited(allowance)
        try:
            return self._work(asked)(asked)
        except Refused as refused:
            body = {"error": refused.error, "message": refused.message}
            return Reply(refused.status, body, self._limits(allowance))

    def _work(self, asked: Asked) -> Callable[[Asked], Reply]:
        calls = {
            ("POST", "server.createSession"): self._create_session,
            ("POST", "server.refreshSession"): self._refresh_session,
            ("GET", "server.getSession"): self._get_session,
            ("POST", "repo.uploadBlob"): self._upload_blob,
            ("POST", "repo.putRecord"): self._put_record,
            ("POST", "repo.createRecord"): self._create_record,
            ("GET", "repo.getRecord"): self._get_record,
            ("POST", "repo.deleteRecord"): self._delete_record,
            ("GET", "identity.resolveHandle"): self._resolve_handle,
        }
        if (asked.method, asked.path) == ("GET", "/xrpc/app.bsky.feed.getPosts"):
            return self._view
        call = asked.method, asked.path.removeprefix(_XRPC)
        if call not in calls:
            raise Refused(501, "MethodNotImplemented", "Method Not Implemented")
        return calls[call]

    def _limits(self, allowance: Allowance) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(allowance.most),
            "RateLimit-Remaining": str(allowance.left),
            "RateLimit-Reset": str(int(allowance.reset(self.now()))),
            "RateLimit-Policy": f"{allowance.most};w={int(allowance.window)}",
        }

    def _limited(self, allowance: Allowance) -> Reply:
        wait = str(int(allowance.reset(self.now()) - self.now()))
        body = {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
        return Reply(429, body, {**self._limits(allowance), "Retry-After": wait})

    def _done(self, body: Any) -> Reply:
        return Reply(200, body, self._limits(self.requests))

    # --- sessions ----------------------------------------------------------------------------

    def _create_session(self, asked: Asked) -> Reply:
        if not self.logins.take(self.now()):
            return self._limited(self.logins)
        given = _body(asked)
        if given.get("identifier") not in {HANDLE, DID} or given.get("password") != PASSWORD:
            raise Refused(401, "AuthenticationRequired", "Invalid identifier or password")
        return self._session(self._new_tokens())

    def _new_tokens(self) -> Tokens:
        now = self.now()
        tokens = Tokens(
            f"access-{secrets.token_hex(8)}",
            f"refresh-{secrets.token_hex(8)}",
            now + _ACCESS_LIFE,
            now + _REFRESH_LIFE,
        )
        self._tokens.append(tokens)
        return tokens

    def _session(self, tokens: Tokens) -> Reply:
        service = {
            "id": "#atproto_pds",
            "type": "AtprotoPersonalDataServer",
            "serviceEndpoint": self.url,
        }
        return self._done(
            {
                "accessJwt": tokens.access,
                "refreshJwt": tokens.refresh,
                "did": DID,
                "handle": HANDLE,
                "active": True,
                "didDoc": {"id": DID, "service": [service]},
            }
        )

    def _refresh_session(self, asked: Asked) -> Reply:
        tokens = self._of(asked, lambda tokens: tokens.refresh)
        if asked.body:
            raise Refused(
                400, "InvalidRequest", "A request body was provided when none was expected"
            )
        if tokens.refresh_ends < self.now():
            raise Refused(400, "ExpiredToken", "Token has been revoked")
        if tokens.next is None:
            tokens.next = self._new_tokens()
            tokens.refresh_ends = self.now() + _GRACE
        return self._session(tokens.next)

    def _of(self, asked: Asked, which: Any) -> Tokens:
        given = asked.headers.get("authorization", "")
        if not given.startswith("Bearer "):
            raise Refused(401, "AuthMissing", "Authentication Required")
        for tokens in self._tokens:
            if which(tokens) == given.removeprefix("Bearer "):
                return tokens
        raise Refused(400, "InvalidToken", "Token could not be verified")

    def _authorize(self, asked: Asked) -> None:
        tokens = self._of(asked, lambda tokens: tokens.access)
        if tokens.access_ends < self.now():
            raise Refused(400, "ExpiredToken", "Token has expired")

    def _get_session(self, asked: Asked) -> Reply:
        self._authorize(asked)
        return self._done({"did": DID, "handle": HANDLE, "active": not self.deactivated})

    # --- blobs -------------------------------------------------------------------------------

    def _upload_blob(self, asked: Asked) -> Reply:
        self._authorize(asked)
        if not self.uploads.take(self.now()):
            return self._limited(self.uploads)
        if "content-type" not in asked.headers or "content-length" not in asked.headers:
            raise Refused(400, "InvalidRequest", "Request encoding (Content-Type) required")
        if len(asked.body) > _BLOB_LIMIT:
            raise Refused(413, "PayloadTooLarge", "request entity too large")
        name = cid(asked.body, raw=True)
        mime = _sniffed(asked.body) or asked.headers["content-type"]
        self.blobs[name] = mime, len(asked.body), self.now()
        return Reply(200, {"blob": _blob(name, mime, len(asked.body))}, self._limits(self.uploads))

    def _has_blob(self, blob: Any) -> bool:
        name = blob["ref"]["$link"]
        mime, size, at = self.blobs.get(name, ("", 0, 0.0))
        return at > self.now() - _BLOB_LIFE and blob == _blob(name, mime, size)

    # --- records -----------------------------------------------------------------------------

    def _put_record(self, asked: Asked) -> Reply:
        record, rkey, given = self._written(asked)
        old, _ = self.records.get(rkey, (None, 0.0))
        if record == old:
            return self._receipt(rkey, record, wrote=False)
        if old is not None and given.get("swapRecord", "any") not in {"any", record_cid(old)}:
            raise Refused(400, "InvalidSwap", f"Record was at {record_cid(old)}")
        return self._write(rkey, record)

    def _create_record(self, asked: Asked) -> Reply:
        record, rkey, _ = self._written(asked)
        if rkey in self.records:
            raise Refused(500, "InternalServerError", "Internal Server Error")
        return self._write(rkey, record)

    def _write(self, rkey: str, record: dict[str, Any]) -> Reply:
        for writes in self.writes:
            if not writes.take(self.now()):
                return self._limited(writes)
        self.records[rkey] = record, self.now()
        return self._receipt(rkey, record, wrote=True)

    def _receipt(self, rkey: str, record: dict[str, Any], *, wrote: bool) -> Reply:
        commit = {"commit": {"cid": cid(rkey.encode(), raw=False), "rev": rkey}} if wrote else {}
        name = record_cid(record)
        return self._done({"uri": _uri(rkey), "cid": name, **commit, "validationStatus": "valid"})

    def _written(self, asked: Asked) -> tuple[dict[str, Any], str, Mapping[str, Any]]:
        """Return the record of a write that is allowed, its key, and all that was given."""
        self._authorize(asked)
        if len(asked.body) > 150 * 1024:
            raise Refused(413, "PayloadTooLarge", "request entity too large")
        given = _body(asked)
        if self.deactivated:
            raise Refused(401, "AccountDeactivated", "Account is deactivated")
        if given.get("repo") not in {DID, HANDLE}:
            raise Refused(403, "AccountNotFound", "Account not found")
        rkey = given.get("rkey", "")
        if given.get("collection") != COLLECTION or not RKEY.fullmatch(rkey):
            raise Refused(400, "InvalidRequest", "Invalid record key")
        try:
            check(given["record"], self._has_blob)
        except Wrong as wrong:
            raise Refused(
                400, "InvalidRequest", f"Invalid app.bsky.feed.post record: {wrong}"
            ) from wrong
        except LookupError as lost:
            raise Refused(400, "BlobNotFound", f"Could not find blob: {lost}") from lost
        return given["record"], rkey, given

    def _get_record(self, asked: Asked) -> Reply:
        rkey = asked.query.get("rkey", "")
        if asked.query.get("repo") != DID or rkey not in self.records:
            raise Refused(400, "RecordNotFound", f"Could not locate record: {_uri(rkey)}")
        record, _ = self.records[rkey]
        return self._done({"uri": _uri(rkey), "cid": record_cid(record), "value": record})

    def _view(self, asked: Asked) -> Reply:
        """Answer as the app view: what it has seen so far, counted, to anybody."""
        rkey = asked.query.get("uris", "").rpartition("/")[2]
        record, at = self.records.get(rkey, (None, 0.0))
        if "authorization" in asked.headers:
            raise Refused(400, "InvalidToken", "The app view has no business with it")
        if record is None or at + self.view_lag > self.now():
            return self._done({"posts": []})
        counts = {"likeCount": 3, "replyCount": 2, "repostCount": 1, "quoteCount": 0}
        return self._done({"posts": [{"uri": _uri(rkey), "record": record, **counts}]})

    def _delete_record(self, asked: Asked) -> Reply:
        self._authorize(asked)
        self.records.pop(_body(asked)["rkey"], None)
        return self._done({})

    def _resolve_handle(self, asked: Asked) -> Reply:
        did = self.handles.get(asked.query.get("handle", ""))
        if did is None:
            raise Refused(400, "InvalidRequest", "Unable to resolve handle")
        return self._done({"did": did})


def _parent(record: Mapping[str, Any]) -> str | None:
    return str(record["reply"]["parent"]["uri"]) if "reply" in record else None


def _body(asked: Asked) -> Mapping[str, Any]:
    body = asked.json()
    if asked.headers.get("content-type") != "application/json" or not isinstance(body, dict):
        raise Refused(400, "InvalidRequest", "Wrong request encoding (Content-Type)")
    return body


def _uri(rkey: str) -> str:
    return f"at://{DID}/{COLLECTION}/{rkey}"


def _blob(name: str, mime: str, size: int) -> dict[str, Any]:
    return {"$type": "blob", "ref": {"$link": name}, "mimeType": mime, "size": size}


def _media(record: Mapping[str, Any]) -> tuple[Any, ...]:
    embed = record.get("embed", {})
    return tuple(embed.get("images", [])) or ((embed,) if "video" in embed else ())


def _sniffed(content: bytes) -> str | None:
    starts = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}
    if content[4:8] == b"ftyp":
        return "video/mp4"
    return next((mime for start, mime in starts.items() if content.startswith(start)), None)

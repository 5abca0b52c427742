"""The platform's API for one workspace: who may ask, what is refused, what is answered."""

from __future__ import annotations

import hmac
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from postcron.sandbox import media, multipart
from postcron.sandbox.accounts import ACCOUNTS
from postcron.sandbox.exchange import Reply, Request, said, unfit
from postcron.sandbox.faults import Fault, Kind
from postcron.sandbox.folder import Folder
from postcron.sandbox.live import Live
from postcron.sandbox.posts import Fate, Post, Posts, Status
from postcron.sandbox.shapes import post_errors, schedule_errors

PAGE: Final = 20

#: method, path within the workspace, and what the call is named
_ROUTES: Final = (
    ("GET", r"/accounts", "accounts"),
    ("POST", r"/media", "media"),
    ("GET", r"/posts", "list"),
    ("POST", r"/posts", "create"),
    ("POST", r"/posts/schedule/([^/]+)", "schedule"),
    ("GET", r"/posts/([^/]+)", "read"),
    ("DELETE", r"/posts/([^/]+)", "delete"),
)
_FATES: Final = {Kind.NO_ADDRESS: Fate.NO_ADDRESS, Kind.NETWORK_REFUSES: Fate.REFUSED}


def call_of(method: str, path: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the name of a call and what its path names, or None if there is no such call."""
    for its_method, pattern, name in _ROUTES:
        if method == its_method and (match := re.fullmatch(pattern, path)):
            return name, match.groups()
    return None


class Workspace:
    """Everything behind `/os/api/{workspace}`; one request at a time."""

    def __init__(
        self,
        folder: Folder,
        *,
        token: str,
        uuid: str,
        clock: Callable[[], datetime],
        pace: timedelta,
    ) -> None:
        self._token = token
        self._uuid = uuid
        self._clock = clock
        self._lock = threading.RLock()
        self._shelf = media.Shelf(folder)
        self._posts = Posts(folder, self._shelf, clock=clock, pace=pace)

    def live(self) -> list[Live]:
        """Return everything that is live by now, oldest first."""
        with self._lock:
            self._posts.advance()
            return self._posts.ledger.all()

    def answer(
        self, request: Request, workspace: str, path: str, *, fault: Fault | None, url: str
    ) -> Reply:
        """Carry out one call; `url` is how the caller reaches us."""
        if not self._knows(request.headers.get("authorization", "")):
            return said(401, "Unauthenticated.")
        if workspace != self._uuid:
            return said(404, "Workspace not found.")
        call = call_of(request.method, path)
        if call is None:
            return said(404, f"The route {request.path.lstrip('/')} could not be found.")
        name, named = call
        with self._lock:
            if name == "media":
                return self._upload(request, url)
            if name == "create":
                return self._create(request, url)
            if name == "list":
                return self._list(request, url)
            if name == "accounts":
                return Reply.of(200, {"data": [account.document() for account in ACCOUNTS]})
            return self._about(name, named[0], request, fault, url)

    def _knows(self, authorization: str) -> bool:
        expected = f"Bearer {self._token}"
        return hmac.compare_digest(authorization.encode(), expected.encode())

    # --- media -------------------------------------------------------------------------------

    def _upload(self, request: Request, url: str) -> Reply:
        fields, content = multipart.parse(request.content_type, request.body)
        errors = media.errors(content, fields.get("alt_text", ""))
        if content is None or errors:
            return unfit(errors)
        created_at = f"{self._clock():%Y-%m-%d %H:%M:%S}"
        return Reply.of(201, self._shelf.keep(content, fields, created_at=created_at).document(url))

    # --- posts -------------------------------------------------------------------------------

    def _create(self, request: Request, url: str) -> Reply:
        body = request.json()
        errors = post_errors(body)
        if errors:
            return unfit(errors)
        if not set(body.get("accounts", ())) <= {account.id for account in ACCOUNTS}:
            # Ids are only checked to be integers; the database then refuses an unknown one.
            return said(500, "Server Error")
        return Reply.of(201, self._document(self._posts.create(body), url))

    def _list(self, request: Request, url: str) -> Reply:
        wanted, page = request.query.get("status"), int(request.query.get("page", "1"))
        posts = [post for post in self._posts.newest_first() if _is(post, wanted)]
        shown = posts[(page - 1) * PAGE : page * PAGE]
        last = max(1, -(-len(posts) // PAGE))
        meta = {"current_page": page, "last_page": last, "per_page": PAGE, "total": len(posts)}
        documents = [self._document(post, url) for post in shown]
        return Reply.of(200, {"data": documents, "links": {}, "meta": meta})

    def _about(
        self, name: str, uuid: str, request: Request, fault: Fault | None, url: str
    ) -> Reply:
        post = self._posts.get(uuid)
        if post is None:
            return said(404, "Post not found.")
        if name == "read":
            return Reply.of(200, self._document(post, url))
        if name == "delete":
            trash = request.json().get("trash") is True
            self._posts.delete(post, trash=trash)
            answer = {"deleted": not trash, "deleted_from_app": not trash, "to_trash": trash}
            return Reply.of(200, answer)
        fate = _FATES.get(fault.kind, Fate.GOES_LIVE) if fault else Fate.GOES_LIVE
        return self._schedule(post, request, fate)

    def _schedule(self, post: Post, request: Request, fate: Fate) -> Reply:
        errors = schedule_errors(request.json()) or _cannot(post, request.json())
        if errors:
            return unfit(errors)
        post = self._posts.schedule(post, fate)
        at = datetime.fromisoformat(post.scheduled_at or "")
        return Reply.of(200, {"success": True, "scheduled_at": f"{at:%Y-%m-%d %H:%M:%S}+00:00"})

    def _document(self, post: Post, url: str) -> dict[str, Any]:
        versions = [{**each, "content": self._known(each["content"])} for each in post.versions]
        return {
            "id": post.id,
            "uuid": post.uuid,
            "status": post.status,
            "accounts": [
                account.document() | _outcome(post, account.id, url) for account in post.on()
            ],
            "versions": versions,
            "tags": list(post.tags),
            "scheduled_at": post.scheduled_at,
            "published_at": post.published_at,
            "created_at": post.created_at,
            "trashed": post.trashed,
        }

    def _known(self, content: list[dict[str, Any]]) -> list[dict[str, Any]]:
        # A media id that does not exist is accepted, and gone when the post is read back.
        return [
            {**each, "media": [id for id in each.get("media", ()) if self._shelf.get(id)]}
            for each in content
        ]


def _is(post: Post, wanted: str | None) -> bool:
    if wanted == "trash":
        return post.trashed
    return not post.trashed and wanted in {None, post.status}


def _cannot(post: Post, body: dict[str, Any]) -> dict[str, list[str]]:
    """Return why a post cannot be published now: the reason is the field, as in Mixpost."""
    if post.status in {Status.PUBLISHED, Status.FAILED}:
        return {"in_history": ["in_history"]}
    if post.status == Status.PUBLISHING:
        return {"publishing": ["publishing"]}
    if not post.accounts or not body["postNow"]:
        return {"cannot_scheduled": ["This post cannot be scheduled!"]}
    return {}


def _outcome(post: Post, account: int, url: str) -> dict[str, Any]:
    """Return what became of a post on one account."""
    error = post.errors.get(str(account))
    is_shown = post.status == Status.PUBLISHED and post.fate != Fate.NO_ADDRESS
    return {
        "external_url": f"{url}/live/{post.id}" if is_shown else None,
        "errors": [] if error is None else [error],
    }

"""The life of a post: draft → scheduled → publishing → published, each in its time.

Nothing runs by itself. Where a post stands follows from when it was scheduled, so each question
first brings the posts up to the moment it is asked in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import uuid4

from postcron.sandbox.accounts import ACCOUNTS, Account
from postcron.sandbox.folder import Folder
from postcron.sandbox.live import Ledger, Live, Shown
from postcron.sandbox.media import Shelf
from postcron.sandbox.text import plain


class Status(StrEnum):
    """Where a post stands."""

    DRAFT = "draft"
    #: waits for the next tick of the platform's own cron
    SCHEDULED = "scheduled"
    #: its jobs run
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"


class Fate(StrEnum):
    """How it ends."""

    GOES_LIVE = "goes_live"
    #: it is live, and nothing says where
    NO_ADDRESS = "no_address"
    #: the network behind the platform refuses it
    REFUSED = "network_refuses"


UNDER_WAY: Final = frozenset({Status.SCHEDULED, Status.PUBLISHING})


@dataclass(frozen=True)
class Post:
    """One post, as the platform keeps it."""

    id: int
    uuid: str
    accounts: tuple[int, ...]
    versions: tuple[Mapping[str, Any], ...]
    tags: tuple[int, ...]
    created_at: str
    status: str = Status.DRAFT
    scheduled_at: str | None = None
    published_at: str | None = None
    trashed: bool = False
    fate: str = Fate.GOES_LIVE
    #: by the id of the account
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> Mapping[str, Any]:
        """What is published: only the first content of the first version."""
        content: Mapping[str, Any] = self.versions[0]["content"][0]
        return content

    def on(self) -> list[Account]:
        return [account for account in ACCOUNTS if account.id in self.accounts]


class Posts:
    """All posts of the workspace."""

    def __init__(
        self, folder: Folder, shelf: Shelf, *, clock: Callable[[], datetime], pace: timedelta
    ) -> None:
        self._folder = folder
        self._shelf = shelf
        self._clock = clock
        self._pace = pace
        self.ledger = Ledger(folder)
        self._posts = {record["uuid"]: Post(**record) for record in folder.records("posts")}
        #: what was due while nobody was running goes live now
        self._since = clock()

    def create(self, body: Mapping[str, Any]) -> Post:
        post = Post(
            id=max((post.id for post in self._posts.values()), default=100) + 1,
            uuid=str(uuid4()),
            accounts=tuple(body.get("accounts", ())),
            versions=tuple(body["versions"]),
            tags=tuple(body.get("tags", ())),
            created_at=f"{self._clock():%Y-%m-%d %H:%M:%S}",
        )
        return self._keep(post)

    def get(self, uuid: str) -> Post | None:
        self.advance()
        return self._posts.get(uuid)

    def newest_first(self) -> list[Post]:
        self.advance()
        return sorted(self._posts.values(), key=lambda post: post.id, reverse=True)

    def schedule(self, post: Post, fate: Fate) -> Post:
        """Mark a post as due now; a second call before the tick only moves that moment."""
        at = self._clock().isoformat()
        return self._keep(replace(post, status=Status.SCHEDULED, scheduled_at=at, fate=fate))

    def delete(self, post: Post, *, trash: bool) -> None:
        """Remove a post from the platform; what is live stays live."""
        if trash:
            self._keep(replace(post, trashed=True))
        else:
            del self._posts[post.uuid]
            self._folder.remove(f"posts/{post.uuid}.json")

    def advance(self) -> None:
        """Bring every post to where it stands now."""
        now = self._clock()
        for post in [post for post in self._posts.values() if post.status in UNDER_WAY]:
            moved = self._stands(post, now)
            if moved is not post:
                self._keep(moved)

    def _stands(self, post: Post, now: datetime) -> Post:
        scheduled_at = datetime.fromisoformat(post.scheduled_at or "")
        ends_at = max(scheduled_at + 2 * self._pace, self._since)
        if now >= ends_at:
            return self._ended(post, ends_at)
        if now >= scheduled_at + self._pace and post.status == Status.SCHEDULED:
            return replace(post, status=Status.PUBLISHING)
        return post

    def _ended(self, post: Post, at: datetime) -> Post:
        errors = {str(account.id): why for account in post.on() if (why := _refusal(post, account))}
        for account in post.on():
            if str(account.id) not in errors:
                self.ledger.add(self._live(post, account, at))
        if errors:
            # One account that fails makes the whole post failed, although others went out.
            return replace(post, status=Status.FAILED, errors=errors)
        return replace(post, status=Status.PUBLISHED, published_at=at.isoformat())

    def _live(self, post: Post, account: Account, at: datetime) -> Live:
        media = (self._shelf.get(id) for id in post.content.get("media", ()))
        options = (post.versions[0].get("options") or {}).get(account.provider) or {}
        return Live(
            at=at.isoformat(timespec="milliseconds"),
            id=post.id,
            uuid=post.uuid,
            account=account.username,
            network=account.provider,
            type=options.get("type", "post"),
            text=plain(post.content.get("body") or ""),
            # An id that is not there vanishes without a word.
            media=tuple(Shown(each.file, each.mime, each.alt) for each in media if each),
        )

    def _keep(self, post: Post) -> Post:
        self._folder.write(f"posts/{post.uuid}.json", asdict(post))
        self._posts[post.uuid] = post
        return post


def _refusal(post: Post, account: Account) -> str | None:
    if not account.authorized:
        return "Access token expired"
    return "The network refused this post." if post.fate == Fate.REFUSED else None

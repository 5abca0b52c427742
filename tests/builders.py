"""What tests build: each test names only what matters to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from postcron.model import (
    Attachment,
    Delivery,
    Kind,
    MediaFile,
    NewDelivery,
    NewPost,
    PostType,
    Run,
    Saved,
)
from postcron.states import State
from postcron.store import Store, reading

#: when tests happen
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@dataclass
class StoppedClock:
    """A clock that moves only when told."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def forward(self, **duration: float) -> None:
        self.at += timedelta(**duration)


def a_run(name: str = "run-1", phase: str = "publish", **more: Any) -> Run:
    given: dict[str, Any] = {"host": "host-1", "boot": "boot-1", "pid": 4242, "started": "77"}
    return Run(id=name, phase=phase, **(given | more))


def a_media_file(sha256: str = "ab" * 32, **more: Any) -> MediaFile:
    given: dict[str, Any] = {"size": 100, "kind": Kind.IMAGE, "mime": "image/png", "location": "/a"}
    return MediaFile(sha256=sha256, **(given | more))


def an_attachment(sha256: str = "ab" * 32, *, alt: str = "A dog") -> Attachment:
    return Attachment(a_media_file(sha256), f"{sha256[:4]}.png", alt)


def a_new_delivery(
    account: str = "acme",
    *,
    due: datetime | None = NOW,
    state: State = State.SCHEDULED,
    **more: Any,
) -> NewDelivery:
    """A delivery with an hour's lead, as `schedule` would make it."""
    given: dict[str, Any] = {
        "platform": "mastodon",
        "text": None,
        "options": {},
        "wanted_at": due,
        "due_at": due,
        "reason": "as asked",
        "wake_at": None if due is None else due - timedelta(hours=1),
        "key": f"key-of-{account}",
    }
    return NewDelivery(account=account, state=state, **(given | more))


def a_new_post(*deliveries: NewDelivery, key: str | None = None, **more: Any) -> NewPost:
    given: dict[str, Any] = {
        "workspace": "acme",
        "text": "Hello",
        "type": PostType.POST,
        "attachments": (),
        "created_by": "ada",
    }
    return NewPost(key=key, deliveries=deliveries or (a_new_delivery(),), **(given | more))


def added(store: Store, new: NewPost, *, run: Run) -> Saved:
    """Save one post."""
    [saved] = store.add_posts([new], run=run)
    return saved


def every_delivery(store: Store) -> list[Delivery]:
    """Return all that a store has, what is put aside and that of deleted posts as well."""
    return reading.deliveries(store._database)

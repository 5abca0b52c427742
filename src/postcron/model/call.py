"""What goes to a platform and what comes back: drafts, tickets, receipts, sightings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from postcron.model.media import AddressMedia, Attachment, ReadMedia
from postcron.model.values import Json, PostType


@dataclass(frozen=True)
class Receipt:
    """Proof that a post is live: the platform's id, kept exactly as text, and its address."""

    remote_id: str
    url: str | None = None


@dataclass(frozen=True)
class Draft:
    """All that a platform may know about one delivery: frozen before the first call."""

    text: str
    type: PostType
    attachments: tuple[Attachment, ...]
    #: what this account may set for this post (visibility, language, privacy, …)
    options: Mapping[str, str]
    due_at: datetime
    #: chosen once for this delivery and never reused: the platform's idempotency key where it has one
    key: str
    #: goes up when the text, media or options change; what phase 2 made for another one is void
    revision: int
    #: before the publish call only: an upload that is part of the call is read as a whole first
    read: ReadMedia = field(repr=False, compare=False)
    #: where a platform can fetch a file by itself; asked for before the publish call begins, and
    #: never kept or shown: it may be signed
    address: AddressMedia = field(repr=False, compare=False)
    #: the part of a thread this one answers, and the thread's first part
    parent: Receipt | None = None
    root: Receipt | None = None


@dataclass(frozen=True)
class Ticket:
    """What phase 2 left at the platform. `data` is JSON, saved after every answer that gives an id.

    `ready` is False while something is missing; `check_after` says when it is worth asking again.
    """

    data: Json = field(default_factory=dict)
    ready: bool = False
    check_after: timedelta | None = None

    def having(self, **more: Any) -> Ticket:
        """Return this ticket with more entries in `data`."""
        return Ticket({**self.data, **more}, self.ready, self.check_after)


SaveTicket = Callable[[Ticket], None]


@dataclass(frozen=True)
class Accepted:
    """The platform took the call and works on it; `handle` is what to poll by."""

    handle: str
    check_after: timedelta = timedelta(seconds=5)


class Sight(StrEnum):
    """What a look at the platform showed."""

    #: it is live, and the receipt says where
    LIVE = "live"
    #: accepted, still being worked on
    WORKING = "working"
    #: certainly not there now, as far as this platform can tell
    ABSENT = "absent"
    #: the platform says it failed, or somebody removed it: it will not appear by itself
    GONE = "gone"
    #: it was there and is no more, and nothing says whether it will appear
    MISSING = "missing"
    #: cannot be told from what was read
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Sighting:
    """The answer of one look, with the receipt if it is live and a sentence for a person."""

    sight: Sight
    why: str
    receipt: Receipt | None = None
    #: with WORKING: when the platform means to publish it; there is no news before
    expected_at: datetime | None = None
    #: with GONE: may the same delivery be sent again? False when a person has to decide
    safe_to_repeat: bool = False

"""What the store is asked: to save a post, to record a step, to find deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from postcron.model.media import Attachment
from postcron.model.records import Approval, Delivery, Follow, Mode, Outcome, Pause, Post, Said
from postcron.model.values import Json, PostType
from postcron.states import State, Step


@dataclass(frozen=True)
class NewBatch:
    """A batch about to be saved with all its posts, in one transaction."""

    workspace: str
    name: str
    mode: Mode
    in_order: bool
    stop_on_failure: bool
    created_by: str


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery about to be saved."""

    account: str
    platform: str
    state: State
    text: str | None
    options: Mapping[str, str]
    wanted_at: datetime | None
    due_at: datetime | None
    reason: str
    wake_at: datetime | None
    #: the platform's idempotency key: random, chosen before anything is sent
    key: str
    priority: int = 0
    #: of what follows another: how, by how much at least, and when phase 2 may begin
    follows: Follow = Follow.ANSWER
    gap: timedelta | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost(Said):
    """A post about to be saved with all its deliveries, in one transaction."""

    deliveries: tuple[NewDelivery, ...]


@dataclass(frozen=True)
class PostChange:
    """What of a post becomes another one; None leaves it as it is."""

    text: str | None = None
    type: PostType | None = None
    attachments: tuple[Attachment, ...] | None = None
    campaign: str | None = None
    notes: str | None = None
    labels: tuple[str, ...] | None = None
    #: that of all its deliveries
    priority: int | None = None
    #: also forgets who decided before
    approval: Approval | None = None
    window_end: datetime | None = None
    applied: str | None = None


@dataclass(frozen=True)
class Saved:
    """What is in the store after saving, and which part of it is new."""

    post: Post
    deliveries: tuple[Delivery, ...]
    created: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Taken:
    """What a key stands for already."""

    post_id: int
    text: str
    approval: Approval | None
    window_end: datetime | None
    deleted: bool
    #: how its deliveries stand, by account
    states: Mapping[str, State]


@dataclass(frozen=True)
class Move:
    """One step of one delivery, to be recorded if it still stands where the reader saw it.

    `set` names columns of the delivery; `close` and `open` are the attempt's part of the step.
    """

    delivery: Delivery
    step: Step
    wake_at: datetime | None
    set: Mapping[str, Any] = field(default_factory=dict)
    #: a lease to take or keep; None gives the delivery back
    lease_until: datetime | None = None
    #: the outcome of the binding attempt, if this step ends or changes it
    close: Outcome | None = None
    #: what the attempt row gets beside its outcome: sent_at, code, message
    attempt: Mapping[str, Any] = field(default_factory=dict)
    detail: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Filter:
    """Which deliveries (or ledger events) to read; None means any."""

    states: frozenset[State] | None = None
    account: str | None = None
    platform: str | None = None
    campaign: str | None = None
    batch: str | None = None
    label: str | None = None
    created_by: str | None = None
    approval: Approval | None = None
    post_id: int | None = None
    #: made from this file, by its checksum
    media: str | None = None
    #: due (deliveries) or written (events) since, and before
    since: datetime | None = None
    before: datetime | None = None
    #: ledger only: the words of the step
    kinds: frozenset[str] | None = None
    #: only what is archived, only what is not, or (None) both
    archived: bool | None = False
    #: only what nothing but a person moves
    stuck: bool = False


@dataclass(frozen=True)
class Page:
    """Some deliveries, and the cursor that continues after them."""

    deliveries: tuple[Delivery, ...]
    next: str | None
    #: what holds some of them back, by id
    paused: Mapping[int, Pause] = field(default_factory=dict)

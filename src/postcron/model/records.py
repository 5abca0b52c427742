"""What the store keeps: posts, deliveries, attempts and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from postcron.errors import Code
from postcron.model.call import Ticket
from postcron.model.media import Attachment
from postcron.model.values import Json, PostType
from postcron.states import State


class Approval(StrEnum):
    """What became of asking whether a post may go out."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class Mode(StrEnum):
    """How the posts of a batch got their moments."""

    NOW = "now"
    #: from a moment on, so far apart
    SCHEDULED = "scheduled"
    #: spread over the best times of their accounts
    BEST = "best"


@dataclass(frozen=True)
class Batch:
    """An ordered set of posts. How it stands is derived from their deliveries."""

    id: int
    name: str
    mode: Mode
    #: one after the other: the next once it is known how the one before ended
    in_order: bool
    #: the rest waits for a person when one did not go out
    stop_on_failure: bool
    created_by: str
    created_at: datetime


class Follow(StrEnum):
    """How a delivery follows the one before it."""

    #: a part of a thread: goes out once that one is live, and is withdrawn with it
    ANSWER = "answer"
    #: the next of a batch, which stops at one that does not go out: a person lets it go on
    STOP = "stop"
    #: the next of a batch, which goes on once it is certain how the one before ended
    CONTINUE = "continue"


#: while a post is one of these, nothing of it is sent
UNAPPROVED: Final = frozenset({Approval.PENDING, Approval.REJECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a post says, who said it, and what it belongs to: before it is saved and after."""

    workspace: str
    key: str | None
    text: str
    type: PostType
    attachments: tuple[Attachment, ...]
    created_by: str
    scheduled_by: str = "manual"
    campaign: str | None = None
    notes: str | None = None
    labels: tuple[str, ...] = ()
    #: no delivery of it is moved beyond this
    window_end: datetime | None = None
    #: None: nobody has to approve it; its deliveries are drafts until somebody has
    approval: Approval | None = None
    #: the batch it belongs to, and its place in it
    batch_id: int | None = None
    position: int | None = None
    #: the series that made it, and for which moment of its rule
    series_id: int | None = None
    occurrence: datetime | None = None
    #: the plan and file it was applied from, and what that file said then
    source: str | None = None
    applied: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Said):
    """One thing to say. Its status is derived from its deliveries."""

    id: int
    created_at: datetime
    deleted_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    archived_at: datetime | None = None


@dataclass(frozen=True)
class Delivery:
    """One post going to one account; it has the state."""

    id: int
    post_id: int
    #: 1, 2, 3 … within its post
    number: int
    account: str
    platform: str
    state: State
    #: this account's own text, or None for the post's
    text: str | None
    options: Mapping[str, str]
    wanted_at: datetime | None
    due_at: datetime | None
    #: why it was given that time
    reason: str
    #: when postcron itself will next do something with it; None means only a person moves it
    wake_at: datetime | None
    #: phase 2 or another try is not worth it before this moment
    not_before: datetime | None
    #: the grace counts from here: due_at, or when somebody let it out although late
    grace_from: datetime | None
    key: str
    revision: int
    ticket: Ticket
    ready_at: datetime | None
    #: failed tries since a person last touched it
    tries: int
    error_code: Code | str | None
    error: str | None
    last_attempt_at: datetime | None
    published_at: datetime | None
    #: when the platform was first asked for it and showed it
    seen_at: datetime | None
    remote_id: str | None
    url: str | None
    #: the delivery it follows, how, and at least so long after that one is live
    after_id: int | None
    follows: Follow | None
    gap: timedelta | None
    #: the first of its thread
    root_id: int | None
    #: another one follows it
    followed: bool
    #: of what is due at once, the highest goes first
    priority: int
    #: the run that holds it, and until when by the store's clock
    owner: str | None
    lease_until: datetime | None
    #: goes up with every claim; a write under an older one changes nothing
    fence: int
    created_at: datetime
    updated_at: datetime

    @property
    def ref(self) -> str:
        """The id people use: post 12's second delivery is 12.2."""
        return f"{self.post_id}.{self.number}"

    @property
    def waits_its_turn(self) -> bool:
        """Say whether it is not its turn yet."""
        return self.after_id is not None and self.wake_at is None and self.published_at is None


@dataclass(frozen=True)
class Part:
    """A delivery of a batch, and its post, which has the place there."""

    post: Post
    delivery: Delivery


@dataclass(frozen=True)
class Measure:
    """How a post that is live does, as its platform said on one day (UTC)."""

    delivery_id: int
    day: date
    #: likes, comments, shares, views and others by name, as far as the platform has them
    numbers: Mapping[str, int]
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Outing:
    """A delivery as it counts against a limit: what it is, and when it went out, or is due to."""

    account: str
    state: State
    at: datetime
    type: PostType = PostType.POST
    #: a part of a thread after the first
    answers: bool = False


class Outcome(StrEnum):
    """How an attempt at the publish call ended."""

    #: nothing recorded yet
    OPEN = "open"
    LANDED = "landed"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    #: the platform showed, by the rules for proof, that it is not there
    PROVED_ABSENT = "proved_absent"
    #: a person said that it is not there
    DECLARED_ABSENT = "declared_absent"
    #: repeated with the same key or handle, where that cannot make a second post
    SUPERSEDED = "superseded"


#: while an attempt ended like this, the database refuses a second one for its delivery
BINDING: Final = frozenset({Outcome.OPEN, Outcome.LANDED, Outcome.ACCEPTED, Outcome.UNKNOWN})

#: the code of an attempt that a backup put back may have forgotten, or knows too little of
RESTORED: Final = "restored"


class Scope(StrEnum):
    """What a pause holds back."""

    ALL = "all"
    ACCOUNT = "account"
    CAMPAIGN = "campaign"
    BATCH = "batch"


#: the code of a delivery that has waited, or is late, because of a pause
PAUSED: Final = "paused"


@dataclass(frozen=True)
class Pause:
    """What a person holds back: while it lasts, nothing of it is sent."""

    scope: Scope
    #: which account, campaign or batch; empty for all
    name: str
    since: datetime
    by: str
    why: str | None = None

    def __str__(self) -> str:
        return "everything" if self.scope is Scope.ALL else f"{self.scope} {self.name}"


@dataclass(frozen=True)
class Attempt:
    """One try at the publish call."""

    number: int
    run: str
    host: str
    boot: str
    pid: int
    started: str
    intended_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome
    code: str | None
    message: str | None


@dataclass(frozen=True)
class LedgerEvent:
    """One row of the ledger: append-only."""

    id: int
    at: datetime
    kind: str
    post_id: int
    delivery_id: int | None
    before: State | None
    after: State | None
    run: str | None
    actor: str
    detail: Json


@dataclass(frozen=True)
class Run:
    """One process at work: who holds what it claims."""

    id: str
    host: str
    phase: str
    boot: str = ""
    pid: int = 0
    started: str = ""
    actor: str = "cron"

"""The words of postcron as frozen values. Instants are aware and in UTC; durations are timedeltas."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from postcron.errors import Code
from postcron.states import State, Step

Json = Mapping[str, Any]


class PostType(StrEnum):
    """The shape a platform shows a post in."""

    #: an ordinary entry in the feed
    POST = "post"
    #: a short upright video
    REEL = "reel"
    #: gone after a day
    STORY = "story"


class Kind(StrEnum):
    """What a media file is, by its content."""

    IMAGE = "image"
    #: an animated image
    GIF = "gif"
    VIDEO = "video"
    AUDIO = "audio"


class Act(StrEnum):
    """How often a platform's publish call may be made, which decides what recovery may do."""

    #: repeating with the same key or id cannot make a second post
    REPEATABLE = "repeatable"
    #: the same handle once more is safe, a new one never is
    HANDLE = "handle"
    #: only a list of our own posts tells
    READBACK = "readback"
    #: nothing can be read: only a person knows
    BLIND = "blind"


# --- what a person wrote ---------------------------------------------------------------------


@dataclass(frozen=True)
class Problem:
    """One reason why a draft does not fit: what, where, what to do."""

    where: str
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" {self.do}" if self.do else "")


@dataclass(frozen=True)
class MediaFile:
    """One file in the library, known by its checksum and by what its content says it is."""

    sha256: str
    size: int
    kind: Kind
    mime: str
    width: int | None = None
    height: int | None = None
    duration: timedelta | None = None
    codec: str | None = None
    #: where the library keeps it: a path or an s3:// address
    location: str = ""


@dataclass(frozen=True)
class Attachment:
    """A media file as one post uses it."""

    file: MediaFile
    name: str
    alt: str = ""


#: opens a file of the library and yields its bytes from an offset, in pieces of about 1 MiB
ReadMedia = Callable[[MediaFile, int], Iterator[bytes]]


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
    read: ReadMedia = field(repr=False, compare=False)


# --- what a platform leaves with us ----------------------------------------------------------


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
class Receipt:
    """Proof that a post is live: the platform's id, kept exactly as text, and its address."""

    remote_id: str
    url: str | None = None


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
    #: cannot be told from what was read
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Sighting:
    """The answer of one look, with the receipt if it is live and a sentence for a person."""

    sight: Sight
    why: str
    receipt: Receipt | None = None
    #: with GONE: may the same delivery be sent again? False when a person has to decide
    safe_to_repeat: bool = False


@dataclass(frozen=True)
class Identity:
    """Who a platform says we are."""

    remote_id: str
    name: str


@dataclass(frozen=True)
class Session:
    """A login the platform renews: kept sealed in the store."""

    data: Mapping[str, str] = field(repr=False)
    expires_at: datetime


# --- what fits -------------------------------------------------------------------------------


@dataclass(frozen=True)
class MediaRule:
    """What a platform accepts of one kind of file. Sizes in bytes."""

    mimes: frozenset[str]
    max_bytes: int
    max_count: int = 1
    min_duration: timedelta | None = None
    max_duration: timedelta | None = None
    max_pixels: int | None = None
    codecs: frozenset[str] | None = None


@dataclass(frozen=True)
class Limits:
    """What fits on a platform: dated data with its source."""

    source: str
    as_of: str
    text_max: int
    #: counts text as the platform does
    count: Callable[[str], int] = len
    #: the word for what `count` counts
    unit: str = "characters"
    text_max_bytes: int | None = None
    types: frozenset[PostType] = frozenset({PostType.POST})
    media: Mapping[Kind, MediaRule] = field(default_factory=dict)
    max_attachments: int = 0
    #: may files of different kinds stand in one post?
    mixed: bool = False
    alt_max: int | None = None
    #: types that are nothing without media
    needs_media: frozenset[PostType] = frozenset()


@dataclass(frozen=True)
class Policy:
    """The rules of one account, its platform's defaults already merged in."""

    lead: timedelta = timedelta(hours=1)
    grace: timedelta = timedelta(minutes=15)
    #: what becomes of it once the grace is over: ask, publish or skip
    late: str = "ask"
    #: after proof that nothing was published: ask a person, or send once more (after_proof)
    resend: str = "ask"


@dataclass(frozen=True)
class SecretRef:
    """Where a secret is to be had: never the secret itself."""

    #: env, file or command
    source: str
    value: str | tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """A named login of the configuration. `settings` holds the platform's own keys, unresolved."""

    name: str
    platform: str
    timezone: str
    settings: Mapping[str, Any] = field(repr=False)
    policy: Policy = field(default_factory=Policy)
    enabled: bool = True
    #: where the configuration says it: file and line, for messages
    where: str = ""


# --- what the store keeps --------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """One thing to say. Its status is derived from its deliveries."""

    id: int
    workspace: str
    key: str | None
    text: str
    type: PostType
    attachments: tuple[Attachment, ...]
    campaign: str | None
    notes: str | None
    created_by: str
    scheduled_by: str
    created_at: datetime
    deleted_at: datetime | None = None


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
    remote_id: str | None
    url: str | None
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


@dataclass(frozen=True)
class Attempt:
    """One try at the publish call."""

    id: int
    delivery_id: int
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


@dataclass(frozen=True)
class NewPost:
    """A post about to be saved with all its deliveries, in one transaction."""

    workspace: str
    key: str | None
    text: str
    type: PostType
    attachments: tuple[Attachment, ...]
    deliveries: tuple[NewDelivery, ...]
    created_by: str
    scheduled_by: str = "manual"
    campaign: str | None = None
    notes: str | None = None


@dataclass(frozen=True)
class Saved:
    """What is in the store after saving, and which part of it is new."""

    post: Post
    deliveries: tuple[Delivery, ...]
    created: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Filter:
    """Which deliveries (or ledger events) to read; None means any."""

    states: frozenset[State] | None = None
    account: str | None = None
    platform: str | None = None
    campaign: str | None = None
    post_id: int | None = None
    #: due (deliveries) or written (events) since, and before
    since: datetime | None = None
    before: datetime | None = None
    #: ledger only: the words of the step
    kinds: frozenset[str] | None = None
    deleted: bool = False


@dataclass(frozen=True)
class Page:
    """Some deliveries, and the cursor that continues after them."""

    deliveries: tuple[Delivery, ...]
    next: str | None


@dataclass(frozen=True)
class AccountState:
    """What runs have learnt about an account; kept in the store because each run is a new process."""

    account: str
    remote_id: str | None = None
    remote_name: str | None = None
    checked_at: datetime | None = None
    paused: bool = False
    #: nothing is sent before this moment (rate limit), or at all while `block_code` is a dead token
    blocked_until: datetime | None = None
    block_code: str | None = None
    block_why: str | None = None
    #: the renewed session, sealed
    session: bytes | None = field(default=None, repr=False)
    session_expires_at: datetime | None = None


class Phase(StrEnum):
    """The commands that cron runs."""

    PRE_UPLOAD = "pre-upload"
    TICK = "tick"
    PUBLISH = "publish"
    RETRY = "retry"
    RUN = "run"


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

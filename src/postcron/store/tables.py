"""The tables. What must never happen twice, the database itself refuses."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from postcron.model import BINDING, Follow, Kind, Outcome, PostType, Scope, Ticket
from postcron.states import State
from postcron.store.columns import Document, Instant, Seconds, TicketDocument, word
from postcron.store.peek import UNTOLD

#: an attempt that may be live; an index helps only a question that repeats these very words
LIVE = f"outcome IN ({', '.join(repr(str(outcome)) for outcome in sorted(BINDING))})"


def _index_where(name: str, *columns: Any, where: str, unique: bool = False) -> Index:
    return Index(
        name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where)
    )


def _unique_where(name: str, *columns: str, where: str) -> Index:
    return _index_where(name, *columns, where=where, unique=True)


class MetaRow(SQLModel, table=True):
    """Facts about the store itself, such as the uuid it was born with."""

    __tablename__ = "meta"

    name: str = Field(primary_key=True, sa_type=Text)
    value: str = Field(sa_type=Text)


class PostRow(SQLModel, table=True):
    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("workspace", "key", name="one_post_per_key"),
        _index_where("post_batch", "batch_id", "position", where="batch_id IS NOT NULL"),
        # A series makes each of its occurrences once, whoever is at it.
        _unique_where(
            "one_post_per_occurrence", "series_id", "occurrence", where="series_id IS NOT NULL"
        ),
        _index_where("post_approval", "approval", where="approval IS NOT NULL"),
        _index_where("post_archived", "archived_at", where="archived_at IS NOT NULL"),
        _index_where("post_source", "workspace", "source", where="source IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace: str = Field(sa_type=Text)
    key: str | None = Field(default=None, sa_type=Text)
    text: str = Field(sa_type=Text)
    type: PostType = Field(sa_type=word(PostType, "post_type"))
    campaign: str | None = Field(default=None, sa_type=Text)
    notes: str | None = Field(default=None, sa_type=Text)
    created_by: str = Field(sa_type=Text)
    scheduled_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    deleted_at: datetime | None = Field(default=None, sa_type=Instant)
    labels: list[str] = Field(sa_type=Document, sa_column_kwargs={"server_default": "[]"})
    window_end: datetime | None = Field(default=None, sa_type=Instant)
    #: nothing, or what became of asking: pending, approved or rejected, by whom and when
    approval: str | None = Field(default=None, sa_type=Text)
    decided_by: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    archived_at: datetime | None = Field(default=None, sa_type=Instant)
    #: the batch it belongs to, and its place in it
    batch_id: int | None = None
    position: int | None = None
    #: the series that made it, and for which moment of its rule
    series_id: int | None = None
    occurrence: datetime | None = Field(default=None, sa_type=Instant)
    #: the plan and file it was applied from, and what that file said then
    source: str | None = Field(default=None, sa_type=Text)
    applied: str | None = Field(default=None, sa_type=Text)


class BatchRow(SQLModel, table=True):
    """An ordered set of posts."""

    __tablename__ = "batch"
    __table_args__ = (
        UniqueConstraint("workspace", "name", name="one_batch_per_name"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    #: now, scheduled or best
    mode: str = Field(sa_type=Text)
    #: the next goes out once the one before is confirmed
    in_order: bool
    stop_on_failure: bool
    created_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)


class SeriesRow(SQLModel, table=True):
    """A recurring post: its rule in local time, and what each occurrence says."""

    __tablename__ = "series"
    __table_args__ = (
        UniqueConstraint("workspace", "key", name="one_series_per_key"),
        _index_where("series_wake", "wake_at", where="wake_at IS NOT NULL"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace: str = Field(sa_type=Text)
    key: str | None = Field(default=None, sa_type=Text)
    rule: str = Field(sa_type=Text)
    zone: str = Field(sa_type=Text)
    template: dict[str, Any] = Field(sa_type=Document)
    #: its occurrences up to here are made
    made_until: datetime = Field(sa_type=Instant)
    #: when tick makes the next ones; none: it has ended
    wake_at: datetime | None = Field(default=None, sa_type=Instant)
    #: goes up with every change, so that of two writers one is refused
    fence: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    #: how many of them became posts
    made: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    #: and how many did not, because nothing ran in time: until people have been told
    left_out: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    created_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)


class PauseRow(SQLModel, table=True):
    """What a person holds back: everything, an account, a campaign or a batch."""

    __tablename__ = "pause"

    workspace: str = Field(primary_key=True, sa_type=Text)
    scope: Scope = Field(primary_key=True, sa_type=word(Scope, "pause_scope"))
    #: which one; empty for all
    name: str = Field(primary_key=True, sa_type=Text)
    since: datetime = Field(sa_type=Instant)
    by: str = Field(sa_type=Text)
    why: str | None = Field(default=None, sa_type=Text)


class MediaRow(SQLModel, table=True):
    """One file of the library, known by its checksum."""

    __tablename__ = "media"

    sha256: str = Field(primary_key=True, sa_type=Text)
    size: int = Field(sa_type=BigInteger)
    kind: Kind = Field(sa_type=word(Kind, "media_kind"))
    mime: str = Field(sa_type=Text)
    width: int | None = None
    height: int | None = None
    duration: timedelta | None = Field(default=None, sa_type=Seconds)
    codec: str | None = Field(default=None, sa_type=Text)
    fps: float | None = None
    frames: int | None = None
    pages: int | None = None
    location: str = Field(sa_type=Text)


class AttachmentRow(SQLModel, table=True):
    """A file as one post uses it."""

    __tablename__ = "attachment"

    post_id: int = Field(primary_key=True, foreign_key="post.id")
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sha256: str = Field(sa_type=Text, foreign_key="media.sha256", index=True)
    name: str = Field(sa_type=Text)
    alt: str = Field(sa_type=Text)


class DeliveryRow(SQLModel, table=True):
    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("post_id", "account", name="one_delivery_per_account"),
        UniqueConstraint("post_id", "number", name="one_delivery_per_number"),
        # One remote post proves at most one delivery.
        _unique_where(
            "one_delivery_per_receipt",
            "workspace",
            "account",
            "remote_id",
            where="remote_id IS NOT NULL",
        ),
        # The due question of each phase: only its own states, and of them only those it is time for.
        _index_where("delivery_wake", "state", "wake_at", where="wake_at IS NOT NULL"),
        # Empty while all is well. Its columns are constant: they make SQLite choose it.
        _index_where("delivery_untold", "told_at", "wake_at", where=UNTOLD),
        _index_where("delivery_measure", "measure_at", where="measure_at IS NOT NULL"),
        _index_where("delivery_after", "after_id", where="after_id IS NOT NULL"),
        # What one account says when: for its gaps and caps, and its page of the calendar.
        Index("delivery_account_due", "account", "due_at"),
        Index("delivery_state_due", "state", "due_at", "workspace"),
        Index("delivery_order", text("coalesce(due_at, created_at)"), "id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    workspace: str = Field(sa_type=Text)
    post_id: int = Field(foreign_key="post.id")
    number: int
    account: str = Field(sa_type=Text)
    platform: str = Field(sa_type=Text)
    state: State = Field(sa_type=word(State, "delivery_state"))
    text: str | None = Field(default=None, sa_type=Text)
    options: dict[str, str] = Field(sa_type=Document)
    wanted_at: datetime | None = Field(default=None, sa_type=Instant)
    due_at: datetime | None = Field(default=None, sa_type=Instant)
    reason: str = Field(sa_type=Text)
    wake_at: datetime | None = Field(default=None, sa_type=Instant)
    not_before: datetime | None = Field(default=None, sa_type=Instant)
    grace_from: datetime | None = Field(default=None, sa_type=Instant)
    key: str = Field(sa_type=Text)
    revision: int
    ticket: Ticket = Field(sa_type=TicketDocument)
    ready_at: datetime | None = Field(default=None, sa_type=Instant)
    tries: int
    error_code: str | None = Field(default=None, sa_type=Text)
    error: str | None = Field(default=None, sa_type=Text)
    last_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    #: when to ask next how it does; none: not live, or for too long
    measure_at: datetime | None = Field(default=None, sa_type=Instant)
    seen_at: datetime | None = Field(default=None, sa_type=Instant)
    #: when a run lived to say how it ended; none yet: the next one says it
    told_at: datetime | None = Field(default=None, sa_type=Instant)
    remote_id: str | None = Field(default=None, sa_type=Text)
    url: str | None = Field(default=None, sa_type=Text)
    #: the delivery it follows, and how; the first of its thread, and whether another follows it
    after_id: int | None = None
    follows: Follow | None = Field(
        default=None, sa_type=word(Follow, "delivery_follow", checked=False)
    )
    gap: timedelta | None = Field(default=None, sa_type=Seconds)
    root_id: int | None = None
    followed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    #: of what is due at once, the highest goes first
    priority: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    owner: str | None = Field(default=None, sa_type=Text)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    fence: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


class TallyRow(SQLModel, table=True):
    """How many deliveries stand in a state; triggers of the database count, and nobody else."""

    __tablename__ = "tally"

    workspace: str = Field(primary_key=True, sa_type=Text)
    state: str = Field(primary_key=True, sa_type=Text)
    #: who writes at the same time counts in another one; only the sum means something
    place: int = Field(
        primary_key=True, sa_type=SmallInteger, sa_column_kwargs={"autoincrement": False}
    )
    count: int = Field(sa_type=BigInteger)


class AttemptRow(SQLModel, table=True):
    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("delivery_id", "number", name="one_attempt_per_number"),
        # While one attempt may be live, the database refuses a second.
        _unique_where("one_live_attempt", "delivery_id", where=LIVE),
    )

    id: int | None = Field(default=None, primary_key=True)
    delivery_id: int = Field(foreign_key="delivery.id")
    number: int
    run: str = Field(sa_type=Text)
    host: str = Field(sa_type=Text)
    boot: str = Field(sa_type=Text)
    pid: int
    started: str = Field(sa_type=Text)
    intended_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: Outcome = Field(sa_type=word(Outcome, "attempt_outcome"))
    code: str | None = Field(default=None, sa_type=Text)
    message: str | None = Field(default=None, sa_type=Text)


class EventRow(SQLModel, table=True):
    """One row of the ledger; only ever added."""

    __tablename__ = "event"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=Instant)
    kind: str = Field(sa_type=Text)
    post_id: int = Field(foreign_key="post.id", index=True)
    delivery_id: int | None = Field(default=None, foreign_key="delivery.id")
    before: str | None = Field(default=None, sa_type=Text)
    after: str | None = Field(default=None, sa_type=Text)
    run: str | None = Field(default=None, sa_type=Text)
    actor: str = Field(sa_type=Text)
    detail: dict[str, Any] = Field(sa_type=Document)


class MeasureRow(SQLModel, table=True):
    """How a post did on one day."""

    __tablename__ = "measure"

    delivery_id: int = Field(primary_key=True, foreign_key="delivery.id")
    day: date = Field(primary_key=True, sa_type=Date)
    numbers: dict[str, int] = Field(sa_type=Document)
    taken_at: datetime = Field(sa_type=Instant)


class AccountStateRow(SQLModel, table=True):
    """What runs have learnt about an account."""

    __tablename__ = "account_state"

    workspace: str = Field(primary_key=True, sa_type=Text)
    account: str = Field(primary_key=True, sa_type=Text)
    remote_id: str | None = Field(default=None, sa_type=Text)
    remote_name: str | None = Field(default=None, sa_type=Text)
    checked_at: datetime | None = Field(default=None, sa_type=Instant)
    blocked_until: datetime | None = Field(default=None, sa_type=Instant)
    block_code: str | None = Field(default=None, sa_type=Text)
    block_why: str | None = Field(default=None, sa_type=Text)
    session: bytes | None = Field(default=None, sa_type=LargeBinary)
    session_expires_at: datetime | None = Field(default=None, sa_type=Instant)
    session_renew_at: datetime | None = Field(default=None, sa_type=Instant)
    session_dies_at: datetime | None = Field(default=None, sa_type=Instant)
    allowance_left: int | None = None
    allowance_answers: int | None = None
    allowance_at: datetime | None = Field(default=None, sa_type=Instant)
    allowance_resets_at: datetime | None = Field(default=None, sa_type=Instant)
    #: goes up whenever a time of it is given, so that two who plan at once do not give the same
    plans: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    #: a run renews the session; nobody else may until then
    renewing_until: datetime | None = Field(default=None, sa_type=Instant)


class HeartbeatRow(SQLModel, table=True):
    """The last sign of life of each phase on each host."""

    __tablename__ = "heartbeat"

    host: str = Field(primary_key=True, sa_type=Text)
    phase: str = Field(primary_key=True, sa_type=Text)
    run: str = Field(sa_type=Text)
    #: which start of the machine: two at once under one host id are a copied installation
    boot: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    at: datetime = Field(sa_type=Instant)
    found: int
    done: int
    failed: int


class BreakerRow(SQLModel, table=True):
    """Recent troubles of one account or platform, and until when it is left alone."""

    __tablename__ = "breaker"

    workspace: str = Field(primary_key=True, sa_type=Text)
    scope: str = Field(primary_key=True, sa_type=Text)
    troubles: list[str] = Field(sa_type=Document)
    openings: int
    open_until: datetime | None = Field(default=None, sa_type=Instant)
    why: str | None = Field(default=None, sa_type=Text)


def _table(model: type[SQLModel]) -> Table:
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


metadata = SQLModel.metadata

meta = _table(MetaRow)
post = _table(PostRow)
batch = _table(BatchRow)
series = _table(SeriesRow)
pause = _table(PauseRow)
media = _table(MediaRow)
attachment = _table(AttachmentRow)
delivery = _table(DeliveryRow)
tally = _table(TallyRow)
attempt = _table(AttemptRow)
event = _table(EventRow)
measure = _table(MeasureRow)
account_state = _table(AccountStateRow)
heartbeat = _table(HeartbeatRow)
breaker = _table(BreakerRow)


def columns_of(table: Table, value: type[Any]) -> list[Column[Any]]:
    """Return the columns a frozen value is made of, in the order of its fields."""
    return [table.c[name] for name in value.__dataclass_fields__]

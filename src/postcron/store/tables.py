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
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlmodel import Field, SQLModel

from postcron.model import BINDING, Kind, Outcome, PostType, Ticket
from postcron.states import State
from postcron.store.columns import Document, Instant, Seconds, TicketDocument, word
from postcron.store.peek import UNTOLD

#: an attempt that may be live; an index helps only a question that repeats these very words
LIVE = f"outcome IN ({', '.join(repr(str(outcome)) for outcome in sorted(BINDING))})"


def _unique_where(name: str, *columns: str, where: str) -> Index:
    return Index(
        name, *columns, unique=True, sqlite_where=text(where), postgresql_where=text(where)
    )


class MetaRow(SQLModel, table=True):
    """Facts about the store itself, such as the uuid it was born with."""

    __tablename__ = "meta"

    name: str = Field(primary_key=True, sa_type=Text)
    value: str = Field(sa_type=Text)


class PostRow(SQLModel, table=True):
    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("workspace", "key", name="one_post_per_key"),
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
        Index(
            "delivery_wake",
            "state",
            "wake_at",
            sqlite_where=text("wake_at IS NOT NULL"),
            postgresql_where=text("wake_at IS NOT NULL"),
        ),
        # Empty while all is well. Its columns are constant: they make SQLite choose it.
        Index(
            "delivery_untold",
            "told_at",
            "wake_at",
            sqlite_where=text(UNTOLD),
            postgresql_where=text(UNTOLD),
        ),
        Index(
            "delivery_measure",
            "measure_at",
            sqlite_where=text("measure_at IS NOT NULL"),
            postgresql_where=text("measure_at IS NOT NULL"),
        ),
        Index(
            "delivery_after",
            "after_id",
            sqlite_where=text("after_id IS NOT NULL"),
            postgresql_where=text("after_id IS NOT NULL"),
        ),
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
    #: the delivery it follows, the first of its thread, and whether another follows it
    after_id: int | None = None
    root_id: int | None = None
    followed: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    owner: str | None = Field(default=None, sa_type=Text)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    fence: int
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)


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
    paused: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    blocked_until: datetime | None = Field(default=None, sa_type=Instant)
    block_code: str | None = Field(default=None, sa_type=Text)
    block_why: str | None = Field(default=None, sa_type=Text)
    session: bytes | None = Field(default=None, sa_type=LargeBinary)
    session_expires_at: datetime | None = Field(default=None, sa_type=Instant)
    session_renew_at: datetime | None = Field(default=None, sa_type=Instant)
    session_dies_at: datetime | None = Field(default=None, sa_type=Instant)
    allowance_left: int | None = None
    allowance_at: datetime | None = Field(default=None, sa_type=Instant)
    allowance_resets_at: datetime | None = Field(default=None, sa_type=Instant)
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
media = _table(MediaRow)
attachment = _table(AttachmentRow)
delivery = _table(DeliveryRow)
attempt = _table(AttemptRow)
event = _table(EventRow)
measure = _table(MeasureRow)
account_state = _table(AccountStateRow)
heartbeat = _table(HeartbeatRow)
breaker = _table(BreakerRow)


def columns_of(table: Table, value: type[Any]) -> list[Column[Any]]:
    """Return the columns a frozen value is made of, in the order of its fields."""
    return [table.c[name] for name in value.__dataclass_fields__]

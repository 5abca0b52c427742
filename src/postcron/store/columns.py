"""How values lie in the database: readable in plain SQL, the same words on both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, ColumnElement, Dialect, Enum, Float, Text, literal
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from postcron.model import Ticket
from postcron.store.peek import written

#: a JSON document
Document = JSON().with_variant(JSONB(), "postgresql")


def aware(moment: datetime) -> datetime:
    """Return a moment; raises `ValueError` for one that may be any of twenty-four."""
    if moment.tzinfo is None:
        message = f"{moment} has no time zone: a moment without one is never stored."
        raise ValueError(message)
    return moment


class Instant(TypeDecorator[datetime]):
    """A moment, always in UTC: `2026-11-21T10:00:00.000000Z` in SQLite, timestamptz in PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        instant = aware(value).astimezone(UTC)
        return instant if dialect.name == "postgresql" else written(instant)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "postgresql":
            return value.astimezone(UTC)  # type: ignore[no-any-return]
        return datetime.fromisoformat(value)


class Seconds(TypeDecorator[timedelta]):
    """A duration in seconds."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> float | None:
        return None if value is None else value.total_seconds()

    def process_result_value(self, value: float | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(seconds=value)


class TicketDocument(TypeDecorator[Ticket]):
    """A ticket as one JSON document."""

    impl = Document
    cache_ok = True

    def process_bind_param(self, value: Ticket | None, dialect: Dialect) -> dict[str, Any]:
        return ticket_document(value or Ticket())

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Ticket:
        if not value:
            return Ticket()
        wait = value["check_after"]
        return Ticket(
            value["data"], value["ready"], None if wait is None else timedelta(seconds=wait)
        )


def ticket_document(ticket: Ticket) -> dict[str, Any]:
    wait = ticket.check_after
    return {
        "data": dict(ticket.data),
        "ready": ticket.ready,
        "check_after": None if wait is None else wait.total_seconds(),
    }


def word(closed_set: type[StrEnum], name: str, *, checked: bool = True) -> Enum:
    """Return a text column that holds only these words: the database refuses any other.

    Not `checked` where it came to a table later: SQLite cannot add the check to one that is there.
    """
    return Enum(
        closed_set,
        name=name,
        native_enum=False,
        create_constraint=checked,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Later(FunctionElement[datetime]):
    """The later of two moments, plus so many seconds, worked out row by row."""

    inherit_cache = True
    type = Instant()


@compiles(Later, "postgresql")
def _in_postgres(later: Later, compiler: Any, **how: Any) -> str:
    one, other, more = (compiler.process(clause, **how) for clause in later.clauses)
    return f"greatest({one}, {other}) + make_interval(secs => {more})"


@compiles(Later, "sqlite")
def _in_sqlite(later: Later, compiler: Any, **how: Any) -> str:
    one, other, more = (compiler.process(clause, **how) for clause in later.clauses)
    # strftime gives milliseconds; the text has a fixed width of six digits.
    return (
        f"strftime('%Y-%m-%dT%H:%M:%f', max({one}, {other}), printf('%+.3f seconds', {more}))"
        " || '000Z'"
    )


class SecondsBetween(FunctionElement[float]):
    """The seconds from one moment to another, to the millisecond."""

    inherit_cache = True
    type = Float()


@compiles(SecondsBetween, "postgresql")
def _seconds_in_postgres(span: SecondsBetween, compiler: Any, **how: Any) -> str:
    start, end = (compiler.process(moment, **how) for moment in span.clauses)
    return f"round(extract(epoch FROM {end} - {start}), 3)::float"


@compiles(SecondsBetween, "sqlite")
def _seconds_in_sqlite(span: SecondsBetween, compiler: Any, **how: Any) -> str:
    start, end = (compiler.process(moment, **how) for moment in span.clauses)
    return f"round((julianday({end}) - julianday({start})) * 86400, 3)"


class Holds(ColumnElement[bool]):
    """Whether a text is one of a JSON list's."""

    inherit_cache = False
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], text: str) -> None:
        self.column, self.text = column, literal(text, Text())


@compiles(Holds, "postgresql")
def _held_in_postgres(holds: Holds, compiler: Any, **how: Any) -> str:
    column, text = compiler.process(holds.column, **how), compiler.process(holds.text, **how)
    return f"jsonb_exists({column}, {text})"


@compiles(Holds, "sqlite")
def _held_in_sqlite(holds: Holds, compiler: Any, **how: Any) -> str:
    column, text = compiler.process(holds.column, **how), compiler.process(holds.text, **how)
    return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value = {text})"  # noqa: S608 - compiled

"""Many rows at once, by the quickest way that every connection to a database may go."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain, repeat
from typing import Any, Final

from sqlalchemy import Connection, Table, text

from postcron.model import Ticket
from postcron.store.columns import aware, ticket_document

Process = Callable[[Any], Any]

#: rows in one statement of SQLite: each that fires the tally keeps the pages it changes, to undo it
TOGETHER: Final = 20


def insert_rows(transaction: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns."""
    if not rows:
        return
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    # Most of them are for a few posts only.
    used = {name: some for name, some in columns.items() if any(each is not None for each in some)}
    if transaction.dialect.name == "postgresql":
        _as_document(transaction, table, used)
    else:
        _as_tuples(transaction, table, used)


def _as_tuples(transaction: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Go around what SQLAlchemy does for each value of each row: it takes as long as the rows."""
    dialect = transaction.dialect
    types = [table.c[name].type.dialect_impl(dialect) for name in columns]
    written = [
        _written(some, type.bind_processor(dialect))
        for type, some in zip(types, columns.values(), strict=True)
    ]
    marks = f"({', '.join('?' * len(columns))})"
    adding = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES "  # noqa: S608 - our own names
    rows = list(zip(*written, strict=True))
    whole = len(rows) - len(rows) % TOGETHER
    if whole:
        together = adding + ", ".join([marks] * TOGETHER)
        parts = (rows[at : at + TOGETHER] for at in range(0, whole, TOGETHER))
        transaction.exec_driver_sql(together, [tuple(chain.from_iterable(p)) for p in parts])
    if whole < len(rows):
        transaction.exec_driver_sql(adding + marks, rows[whole:])


def _written(values: Sequence[Any], process: Process | None) -> Iterable[Any]:
    if process is None:
        return values
    first = values[0]
    if all(value is first for value in values):
        return repeat(process(first), len(values))
    return map(process, values)


def _as_document(
    transaction: Connection, table: Table, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Send one statement.

    A pooler between us allows none that is prepared, and unprepared each row takes three times as long.
    Each statement also has a price: it fires the tally. COPY is refused where rows are guarded one by one.
    """
    listed = ", ".join(columns)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    adding = (
        f"INSERT INTO {table.name} ({listed}) "  # noqa: S608 - our own names
        f"SELECT {listed} FROM jsonb_populate_recordset(NULL::{table.name}, CAST(:rows AS jsonb))"
    )
    transaction.execute(text(adding), {"rows": _document(rows)})


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return aware(value).isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Ticket):
        return ticket_document(value)
    message = f"{type(value).__name__} is nothing that JSON knows"
    raise TypeError(message)


_document = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain).encode

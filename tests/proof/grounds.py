"""Where the stores of stories come from: a copied file, or the one database of a server, emptied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from postcron.store import migrate, open_store
from postcron.store.database import Database
from postcron.store.tables import meta, metadata
from tests import postgres
from tests.operations.stage import Stage

#: when every story begins
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)

Ground = Callable[[Stage], Database]


def on_sqlite(stage: Stage) -> Database:
    return stage.house.store._database


@contextmanager
def on_postgres() -> Iterator[Ground]:
    """Start a server; each story gets its one database, emptied."""
    with postgres.running() as server:
        url = server.fresh_url()
        migrate(url)
        first = open_store(url, now=lambda: START, skew=timedelta())
        # The row of its birth stays: it is the same store.
        tables = ", ".join(table.name for table in metadata.sorted_tables if table is not meta)

        def ground(stage: Stage) -> Database:
            with first._database.engine.begin() as transaction:
                transaction.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY CASCADE")
            now, workspace = stage.clock.now, stage.house.config.workspace
            return Database(first._database.engine, first.url_shown, now, workspace)

        try:
            yield ground
        finally:
            first.close()

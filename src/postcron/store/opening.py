"""Opening a store: only one that is there, migrated, and keeps what it commits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import URL, Connection, Engine

from postcron.store import address, migrating, postgres, sqlite
from postcron.store.database import Database
from postcron.store.store import Store
from postcron.store.trouble import told_plainly


def open_store(
    url: str,
    *,
    now: Callable[[], datetime],
    skew: timedelta | None = None,
    workspace: str | None = None,
) -> Store:
    """Open a store that `migrate` made; raises `StoreUnavailable` with a sentence that says why not.

    `now` is this machine's clock. PostgreSQL has its own, which is `skew` ahead of it (None: measured
    now), so that the leases of several hosts are told by one clock. With `workspace` the store shows
    and claims only what belongs to it.
    """
    parsed = address.parse(url)
    shown = address.shown(parsed)
    with told_plainly(shown):
        if parsed.drivername == "sqlite":
            return _open_sqlite(parsed, shown, now, workspace)
        return _open_postgres(parsed, shown, now, skew, workspace)


def _open_sqlite(url: URL, shown: str, now: Callable[[], datetime], workspace: str | None) -> Store:
    path = address.path_of(url)
    engine = sqlite.engine(path, address.patience_of(url))
    with _first_connection(engine) as connection:
        migrating.require_current(connection, shown)
    return Store(Database(engine, shown, now, workspace, path))


def _open_postgres(
    url: URL, shown: str, now: Callable[[], datetime], skew: timedelta | None, workspace: str | None
) -> Store:
    engine = postgres.engine(url)
    with _first_connection(engine) as connection:
        postgres.require_primary(connection, shown)
        migrating.require_current(connection, shown)
        ahead = postgres.agreed_skew(connection, now()) if skew is None else skew
    return Store(Database(engine, shown, lambda: now() + ahead, workspace))


@contextmanager
def _first_connection(engine: Engine) -> Iterator[Connection]:
    """Give a connection to check the store by; a store that does not pass is closed again."""
    try:
        with engine.connect() as connection:
            connection.execution_options(reads=True)
            yield connection
    except BaseException:
        engine.dispose()
        raise

"""What a database says when it cannot work, as one sentence that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from postcron.errors import CannotWork, DiskFull, StoreUnavailable

_FULL = "is full: free some space. Nothing was saved."

#: SQLite's own names of trouble, by how they begin
_SQLITE = {
    "SQLITE_BUSY": "is locked by another program: try again in a moment.",
    "SQLITE_LOCKED": "is locked by another program: try again in a moment.",
    "SQLITE_READONLY": "is read-only for this user: make the file and its folder writable.",
    "SQLITE_CORRUPT": "is damaged: put back a backup of it.",
    "SQLITE_NOTADB": "is not a database, or damaged: put back a backup of it.",
    "SQLITE_CANTOPEN": "cannot be opened: look at its folder and the rights of both.",
    "SQLITE_PERM": "cannot be opened: look at its folder and the rights of both.",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error.",
    "SQLITE_AUTH": "refused the access.",
}

#: PostgreSQL's SQLSTATE, by how it begins; no state at all means the line is dead
_POSTGRES = {
    "": "cannot be reached: look whether the server runs and the address is right.",
    "08": "cannot be reached: look whether the server runs and the address is right.",
    "57P": "is going down or starting up: try again in a moment.",
    "53": "is out of connections or memory: try again in a moment.",
    "25006": "is read-only: the address must lead to the primary server.",
    "28": "refused the login: look at the user and the password.",
    "3D": "does not exist: create the database first.",
    "42501": "does not give this user enough rights.",
    "55P03": "is locked by another session: try again in a moment.",
    "40": "is too busy with other sessions: try again in a moment.",
    "57014": "took too long to answer: try again in a moment.",
    "25P03": "ended the session because it was idle for too long.",
    "58": "cannot be read or written: the server's disk reports an error.",
    "XX": "is damaged: look into the server's log.",
}


@contextmanager
def told_plainly(shown: str) -> Iterator[None]:
    """Turn trouble that a person can act on into `StoreUnavailable` or `DiskFull`; bugs pass."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, PoolTimeout) as error:
        if (plain := _plainly(error, shown)) is not None:
            raise plain from error
        raise


def _plainly(error: Exception, shown: str) -> CannotWork | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(getattr(cause, "sqlite_errorname", ""), shown)
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(f"The store {shown} is busy: no connection became free in time.")
    if isinstance(error, ProgrammingError) and error.statement is None:
        return StoreUnavailable(f"The address of the store {shown} has an option nobody knows.")
    return _from_postgres(cause, shown)


def _from_sqlite(name: str, shown: str) -> CannotWork | None:
    if name == "SQLITE_FULL":
        return DiskFull(f"The disk of the store {shown} {_FULL}")
    for begins, what in _SQLITE.items():
        if name.startswith(begins):
            return StoreUnavailable(f"The store {shown} {what}")
    return None


def _from_postgres(cause: BaseException | None, shown: str) -> CannotWork | None:
    state = getattr(cause, "sqlstate", None) or ""
    if state == "53100":
        return DiskFull(f"The disk of the store {shown} {_FULL}")
    if not state and type(cause).__name__ not in {"OperationalError", "ConnectionTimeout"}:
        return None
    if not state and "password authentication failed" in str(cause):
        state = "28"  # libpq gives no state for what goes wrong while connecting
    if not state and "does not exist" in str(cause):
        state = "3D"
    for length in (5, 3, 2, 0):
        if (
            len(state) >= length
            and (what := _POSTGRES.get(state[:length]))
            and (length or not state)
        ):
            return StoreUnavailable(f"The store {shown} {what}")
    return None


def is_passing(error: Exception) -> bool:
    """Say whether the transaction was certainly undone, and may go well when it is tried again."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) in {"40001", "40P01", "55P03"}

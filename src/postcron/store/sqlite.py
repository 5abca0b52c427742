"""SQLite as the store: one file, opened so that what was committed survives a power cut."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from postcron.errors import StoreUnavailable
from postcron.store import documents
from postcron.store.mounts import network_filesystem

# Before 3.51.3 a WAL could lose committed transactions; and with DELETE/FULL, SQLite's default, a
# power cut brings the old journal back and undoes a commit. These two pairs keep every commit.
_SAFE_WAL_SINCE = (3, 51, 3)


def engine(path: Path, patience: float) -> Engine:
    """Return an engine on an existing file; raises `StoreUnavailable` where SQLite is not safe."""
    refuse_network(path)
    made = create_engine(
        "sqlite://",
        creator=lambda: connect(path, patience),
        poolclass=QueuePool,
        hide_parameters=True,
        json_serializer=documents.dump,
    )
    born = _identity(path)

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("reads"):
            _raw(connection).execute("BEGIN")
            return
        # A file deleted under our feet would go on taking writes that nobody can ever read.
        if _identity(path) != born:
            message = f"The store sqlite:///{path} was removed or replaced while it was in use."
            raise StoreUnavailable(message)
        _begin_immediate(_raw(connection), patience)

    return made


def refuse_network(path: Path) -> None:
    """Raise `StoreUnavailable` for a file on a network: locks there do not hold."""
    if kind := network_filesystem(path):
        message = (
            f"The store sqlite:///{path} lies on a network file system ({kind}), where SQLite's "
            "locks cannot be trusted: put it on a local disk, or use PostgreSQL."
        )
        raise StoreUnavailable(message)


def connect(path: Path, patience: float) -> sqlite3.Connection:
    """Open a file that must exist, and read back that its settings are the safe ones."""
    if not path.exists():
        message = f"There is no store at sqlite:///{path}: run `postcron init`."
        raise StoreUnavailable(message)
    quoted = str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    connection = sqlite3.connect(
        f"file:{quoted}?mode=rw",
        uri=True,
        timeout=patience,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    try:
        _make_durable(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_durable(connection: sqlite3.Connection, path: Path) -> None:
    wal = sqlite3.sqlite_version_info >= _SAFE_WAL_SINCE
    journal, synchronous, level = ("wal", "FULL", 2) if wal else ("truncate", "EXTRA", 3)
    connection.execute(f"PRAGMA journal_mode = {journal}")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    found = [
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    if found != [journal, level, 1]:
        message = (
            f"The store sqlite:///{path} cannot be made safe (journal_mode={found[0]}, "
            f"synchronous={found[1]}): end other programs that use it, then try again."
        )
        raise StoreUnavailable(message)


def _begin_immediate(connection: sqlite3.Connection, patience: float) -> None:
    """Take the write lock, waiting in short random steps.

    SQLite's own waiting grows to 100 ms steps and can starve one of several writers for seconds. Here
    the steps shrink: who has just had the lock asks for it again before the others wake up.
    """
    began = time.monotonic()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                waited = time.monotonic() - began
                if not error.sqlite_errorname.startswith("SQLITE_BUSY") or waited > patience:
                    raise
                step = random.uniform(0.0005, 0.004)  # noqa: S311 - spreads writers
                time.sleep(step / (1 + 20 * min(waited, 0.5)))
            else:
                return
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 - tells the type checker
    return raw


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def create(path: Path) -> bool:
    """Make an empty file that only its owner can read; False if it is there already.

    SQLite gives its journal the rights of the file, so they have to be right from the start.
    """
    refuse_network(path)
    if path.exists():
        return False
    try:
        _make_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"The store sqlite:///{path} cannot be created: {error.strerror}."
        raise StoreUnavailable(message) from error
    os.fchmod(descriptor, 0o600)  # an odd umask may have taken too much away
    os.close(descriptor)
    return True


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)

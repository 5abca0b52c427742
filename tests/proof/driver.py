"""`python -m tests.proof.driver`: a command of cron in a process of its own, at a moment of its own.

Files, sockets, threads and syncs are real; only sleeping moves the clock instead of waiting. It
prints the deliveries it would have to name, and ends with 3 where postcron cannot work.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from datetime import datetime
from pathlib import Path

from sqlalchemy import QueuePool, create_engine
from sqlalchemy.event import listen

from postcron.config import load
from postcron.errors import CannotWork
from postcron.operations.house import House, opened
from postcron.operations.run import run
from postcron.store import Store, documents, migrate
from postcron.store.database import Database
from tests.fakes import FakeClock


def main(command: str, folder: Path, at: str) -> int:
    config = load(folder / "postcron.toml", {})
    clock = FakeClock(datetime.fromisoformat(at))
    house = House(config, environ=os.environ, state_dir=folder / "state", clock=clock)
    try:
        with opened(house):
            if command == "init":
                return _init(house)
            if mode := command.removeprefix("run").split():
                house.store = in_mode(house, *mode)
            return _run(house)
    except CannotWork as trouble:
        print(trouble.message, file=sys.stderr)
        return 3


def in_mode(house: House, journal: str, synchronous: str) -> Store:
    """Return the store with settings that postcron would not choose: for showing why."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            house.config.path.with_name("postcron.db"),
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        return connection

    theirs = house.store._database
    engine = create_engine(
        "sqlite://", creator=connect, poolclass=QueuePool, json_serializer=documents.dump
    )
    listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    theirs.engine.dispose()
    return Store(Database(engine, theirs.shown, theirs.now, theirs.workspace, theirs.file))


def _init(house: House) -> int:
    migrate(house.store_url())
    return 0


def _run(house: House) -> int:
    report = run(house)
    bad = [*report.failed, *report.late, *report.unknown, *report.skipped]
    print(*(delivery.ref for delivery in bad))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))

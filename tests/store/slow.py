"""A database that lets a test look between the last statement of a write and its commit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from postcron.store.database import Database, Passage

T = TypeVar("T")


class SlowDatabase(Database):
    """A database whose next write takes its time between its last statement and its commit."""

    def __init__(self, like: Database) -> None:
        super().__init__(like.engine, like.shown, like.now, like.workspace, like.file)
        self.written, self.commit = threading.Event(), threading.Event()

    def write(self, work: Callable[[Connection], T], passage: Passage | None = None) -> T:
        def slowly(connection: Connection) -> T:
            result = work(connection)
            self.written.set()
            assert self.commit.wait(30)
            return result

        return super().write(slowly, passage)

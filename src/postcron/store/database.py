"""One open database: its clock, and the two kinds of transaction."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError

from postcron.store.trouble import is_passing, told_plainly

T = TypeVar("T")

_TRIES = 5


class Passage(StrEnum):
    """How a transaction stands to the pauses, which nothing may be sent behind."""

    #: it rests on there being no pause, or one: none may come or go before it is committed
    FREE = "free"
    #: it begins or ends one: those that rest on it are waited for
    SHUT = "shut"


class Database:
    """An engine with a clock and a workspace (None: all of them)."""

    def __init__(
        self,
        engine: Engine,
        shown: str,
        now: Callable[[], datetime],
        workspace: str | None,
        file: Path | None = None,
    ) -> None:
        self.engine = engine
        self.shown = shown
        self.now = now
        self.workspace = workspace
        self.file = file

    @property
    def writes_for(self) -> str:
        """The workspace that stands in its rows: empty in those of the store as a whole."""
        return self.workspace or ""

    def write(self, work: Callable[[Connection], T], passage: Passage | None = None) -> T:
        """Do `work` in one durable transaction; done anew if another one was in its way.

        A clash with an index is one of those: the guards inside `work` then see what was first.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                with told_plainly(self.shown), self.engine.connect() as connection:
                    connection.execution_options(passage=passage, workspace=self.workspace)
                    with connection.begin():
                        return work(connection)
            except Exception as error:
                if attempt == _TRIES or not _worth_another_try(error):
                    raise
                time.sleep(random.uniform(0.001, 0.02) * attempt)  # noqa: S311 - spreads writers
        raise AssertionError  # pragma: no cover

    @contextmanager
    def reading(self, *, whole: bool = False) -> Iterator[Connection]:
        """Give a connection for questions, which waits for no writer and makes none wait.

        With `whole` of what all workspaces have together, whichever this one is.
        """
        workspace = None if whole else self.workspace
        with told_plainly(self.shown), self.engine.connect() as connection:
            connection.execution_options(reads=True, workspace=workspace)
            yield connection

    def own(self, table: Table) -> list[ColumnElement[bool]]:
        """Return the condition that hides what belongs to other workspaces, if this is one."""
        return own(table, self.workspace)


class Shelf:
    """What a store keeps of one kind, with the verbs for it."""

    def __init__(self, database: Database) -> None:
        self._database = database


def own(table: Table, workspace: str | None) -> list[ColumnElement[bool]]:
    """Return the condition for what belongs to a workspace; None is the whole store."""
    return [] if workspace is None else [table.c.workspace == workspace]


def require_own(transaction: Connection, *workspaces: str) -> None:
    """Refuse to write for another workspace than the one a transaction is at work for."""
    ours = whose(transaction)
    if ours is not None and set(workspaces) - {ours}:
        message = f"Nothing is saved for another workspace than {ours}."
        raise ValueError(message)


def whose(transaction: Connection) -> str | None:
    """Return the workspace a transaction is at work for."""
    workspace: str | None = transaction.get_execution_options().get("workspace")
    return workspace


def _worth_another_try(error: Exception) -> bool:
    cause = error.__cause__ if isinstance(error.__cause__, DBAPIError) else error
    return isinstance(cause, IntegrityError) or is_passing(cause)


def upsert(transaction: Connection, table: Any) -> Any:
    """Return an insert that knows ON CONFLICT, in the words of this database."""
    return upsert_in(transaction.dialect.name, table)


def upsert_in(dialect: str, table: Any) -> Any:
    return (postgresql if dialect == "postgresql" else sqlite).insert(table)

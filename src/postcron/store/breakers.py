"""The troubles of an account or a platform, kept because each run is a new process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from postcron.model import Breaker, Trouble
from postcron.rules.breaker import Change
from postcron.store.database import Database, upsert
from postcron.store.tables import breaker


def change(database: Database, scope: str, changed: Change) -> Breaker:
    """Apply a change under a lock, so that two runs count each other's troubles."""
    key = {"workspace": database.writes_for, "scope": scope}
    here = (breaker.c.workspace == key["workspace"], breaker.c.scope == scope)

    def work(transaction: Connection) -> Breaker:
        adding = upsert(transaction, breaker).values(**key, troubles=[], openings=0)
        transaction.execute(adding.on_conflict_do_nothing(index_elements=list(key)))
        columns = (breaker.c.troubles, breaker.c.openings, breaker.c.open_until, breaker.c.why)
        row = transaction.execute(select(*columns).where(*here).with_for_update()).one()
        before = Breaker(tuple(map(_trouble, row[0])), *row[1:])
        after = changed(before)
        if after != before:
            transaction.execute(update(breaker).where(*here).values(**_columns(after)))
        return after

    return database.write(work)


def _columns(one: Breaker) -> dict[str, Any]:
    return vars(one) | {"troubles": [_written(trouble) for trouble in one.troubles]}


def _written(one: Trouble) -> str:
    return f"{one.at.isoformat()} {one.delivery} {one.account}"


def _trouble(text: str) -> Trouble:
    at, delivery, account = text.split(" ", 2)
    return Trouble(datetime.fromisoformat(at), delivery, account)

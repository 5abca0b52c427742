"""Signs of life: what a run leaves for those that ask whether cron still runs, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, select

from postcron.model import Run
from postcron.store.database import Shelf, upsert_in
from postcron.store.tables import columns_of, heartbeat


@dataclass(frozen=True)
class Beat:
    """The last sign of life of one phase on one host."""

    host: str
    phase: str
    run: str
    boot: str
    at: datetime
    found: int
    done: int
    failed: int


class BeatShelf(Shelf):
    """The signs of life in a store."""

    def every(self) -> list[Beat]:
        asked = select(*columns_of(heartbeat, Beat)).order_by(heartbeat.c.host, heartbeat.c.phase)
        with self._database.reading() as connection:
            return [Beat(*row) for row in connection.execute(asked)]

    def leave(self, run: Run, *, at: datetime, found: int, done: int, failed: int) -> None:
        """Write a sign of life, durably: a run that cannot even do this must not send anything."""
        values = vars(Beat(run.host, run.phase, run.id, run.boot, at, found, done, failed))

        def work(transaction: Connection) -> None:
            transaction.execute(_leaving(transaction.dialect.name), values)

        self._database.write(work)


@cache
def _leaving(dialect: str) -> Any:
    saving = upsert_in(dialect, heartbeat)
    set_ = {name: saving.excluded[name] for name in Beat.__dataclass_fields__}
    return saving.on_conflict_do_update(index_elements=["host", "phase"], set_=set_)

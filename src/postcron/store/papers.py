"""What a store says of itself: which one it is, where it lives, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from postcron.store import postgres
from postcron.store.database import Database, upsert
from postcron.store.tables import attempt, meta

#: the rows of `meta` beside the uuid it was born with
HOME, RESTORED = "home", "restored"

_MARK: Final = select(
    select(meta.c.value).where(meta.c.name == RESTORED).scalar_subquery(),
    select(func.max(attempt.c.id)).scalar_subquery(),
)


@dataclass(frozen=True)
class Papers:
    """A store's identity; a copy has the same, but for the place it is found at."""

    uuid: str
    #: where it belongs: a host's id (SQLite), a cluster with its timeline (PostgreSQL)
    home: str | None
    #: the cluster it is found on; None: a file of this machine; empty: this user may not ask
    cluster: str | None
    #: goes up each time a person says that a backup was put back
    restored: int


def papers(database: Database) -> Papers:
    with database.reading(whole=True) as connection:
        known = {row.name: row.value for row in connection.execute(select(meta))}
        return Papers(
            uuid=known["uuid"],
            home=known.get(HOME),
            cluster=_cluster(connection),
            restored=int(known.get(RESTORED, 0)),
        )


def mark(database: Database) -> tuple[int, int]:
    """Return how far the store has come: how often a backup was put back, and its newest attempt.

    A store with a lower mark than was seen has forgotten something.
    """
    with database.reading(whole=True) as connection:
        found = connection.execute(_MARK).one()
    return int(found[0] or 0), found[1] or 0


def _cluster(connection: Connection) -> str | None:
    return postgres.cluster(connection) if connection.dialect.name == "postgresql" else None


def settle(database: Database, home: str, restored: int | None) -> None:
    """Write where the store belongs: for good, or (None) only if it belongs nowhere yet."""

    def work(transaction: Connection) -> None:
        rows = {HOME: home} if restored is None else {HOME: home, RESTORED: str(restored)}
        for name, value in rows.items():
            saving = upsert(transaction, meta).values(name=name, value=value)
            if restored is None:
                saving = saving.on_conflict_do_nothing(index_elements=["name"])
            else:
                saving = saving.on_conflict_do_update(
                    index_elements=["name"], set_={"value": value}
                )
            transaction.execute(saving)

    database.write(work)

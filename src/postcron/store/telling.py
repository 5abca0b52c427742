"""What people were told: a run may die between recording how something ended and saying so."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, bindparam, text, update

from postcron.model import Delivery
from postcron.store import reading
from postcron.store.database import Database
from postcron.store.peek import UNTOLD
from postcron.store.tables import delivery

_TELL = (
    update(delivery)
    # As it stood when it was said: what has moved since has another end to tell.
    .where(
        delivery.c.id == bindparam("said_id"),
        delivery.c.updated_at == bindparam("said_of", type_=delivery.c.updated_at.type),
    )
    .values(told_at=bindparam("said_at", type_=delivery.c.told_at.type))
)


def untold(database: Database, limit: int) -> list[Delivery]:
    # As text: a column of it would be compared with true, and that is not the index's condition.
    return reading.deliveries(database, and_(text(UNTOLD)), limit=limit)


def tell(database: Database, deliveries: Sequence[Delivery]) -> None:
    said = [
        {"said_id": one.id, "said_of": one.updated_at, "said_at": database.now()}
        for one in deliveries
    ]

    def work(transaction: Connection) -> None:
        transaction.execute(_TELL.where(*database.own(delivery)), said)

    if said:
        database.write(work)

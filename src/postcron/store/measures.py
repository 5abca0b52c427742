"""The numbers of what is live, one row for each day they were asked for, and when to ask next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, literal, null, select, update

from postcron.model import Delivery, Measure, Result
from postcron.states import State
from postcron.store import reading
from postcron.store.database import Shelf, upsert
from postcron.store.tables import columns_of, delivery, measure

_NEXT = (
    update(delivery)
    .where(delivery.c.id == bindparam("asked_id"))
    .values(measure_at=bindparam("next_at", type_=delivery.c.measure_at.type))
)


class MeasureShelf(Shelf):
    """The numbers of what is live."""

    def due(self, accounts: Collection[str], limit: int) -> list[Delivery]:
        """Return what is live in these accounts and whose time to be asked has come, oldest first."""
        where = [*_waiting(self._database.now()), delivery.c.account.in_(sorted(accounts))]
        order = (delivery.c.measure_at, delivery.c.id)
        return reading.deliveries(self._database, *where, order=order, limit=limit)

    def of(self, delivery_id: int) -> list[Measure]:
        """Return the numbers of a delivery, the oldest day first."""
        asked = select(*columns_of(measure, Measure)).join(delivery)
        asked = asked.where(measure.c.delivery_id == delivery_id, *self._database.own(delivery))
        with self._database.reading() as connection:
            return [Measure(*row) for row in connection.execute(asked.order_by(measure.c.day))]

    def results(
        self, account: str, *, since: datetime, first: timedelta, last: timedelta
    ) -> list[Result]:
        """Return how an account's posts since a moment did, as they stood last between two ages."""
        asked = (
            select(delivery.c.id, delivery.c.published_at, measure.c.taken_at, measure.c.numbers)
            .join(measure, measure.c.delivery_id == delivery.c.id)
            .where(
                delivery.c.account == account,
                delivery.c.state == State.PUBLISHED,
                # The index knows when they were due.
                delivery.c.due_at >= since,
                *self._database.own(delivery),
            )
            .order_by(delivery.c.id, measure.c.day)
        )
        with self._database.reading() as connection:
            return list(
                {
                    row.id: Result(row.published_at, row.numbers)
                    for row in connection.execute(asked)
                    if first <= row.taken_at - row.published_at <= last
                }.values()
            )

    def keep(self, taken: Sequence[Measure], next: Mapping[int, datetime | None]) -> None:
        """Keep numbers, the newest of each day, and when to ask about each delivery again."""
        moments = [{"asked_id": id, "next_at": at} for id, at in next.items()]

        def work(transaction: Connection) -> None:
            named = {one.delivery_id for one in taken} | next.keys()
            known = select(delivery.c.id).where(
                delivery.c.id.in_(named), *self._database.own(delivery)
            )
            ours = set(transaction.execute(known).scalars())
            for one in [each for each in taken if each.delivery_id in ours]:
                values: dict[str, Any] = dict(vars(one)) | {"numbers": dict(one.numbers)}
                saving = upsert(transaction, measure).values(**values)
                key = ["delivery_id", "day"]
                transaction.execute(saving.on_conflict_do_update(index_elements=key, set_=values))
            if asked := [each for each in moments if each["asked_id"] in ours]:
                transaction.execute(_NEXT, asked)

        if taken or moments:
            self._database.write(work)

    def put_off(self, account: str, until: datetime, *, ended: datetime) -> None:
        """Ask nothing of an account before a moment, and never about what was out before `ended`."""
        waiting = [*_waiting(until), delivery.c.account == account, *self._database.own(delivery)]
        again = case(
            (delivery.c.published_at < ended, null()),
            else_=literal(until, delivery.c.measure_at.type),
        )

        def work(transaction: Connection) -> None:
            transaction.execute(update(delivery).where(*waiting).values(measure_at=again))

        self._database.write(work)


def _waiting(until: datetime) -> list[ColumnElement[bool]]:
    return [
        delivery.c.measure_at.is_not(None),  # the partial index wants it said
        delivery.c.measure_at <= until,
        delivery.c.state == State.PUBLISHED,
    ]

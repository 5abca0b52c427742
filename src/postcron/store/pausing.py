"""Holding back what a person names, and letting it go again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, or_, select

from postcron.model import PAUSED, Delivery, Move, Pause, Run, Scope
from postcron.states import AHEAD, UNCERTAIN, State
from postcron.store import due, gate, plans, reading, recording, rows
from postcron.store.database import Passage, Shelf, upsert
from postcron.store.following import its_turn
from postcron.store.tables import batch, columns_of, delivery, pause, post

#: where a pause stops a delivery that nobody holds
_STOPPED = tuple(AHEAD - {State.UPLOADING})

_KEY = ("workspace", "scope", "name")
_PAUSE = columns_of(pause, Pause)


class PauseShelf(Shelf):
    """The pauses of a store."""

    def every(self) -> list[Pause]:
        """Return what is held back, the longest first."""
        asked = select(*_PAUSE).order_by(pause.c.since, pause.c.scope, pause.c.name)
        asked = asked.where(*self._database.own(pause))
        with self._database.reading() as connection:
            return [Pause(*row) for row in connection.execute(asked)]

    def over(self, ids: Collection[int]) -> dict[int, Pause]:
        """Return the pause that holds each of these deliveries back, by id: the longest one."""
        asked = select(delivery.c.id, *_PAUSE).select_from(delivery).join(pause, gate.covers())
        asked = asked.where(delivery.c.id.in_(ids), *self._database.own(delivery))
        with self._database.reading() as connection:
            found = connection.execute(asked.order_by(pause.c.since.desc())).all()
        return {row[0]: Pause(*row[1:]) for row in found}

    def waking(self, limit: int) -> list[Delivery]:
        """Return what is held back and would wake every run, because its time has come."""
        return due.find(self._database, _held_back, limit, by="id")

    def behind(self, one: Pause) -> int:
        """Return how many deliveries a pause holds back."""
        held = self._of(one.scope, one.name, delivery.c.state.in_(AHEAD))
        return reading.number(self._database, *held)

    def given_ahead(self, one: Pause) -> list[Delivery]:
        """Return what of a pause its platforms may have before its moment, which is to come."""
        given = delivery.c.state.in_(UNCERTAIN | {State.PUBLISHING})
        kept = (given, delivery.c.due_at > self._database.now())
        asked = select(*rows.DELIVERY).where(*self._of(one.scope, one.name, *kept))
        with self._database.reading() as connection:
            found = connection.execute(asked.order_by(delivery.c.due_at, delivery.c.id))
            return [rows.to_delivery(row) for row in found]

    def begin(self, new: Pause) -> tuple[Pause, list[Delivery]]:
        """Begin a pause; return it, or the one that is there, and what of it is on the wire already.

        Nothing else of it is sent once this has returned: an intent that is being written is waited
        for, and any later one finds the pause.
        """

        def work(transaction: Connection) -> tuple[Pause, list[Delivery]]:
            values = {"workspace": self._database.writes_for, **vars(new)}
            adding = upsert(transaction, pause).values(**values)
            transaction.execute(adding.on_conflict_do_nothing(index_elements=_KEY))
            here = self._is(new.scope, new.name)
            kept = transaction.execute(select(*_PAUSE).where(here)).one()
            sending = self._of(new.scope, new.name, delivery.c.state == State.PUBLISHING)
            under_way = select(*rows.DELIVERY).where(*sending).order_by(delivery.c.id)
            return Pause(*kept), [rows.to_delivery(row) for row in transaction.execute(under_way)]

        return self._database.write(work, Passage.SHUT)

    def lift(
        self,
        scope: Scope,
        name: str,
        moves: Callable[[Pause, Sequence[Delivery], Collection[int]], Sequence[Move]],
        *,
        run: Run,
    ) -> tuple[Pause, list[Delivery]] | None:
        """End a pause and make the `moves` of what has met it and no other one; None: there is none.

        They are told which of it go in the order of a batch.
        """

        def work(transaction: Connection) -> tuple[Pause, list[Delivery]] | None:
            here = self._is(scope, name)
            found = transaction.execute(select(*_PAUSE).where(here)).one_or_none()
            if found is None:
                return None
            ended = Pause(*found)
            others = exists().where(gate.covers(), ~here).correlate(delivery)
            there = self._of(scope, name, _met(ended, self._database.now()), ~others)
            free = select(_in_order(), *rows.DELIVERY).where(*there)
            free = free.order_by(delivery.c.due_at, delivery.c.id).with_for_update()
            released = [(row[0], rows.to_delivery(row[1:])) for row in transaction.execute(free)]
            transaction.execute(delete(pause).where(here))
            in_order = {one.id for ordered, one in released if ordered}
            asked_for = moves(ended, [one for _, one in released], in_order)
            plans.change_by(transaction, self._database.writes_for, asked_for, {})
            made = recording.make(transaction, asked_for, run, self._database.now())
            return ended, [one for one in made if one is not None]

        return self._database.write(work, Passage.SHUT)

    def _of(
        self, scope: Scope, name: str, *where: ColumnElement[bool]
    ) -> list[ColumnElement[bool]]:
        held = select(pause.c.scope).where(self._is(scope, name), gate.covers())
        return [*where, *self._database.own(delivery), held.correlate(delivery).exists()]

    def _is(self, scope: Scope, name: str) -> ColumnElement[bool]:
        workspace = self._database.writes_for
        return (pause.c.workspace == workspace) & (pause.c.scope == scope) & (pause.c.name == name)


def _held_back() -> ColumnElement[bool]:
    woken = due.woken(*_STOPPED, State.LATE)
    return and_(woken, delivery.c.owner.is_(None), gate.paused())


def _in_order() -> ColumnElement[bool]:
    together = select(post.c.id).join(batch, batch.c.id == post.c.batch_id)
    return together.where(post.c.id == delivery.c.post_id, batch.c.in_order).exists()


def _met(ended: Pause, now: datetime) -> ColumnElement[bool]:
    """What has waited or become late, or would have as soon as a run had looked."""
    due = and_(
        delivery.c.state.in_(_STOPPED),
        delivery.c.due_at > ended.since,
        delivery.c.due_at <= now,
        its_turn(),
    )
    # What was withdrawn or rejected while it waited keeps the reason, and goes nowhere.
    held = and_(delivery.c.state.in_((*_STOPPED, State.LATE)), delivery.c.error_code == PAUSED)
    return and_(delivery.c.owner.is_(None), or_(held, due))

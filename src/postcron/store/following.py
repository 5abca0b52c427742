"""What waits for another delivery: let go once that is live, withdrawn with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from postcron.model import Delivery, Move
from postcron.rules.backoff import BETWEEN_PARTS
from postcron.states import State, Step
from postcron.store import rows
from postcron.store.tables import delivery

#: a follower in none of these may be out already; in the others it is withdrawn with what it follows
WITHDRAWN: Final = (
    *(State.DRAFT, State.SCHEDULED, State.READY, State.QUEUED, State.FAILED, State.LATE),
)

_before = delivery.alias("before")


def its_turn() -> ColumnElement[bool]:
    """Return what holds for a delivery that follows none, or one that is live."""
    return or_(delivery.c.after_id.is_(None), _follows(State.PUBLISHED))


def without_place() -> ColumnElement[bool]:
    """Return what holds for a delivery that follows one which was withdrawn."""
    return _follows(State.CANCELLED)


def _follows(state: State) -> ColumnElement[bool]:
    return exists().where(_before.c.id == delivery.c.after_id, _before.c.state == state)


def moves(transaction: Connection, made: Iterable[Delivery], now: datetime) -> list[Move]:
    """Return the steps of what followed the deliveries that have just come to an end."""
    ended = {
        one.id: one
        for one in made
        if one.followed and one.state in {State.PUBLISHED, State.CANCELLED}
    }
    if not ended:
        return []
    # Locked: an edit that is being written must not come between this reading and the step.
    asked = select(*rows.DELIVERY).where(delivery.c.after_id.in_(ended)).with_for_update()
    followers = [rows.to_delivery(row) for row in transaction.execute(asked)]
    return [move for one in followers for move in _next(ended[one.after_id or 0], one, now)]


def _next(before: Delivery, one: Delivery, now: datetime) -> Iterator[Move]:
    if before.state is State.CANCELLED:
        if one.state in WITHDRAWN and one.owner is None:
            why = {"why": f"{before.ref}, which it follows, was withdrawn"}
            yield Move(one, Step.CANCELLED, wake_at=None, detail=why)
    elif one.state is State.SCHEDULED and one.wake_at is None:  # a draft waits for a person
        yield _let_go(before, one, now)


def _let_go(before: Delivery, one: Delivery, now: datetime) -> Move:
    soonest = now + BETWEEN_PARTS
    due = max(one.due_at or soonest, soonest)
    changes = {"due_at": due, "grace_from": due}
    why = {"why": f"{before.ref} is live"}
    return Move(one, Step.RESCHEDULED, wake_at=due, set=changes, detail=why)

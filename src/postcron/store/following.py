"""What waits for another delivery: let go once that is live, withdrawn with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from postcron.model import Delivery, Move
from postcron.rules.backoff import BETWEEN_PARTS
from postcron.states import State, Step
from postcron.store import rows
from postcron.store.tables import delivery

#: a follower that is withdrawn with what it follows
OPEN: Final = (State.DRAFT, State.SCHEDULED)

_before = delivery.alias("before")


def its_turn() -> ColumnElement[bool]:
    """Return what holds for a delivery that follows none, or one that is live."""
    live = exists().where(_before.c.id == delivery.c.after_id, _before.c.state == State.PUBLISHED)
    return or_(delivery.c.after_id.is_(None), live)


def moves(transaction: Connection, made: Iterable[Delivery], now: datetime) -> list[Move]:
    """Return the steps of what followed the deliveries that have just come to an end."""
    ended = {
        one.id: one
        for one in made
        if one.followed and one.state in {State.PUBLISHED, State.CANCELLED}
    }
    if not ended:
        return []
    asked = select(*rows.DELIVERY).where(
        delivery.c.after_id.in_(ended), delivery.c.state.in_(OPEN), delivery.c.wake_at.is_(None)
    )
    followers = [rows.to_delivery(row) for row in transaction.execute(asked)]
    return [_next(ended[one.after_id], one, now) for one in followers if one.after_id is not None]


def _next(before: Delivery, one: Delivery, now: datetime) -> Move:
    if before.state is State.CANCELLED:
        why = {"why": f"{before.ref}, which it follows, was withdrawn"}
        return Move(one, Step.CANCELLED, wake_at=None, detail=why)
    soonest = now + BETWEEN_PARTS
    due = max(one.due_at or soonest, soonest)
    changes = {"due_at": due, "grace_from": due}
    why = {"why": f"{before.ref} is live"}
    return Move(one, Step.RESCHEDULED, wake_at=due, set=changes, detail=why)

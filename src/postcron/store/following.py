"""What waits for another delivery: let go once that one allows it, taken back or withdrawn with it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Final

from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, or_, select

from postcron.model import PAUSED, Delivery, Follow, Move
from postcron.rules.sequence import WAITING, let_go, lets_go, move_up, take_back
from postcron.states import State, Step
from postcron.store import rows
from postcron.store.tables import delivery

#: a part of a thread in none of these may be out already; in the others it is withdrawn
WITHDRAWN: Final = WAITING | {State.DRAFT, State.FAILED, State.LATE}

_before = delivery.alias("before")


@cache
def its_turn() -> ColumnElement[bool]:
    """Return what holds for a delivery that may go: `lets_go`, in the words of the database."""
    goes_on = and_(delivery.c.follows == Follow.CONTINUE, given_up(_before))
    return or_(
        delivery.c.after_id.is_(None), _follows(or_(_before.c.state == State.PUBLISHED, goes_on))
    )


def given_up(one: FromClause) -> ColumnElement[bool]:
    """Return what holds for a delivery that does not go out unless a person says so."""
    ended = (
        one.c.state.in_((State.FAILED, State.LATE)),
        one.c.wake_at.is_(None),
        one.c.error_code.is_distinct_from(PAUSED),
    )
    return or_(one.c.state == State.CANCELLED, and_(*ended))


@cache
def without_place() -> ColumnElement[bool]:
    """Return what holds for a part of a thread whose part before it was withdrawn."""
    withdrawn = _follows(_before.c.state == State.CANCELLED)
    return and_(delivery.c.follows == Follow.ANSWER, withdrawn)


def _follows(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_before.c.id == delivery.c.after_id, condition)


def moves(
    transaction: Connection, made: Iterable[tuple[Delivery, Delivery]], now: datetime
) -> list[Move]:
    """Return the steps of what follows the deliveries that have just moved, from what to what."""
    turned = {new.id: (old, new) for old, new in made if new.followed and _turned(old, new)}
    if not turned:
        return []
    # Locked: an edit that is being written must not come between this reading and the step.
    found = _read(transaction, delivery.c.after_id.in_(turned))
    steps = [_next(transaction, *turned[one.after_id or 0], one, now) for one in found]
    return [move for move in steps if move is not None]


def _turned(old: Delivery, new: Delivery) -> bool:
    return lets_go(old) != lets_go(new) or new.state is State.CANCELLED


def _read(transaction: Connection, *where: ColumnElement[bool]) -> list[Delivery]:
    asked = select(*rows.DELIVERY).where(*where).with_for_update()
    return [rows.to_delivery(row) for row in transaction.execute(asked)]


def _next(
    transaction: Connection, old: Delivery, before: Delivery, one: Delivery, now: datetime
) -> Move | None:
    if one.owner is not None:
        return None  # it was claimed when it might go
    missed = State.LATE in {old.state, before.state}
    if before.state is State.CANCELLED:
        if one.follows is Follow.ANSWER:
            return _withdrawn(before, one)
        return _move_up(transaction, before, one, now, missed=missed)
    return _turn(before, one, now, missed=missed)


def _withdrawn(before: Delivery, one: Delivery) -> Move | None:
    if one.state not in WITHDRAWN:
        return None
    why = {"why": f"{before.ref}, which it follows, was withdrawn"}
    return Move(one, Step.CANCELLED, wake_at=None, detail=why)


def _turn(before: Delivery, one: Delivery, now: datetime, *, missed: bool) -> Move | None:
    if one.state not in WAITING:
        return None  # a draft waits for a person
    if one.follows in lets_go(before):
        return let_go(before, one, now, missed=missed)
    return None if one.wake_at is None else take_back(before, one)


def _move_up(
    transaction: Connection, before: Delivery, one: Delivery, now: datetime, *, missed: bool
) -> Move | None:
    """Return the step by which one of a batch follows what a withdrawn one followed.

    Where a batch stops at one that does not go out, a person says how it goes on.
    """
    if one.follows is Follow.STOP or one.state not in WAITING | {State.DRAFT}:
        return None
    while before.state is State.CANCELLED and before.after_id is not None:
        [before] = _read(transaction, delivery.c.id == before.after_id)
    return move_up(before, one, now, missed=missed or before.state is State.LATE)

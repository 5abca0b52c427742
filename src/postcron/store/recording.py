"""The only writer of a state: one guarded update, one ledger row, one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    and_,
    bindparam,
    exists,
    func,
    insert,
    select,
    text,
    update,
)

from postcron.errors import Refused
from postcron.model import Delivery, Move, Outcome, Run
from postcron.states import State, Step, after
from postcron.store import following, gate, ledger, rows
from postcron.store.database import Database, Passage, whose
from postcron.store.tables import LIVE, attempt, delivery

#: what a move may set; the guarded columns have only the meaning `record` gives them
_FREE: Final = frozenset(column.name for column in delivery.columns) - {
    *("id", "workspace", "post_id", "number", "account", "platform", "state", "wake_at"),
    *("root_id", "followed", "owner", "lease_until", "fence", "created_at", "updated_at"),
    *("told_at", "key"),
}
#: the columns that are in a `Delivery` too
_FIELDS: Final = frozenset(Delivery.__dataclass_fields__)


@cache
def _guarded(
    *, scoped: bool, taken: bool, opening: bool, adopted: bool, gates: tuple[_Gate, ...]
) -> Update:
    """Return the update that changes a delivery only if it stands where the reader saw it."""
    statement = update(delivery).where(
        delivery.c.id == bindparam("seen_id"),
        delivery.c.state == bindparam("seen_state"),
        delivery.c.fence == bindparam("seen_fence"),
        delivery.c.owner.is_not_distinct_from(bindparam("seen_owner")),
    )
    if scoped:
        statement = statement.where(delivery.c.workspace == bindparam("of_workspace"))
    if taken:  # from another run: not if it renewed its lease since we looked
        unrenewed = delivery.c.lease_until.is_not_distinct_from(bindparam("seen_lease"))
        statement = statement.where(unrenewed)
    # The indexes `one_live_attempt` and `one_delivery_per_receipt` refuse the next two in any case;
    # asking first costs only this move, and not the others of its transaction.
    if opening:
        statement = statement.where(~exists().where(_LIVE))
    if adopted:
        statement = statement.where(~exists().where(_TWIN))
    return statement.where(*(_GATES[each] for each in gates))


@cache
def _unread(statement: Update) -> Update:
    """Return an update after which nothing need be read back: what it does not set stands as seen.

    What else changes under the same fence is the ticket, which its owner saves and hands in here, and
    that another part of a thread has come to follow this one.
    """
    return statement.where(delivery.c.followed == bindparam("seen_followed"))


_LIVE = and_(attempt.c.delivery_id == bindparam("of_delivery"), text(f"attempt.{LIVE}"))

_other = delivery.alias("other")
_TWIN = and_(
    _other.c.workspace == delivery.c.workspace,
    _other.c.account == delivery.c.account,
    _other.c.remote_id == bindparam("seen_remote"),
    _other.c.id != delivery.c.id,
)

_OPEN: Final = insert(attempt).values(
    number=select(func.coalesce(func.max(attempt.c.number), 0) + 1)
    .where(attempt.c.delivery_id == bindparam("of_delivery"))
    .scalar_subquery()
)


#: the steps that begin an attempt, and what is known of it then: of one that a restored store has
#: forgotten nothing but that it may have been
_OPENING: Final = {Step.INTENDED: Outcome.OPEN, Step.DOUBTED: Outcome.UNKNOWN}

#: what people must have said before a step
_Gate = Literal["paused", "free", "approved"]
_GATES: Final[Mapping[_Gate, ColumnElement[bool]]] = {
    "paused": gate.paused(),
    "free": ~gate.paused(),
    "approved": ~gate.unapproved(),
}
#: the steps that rest on a pause or on there being none
_ON_PAUSES: Final = frozenset({Step.INTENDED, Step.HELD})


def _gates(move: Move) -> tuple[_Gate, ...]:
    if move.step is Step.HELD:
        return ("paused",)
    if move.step is Step.INTENDED:
        return ("free", "approved")
    sets_out = after(move.delivery.state, move.step) in {State.SCHEDULED, State.QUEUED}
    return ("approved",) if sets_out and move.delivery.state in {State.DRAFT, State.LATE} else ()


def _new(name: str) -> Any:
    """Return what a closing step says about a column, or what stands there."""
    column = attempt.c[name]
    return func.coalesce(bindparam(f"new_{name}", type_=column.type), column)


_CHANGED: Final = ("outcome", "ended_at", "sent_at", "code", "message")
_CLOSE: Final = update(attempt).where(_LIVE).values({name: _new(name) for name in _CHANGED})


def record(database: Database, moves: Sequence[Move], *, run: Run) -> list[Delivery | None]:
    """Write steps in one transaction; None for each that another process was ahead of.

    Raises `Refused`, and writes nothing at all, for a step that the table of states does not allow.
    """
    for move in moves:
        after(move.delivery.state, move.step)
    passage = Passage.FREE if any(move.step in _ON_PAUSES for move in moves) else None
    if len(moves) > 1:
        with suppress(_Overtaken):
            return database.write(lambda to: _make_all(to, moves, run, database.now()), passage)
    return database.write(lambda to: make(to, moves, run, database.now()), passage)


def make(to: Connection, moves: Sequence[Move], run: Run, now: datetime) -> list[Delivery | None]:
    """Make the moves in a transaction that is already open, and those that follow from them."""
    moved = [_move(to, move, run, now) for move in moves]
    _write_down(to, moves, moved, run, now)
    return moved


def make_all(to: Connection, moves: Sequence[Move], run: Run, now: datetime) -> list[Delivery]:
    """Make every move in a transaction that is already open; raises `Refused` if one of them lost."""
    try:
        return [one for one in _make_all(to, moves, run, now) if one is not None]
    except _Overtaken:
        raise Refused(overtaken([move.delivery.ref for move in moves])) from None


def overtaken(refs: Sequence[str]) -> str:
    """Return what a person is told who was not first with these deliveries."""
    which = f"Delivery {refs[0]} has" if len(refs) == 1 else f"One of {len(refs)} deliveries has"
    return f"{which} just been changed by another run: look at it again, then repeat the change."


class _Overtaken(Exception):
    """Another process was ahead of one of several moves; a count of rows does not say of which."""


def _make_all(
    to: Connection, moves: Sequence[Move], run: Run, now: datetime
) -> list[Delivery | None]:
    """Make every move, those alike in one go; raises `_Overtaken` if that is not possible."""
    alike: dict[tuple[Update, frozenset[str]], list[dict[str, Any]]] = defaultdict(list)
    moved: list[Delivery | None] = []
    for move in moves:
        statement, guards, values = _asked(to, move, run, now)
        guards["seen_followed"] = move.delivery.followed
        alike[_unread(statement), frozenset(values)].append(guards | values)
        moved.append(_with(move.delivery, values))
    for (statement, _), parameters in alike.items():
        if to.execute(statement, parameters).rowcount != len(parameters):
            raise _Overtaken
    _write_down(to, moves, moved, run, now)
    return moved


def _with(one: Delivery, values: Mapping[str, Any]) -> Delivery:
    # Not replace(), which takes twice as long, and this is done three times for every post.
    return Delivery(**vars(one) | {name: values[name] for name in values.keys() & _FIELDS})


def _write_down(
    transaction: Connection,
    moves: Sequence[Move],
    moved: Sequence[Delivery | None],
    run: Run,
    now: datetime,
) -> None:
    """Add what else the moves leave behind: attempts, rows of the ledger, moves of what followed."""
    made = [(move, new) for move, new in zip(moves, moved, strict=True) if new is not None]
    opened = [_opened(new, move, run, now) for move, new in made if move.step in _OPENING]
    if opened:
        transaction.execute(_OPEN, opened)
    closed = [
        _closed(new, move, now)
        for move, new in made
        if move.step not in _OPENING and (move.close or move.attempt)
    ]
    if closed:
        transaction.execute(_CLOSE, closed)
    ledger.write(
        transaction,
        [
            ledger.entry(new, move.step, move.delivery.state, move.detail, run=run, at=now)
            for move, new in made
        ],
    )
    if follow := following.moves(transaction, [(move.delivery, new) for move, new in made], now):
        make(transaction, follow, run, now)


def _move(transaction: Connection, move: Move, run: Run, now: datetime) -> Delivery | None:
    statement, guards, values = _asked(transaction, move, run, now)
    returning = statement.returning(*rows.DELIVERY)
    row = transaction.execute(returning, guards | values).one_or_none()
    return None if row is None else rows.to_delivery(row)


def _asked(
    to: Connection, move: Move, run: Run, now: datetime
) -> tuple[Update, dict[str, Any], dict[str, Any]]:
    """Return the update of a move, what it must find, and what it writes."""
    seen = move.delivery
    guards: dict[str, Any] = {
        "seen_id": seen.id,
        "seen_state": seen.state,
        "seen_fence": seen.fence,
        "seen_owner": seen.owner,
    }
    workspace = whose(to)
    if workspace is not None:
        guards["of_workspace"] = workspace
    taken = seen.owner not in {None, run.id}
    if taken:
        guards["seen_lease"] = seen.lease_until
    opening = move.step in _OPENING
    if opening:
        guards["of_delivery"] = seen.id
    adopted = move.set.get("remote_id") is not None
    if adopted:
        guards["seen_remote"] = move.set["remote_id"]
    statement = _guarded(
        scoped=workspace is not None,
        taken=taken,
        opening=opening,
        adopted=adopted,
        gates=_gates(move),
    )
    return statement, guards, _values(move, run, now)


def _values(move: Move, run: Run, now: datetime) -> dict[str, Any]:
    seen = move.delivery
    if not move.set.keys() <= _FREE:
        message = f"A move may not set {', '.join(sorted(move.set.keys() - _FREE))}."
        raise ValueError(message)
    return {
        **move.set,
        "state": after(seen.state, move.step),
        "wake_at": move.wake_at,
        "owner": None if move.lease_until is None else run.id,
        "lease_until": move.lease_until,
        "fence": seen.fence + (seen.owner != run.id),
        "updated_at": now,
        # Who takes a step by hand knows of it.
        "told_at": None if run.actor == "cron" else now,
    }


def _opened(one: Delivery, move: Move, run: Run, now: datetime) -> dict[str, Any]:
    return {
        "of_delivery": one.id,
        "delivery_id": one.id,
        "run": run.id,
        "host": run.host,
        "boot": run.boot,
        "pid": run.pid,
        "started": run.started,
        "intended_at": move.attempt.get("intended_at", now),
        "outcome": _OPENING[move.step],
        "sent_at": move.attempt.get("sent_at"),
        "code": move.attempt.get("code"),
    }


def _closed(one: Delivery, move: Move, now: datetime) -> dict[str, Any]:
    return {
        "of_delivery": one.id,
        "new_outcome": move.close,
        "new_ended_at": None if move.close is None else now,
        **{f"new_{name}": move.attempt.get(name) for name in ("sent_at", "code", "message")},
    }

"""Sequences: whether the next one may go and when, by what became of the one before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from postcron.model import PAUSED, Delivery, Follow, Move
from postcron.rules.backoff import BETWEEN_PARTS
from postcron.states import State, Step

#: in these it goes out by itself, once it may
WAITING: Final = frozenset({State.SCHEDULED, State.READY, State.QUEUED})
#: what a call takes longer than planned moves nothing that comes after it
SLACK: Final = timedelta(minutes=1)
#: an idle minute looks this far ahead
HORIZON: Final = timedelta(minutes=2)

_NONE: Final[frozenset[Follow]] = frozenset()


def lets_go(before: Delivery) -> frozenset[Follow]:
    """Return which of those that follow a delivery may go out now, by how they follow it."""
    if before.state is State.PUBLISHED:
        return frozenset(Follow)
    return frozenset({Follow.CONTINUE}) if given_up(before) else _NONE


def given_up(one: Delivery) -> bool:
    """Say whether it is certain that a delivery does not go out unless a person says so.

    One whose outcome is unknown is not: it may be live. Nor is one that a pause has made late: who
    ends the pause decides.
    """
    ended = one.state in {State.FAILED, State.LATE} and one.wake_at is None
    return (ended and one.error_code != PAUSED) or one.state is State.CANCELLED


def let_go(before: Delivery, one: Delivery, now: datetime, *, missed: bool) -> Move:
    """Return the step of a delivery whose turn has come; `missed`: see `next_due`."""
    due = next_due(before, one, now, missed=missed)
    lead = HORIZON
    if one.due_at is not None and one.not_before is not None:
        lead = max(one.due_at - one.not_before, HORIZON)
    ended = "is live" if before.state is State.PUBLISHED else f"is {before.state}"
    return Move(
        one,
        Step.RESCHEDULED,
        wake_at=due - lead,
        set={"due_at": due, "grace_from": due, "not_before": None},
        detail={"why": f"{before.ref} {ended}"},
    )


def take_back(before: Delivery, one: Delivery) -> Move:
    """Return the step of a delivery that was let go, and has to wait again."""
    why = {"why": f"{before.ref} goes first"}
    kept = {"not_before": one.wake_at}
    return Move(one, Step.RESCHEDULED, wake_at=None, set=kept, detail=why)


def move_up(before: Delivery, one: Delivery, now: datetime, *, missed: bool) -> Move:
    """Return the step of a delivery that follows this one from now on.

    A withdrawn one stands for none: then it is the first.
    """
    first = before.state is State.CANCELLED
    if one.state is State.DRAFT:
        move = Move(one, Step.EDITED, wake_at=one.wake_at)
    elif first or one.follows in lets_go(before):
        move = let_go(before, one, now, missed=missed)
    else:
        move = take_back(before, one)
    return replace(move, set={**move.set, "after_id": None if first else before.id})


def go_on(chain: Mapping[int, Delivery], now: datetime) -> list[Move]:
    """Return the steps by which what stopped goes on past all that did not go out; by id."""
    return [
        move
        for one in chain.values()
        if one.follows is Follow.STOP and one.state in WAITING and one.owner is None
        if one.after_id is not None  # else it has become the first
        for move in _past(chain, one, chain[one.after_id], now)
    ]


def _past(
    chain: Mapping[int, Delivery], one: Delivery, before: Delivery, now: datetime
) -> Iterator[Move]:
    while before.state is State.CANCELLED and before.after_id is not None:
        before = chain[before.after_id]
    if before.state is State.CANCELLED:
        yield move_up(before, one, now, missed=False)
    elif given_up(before):
        passing = let_go(before, one, now, missed=False)
        changes = {"after_id": before.id, "follows": Follow.CONTINUE}
        yield replace(passing, set={**passing.set, **changes})
    elif before.id != one.after_id:
        yield move_up(before, one, now, missed=False)


def next_due(before: Delivery, one: Delivery, now: datetime, *, missed: bool) -> datetime:
    """Return when a delivery is due whose turn has come.

    Never before its own moment. If that has passed while it waited its turn it is now, and the gap to
    the one before is kept; but if that one has `missed` its moment, nothing waited for it: then the
    moment of this one counts, and its grace.
    """
    planned = one.due_at or now
    if missed:
        return planned
    if one.follows is Follow.ANSWER:
        return max(planned, now + BETWEEN_PARTS)
    if one.gap is None or before.published_at is None:
        return max(planned, now)
    soonest = before.published_at + one.gap
    return max(planned if planned > soonest - SLACK else soonest, now)

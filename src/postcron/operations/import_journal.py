"""Importing: what the emergency journal knows goes into the store before anybody has to guess."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from postcron.errors import CannotWork
from postcron.model import Attempt, Delivery, Move, Run
from postcron.operations.house import House
from postcron.operations.journal import Journal, Line
from postcron.operations.outcomes import ending
from postcron.operations.protocol import Verdict
from postcron.operations.unstored import verdict
from postcron.states import UNCERTAIN, State, Step

log = logging.getLogger(__name__)

#: what proves the end of a call that was given up for unknown in the meantime
_LATER = {
    Step.LANDED: Step.FOUND,
    Step.ACCEPTED: Step.ACCEPTED,
    Step.NOT_SENT: Step.DENIED,
    Step.REFUSED: Step.DENIED,
}


def import_journal(house: House, run: Run) -> list[Delivery]:
    """Record what this host's journal keeps, then empty it; return the deliveries that changed.

    A line counts for the very attempt it was written for, and only while the store does not know
    better: importing it twice, or after its run has stored it after all, changes nothing.
    """
    journal = Journal(house.state_dir)
    try:
        ours = [(line, found) for line in _readable(journal) if (found := _delivery(house, line))]
        moves = [move for line, found in ours for move in _moves(house, line.document, found)]
        changed = house.carry_out(moves, run=run)
        if ours:
            journal.forget([line for line, _ in ours])
    except OSError as error:
        message = f"The emergency journal {journal.path} cannot be read: {error.strerror}."
        raise CannotWork(message) from error
    return changed


def _readable(journal: Journal) -> Iterator[Line]:
    """Yield the lines this version understands; those of another stay for that one."""
    for line in journal.lines():
        try:
            verdict(line.document)
        except (KeyError, TypeError, ValueError):
            log.warning("%s has a line that this version cannot read", journal.path)
        else:
            yield line


def _delivery(house: House, line: Line) -> Delivery | None:
    """Return the delivery a line is about; None if it belongs to another store."""
    found = house.store.reload([line.document["delivery"]])
    return found[0] if found and found[0].key == line.document["key"] else None


def _moves(house: House, line: Mapping[str, Any], delivery: Delivery) -> Iterator[Move]:
    attempts = house.store.attempts(delivery.id)
    if not attempts or not _is_of(line, attempts[-1]):
        return
    kept = verdict(line)
    if delivery.state is State.PUBLISHING and delivery.fence == line["fence"]:
        yield ending(house, delivery, kept)
    elif delivery.state in UNCERTAIN:
        yield from _belated(house, delivery, kept)


def _is_of(line: Mapping[str, Any], attempt: Attempt) -> bool:
    intended_at = datetime.fromisoformat(line["intended_at"])
    return (attempt.run, attempt.intended_at) == (line["run"], intended_at)


def _belated(house: House, delivery: Delivery, kept: Verdict) -> Iterator[Move]:
    """Yield the step for a call that is being looked for: only what is proved ends that."""
    move = ending(house, delivery, kept)
    step = _LATER.get(move.step)
    if step is None or (delivery.state is State.CONFIRMING and step is not Step.FOUND):
        return
    detail = {**move.detail, "why": "The emergency journal of its host knew how the call ended."}
    yield Move(
        delivery,
        step,
        move.wake_at,
        move.set,
        close=move.close,
        attempt=move.attempt,
        detail=detail,
    )

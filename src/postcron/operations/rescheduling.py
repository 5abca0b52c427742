"""Rescheduling: the step by which a delivery gets other content or another time, and its next wake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from postcron.model import Delivery, Move
from postcron.operations.ahead import queued_at
from postcron.operations.drafting import first_wake, unapproved_until
from postcron.operations.house import House
from postcron.operations.placing import Placed, new_time
from postcron.operations.threads import waits
from postcron.states import State, Step


def rescheduled(house: House, delivery: Delivery, placed: Placed) -> Move:
    """Return the step that gives a delivery another time."""
    changes = new_time(placed)
    return changed(house, delivery, timed(house, delivery, placed), changes)


def changed(house: House, delivery: Delivery, step: Step, changes: dict[str, Any]) -> Move:
    """Return a step with what it changes; what waits its turn sleeps until that comes."""
    if step is Step.UPLOAD_EXPIRED:
        changes["ready_at"] = None
    wake = _wake(house, delivery, step, changes.get("due_at", delivery.due_at))
    if waits(house, delivery):
        changes["not_before"], wake = wake, None
    return Move(delivery, step, wake, changes, detail=_told(delivery, changes))


def timed(house: House, delivery: Delivery, placed: Placed) -> Step:
    """Return the step to another time."""
    life = house.platform_class(house.account(delivery.account)).ticket_life
    if delivery.state is State.READY and delivery.ready_at and life:
        # What phase 2 left at the platform does not last until the new moment.
        return Step.UPLOAD_EXPIRED if placed.at >= delivery.ready_at + life else Step.RESCHEDULED
    return Step.RESCHEDULED


def _wake(house: House, delivery: Delivery, step: Step, due_at: datetime | None) -> datetime | None:
    if due_at is None:
        return None
    if step is Step.SUBMITTED:
        return unapproved_until(house.account(delivery.account), due_at)
    if step is Step.EDITED and delivery.state in {State.DRAFT, State.FAILED, State.LATE}:
        return None
    if step is Step.RESCHEDULED and delivery.state is State.READY:
        return queued_at(house, delivery.account, due_at)
    return first_wake(house, house.account(delivery.account), State.SCHEDULED, due_at)


def _told(delivery: Delivery, changes: Mapping[str, Any]) -> dict[str, Any]:
    changed = [
        name
        for name in ("text", "options", "due_at")
        if name in changes and changes[name] != getattr(delivery, name)
    ]
    if not changed:
        return {}  # the post's own line says what all of its deliveries share
    if "due_at" not in changed:
        return {"changed": changed}
    before = delivery.due_at.isoformat() if delivery.due_at else None
    given = {"to": changes["due_at"].isoformat(), "why": changes["reason"]}
    return {"changed": changed, "from": before, **given}

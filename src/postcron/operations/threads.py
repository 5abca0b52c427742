"""Threads and batches: whether a delivery waits its turn, or has lost its place."""

from __future__ import annotations

from postcron.errors import Refused
from postcron.model import Delivery, Follow
from postcron.operations.house import House
from postcron.rules.sequence import lets_go
from postcron.states import State


def waits(house: House, delivery: Delivery) -> bool:
    """Say whether it is not its turn yet: then the one before lets it go."""
    before = _before(house, delivery)
    return before is not None and delivery.follows not in lets_go(before)


def require_place(house: House, delivery: Delivery) -> None:
    """Raise `Refused` for a part whose thread ended before it."""
    if delivery.follows is not Follow.ANSWER:
        return
    before = _before(house, delivery)
    if before is not None and before.state is State.CANCELLED:
        message = (
            f"{delivery.ref} follows {before.ref}, which was withdrawn: it has nothing to answer. "
            f"Schedule it as a post of its own."
        )
        raise Refused(message)


def _before(house: House, delivery: Delivery) -> Delivery | None:
    if delivery.after_id is None:
        return None
    return next(iter(house.store.reload([delivery.after_id])), None)

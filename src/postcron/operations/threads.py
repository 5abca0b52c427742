"""Threads: whether the part before one is live, still to come, or withdrawn."""

from __future__ import annotations

from postcron.errors import Refused
from postcron.model import Delivery
from postcron.operations.house import House
from postcron.states import State


def waits(house: House, delivery: Delivery) -> bool:
    """Say whether the part before this one is not live yet: then that one lets it go."""
    before = _before(house, delivery)
    return before is not None and before.state is not State.PUBLISHED


def require_place(house: House, delivery: Delivery) -> None:
    """Raise `Refused` for a part whose thread ended before it."""
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

"""Editable: whether a person may still change or withdraw a delivery, and if not, why."""

from __future__ import annotations

from typing import Final

from postcron.model import Delivery, Outcome
from postcron.operations.house import House
from postcron.states import STEPS, State, Step

EDITABLE: Final = frozenset(state for state, step in STEPS if step is Step.EDITED)


def is_open(house: House, delivery: Delivery) -> bool:
    """Say whether a person may change or withdraw a delivery: no call of it can be live.

    A call that was superseded can: its repeat is safe under the same key or handle, not under the
    one that an edit would make.
    """
    if delivery.state not in EDITABLE or delivery.owner is not None:
        return False
    attempts = house.store.attempts(delivery.id)
    return not attempts or attempts[-1].outcome is not Outcome.SUPERSEDED


def why_not(delivery: Delivery) -> str:
    """Return why a person cannot change a delivery now."""
    if delivery.state is State.UPLOADING or delivery.owner is not None:
        return f"{delivery.ref} is being worked on right now: wait a minute and try again."
    if delivery.state is State.PUBLISHED:
        return f"{delivery.ref} is published: what is out is not touched."
    if delivery.state is State.CANCELLED:
        return f"{delivery.ref} is cancelled: schedule it again instead."
    if delivery.state in EDITABLE:
        return (
            f"{delivery.ref} is about to be sent once more under its old key or handle, because its first "
            f"call may be out: wait for that, then `postcron show {delivery.ref}`."
        )
    return (
        f"{delivery.ref} is {delivery.state}: it may be out already, so it is not touched; "
        f"`postcron show {delivery.ref}` says what is safe to do."
    )

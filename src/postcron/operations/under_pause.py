"""What a pause does to a run: what it holds back waits without waking every minute."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from postcron.errors import Refused
from postcron.model import PAUSED, Delivery, Move, Pause, Run, Scope
from postcron.operations.house import House
from postcron.rules import lateness, pausing
from postcron.states import AHEAD, State, Step

#: what a pause can still hold back
WAITING = AHEAD | {State.DRAFT, State.FAILED, State.LATE}


def hold_back(house: House, run: Run, *, limit: int) -> list[Delivery]:
    """Let what is paused sleep until it is late: its time has come, and nothing can happen."""
    if not house.store.pauses.every():
        return []
    waking = house.store.pauses.waking(limit)
    why = house.store.pauses.over([one.id for one in waking])
    moves = [held(house, one, why[one.id]) for one in waking if one.id in why]
    return house.carry_out(moves, run=run)


def held(house: House, delivery: Delivery, pause: Pause) -> Move:
    """Return the step that gives a delivery back to a pause."""
    why = f"It is {told(house, pause)}."
    return Move(
        delivery,
        Step.HELD,
        wake_at=None if delivery.state is State.LATE else late_at(house, delivery),
        set={"error_code": PAUSED, "error": why},
        detail={"why": why},
    )


def now(house: House, some: Iterable[Delivery]) -> dict[int, Pause]:
    """Return what holds these back now, by id: of those that are on their way or late."""
    ids = [one.id for one in some if one.state in WAITING]
    return house.store.pauses.over(ids) if ids else {}


def notes(house: House, accounts: Collection[str], campaigns: Collection[str | None]) -> list[str]:
    """Say what holds back a post for these accounts that is about to be written down."""
    names: dict[Scope, Collection[str | None]] = {
        Scope.ALL: [""],
        Scope.ACCOUNT: accounts,
        Scope.CAMPAIGN: campaigns,
    }
    return [
        f"It waits, {told(house, one)}, until `{pausing.ending(one)}`."
        for one in house.store.pauses.every()
        if one.name in names.get(one.scope, ())
    ]


def require_none(house: House, delivery: Delivery) -> None:
    """Raise `Refused` for what would be asked for in vain."""
    if pause := house.store.pauses.over([delivery.id]).get(delivery.id):
        message = f"{delivery.ref} is {told(house, pause)}: `{pausing.ending(pause)}` first."
        raise Refused(message)


@dataclass(frozen=True)
class Barred:
    """Why people did not let a delivery go in its time."""

    code: str
    why: str


def over(house: House, some: Sequence[Delivery]) -> dict[int, Barred]:
    """Return who has held these back, by id of the delivery."""
    found = house.store.pauses.over([one.id for one in some]) if some else {}
    return {id: Barred(PAUSED, f"It was {told(house, pause)}.") for id, pause in found.items()}


def told(house: House, pause: Pause) -> str:
    """Return who paused it, since when and why."""
    return pausing.told(pause, house.config.timezone)


def late_at(house: House, delivery: Delivery) -> datetime:
    start = delivery.grace_from or delivery.due_at or house.clock.now()
    return lateness.begins(start, house.policy(delivery.account).grace)

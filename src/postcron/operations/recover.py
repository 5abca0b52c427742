"""Recovery: what dead runs held is taken back, and what they may have sent becomes unknown."""

from __future__ import annotations

from postcron.model import Delivery, Move, Outcome, Run
from postcron.operations import host
from postcron.operations.house import House
from postcron.operations.import_journal import import_journal
from postcron.operations.protocol import FIRST_LOOK
from postcron.states import State, Step

#: the code of an attempt whose sender ran on another host and may still be alive there
SENDER_UNPROVEN = "sender_unproven"


def recover(house: House, run: Run) -> list[Delivery]:
    """Take back every delivery whose lease is over; return those that changed.

    What this host's emergency journal knows comes first: it need not become unknown.
    """
    imported = import_journal(house, run)
    expired = house.store.due.expired(house.config.run.stuck_limit)
    moves = [_move(house, run, delivery) for delivery in expired]
    return imported + house.carry_out(moves, run=run)


def _move(house: House, run: Run, delivery: Delivery) -> Move:
    now = house.store.now()
    why = {"why": f"run {delivery.owner} ended without a word"}
    if delivery.state is State.UPLOADING:
        return Move(delivery, Step.UPLOAD_POSTPONED, wake_at=now, detail=why)
    if delivery.state is State.QUEUED:
        return Move(delivery, Step.RELEASED, wake_at=now, detail=why)
    attempts = house.store.attempts(delivery.id)
    dead = not attempts or host.sender_is_dead(attempts[-1], run)
    return Move(
        delivery,
        Step.LOST,
        wake_at=now + FIRST_LOOK,
        set={"error_code": "answer_lost", "error": "The run that was publishing it died."},
        close=Outcome.UNKNOWN,
        attempt={"code": None if dead else SENDER_UNPROVEN},
        detail=why | {"sender_dead": dead},
    )

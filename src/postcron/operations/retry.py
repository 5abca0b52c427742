"""Retry: give failed deliveries another chance, by themselves or because a person says so."""

from __future__ import annotations

from typing import Any

from postcron.errors import Refused
from postcron.model import Delivery, Move, Phase, Ticket
from postcron.operations.house import House
from postcron.operations.looking import DENIED
from postcron.operations.report import Report
from postcron.operations.selecting import select
from postcron.states import State, Step


def retry(house: House, *, limit: int | None = None, dry_run: bool = False) -> Report:
    """Queue again every failed delivery whose back-off has passed."""
    report = Report(Phase.RETRY, dry_run=dry_run)
    now = house.clock.now()
    found = house.store.retries(limit or house.config.run.stuck_limit)
    if dry_run:
        report.add(found, done=frozenset(State))
        return report
    run = house.run(Phase.RETRY)
    moves = [Move(delivery, Step.RETRIED, wake_at=now) for delivery in found]
    moved = [delivery for delivery in house.record(moves, run=run) if delivery is not None]
    report.add(moved, done=frozenset({State.QUEUED}))
    house.store.beat(run, at=now, found=report.found, done=len(report.done), failed=0)
    return report


def retry_now(house: House, ids: list[str], *, actor: str) -> list[Delivery]:
    """Queue failed or late deliveries at once because a person asks; raises `Refused`.

    What is already on its way is left alone: asking ten times sends once.
    """
    run = house.run(Phase.RETRY, actor=actor)
    chosen = [delivery for id in ids for delivery in select(house, id)]
    moves = [_again(house, delivery) for delivery in chosen if not _on_its_way(delivery)]
    if not moves and not any(_on_its_way(delivery) for delivery in chosen):
        return chosen
    house.record(moves, run=run)
    return house.store.reload([delivery.id for delivery in chosen])


def _on_its_way(delivery: Delivery) -> bool:
    return delivery.state in {State.QUEUED, State.PUBLISHING, State.CONFIRMING, State.PUBLISHED}


def _again(house: House, delivery: Delivery) -> Move:
    now = house.clock.now()
    consent = {"grace_from": now, "tries": 0}
    if delivery.state is State.FAILED:
        return Move(delivery, Step.RETRIED, wake_at=now, set=consent | _anew(delivery))
    if delivery.state is State.LATE:
        return Move(delivery, Step.ALLOWED, wake_at=now, set=consent)
    message = f"{delivery.ref} is {delivery.state}: only what failed or is late can be retried."
    raise Refused(message)


def _anew(delivery: Delivery) -> dict[str, Any]:
    # What the platform has denied stays denied; because a person asks, phase 2 makes another.
    return {"ticket": Ticket(), "ready_at": None} if delivery.error_code == DENIED else {}

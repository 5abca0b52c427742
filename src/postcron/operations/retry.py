"""Retry: give failed deliveries another chance, by themselves or because a person says so."""

from __future__ import annotations

from postcron.errors import Refused
from postcron.model import UNAPPROVED, Delivery, Move, Phase, Run
from postcron.operations import quotas, under_pause
from postcron.operations.accounts import unusable
from postcron.operations.house import House
from postcron.operations.preflight import preflight, sign_off
from postcron.operations.report import Report
from postcron.operations.selecting import post_of, select_all
from postcron.operations.threads import require_place
from postcron.operations.tick import is_late
from postcron.states import State, Step


def retry(house: House, *, limit: int | None = None, dry_run: bool = False) -> Report:
    """Queue again every failed delivery whose back-off has passed."""
    report = Report(Phase.RETRY, dry_run=dry_run)
    now = house.clock.now()
    limit = limit or house.config.run.stuck_limit
    if dry_run:
        report.add(house.store.due.retries(limit, skip=unusable(house)), done=frozenset(State))
        return report
    run = preflight(house, Phase.RETRY)
    report.add(queue_again(house, run, limit=limit), done=frozenset({State.QUEUED}))
    return sign_off(house, run, report, begun=now)


def queue_again(house: House, run: Run, *, limit: int) -> list[Delivery]:
    """Queue failed deliveries whose pause is over; return those that this run was first with."""
    held = unusable(house)
    waiting = house.store.due.retries(limit, skip=held)
    rooms = quotas.rooms(house) if waiting else {}
    # What a used up limit counts must not hide what may go.
    full = quotas.used_up(rooms)
    free = house.store.due.retries(limit, skip=held, full=full) if full else waiting
    found = quotas.fitting(house, free, rooms)
    # Left alone until their grace is over: queued, they are called late and somebody is told.
    kept = [delivery for delivery in waiting if delivery not in found]
    kept += house.store.due.retries(limit, only=held) if held else []
    found += [d for d in kept if is_late(d, house.clock.now(), house.policy(d.account))]
    moves = [Move(delivery, Step.RETRIED, wake_at=house.store.now()) for delivery in found]
    return house.carry_out(moves, run=run)


def retry_now(house: House, ids: list[str], *, actor: str) -> list[Delivery]:
    """Queue failed or late deliveries at once because a person asks; raises `Refused`.

    What is already on its way is left alone: asking ten times sends once.
    """
    run = house.run(Phase.RETRY, actor=actor)
    chosen = select_all(house, ids)
    moves = [_again(house, delivery) for delivery in chosen if not _on_its_way(delivery)]
    house.record(moves, run=run)
    return house.store.reload([delivery.id for delivery in chosen])


def _on_its_way(delivery: Delivery) -> bool:
    return delivery.state in {State.QUEUED, State.PUBLISHING, State.CONFIRMING, State.PUBLISHED}


def _again(house: House, delivery: Delivery) -> Move:
    require_place(house, delivery)
    under_pause.require_none(house, delivery)
    require_approved(house, delivery)
    now = house.clock.now()
    consent = {"grace_from": now, "tries": 0}
    if delivery.state is State.FAILED and _is_early(house, delivery):
        return Move(delivery, Step.RESCHEDULED, wake_at=now, set=consent | {"not_before": None})
    if delivery.state is State.FAILED:
        return Move(delivery, Step.RETRIED, wake_at=now, set=consent)
    if delivery.state is State.LATE:
        return Move(delivery, Step.ALLOWED, wake_at=now, set=consent)
    message = f"{delivery.ref} is {delivery.state}: only what failed or is late can be retried."
    if delivery.state is State.UNKNOWN:
        message += f" It may be out: `postcron show {delivery.ref}` says what is safe to do."
    raise Refused(message)


def require_approved(house: House, delivery: Delivery) -> None:
    """Raise `Refused` for what somebody has to approve first."""
    post = post_of(house, str(delivery.post_id))
    if post.approval in UNAPPROVED:
        message = f"Post {post.id} is {post.approval}: `postcron approve {post.id}` first."
        raise Refused(message)


def _is_early(house: House, delivery: Delivery) -> bool:
    """Say whether phase 2 still has time to do it again before anything is due."""
    horizon = house.clock.now() + house.config.run.horizon
    return delivery.due_at is not None and delivery.due_at > horizon

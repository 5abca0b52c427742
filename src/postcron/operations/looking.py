"""After the call: read the platform until it is known what became of it. Reading never doubles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from postcron.errors import PlatformError
from postcron.model import (
    Act,
    Attempt,
    Delivery,
    Filter,
    Move,
    Outcome,
    Policy,
    Post,
    Run,
    Sight,
    Sighting,
)
from postcron.operations import host
from postcron.operations.accounts import Doors
from postcron.operations.house import House
from postcron.operations.preparing import draft
from postcron.operations.protocol import grace_end, live
from postcron.operations.recover import SENDER_UNPROVEN, last_attempt
from postcron.rules import backoff
from postcron.states import State, Step

#: clocks of platforms differ from ours: look for posts made a little before the intent, too
SKEW = timedelta(minutes=5)
#: the code of a delivery that the platform took and then gave up
DENIED = "denied"
#: between the two empty listings that prove absence
BETWEEN = timedelta(seconds=60)


@dataclass(frozen=True)
class Case:
    """All that is known about a call whose end has to be found out."""

    delivery: Delivery
    attempt: Attempt
    act: Act
    settle: timedelta
    policy: Policy
    #: True: it cannot send any more; None: only its own host could tell
    sender_dead: bool | None
    #: earlier looks at this call: when, and what they showed
    looks: tuple[tuple[datetime, str], ...]
    #: attempts of this delivery that were already proved absent
    proved: int
    now: datetime

    @property
    def settled_at(self) -> datetime:
        """When a look is worth believing: what was still on its way has arrived or died."""
        return (self.attempt.ended_at or self.attempt.intended_at) + self.settle

    @property
    def first_look(self) -> datetime:
        """When looking began: looks are spaced, and end, by how long ago that is.

        Not counted from the call: after an outage a person is asked only once we have looked.
        """
        return self.looks[0][0] if self.looks else self.now


def look(house: House, doors: Doors, run: Run, delivery: Delivery, post: Post) -> Move:
    """Ask the platform once, and return the step that follows from what it shows."""
    case = _case(house, doors, run, delivery)
    platform = doors.reader(house.account(delivery.account))
    asked = draft(delivery, post)
    try:
        sighting = platform.look(asked, delivery.ticket, case.attempt.intended_at - SKEW)
    except PlatformError as error:
        sighting = Sighting(Sight.UNCLEAR, f"The platform could not be read: {error.message}")
    return decide(case, sighting)


def not_looked(delivery: Delivery, error: PlatformError, now: datetime) -> Move:
    """Return the step for a look that could not even be made: ask again later."""
    return Move(
        delivery,
        Step.LOOKED,
        wake_at=now + timedelta(minutes=5),
        set={"error": error.message},
        detail={"code": error.code, "why": error.message},
    )


def _case(house: House, doors: Doors, run: Run, delivery: Delivery) -> Case:
    account = house.account(delivery.account)
    platform = doors.reader(account)
    attempts = house.store.attempts(delivery.id)
    attempt = last_attempt(house, delivery)
    assert attempt is not None, "a delivery without an attempt cannot be uncertain"  # noqa: S101
    return Case(
        delivery=delivery,
        attempt=attempt,
        act=platform.act,
        settle=platform.settle,
        policy=account.policy,
        sender_dead=_sender_dead(attempt, run),
        looks=_looks(house, delivery, attempt),
        proved=sum(a.outcome is Outcome.PROVED_ABSENT for a in attempts),
        now=house.clock.now(),
    )


def _sender_dead(attempt: Attempt, run: Run) -> bool | None:
    # Who recorded the end of a call himself is not sending it any more, however alive he is.
    return host.sender_is_dead(attempt, run) if attempt.code == SENDER_UNPROVEN else True


def _looks(house: House, delivery: Delivery, attempt: Attempt) -> tuple[tuple[datetime, str], ...]:
    looked = Filter(post_id=delivery.post_id, kinds=frozenset({Step.LOOKED}))
    return tuple(
        (event.at, str(event.detail.get("sight")))
        for event in house.store.events(looked, limit=500, newest_first=False)
        if event.delivery_id == delivery.id and event.at >= attempt.intended_at
    )


def decide(case: Case, sighting: Sighting) -> Move:
    """Return the step that a sighting proves; without proof, the next look or a person."""
    decision: dict[Sight, Callable[[Case, Sighting], Move]] = {
        Sight.LIVE: _found,
        Sight.WORKING: _working,
        Sight.GONE: _denied,
        Sight.ABSENT: _absent,
        Sight.UNCLEAR: _look_again,
    }
    return decision[sighting.sight](case, sighting)


def _found(case: Case, sighting: Sighting) -> Move:
    if sighting.receipt is None:
        return _look_again(case, sighting)
    return Move(
        case.delivery,
        Step.FOUND,
        wake_at=None,
        set=live(sighting.receipt, case.now),
        close=Outcome.LANDED,
        detail=_told(sighting),
    )


def _working(case: Case, sighting: Sighting) -> Move:
    confirming = case.delivery.state is State.CONFIRMING
    return Move(
        case.delivery,
        Step.LOOKED if confirming else Step.ACCEPTED,
        wake_at=backoff.next_poll(case.first_look, case.now),
        close=None if confirming else Outcome.ACCEPTED,
        detail=_told(sighting),
    )


def _denied(case: Case, sighting: Sighting) -> Move:
    return _failed(case, sighting, Outcome.REFUSED, code=DENIED)


def _failed(case: Case, sighting: Sighting, outcome: Outcome, *, code: str) -> Move:
    return Move(
        case.delivery,
        Step.DENIED,
        wake_at=None,
        set={"error_code": code, "error": sighting.why},
        close=outcome,
        detail=_told(sighting),
    )


def _absent(case: Case, sighting: Sighting) -> Move:
    if case.delivery.state is State.CONFIRMING or not _absence_is_proved(case, sighting):
        return _look_again(case, sighting)
    same_call = case.act in {Act.REPEATABLE, Act.HANDLE}
    outcome = Outcome.SUPERSEDED if same_call else Outcome.PROVED_ABSENT
    if case.now > grace_end(case.delivery, case.policy):
        why = f"{sighting.why} It did not go out, and its grace is over."
        return _failed(case, Sighting(Sight.ABSENT, why), outcome, code="late")
    return Move(
        case.delivery,
        Step.REPEATED,
        wake_at=case.now,
        close=outcome,
        detail=_told(sighting),
    )


def _absence_is_proved(case: Case, sighting: Sighting) -> bool:
    """Say whether sending once more cannot make two: by class of act, never by hope."""
    settled = case.now >= case.settled_at
    if case.act is Act.REPEATABLE:
        return settled
    if case.act is Act.HANDLE:
        return settled and sighting.safe_to_repeat
    return (
        case.act is Act.READBACK
        and settled
        and case.sender_dead is True
        and case.policy.resend == "after_proof"
        and case.proved == 0
        and any(
            sight == Sight.ABSENT and at >= case.settled_at and case.now - at >= BETWEEN
            for at, sight in case.looks
        )
    )


def _look_again(case: Case, sighting: Sighting) -> Move:
    confirming = case.delivery.state is State.CONFIRMING
    return Move(
        case.delivery,
        Step.LOOKED,
        wake_at=_next_look(case, confirming=confirming),
        set={} if confirming else {"error": sighting.why},
        detail=_told(sighting),
    )


def _next_look(case: Case, *, confirming: bool) -> datetime | None:
    if case.act is Act.BLIND:
        return None
    if confirming:
        return backoff.next_poll(case.first_look, case.now)
    again = backoff.next_look(case.first_look, case.now)
    if again is not None and case.now < case.settled_at:
        return min(again, case.settled_at)
    return again


def _told(sighting: Sighting) -> dict[str, str]:
    return {"sight": sighting.sight, "why": sighting.why}

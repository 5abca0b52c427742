"""After the call: read the platform until it is known what became of it. Reading never doubles."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from postcron.errors import Invalid, PostcronError
from postcron.model import (
    RESTORED,
    Act,
    Attempt,
    Delivery,
    Move,
    Outcome,
    Policy,
    Post,
    Run,
    Sight,
    Sighting,
    Ticket,
)
from postcron.operations import host
from postcron.operations.ahead import TAKING_BACK
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.preparing import draft
from postcron.operations.protocol import grace_end, live
from postcron.operations.recover import SENDER_UNPROVEN
from postcron.operations.seeing import looks
from postcron.operations.settings import act
from postcron.rules import backoff
from postcron.states import State, Step

log = logging.getLogger(__name__)

#: clocks of platforms differ from ours: look for posts made a little before the intent, too
SKEW = timedelta(minutes=5)
#: a platform with a clock of its own may publish so much later than it was asked to
THEIR_CLOCK = timedelta(minutes=5)
#: how long absence takes to prove where the platform cannot be asked any more
SETTLE = timedelta(minutes=3)
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
    #: the pause between questions while another delivery waits for this one
    hurry: timedelta | None = None

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
    """Ask the platform once, and return the step that follows from what it shows.

    Whatever keeps us from asking is a look that showed nothing: looking ends, and a person is told.
    """
    case = _case(house, run, delivery)
    since = case.attempt.intended_at - SKEW
    try:
        platform = doors.reader(house.account(delivery.account))
        sighting = platform.look(draft(house, delivery, post), delivery.ticket, since)
    except PostcronError as error:
        sighting = Sighting(Sight.UNCLEAR, f"The platform could not be read: {error.message}")
    except Exception as bug:
        log.exception("looking stopped unexpectedly")
        sighting = Sighting(Sight.UNCLEAR, f"postcron stopped looking ({type(bug).__name__}).")
    return decide(case, sighting)


def taken(house: House, run: Run, delivery: Delivery) -> Move:
    """Return the step for a find that proves another delivery already: it cannot prove this one."""
    why = "The post that was found already proves another delivery."
    return decide(_case(house, run, delivery), Sighting(Sight.UNCLEAR, why))


def _case(house: House, run: Run, delivery: Delivery) -> Case:
    attempts = house.store.attempts(delivery.id)
    attempt = attempts[-1]  # what is uncertain has one
    promised, settle = _promises(house, delivery)
    looked, limits = looks(house, delivery, attempt.intended_at), house.config.run
    return Case(
        delivery=delivery,
        attempt=attempt,
        act=promised,
        settle=settle,
        policy=house.policy(delivery.account),
        sender_dead=_sender_dead(attempt, run),
        looks=looked,
        proved=sum(each.outcome is Outcome.PROVED_ABSENT for each in attempts),
        # The attempt and the looks were written by the store's clock.
        now=house.store.now(),
        hurry=limits.confirm_every
        if delivery.followed and len(looked) < limits.confirm_times
        else None,
    )


def _promises(house: House, delivery: Delivery) -> tuple[Act, timedelta]:
    try:
        account = house.account(delivery.account)
        return act(house, account), house.platform_class(account).settle
    except Invalid:
        return Act.READBACK, SETTLE  # the account has left the configuration: the careful class


def _sender_dead(attempt: Attempt, run: Run) -> bool | None:
    # Who recorded the end of a call himself is not sending it any more, however alive he is.
    return host.sender_is_dead(attempt, run) if attempt.code == SENDER_UNPROVEN else True


def decide(case: Case, sighting: Sighting) -> Move:
    """Return the step that a sighting proves; without proof, the next look or a person."""
    decision: dict[Sight, Callable[[Case, Sighting], Move]] = {
        Sight.LIVE: _found,
        Sight.WORKING: _working,
        Sight.GONE: _denied,
        Sight.ABSENT: _absent,
        Sight.MISSING: _missing,
        Sight.UNCLEAR: _look_again,
    }
    if case.attempt.code == RESTORED and sighting.sight in {Sight.GONE, Sight.ABSENT}:
        # It may have gone out under a handle, a text or a moment that the backup does not know, or
        # have been withdrawn since. Even a key of the delivery's own (REPEATABLE) is made of the
        # moment it had. That this one is not there proves nothing, whatever the class of act.
        return _look_again(case, sighting)
    if case.delivery.error_code == TAKING_BACK and sighting.sight is Sight.ABSENT:
        # It was given back, most likely; what a person wanted with it then only that person knows.
        return _look_again(case, sighting)
    return decision[sighting.sight](case, sighting)


def _found(case: Case, sighting: Sighting) -> Move:
    if sighting.receipt is None:
        return _look_again(case, sighting)
    return Move(
        case.delivery,
        Step.FOUND,
        wake_at=None,
        set=live(sighting.receipt, case.now) | {"seen_at": case.now},
        close=Outcome.LANDED,
        detail=_told(sighting),
    )


def _working(case: Case, sighting: Sighting) -> Move:
    confirming = case.delivery.state is State.CONFIRMING
    again = _next_news(case, sighting)
    return Move(
        case.delivery,
        Step.LOOKED if confirming else Step.ACCEPTED,
        wake_at=again,
        set={} if again else {"error": sighting.why},
        close=None if confirming else Outcome.ACCEPTED,
        detail=_told(sighting),
    )


def _next_news(case: Case, sighting: Sighting) -> datetime | None:
    """Return when to ask again; None if a person has to know that it comes too soon, too late or never."""
    again = backoff.next_poll(case.first_look, case.now, every=case.hurry)
    expected = sighting.expected_at
    if expected is None or again is None:
        return again
    too_late = grace_end(case.delivery, case.policy) + THEIR_CLOCK
    too_soon = (case.delivery.due_at or expected) - THEIR_CLOCK
    return max(again, expected) if too_soon <= expected <= too_late else None


def _denied(case: Case, sighting: Sighting) -> Move:
    if case.delivery.state is State.UNKNOWN and not _stays_so(case, Sight.GONE):
        return _look_again(case, sighting)
    # What the platform gave up stays so: another try, if a person asks, begins with phase 2.
    anew = {"ticket": Ticket(), "ready_at": None}
    return _failed(case, sighting, Outcome.REFUSED, code="denied", more=anew)


def _failed(
    case: Case,
    sighting: Sighting,
    outcome: Outcome,
    *,
    code: str,
    more: Mapping[str, Any] | None = None,
) -> Move:
    return Move(
        case.delivery,
        Step.DENIED,
        wake_at=None,
        set={"error_code": code, "error": sighting.why, **(more or {})},
        close=outcome,
        detail=_told(sighting),
    )


def _missing(case: Case, sighting: Sighting) -> Move:
    """Ask a person: reading on tells nothing, once it has told that twice."""
    if not _stays_so(case, Sight.MISSING):
        return _look_again(case, sighting)
    return _looked(case, sighting, again=None)


def _absent(case: Case, sighting: Sighting) -> Move:
    if case.delivery.state is State.CONFIRMING or not _absence_is_proved(case, sighting):
        return _look_again(case, sighting)
    if case.now > grace_end(case.delivery, case.policy):
        # That it may be repeated does not say that it is not there: too late for a repeat, that counts.
        if not _stays_so(case, Sight.ABSENT):
            return _look_again(case, sighting)
        why = f"{sighting.why} It did not go out, and its grace is over."
        return _failed(case, Sighting(Sight.ABSENT, why), Outcome.PROVED_ABSENT, code="late")
    same_call = case.act in {Act.REPEATABLE, Act.HANDLE}
    outcome = Outcome.SUPERSEDED if same_call else Outcome.PROVED_ABSENT
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
        and _stays_so(case, Sight.ABSENT)
    )


def _stays_so(case: Case, seen: Sight) -> bool:
    """Say whether an earlier look, when all had settled, showed the same: one may be behind."""
    return case.now >= case.settled_at and any(
        sight == seen and at >= case.settled_at and case.now - at >= BETWEEN
        for at, sight in case.looks
    )


def _look_again(case: Case, sighting: Sighting) -> Move:
    confirming = case.delivery.state is State.CONFIRMING
    return _looked(case, sighting, again=_next_look(case, confirming=confirming))


def _looked(case: Case, sighting: Sighting, *, again: datetime | None) -> Move:
    confirming = case.delivery.state is State.CONFIRMING
    # What still confirms is no trouble yet; once nobody looks any more, a person wants to know why.
    on_its_way = confirming and again is not None
    return Move(
        case.delivery,
        Step.LOOKED,
        wake_at=again,
        set={} if on_its_way else {"error": sighting.why},
        detail=_told(sighting),
    )


def _next_look(case: Case, *, confirming: bool) -> datetime | None:
    if case.act is Act.BLIND:
        return None
    if confirming:
        return backoff.next_poll(case.first_look, case.now, every=case.hurry)
    again = backoff.next_look(case.first_look, case.now)
    if again is not None and case.now < case.settled_at:
        return min(again, case.settled_at)
    return again


def _told(sighting: Sighting) -> dict[str, str]:
    return {"sight": sighting.sight, "why": sighting.why}

"""The publish protocol: the one call, its verdict by evidence, and the step that records it.

Nothing else in postcron calls `Platform.publish`. Before it an intent is durable; after it the
outcome is written as what the evidence proves, and everything unproved is *unknown*.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from postcron.clock import Clock
from postcron.errors import Code, Evidence, PlatformError, Temporary
from postcron.model import Accepted, Delivery, Draft, Move, Outcome, Policy, Receipt, Ticket
from postcron.platforms.base import Platform
from postcron.rules import backoff
from postcron.rules.measuring import next_asking
from postcron.rules.spans import spell
from postcron.states import Step

log = logging.getLogger(__name__)

#: a lost answer is looked up this soon; that nothing is there is believed later, once it has settled
FIRST_LOOK = timedelta(seconds=5)

STEP_BY_EVIDENCE = {
    Evidence.NOT_SENT: Step.NOT_SENT,
    Evidence.REFUSED: Step.REFUSED,
    Evidence.UNCLEAR: Step.LOST,
}
OUTCOME_BY_STEP = {
    Step.LANDED: Outcome.LANDED,
    Step.ACCEPTED: Outcome.ACCEPTED,
    Step.NOT_SENT: Outcome.NOT_SENT,
    Step.REFUSED: Outcome.REFUSED,
    Step.LOST: Outcome.UNKNOWN,
}


@dataclass(frozen=True)
class Verdict:
    """What one publish call left behind."""

    step: Step
    sent_at: datetime
    ended_at: datetime
    receipt: Receipt | None = None
    accepted: Accepted | None = None
    error: PlatformError | None = None


def intent(delivery: Delivery, ticket: Ticket) -> Move:
    """Return the step that must be durable before any byte of the call leaves."""
    return Move(
        delivery,
        Step.INTENDED,
        wake_at=delivery.lease_until,
        lease_until=delivery.lease_until,
        set={"ticket": ticket},
    )


def call(platform: Platform, draft: Draft, ticket: Ticket, clock: Clock) -> Verdict:
    """Make the publish call and judge it by what is proved; never raises."""
    sent_at = clock.now()
    try:
        answer = platform.publish(draft, ticket)
    except PlatformError as error:
        return Verdict(STEP_BY_EVIDENCE[error.evidence], sent_at, clock.now(), error=error)
    except Exception as bug:
        # A mistake in a platform's code says nothing about what the platform did.
        log.exception("publishing stopped unexpectedly")
        stopped = PlatformError(f"postcron stopped in the call ({type(bug).__name__}).")
        return Verdict(Step.LOST, sent_at, clock.now(), error=stopped)
    if isinstance(answer, Receipt) and isinstance(answer.remote_id, str) and answer.remote_id:
        return Verdict(Step.LANDED, sent_at, clock.now(), receipt=answer)
    if isinstance(answer, Accepted):
        return Verdict(Step.ACCEPTED, sent_at, clock.now(), accepted=answer)
    vague = PlatformError("The platform's code gave neither a receipt nor a handle.")
    return Verdict(Step.LOST, sent_at, clock.now(), error=vague)


def moment_passed(clock: Clock) -> Verdict:
    """Return the verdict on a call that was never begun, because its moment was over."""
    now = clock.now()
    error = Temporary(
        "Its moment passed before the call could leave.",
        code=Code.TOO_LATE,
        evidence=Evidence.NOT_SENT,
    )
    return Verdict(Step.NOT_SENT, now, now, error=error)


def outcome(delivery: Delivery, verdict: Verdict, *, policy: Policy) -> Move:
    """Return the step that records a verdict, with the moment of whatever comes next."""
    wake_at, changes = _next(delivery, verdict, policy)
    error = verdict.error
    return Move(
        delivery,
        verdict.step,
        wake_at=wake_at,
        set=changes | {"last_attempt_at": verdict.sent_at},
        close=OUTCOME_BY_STEP[verdict.step],
        attempt={
            "sent_at": verdict.sent_at,
            "code": error.code if error else None,
            "message": error.message if error else None,
        },
        detail={} if error is None else {"code": error.code, "message": error.message},
    )


def _next(
    delivery: Delivery, verdict: Verdict, policy: Policy
) -> tuple[datetime | None, dict[str, Any]]:
    if verdict.receipt is not None:
        return None, live(verdict.receipt, verdict.ended_at)
    if verdict.accepted is not None:
        ticket = delivery.ticket.having(handle=verdict.accepted.handle)
        return verdict.ended_at + verdict.accepted.check_after, {"ticket": ticket}
    if verdict.step is Step.LOST:
        return verdict.ended_at + FIRST_LOOK, said(verdict.error)
    return failure(delivery, verdict.error, at=verdict.ended_at, policy=policy)


def live(receipt: Receipt, at: datetime) -> dict[str, Any]:
    """Return the columns of a delivery that is live."""
    return {
        "remote_id": receipt.remote_id,
        "url": receipt.url,
        "published_at": at,
        "measure_at": next_asking(at, at),
        "error_code": None,
        "error": None,
    }


def said(error: PlatformError | None) -> dict[str, Any]:
    """Return the columns that keep an error."""
    return {} if error is None else {"error_code": error.code, "error": error.message}


def failure(
    delivery: Delivery, error: PlatformError | None, *, at: datetime, policy: Policy
) -> tuple[datetime | None, dict[str, Any]]:
    """Return when to try again after a failure that proves nothing is live, and its columns."""
    tries = delivery.tries + 1
    changes = said(error) | {"tries": tries}
    if error is not None and error.code == Code.HANDLE_GONE:
        changes |= {"ticket": Ticket(), "ready_at": None}
    if not isinstance(error, Temporary):
        return None, changes
    end = grace_end(delivery, policy)
    again = backoff.next_try(delivery.id, tries, now=at, until=end, retry_after=error.retry_after)
    if again is None and error.retry_after is not None and at + error.retry_after > end:
        wait = spell(error.retry_after)
        changes["error"] = f"{error.message} It asks for {wait}, and its grace ends before that."
    return again, changes


def grace_end(delivery: Delivery, policy: Policy) -> datetime:
    """Return the moment after which a delivery is late: not sent without somebody's consent."""
    start = delivery.grace_from or delivery.due_at or delivery.created_at
    return start + policy.grace

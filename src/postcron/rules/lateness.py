"""How late is too late: within its grace a post goes out, after it the account's policy decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postcron.model import Policy
from postcron.rules.spans import spell, until


class Decision(StrEnum):
    """What may happen to a delivery at this moment, as far as its time goes."""

    #: not due yet, or within its grace
    ON_TIME = "on_time"
    #: a person has to say whether it may still go out
    LATE_ASK = "late_ask"
    #: goes out all the same
    LATE_PUBLISH = "late_publish"
    #: does not go out any more
    LATE_SKIP = "late_skip"


@dataclass(frozen=True)
class Lateness:
    """A decision, and the sentence that explains it."""

    decision: Decision
    reason: str

    @property
    def late(self) -> bool:
        """Say whether its grace is over."""
        return self.decision is not Decision.ON_TIME


def judge(due_at: datetime, now: datetime, policy: Policy) -> Lateness:
    """Return what the account's policy makes of a delivery that is due then and not out yet."""
    if now <= due_at + policy.grace:
        return Lateness(Decision.ON_TIME, f"due {until(due_at, now)}")
    return Lateness(
        Decision(f"late_{policy.late}"),
        f"It was due {until(due_at, now)}, and its grace of {spell(policy.grace)} is over.",
    )

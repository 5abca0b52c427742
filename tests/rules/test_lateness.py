"""How late is too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postcron.model import Policy
from postcron.rules.lateness import Decision, judge

DUE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
GRACE = timedelta(minutes=15)


@pytest.mark.parametrize("late_by", [timedelta(hours=-3), timedelta(), GRACE])
def test_a_post_is_on_time_until_the_last_instant_of_its_grace(late_by: timedelta) -> None:
    judged = judge(DUE, DUE + late_by, Policy(grace=GRACE, late="skip"))
    assert judged.decision is Decision.ON_TIME
    assert not judged.late


@pytest.mark.parametrize(
    ("policy", "decision"),
    [
        ("ask", Decision.LATE_ASK),
        ("publish", Decision.LATE_PUBLISH),
        ("skip", Decision.LATE_SKIP),
    ],
)
def test_after_its_grace_the_policy_decides(policy: str, decision: Decision) -> None:
    judged = judge(DUE, DUE + GRACE + timedelta.resolution, Policy(grace=GRACE, late=policy))
    assert judged.decision is decision
    assert judged.late
    assert judged.reason == "It was due 15 min ago, and its grace of 15 min is over."


def test_without_grace_a_post_may_go_out_at_its_instant_only() -> None:
    policy = Policy(grace=timedelta())
    assert not judge(DUE, DUE, policy).late
    assert judge(DUE, DUE + timedelta(microseconds=1), policy).late

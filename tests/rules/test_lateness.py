"""How late is too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postcron.rules.lateness import reason

DUE = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
GRACE = timedelta(minutes=15)


@pytest.mark.parametrize("late_by", [timedelta(hours=-3), timedelta(), GRACE])
def test_a_post_is_on_time_until_the_last_instant_of_its_grace(late_by: timedelta) -> None:
    assert reason(DUE, DUE + late_by, GRACE) is None


def test_after_its_grace_a_post_is_late_and_says_why() -> None:
    why = reason(DUE, DUE + GRACE + timedelta.resolution, GRACE)
    assert why == "It was due 15 min ago, and its grace of 15 min is over."


def test_without_grace_a_post_may_go_out_at_its_instant_only() -> None:
    assert reason(DUE, DUE, timedelta()) is None
    assert reason(DUE, DUE + timedelta.resolution, timedelta()) is not None

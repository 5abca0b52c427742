"""When numbers are asked for: in days after a post went out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postcron.rules.measuring import next_asking

#: in days, before a story is gone
FIRST = 20 / 24
START = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "due"),
    [
        (0, FIRST),
        (0.8, FIRST),
        (0.9, 2),
        (1, 2),
        (1.2, 2),
        (4.5, 5),  # what was missed is not asked for one by one
        (6.99, 7),
        (7, 14),
        (13.9, 14),
        (14, 21),
        (83.9, 84),
        (84, None),
        (400, None),
        (-1, FIRST),  # its clock is ahead of ours
    ],
)
def test_within_a_day_daily_for_a_week_then_weekly_for_ninety_days(
    after: float, due: float | None
) -> None:
    found = next_asking(START, START + timedelta(days=after))
    assert found == (None if due is None else START + timedelta(days=due))

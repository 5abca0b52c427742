"""Gaps: who is too near, and spans that are crossed in one step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.rules.gaps import Closed, Neighbours

START = datetime(2026, 11, 21, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("minutes", "found"),
    [(-60, None), (-59, "12.1"), (0, "12.1"), (59, "12.1"), (60, None), (61, "13.1"), (180, None)],
)
def test_a_neighbour_counts_until_it_is_a_whole_gap_away(minutes: int, found: str | None) -> None:
    there = Neighbours([(START, "12.1"), (after(120), "13.1")])
    near = there.within(HOUR, after(minutes))
    assert (near and near[1]) == found


def test_of_two_neighbours_the_later_is_told_because_it_decides() -> None:
    there = Neighbours([(START, "12.1")])
    there.add(after(30), "13.1")
    assert there.within(HOUR, after(15)) == (after(30), "13.1")


def test_the_gap_is_elapsed_time_whatever_clocks_show() -> None:
    """In Rome 02:30 comes twice that night, an hour apart."""
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    there = Neighbours([(twice, "12.1")])
    assert there.within(HOUR, twice + HOUR) is None


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=12)


@given(spans)
def test_closed_spans_end_where_a_walk_through_them_ends(spans: list[tuple[int, int]]) -> None:
    closed, shut = Closed(), set[int]()
    for start, length in spans:
        closed.add(after(start), after(start + length))
        shut |= set(range(start, start + length))
    for minute in range(-1, 90):
        end = minute
        while end in shut:
            end += 1
        assert closed.end(after(minute)) == after(end)

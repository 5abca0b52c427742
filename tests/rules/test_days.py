"""Months and weeks as calendars show them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.errors import Invalid
from postcron.rules.days import Days, month_of, named_day, named_month, week_of

DAYS = st.dates(date(1970, 1, 5), date(9998, 12, 24))


@given(DAYS)
def test_a_month_has_all_days_of_its_name_and_none_else(day: date) -> None:
    days = list(month_of(day))
    assert day in days
    assert {(one.year, one.month) for one in days} == {(day.year, day.month)}
    assert [one.day for one in days] == list(range(1, len(days) + 1))
    assert 28 <= len(days) <= 31


@given(DAYS)
def test_a_week_is_monday_to_sunday(day: date) -> None:
    days = list(week_of(day))
    assert day in days
    assert [one.weekday() for one in days] == list(range(7))


@given(DAYS)
def test_the_weeks_of_a_month_are_whole_and_hold_each_of_its_days_once(day: date) -> None:
    weeks = month_of(day).weeks()
    assert all(week == list(week_of(week[0])) for week in weeks)
    shown = [one for week in weeks for one in week]
    assert sorted(set(shown)) == shown
    assert [one for one in shown if one in month_of(day)] == list(month_of(day))


def test_a_month_and_a_day_are_named_by_their_numbers() -> None:
    assert named_month(" 2028-02 ") == Days(date(2028, 2, 1), date(2028, 2, 29))
    assert named_day("2026-12-24") == date(2026, 12, 24)


@pytest.mark.parametrize(
    "text", ["", "december", "2026", "2026-13", "2026-00", "2026-1", "26-12", "2026-12-01"]
)
def test_what_is_no_month_is_said(text: str) -> None:
    with pytest.raises(Invalid, match=r"is not a month; write it like 2026-12\.$"):
        named_month(text)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-12", "2026-02-29", "2026-12-24T10:00"])
def test_what_is_no_day_is_said(text: str) -> None:
    with pytest.raises(Invalid, match="is not a day; write it like 2026-12-24"):
        named_day(text)


@pytest.mark.parametrize("text", ["0001-01", "1969-12", "9999-12"])
def test_a_month_no_calendar_shows_is_too_far_away(text: str) -> None:
    with pytest.raises(Invalid, match="too far away"):
        named_month(text)

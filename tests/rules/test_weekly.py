"""Days of the week and times of day in rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postcron.errors import Invalid
from postcron.rules.weekly import EVERY_DAY, clock, days, split_days


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("mon", {0}),
        ("Sunday", {6}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("fri-mon", {4, 5, 6, 0}),
        ("sat,sun", {5, 6}),
        ("mon,wed-thu,sun", {0, 2, 3, 6}),
        ("weekdays", {0, 1, 2, 3, 4}),
        ("weekend", {5, 6}),
        ("daily", EVERY_DAY),
        ("tue-mon", EVERY_DAY),
        ("mon-mon", {0}),
    ],
)
def test_days_are_named_alone_in_spans_and_in_lists(text: str, numbers: set[int]) -> None:
    assert days(text) == numbers


@pytest.mark.parametrize("text", ["", "mo", "mon-", "-fri", "mon,,tue", "mon-fry", "8", "mon fri"])
def test_what_names_no_day_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="names no day: write it like mon"):
        days(text)


@pytest.mark.parametrize(
    ("text", "numbers", "rest"),
    [
        ("mon-fri 18:00-23:00", frozenset(range(5)), "18:00-23:00"),
        ("  Sat, Sun   18:00 ", frozenset({5, 6}), "18:00"),
        ("18:00", EVERY_DAY, "18:00"),
        ("", EVERY_DAY, ""),
    ],
)
def test_days_stand_before_what_happens_on_them(
    text: str, numbers: frozenset[int], rest: str
) -> None:
    assert split_days(text) == (numbers, rest)


def test_days_after_the_time_are_refused() -> None:
    with pytest.raises(Invalid, match="the days come first, like mon-fri 18:00"):
        split_days("18:00 mon-fri")


@pytest.mark.parametrize(
    ("text", "minutes"), [("00:00", 0), ("9:05", 545), ("23:59", 1439), ("24:00", 1440)]
)
def test_a_time_of_day_is_what_clocks_show_since_midnight(text: str, minutes: int) -> None:
    assert clock(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "18", "24:01", "25:00", "12:60", "-1:00", "1:5", "18:00:00"])
def test_what_no_clock_shows_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not a time of day: write it like 18:00"):
        clock(text)

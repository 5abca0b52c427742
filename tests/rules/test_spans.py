"""Lengths of time, read and written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.errors import Invalid
from postcron.rules.spans import duration, exactly, signed, spell, until

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("2h30m", 9000),
        ("1h", 3600),
        ("2d", 172_800),
        ("1d2h3m4s", 93_784),
        (" 3 days ", 259_200),
        ("1 hour 5 min", 3900),
        ("0s", 0),
    ],
)
def test_a_length_of_time_is_written_with_its_units(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "h", "1.5h", "-5m", "2h2h", "5m1h", "1y", "2h junk", "1e3s"]
)
def test_anything_else_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Invalid, match="is not a length of time; write it like 90s, 15m"):
        duration(text)


@pytest.mark.parametrize(
    ("seconds", "spelt"),
    [
        (0, "now"),
        (0.4, "now"),
        (45, "in 45 s"),
        (60, "in 1 min"),
        (7800, "in 2 h 10 min"),
        (7799.9, "in 2 h 10 min"),
        (7200, "in 2 h"),
        (90_000, "in 1 d 1 h"),
        (-180, "3 min ago"),
        (-11_100, "3 h 5 min ago"),
    ],
)
def test_the_way_to_a_moment_is_told_in_its_two_largest_units(seconds: float, spelt: str) -> None:
    assert until(NOW + timedelta(seconds=seconds), NOW) == spelt


@given(st.integers(0, 999_999), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_what_is_written_in_full_is_read_exactly(d: int, h: int, m: int, s: int) -> None:
    assert duration(f"{d}d{h}h{m}m{s}s") == timedelta(days=d, hours=h, minutes=m, seconds=s)


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=1000)))
def test_what_is_spelt_can_be_read_and_is_not_far_off(span: timedelta) -> None:
    smallest_unit = timedelta(hours=1) if span >= timedelta(days=1) else timedelta(minutes=1)
    assert abs(duration(spell(span)) - span) <= smallest_unit


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(90, "90 s"), (60, "1 min"), (0.5, "0.5 s"), (7200, "2 h"), (140, "140 s")],
)
def test_a_limit_is_told_with_nothing_left_out(seconds: float, words: str) -> None:
    assert exactly(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("+2h", 120), ("2h", 120), ("-30m", -30), ("− 1h30m", -90), (" +15 min ", 15)],
)
def test_a_length_of_time_may_go_back(text: str, minutes: int) -> None:
    assert signed(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["--2h", "+-2h", "+", "-", "soon", ""])
def test_what_goes_neither_forth_nor_back_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        signed(text)

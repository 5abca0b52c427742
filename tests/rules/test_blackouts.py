"""Blackouts: days on which nothing goes out."""

from __future__ import annotations

from datetime import date

import pytest

from postcron.errors import Invalid
from postcron.rules.blackouts import blackout, leave_no_day


@pytest.mark.parametrize(
    ("text", "covered", "free"),
    [
        ("2026-12-25", ["2026-12-25"], ["2026-12-24", "2026-12-26", "2027-12-25"]),
        ("2026-12-24..2026-12-26", ["2026-12-24", "2026-12-25", "2026-12-26"], ["2026-12-27"]),
        ("2026-12-24 .. 2027-01-02", ["2026-12-31", "2027-01-01"], ["2027-12-31"]),
        ("12-25", ["2026-12-25", "1999-12-25"], ["2026-12-24"]),
        ("12-24..12-26", ["2030-12-25"], ["2030-12-27"]),
        ("12-30..01-02", ["2026-12-30", "2027-01-02"], ["2026-12-29", "2027-01-03"]),
        ("02-29", ["2028-02-29"], ["2028-02-28", "2026-03-01"]),
        ("02-28..03-01", ["2026-02-28", "2026-03-01", "2028-02-29"], ["2026-03-02"]),
    ],
)
def test_a_blackout_covers_its_days(text: str, covered: list[str], free: list[str]) -> None:
    days = blackout(text)
    assert all(days.covers(date.fromisoformat(day)) for day in covered)
    assert not any(days.covers(date.fromisoformat(day)) for day in free)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not a day: write it like"),
        ("christmas", "is not a day: write it like"),
        ("20261225", "is not a day: write it like"),
        ("2026-12-24..12-26", "is not a day: write it like"),
        ("12-24..2026-12-26", "is not a day: write it like"),
        ("2026-12-24..", "is not a day: write it like"),
        ("2026-02-29", "There is no day 2026-02-29: day is out of range for month"),
        ("13-01", "There is no day 13-01: month must be in 1..12"),
        ("2026-12-26..2026-12-24", "ends before it begins"),
    ],
)
def test_what_names_no_day_is_refused(text: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        blackout(text)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("texts", "none"),
    [
        (["01-01..12-31"], True),
        (["01-01..06-30", "07-01..12-31"], True),
        (["03-01..02-28"], True),
        (["01-01..12-30"], False),
        (["2026-01-01..2099-12-31"], False),
        ([], False),
    ],
)
def test_blackouts_that_leave_no_day_of_any_year_are_known(texts: list[str], none: bool) -> None:
    assert leave_no_day([blackout(text) for text in texts]) is none

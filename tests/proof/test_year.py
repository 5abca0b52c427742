"""A year in some zones, the odd ones among them; `make sweep` lives it in all."""

from __future__ import annotations

from pathlib import Path

import pytest

from postcron.rules import moments
from tests.builders import NOW
from tests.proof.figures import Figures
from tests.proof.year import misread, stretches, sweep

ODD = [
    "Europe/Rome",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Europe/Dublin",  # its winter is the exception
    "Africa/Casablanca",  # by the moon
    "America/Santiago",  # at midnight
    "Asia/Kathmandu",  # 5:45, never changed
    "Antarctica/Troll",  # two hours
]


@pytest.mark.fault("F73")
@pytest.mark.parametrize("zone", ODD)
def test_local_times_of_a_year_are_read_as_another_program_reads_them(zone: str) -> None:
    assert list(misread(zone, stretches(zone))) == []


@pytest.mark.fault("F73")
def test_posts_around_a_change_of_clocks_go_out_once_at_their_instant(tmp_path: Path) -> None:
    figures = Figures("year")
    sweep(figures, 1, 5, tmp_path)
    assert figures.breaches == []
    assert figures.published


@pytest.mark.fault("F83")
@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2028-02-29 10:00", "2028-02-29T09:00:00+00:00"),
        ("2038-01-19 04:14:07", "2038-01-19T03:14:07+00:00"),
        ("2038-01-19 04:14:08", "2038-01-19T03:14:08+00:00"),
        ("2106-02-07 07:28:16", "2106-02-07T06:28:16+00:00"),
        ("9999-12-30 23:59", "9999-12-30T22:59:00+00:00"),
    ],
)
def test_days_at_the_edges_of_calendars_and_counters_are_exact(text: str, instant: str) -> None:
    assert moments.parse(text, now=NOW, zone="Europe/Rome").at.isoformat() == instant

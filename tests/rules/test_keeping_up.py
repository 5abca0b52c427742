"""Keeping up: what comes again, against how often an account speaks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from postcron.rules.keeping_up import Overtaken, backlog, overtaken
from postcron.rules.placing import Plan, Timetable
from postcron.rules.windows import window

START = datetime(2026, 11, 21, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def behind(timetable: Timetable, every: timedelta, times: int = 60) -> Overtaken | None:
    wanted = [START + number * every for number in range(times)]
    return backlog("acme", Plan("acme", timetable, ZoneInfo("UTC")), wanted)


@pytest.mark.parametrize(
    ("timetable", "every"),
    [
        (Timetable(daily_cap=1), 12 * HOUR),
        (Timetable(min_gap=2 * HOUR), HOUR),
        (Timetable(min_gap=26 * HOUR), DAY),
        (Timetable(min_gap=62 * MINUTE), HOUR),
        (Timetable(daily_cap=1, windows=(window("mon-fri 09:00-18:00"),)), DAY),
    ],
)
def test_who_is_never_on_time_again_falls_behind_more_and_more(
    timetable: Timetable, every: timedelta
) -> None:
    some, more = behind(timetable, every), behind(timetable, every, times=120)
    assert some is not None
    assert more is not None
    assert more.given - more.wanted > some.given - some.wanted > every


@pytest.mark.parametrize(
    ("timetable", "every"),
    [
        (Timetable(), HOUR),
        (Timetable(daily_cap=2), 12 * HOUR),
        (Timetable(min_gap=DAY), DAY),
        (Timetable(min_gap=5 * MINUTE, windows=(window("18:00-23:00"),)), HOUR),
        (Timetable(daily_cap=3, windows=(window("mon-fri 09:00-18:00"),)), DAY),
    ],
)
def test_who_catches_up_does_not_fall_behind(timetable: Timetable, every: timedelta) -> None:
    assert behind(timetable, every) is None


def test_nothing_is_known_of_the_last_one() -> None:
    given = [(START + n * DAY, {"acme": START + 3 * DAY}) for n in range(2)]
    assert overtaken(given) == [Overtaken("acme", START, START + 3 * DAY)]
    assert overtaken([]) == []
    assert behind(Timetable(daily_cap=1), HOUR, times=1) is None

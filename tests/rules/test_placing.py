"""Placing: tables of moments, what each is given and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from postcron.rules.blackouts import blackout
from postcron.rules.placing import Plan, Step, Timetable
from postcron.rules.windows import window

ROME = ZoneInfo("Europe/Rome")

#: what is known to be good
INSTAGRAM: dict[str, Any] = {"windows": ["18:00-23:00"], "min_gap": timedelta(minutes=60)}
TIKTOK: dict[str, Any] = {"windows": ["16:00-24:00"], "min_gap": timedelta(minutes=30)}
YOUTUBE: dict[str, Any] = {"windows": ["17:00-22:00"], "min_gap": timedelta(minutes=90)}


def at(text: str) -> datetime:
    """Return what clocks in Rome show as `21 18:00`, in November 2026, or of a whole date."""
    whole = text if len(text) > len("21 18:00:00") else f"2026-11-{text}"
    return datetime.fromisoformat(whole).replace(tzinfo=ROME).astimezone(UTC)


def plan(others: Sequence[str] = (), **rules: Any) -> Plan:
    known = [(at(other), f"{number}.1") for number, other in enumerate(others, 12)]
    windows = tuple(window(text) for text in rules.pop("windows", ()))
    blackouts = tuple(blackout(text) for text in rules.pop("blackouts", ()))
    return Plan("acme", Timetable(windows, blackouts, **rules), ROME, known)


def placed(plan: Plan, wanted: str) -> tuple[str | None, str]:
    found = plan.first_free(at(wanted))
    if found is None:
        return None, ""
    why = "; ".join(plan.reasons(at(wanted), found))
    return f"{found.astimezone(ROME):%d %H:%M}", why


@pytest.mark.parametrize(
    ("rules", "wanted", "given"),
    [
        (INSTAGRAM, "21 18:00", "21 18:00"),
        (INSTAGRAM, "21 20:15", "21 20:15"),
        (INSTAGRAM, "21 09:00", "21 18:00"),
        (INSTAGRAM, "21 22:59", "21 22:59"),
        (INSTAGRAM, "21 23:00", "22 18:00"),
        (INSTAGRAM, "21 23:30", "22 18:00"),
        (TIKTOK, "21 15:59", "21 16:00"),
        (TIKTOK, "21 23:59", "21 23:59"),
        (TIKTOK, "22 00:00", "22 16:00"),
        (YOUTUBE, "21 22:00", "22 17:00"),
        ({"windows": ["22:00-02:00"]}, "21 01:59", "21 01:59"),
        ({"windows": ["22:00-02:00"]}, "21 02:00", "21 22:00"),
        ({"windows": ["fri 22:00-02:00"]}, "21 01:00", "21 01:00"),
        ({"windows": ["fri 22:00-02:00"]}, "21 22:00", "27 22:00"),
        ({"windows": ["08:00-10:00", "18:00-20:00"]}, "21 09:00", "21 09:00"),
        ({"windows": ["08:00-10:00", "18:00-20:00"]}, "21 10:00", "21 18:00"),
        ({"windows": ["18:00-20:00", "08:00-10:00"]}, "21 20:00", "22 08:00"),
        ({"windows": ["mon-fri 18:00-23:00", "sat,sun 10:00-24:00"]}, "21 09:00", "21 10:00"),
        ({"windows": ["mon-fri 18:00-23:00", "sat,sun 10:00-24:00"]}, "20 23:00", "21 10:00"),
        ({"windows": ["mon-fri 18:00-23:00", "sat,sun 10:00-24:00"]}, "23 00:00", "23 18:00"),
        ({}, "21 03:00", "21 03:00"),
    ],
)
def test_before_the_window_it_is_that_day_and_after_it_the_next(
    rules: dict[str, Any], wanted: str, given: str
) -> None:
    """C1."""
    assert placed(plan(**rules), wanted)[0] == given


@pytest.mark.parametrize(
    ("rules", "others", "wanted", "given"),
    [
        (INSTAGRAM, ["21 18:00"], "21 18:00", "21 19:00"),
        (INSTAGRAM, ["21 18:00"], "21 19:00", "21 19:00"),
        (INSTAGRAM, ["21 18:00", "21 18:30"], "21 18:10", "21 19:30"),
        # Before a neighbour there has to be as much room as after it.
        (INSTAGRAM, ["21 19:30"], "21 18:30", "21 18:30"),
        (INSTAGRAM, ["21 19:30"], "21 18:31", "21 20:30"),
        # Pushed out of the window, it waits for the next; where it is too near to another again.
        (INSTAGRAM, ["21 22:30"], "21 22:00", "22 18:00"),
        (INSTAGRAM, ["21 22:30", "22 17:30"], "21 22:00", "22 18:30"),
        (TIKTOK, ["21 18:00"], "21 18:00", "21 18:30"),
        (YOUTUBE, ["21 18:00"], "21 18:00", "21 19:30"),
        (YOUTUBE, ["21 20:31"], "21 20:31", "22 17:00"),
        ({}, ["21 18:00"], "21 18:00", "21 18:00"),
        ({"min_gap": timedelta(days=2)}, ["21 18:00"], "21 18:00", "23 18:00"),
    ],
)
def test_the_gap_pushes_it_forward_until_the_window_holds_as_well(
    rules: dict[str, Any], others: Sequence[str], wanted: str, given: str
) -> None:
    """C2."""
    assert placed(plan(others, **rules), wanted)[0] == given


@pytest.mark.parametrize(
    ("rules", "others", "wanted", "given"),
    [
        ({"daily_cap": 1}, [], "21 18:00", "21 18:00"),
        ({"daily_cap": 1}, ["21 08:00"], "21 18:00", "22 00:00"),
        ({"daily_cap": 1}, ["21 23:59"], "21 08:00", "22 00:00"),
        ({"daily_cap": 2}, ["21 08:00"], "21 18:00", "21 18:00"),
        ({"daily_cap": 1, **INSTAGRAM}, ["21 08:00", "22 19:00"], "21 18:00", "23 18:00"),
        ({"blackouts": ["2026-11-21"]}, [], "21 18:00", "22 00:00"),
        ({"blackouts": ["11-21..11-25"]}, [], "22 18:00", "26 00:00"),
        ({"blackouts": ["2026-11-21"], **INSTAGRAM}, [], "20 23:30", "22 18:00"),
        # The night of the 20th runs into the blackout, which cuts it; that of the 21st begins in it.
        ({"blackouts": ["2026-11-21"], "windows": ["22:00-02:00"]}, [], "21 01:00", "22 00:00"),
    ],
)
def test_a_full_day_and_a_blackout_put_it_off_to_the_next(
    rules: dict[str, Any], others: Sequence[str], wanted: str, given: str
) -> None:
    assert placed(plan(others, **rules), wanted)[0] == given


@pytest.mark.parametrize(
    ("rules", "others", "wanted", "why"),
    [
        (INSTAGRAM, [], "21 18:00", ""),
        (INSTAGRAM, [], "21 09:00", "18:00 because the window of acme opens then"),
        (INSTAGRAM, [], "21 23:30", "2026-11-22 18:00 because the window of acme opens then"),
        (
            INSTAGRAM,
            ["21 17:55"],
            "21 16:00",
            ("18:00 because the window of acme opens then; "
            "18:55 because 17:55 + 1 h gap to 12.1"),
        ),
        (
            {"min_gap": timedelta(seconds=90)},
            ["21 17:55:30"],
            "21 17:55:30",
            "17:57 because 17:55:30 + 90 s gap to 12.1",
        ),
        (
            {"min_gap": timedelta(hours=1)},
            ["21 23:30"],
            "21 23:30",
            "2026-11-22 00:30 because 2026-11-21 23:30 + 1 h gap to 12.1",
        ),
        (
            {"daily_cap": 1, **YOUTUBE},
            ["21 18:00"],
            "21 19:00",
            ("2026-11-22 00:00 because until then acme has its one post a day; "
            "17:00 because the window of acme opens then"),
        ),
        (
            {"blackouts": ["11-21"]},
            [],
            "21 19:00",
            "2026-11-22 00:00 because acme says nothing on 11-21",
        ),
        # A long chain is told by where it begins and by what decides.
        (
            {"min_gap": timedelta(minutes=30)},
            [f"21 {hour:02}:{minute:02}" for hour in range(10, 20) for minute in (0, 30)],
            "21 10:00",
            "10:30 because 10:00 + 30 min gap to 12.1; 20:00 because 19:30 + 30 min gap to 31.1",
        ),
        (
            {"min_gap": timedelta(minutes=30), "windows": ["10:00-20:00"]},
            [f"21 {hour:02}:{minute:02}" for hour in range(10, 20) for minute in (0, 30)],
            "21 10:00",
            ("10:30 because 10:00 + 30 min gap to 12.1; "
            "2026-11-22 10:00 because the window of acme opens then"),
        ),
    ],
)  # fmt: skip
def test_the_reason_is_told_in_plain_words(
    rules: dict[str, Any], others: Sequence[str], wanted: str, why: str
) -> None:
    """C3."""
    assert placed(plan(others, **rules), wanted)[1] == why


@pytest.mark.parametrize(
    ("rules", "wanted", "given"),
    [
        # 02:30 is not on any clock on 28 March 2027, and twice on 25 October 2026.
        ({"windows": ["02:30-02:50"]}, "2027-03-28 01:00", "2027-03-28T03:30+02:00"),
        ({"windows": ["02:30-03:00"]}, "2027-03-28 01:00", "2027-03-29T02:30+02:00"),
        ({"windows": ["02:30-03:30"]}, "2026-10-25 01:00", "2026-10-25T02:30+02:00"),
        ({"windows": ["01:00-02:30"]}, "2026-10-25 02:40", "2026-10-26T01:00+01:00"),
        ({"daily_cap": 1}, "2026-10-25 10:00", "2026-10-26T00:00+01:00"),
        ({"min_gap": timedelta(hours=3)}, "2026-10-25 01:00", "2026-10-25T03:00+01:00"),
    ],
)
def test_clock_changes_are_met(rules: dict[str, Any], wanted: str, given: str) -> None:
    found = plan(["2026-10-25 01:00"], **rules).first_free(at(wanted))
    assert found == datetime.fromisoformat(given)


@pytest.mark.parametrize(
    ("zone", "wanted", "given"),
    [
        # Midnight is skipped in Cairo, repeated in Havana, and passed backwards in Nuuk.
        ("Africa/Cairo", "2026-04-23T12:00Z", "2026-04-24T01:00+03:00"),
        ("America/Havana", "2026-10-31T12:00Z", "2026-11-01T00:00-04:00"),
        ("America/Havana", "2026-11-01T05:30Z", "2026-11-02T00:00-05:00"),
        ("America/Nuuk", "2026-10-24T12:00Z", "2026-10-25T00:00-02:00"),
        # This day never was in Samoa.
        ("Pacific/Apia", "2011-12-30T05:00Z", "2011-12-31T00:00+14:00"),
        # A minute past midnight clocks went back to the evening before: that day began twice.
        ("America/St_Johns", "2006-10-29T02:00Z", "2006-10-29T00:00-02:30"),
        ("America/St_Johns", "2006-10-29T02:45Z", "2006-10-29T00:00-03:30"),
        ("America/St_Johns", "2006-10-29T02:30:30Z", "2006-10-30T00:00-03:30"),
    ],
)
def test_the_next_day_begins_when_clocks_first_show_it(zone: str, wanted: str, given: str) -> None:
    moment = datetime.fromisoformat(wanted)
    place = Plan("acme", Timetable(daily_cap=1), ZoneInfo(zone), [(moment, "12.1")])
    assert place.first_free(moment) == datetime.fromisoformat(given)


def test_each_post_that_is_placed_is_in_the_way_of_the_next() -> None:
    here = plan(**INSTAGRAM)
    given = []
    for number in range(7):
        found = here.first_free(at("21 20:00"))
        assert found is not None
        here.add(found, f"{number}.1")
        given.append(f"{found.astimezone(ROME):%d %H}")
    assert given == ["21 20", "21 21", "21 22", "22 18", "22 19", "22 20", "22 21"]


class Counting(Plan):
    """A plan that counts how often its rules are asked."""

    asked = 0

    def step(self, at: datetime) -> Step | None:
        self.asked += 1
        return super().step(at)


@pytest.mark.parametrize(
    "timetable",
    [
        Timetable(min_gap=timedelta(minutes=1)),
        Timetable((window("18:00-23:00"),), min_gap=timedelta(minutes=20)),
        Timetable((window("18:00-23:00"),), (blackout("2026-12-01"),), timedelta(minutes=1), 20),
    ],
)
def test_the_work_for_many_posts_of_one_moment_grows_with_their_number_alone(
    timetable: Timetable,
) -> None:
    here = Counting("acme", timetable, ROME)
    for number in range(2000):
        found = here.first_free(at("21 20:00"))
        assert found is not None
        here.add(found, f"{number}.1")
    assert here.asked < 5 * 2000


@pytest.mark.parametrize(
    "rules",
    [{"blackouts": ["2026-11-21..2099-12-31"]}, {"min_gap": timedelta(days=366)}],
)
def test_what_would_wait_for_longer_than_a_year_is_placed_nowhere(rules: dict[str, Any]) -> None:
    assert placed(plan(["21 18:00", "22 18:00"], **rules), "21 18:00") == (None, "")


def test_the_end_of_the_calendar_is_no_mistake() -> None:
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert plan().first_free(last) == last
    assert plan(windows=["18:00-19:00"]).first_free(last) is None

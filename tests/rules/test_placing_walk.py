"""Placing against an oracle that walks from minute to minute, in all zones and through clock changes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from postcron.rules.placing import Plan
from tests.rules.walk import MINUTE, Rules

#: days around a change of clocks: at two in the morning, at midnight, by half an hour, twice a year
CHANGES = [
    ("Europe/Rome", date(2026, 3, 29)),
    ("Europe/Rome", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Nuuk", date(2026, 10, 24)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("Asia/Kathmandu", date(2026, 6, 1)),
    ("UTC", date(2026, 12, 31)),
]
MOST = timedelta(days=4)
YEAR = 2026

steps = st.integers(0, 96).map(lambda quarter: quarter * 15)


@st.composite
def windows(draw: st.DrawFn) -> list[tuple[frozenset[int], int, int]]:
    """Return some windows of which no two overlap, each up to a whole day long."""
    edges = sorted(draw(st.sets(steps, min_size=2, max_size=6)))
    if draw(st.booleans()):  # the last one passes midnight, up to where the first opens
        edges = [*edges[: len(edges) // 2 * 2 - 1], edges[0] + 1440 - 15]
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [(days, opens, closes) for opens, closes in pairs]


@st.composite
def rules(draw: st.DrawFn) -> tuple[Rules, datetime]:
    """Return rules, and a moment near a change of clocks."""
    zone, day = draw(st.sampled_from(CHANGES))
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    blackouts = draw(st.lists(st.integers(-1, 2), max_size=2))
    return Rules(
        ZoneInfo(zone),
        draw(st.just([]) | windows()),
        [day + timedelta(days=ahead) for ahead in blackouts],
        draw(st.sampled_from([0, 0, 1, 30, 45, 90, 300])),
        draw(st.sampled_from([None, None, 1, 2, 3])),
    ), midnight + draw(st.integers(-1500, 1500)) * MINUTE


offsets = st.lists(st.integers(-600, 3000), max_size=12)


def plan(of: Rules, others: Sequence[datetime]) -> Plan:
    return Plan("acme", of.timetable(), of.zone, [(other, "x") for other in others])


@settings(max_examples=120)
@given(rules(), offsets)
def test_the_moment_given_is_the_first_one_that_a_walk_finds(
    case: tuple[Rules, datetime], offsets: list[int]
) -> None:
    of, wanted = case
    others = [wanted + offset * MINUTE for offset in offsets]
    found, walked = plan(of, others).first_free(wanted), of.walk(wanted, others, MOST)
    if walked is None:
        assert found is None or found - wanted > MOST
    else:
        assert found == walked


@settings(max_examples=40)
@given(rules(), st.lists(st.integers(0, 300), min_size=4, max_size=16))
def test_many_placed_in_one_plan_stand_where_each_alone_would(
    case: tuple[Rules, datetime], offsets: list[int]
) -> None:
    """What a plan remembers of earlier searches never changes what it finds."""
    of, start = case
    together, before = plan(of, []), list[datetime]()
    for number, offset in enumerate(offsets):
        wanted = start + offset * MINUTE
        found = together.first_free(wanted)
        assert found == plan(of, before).first_free(wanted)
        if found is not None:
            assert of.allow(found, before)
            together.add(found, f"{number}")
            before.append(found)


@settings(max_examples=50)
@given(rules(), offsets)
def test_the_reasons_lead_from_the_wanted_moment_to_the_given(
    case: tuple[Rules, datetime], offsets: list[int]
) -> None:
    of, wanted = case
    here = plan(of, [wanted + offset * MINUTE for offset in offsets])
    found = here.first_free(wanted)
    if found is None:
        return
    moments = [step.at for step in here.steps(wanted, found)]
    assert moments == sorted(set(moments))
    assert bool(moments) == (found != wanted)
    assert found == (moments or [wanted])[-1]


@cache
def zones() -> dict[ZoneInfo, list[datetime]]:
    """Return a zone for each way in which clocks of that year go, and when they are changed.

    Many zones are the same under other names.
    """
    start = datetime(YEAR, 1, 1, tzinfo=UTC)
    times = [start + timedelta(hours=each) for each in range(0, 366 * 24, 12)]
    ways: dict[tuple[timedelta | None, ...], ZoneInfo] = {}
    for zone in map(ZoneInfo, sorted(available_timezones())):
        ways.setdefault(tuple(each.astimezone(zone).utcoffset() for each in times), zone)
    return {
        zone: [times[n] for n in range(1, len(times)) if offsets[n] != offsets[n - 1]]
        for offsets, zone in ways.items()
    }


#: evenings and short nights, of which some lie where clocks change
WEEK = (
    (frozenset({0, 1, 2, 3, 4}), 18 * 60, 24 * 60),
    (frozenset({5, 6}), 90, 150),
    (frozenset({5, 6}), 22 * 60, 24 * 60 + 30),
)


def test_every_zone_gives_each_day_of_a_year_a_moment_that_its_rules_allow() -> None:
    chosen = random.Random(1)
    for zone in zones():
        of = Rules(zone, WEEK, [date(YEAR, 12, 25)], 60, 1)
        here, before = plan(of, []), list[datetime]()
        for day in range(0, 360, 2):
            wanted = datetime(YEAR, 1, 1, chosen.randrange(24), tzinfo=UTC)
            wanted += timedelta(days=day, minutes=chosen.randrange(60))
            found = here.first_free(wanted)
            assert found is not None
            assert found >= wanted
            assert of.allow(found, before[-5:]), (zone, wanted, found)
            # Had there been an earlier one, the minute before would often have been it.
            assert found == wanted or not of.allow(found - MINUTE, before[-5:]), (zone, wanted)
            here.add(found, "x")
            before.append(found)


def test_every_change_of_clocks_of_a_year_is_met_as_a_walk_meets_it() -> None:
    chosen = random.Random(1)
    for zone, changes in zones().items():
        for change in changes:
            of = Rules(zone, WEEK, [], 45, 2)
            wanted = change + chosen.randrange(-2160, 300) * MINUTE
            others = [wanted, wanted + 500 * MINUTE]
            walked = of.walk(wanted, others, MOST)
            assert plan(of, others).first_free(wanted) == walked, (zone, wanted)

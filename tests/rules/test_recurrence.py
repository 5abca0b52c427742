"""When something comes again: local times through clock changes, ends, days left out, bad rules."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postcron.errors import Invalid
from postcron.rules.every import rule_of
from postcron.rules.recurrence import Bounds, Recurrence, bounded, recurring
from postcron.rules.rrules import MOST_A_DAY, joined

#: a Saturday, 11:00 in Rome
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SPRING, AUTUMN = datetime(2027, 3, 26, 12, tzinfo=UTC), datetime(2026, 10, 23, 12, tzinfo=UTC)


def a_rule(rule: str, *, zone: str = "Europe/Rome", now: datetime = NOW, **more: Any) -> Recurrence:
    starting = more.pop("starting", None)
    text = rule if "=" in rule else rule_of(rule)
    return recurring(text, zone, Bounds(**more), now=now, starting=starting)


def coming(rule: str, number: int, *, now: datetime = NOW, **more: Any) -> list[str]:
    """Return its next moments as clocks there show them."""
    one = a_rule(rule, now=now, **more)
    return [f"{at.astimezone(one.zone):%a %m-%d %H:%M%z}" for at in one.first(number, now)]


@pytest.mark.parametrize(
    ("rule", "moments"),
    [
        ("day 09:00", ["Sun 11-22 09:00+0100", "Mon 11-23 09:00+0100"]),
        ("day 12:00", ["Sat 11-21 12:00+0100", "Sun 11-22 12:00+0100"]),
        ("weekday 09:00", ["Mon 11-23 09:00+0100", "Tue 11-24 09:00+0100"]),
        ("mon,thu 9am", ["Mon 11-23 09:00+0100", "Thu 11-26 09:00+0100"]),
        ("2 weeks friday 17:00", ["Fri 11-27 17:00+0100", "Fri 12-11 17:00+0100"]),
        ("month 1st 10:00", ["Tue 12-01 10:00+0100", "Fri 01-01 10:00+0100"]),
        ("month 31st 10:00", ["Thu 12-31 10:00+0100", "Sun 01-31 10:00+0100"]),
        ("month last day 10:00", ["Mon 11-30 10:00+0100", "Thu 12-31 10:00+0100"]),
        ("month last friday 17:00", ["Fri 11-27 17:00+0100", "Fri 12-25 17:00+0100"]),
        ("month first weekday 9am", ["Tue 12-01 09:00+0100", "Fri 01-01 09:00+0100"]),
        ("hour", ["Sat 11-21 12:00+0100", "Sat 11-21 13:00+0100"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=9", ["Tue 02-29 09:00+0100"]),
        ("RRULE:freq=daily; byhour=9,18", ["Sat 11-21 18:00+0100", "Sun 11-22 09:00+0100"]),
    ],
)
def test_a_rule_comes_at_these_moments(rule: str, moments: list[str]) -> None:
    assert coming(rule, len(moments)) == moments


@pytest.mark.parametrize(
    ("rule", "now", "moments"),
    [
        # 02:00 to 03:00 is skipped on 28 March: read with the offset before, it is an hour later.
        ("day 02:30", SPRING, ["Sat 03-27 02:30+0100", "Sun 03-28 03:30+0200", "Mon 03-29 02:30+0200"]),
        ("sunday 03:30", SPRING, ["Sun 03-28 03:30+0200", "Sun 04-04 03:30+0200"]),
        # 02:00 to 03:00 comes twice on 25 October: the first one is meant.
        ("day 02:30", AUTUMN, ["Sat 10-24 02:30+0200", "Sun 10-25 02:30+0200", "Mon 10-26 02:30+0100"]),
        ("day 09:00", AUTUMN, ["Sat 10-24 09:00+0200", "Sun 10-25 09:00+0100"]),
        (
            "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30",
            SPRING + timedelta(days=1),
            # 02:00 and 02:30 are 03:00 and 03:30 that day, which come once.
            ["Sun 03-28 03:00+0200", "Sun 03-28 03:30+0200", "Mon 03-29 02:00+0200"],
        ),
        (
            "hour",
            datetime(2027, 3, 28, 0, 30, tzinfo=UTC),
            ["Sun 03-28 03:00+0200", "Sun 03-28 04:00+0200"],
        ),
    ],
)  # fmt: skip
def test_a_change_of_clocks_is_read_as_rfc_5545_says(
    rule: str, now: datetime, moments: list[str]
) -> None:
    assert coming(rule, len(moments), now=now) == moments


def test_a_day_that_a_zone_leaves_out_is_the_day_after() -> None:
    # Samoa went from the east of the date line to its west: there was no 30 December 2011.
    now = datetime(2011, 12, 28, 12, tzinfo=UTC)
    assert coming("day 09:00", 4, now=now, zone="Pacific/Apia") == [
        *("Wed 12-28 09:00-1000", "Thu 12-29 09:00-1000", "Sat 12-31 09:00+1400"),
        "Sun 01-01 09:00+1400",
    ]


@pytest.mark.parametrize(
    ("more", "moments"),
    [
        ({"starting": "2026-12-01"}, ["Tue 12-01 09:00+0100", "Thu 12-03 09:00+0100"]),
        ({"starting": "monday"}, ["Mon 11-23 09:00+0100", "Wed 11-25 09:00+0100"]),
        ({"times": 2}, ["Sun 11-22 09:00+0100", "Tue 11-24 09:00+0100"]),
        ({"until": "2026-11-24"}, ["Sun 11-22 09:00+0100", "Tue 11-24 09:00+0100"]),
        ({"until": "2026-11-24 09:00"}, ["Sun 11-22 09:00+0100", "Tue 11-24 09:00+0100"]),
        ({"until": "2026-11-24 08:59"}, ["Sun 11-22 09:00+0100"]),
        ({"times": 3, "without": ["2026-11-24"]}, ["Sun 11-22 09:00+0100", "Thu 11-26 09:00+0100"]),
        (
            {"times": 3, "without": ["2026-11-22", "tuesday"], "starting": "sunday"},
            ["Thu 11-26 09:00+0100"],
        ),
    ],
)
def test_a_rule_has_a_start_an_end_and_days_left_out(
    more: dict[str, Any], moments: list[str]
) -> None:
    asked = len(moments) + bool({"times", "until"} & more.keys())
    assert coming("2 days 09:00", asked, **more) == moments


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("COUNT=3", "Tue 11-24 09:00+0100"),
        ("UNTIL=20261123", "Mon 11-23 09:00+0100"),
        ("UNTIL=20261123T090000", "Mon 11-23 09:00+0100"),
        ("UNTIL=20261123T080000Z", "Mon 11-23 09:00+0100"),
        ("UNTIL=20261123T075959Z", "Sun 11-22 09:00+0100"),
    ],
)
def test_the_end_of_a_recurrence_rule_is_local(end: str, last: str) -> None:
    assert coming(f"FREQ=DAILY;BYHOUR=9;{end}", 9)[-1] == last


def test_what_is_written_down_reads_the_same() -> None:
    one = a_rule("2 weeks friday 17:00", times=9, without=["2026-12-11", "2026-12-25"])
    assert one.written() == (
        "DTSTART:20261127T170000\n"
        "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;BYHOUR=17;BYMINUTE=0;UNTIL=20270319T170000\n"
        "EXDATE;VALUE=DATE:20261211,20261225"
    )
    assert Recurrence.read(one.written(), "Europe/Rome") == one


def test_another_end_does_not_move_what_comes_every_second_week() -> None:
    one = a_rule("2 weeks friday 17:00", until="2026-12-31")
    later = datetime(2026, 12, 1, tzinfo=UTC)
    longer = bounded(one, Bounds(times=2), now=later)
    assert [f"{at:%m-%d}" for at in one.first(9, later)] == ["12-11", "12-25"]
    assert [f"{at:%m-%d}" for at in longer.first(9, later)] == ["12-11", "12-25"]


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("", "'' is no part of one"),
        ("hello", "'HELLO' is no part of one"),
        ("FREQ=DAILY;BYHOUR", "BYHOUR must have one value"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ must have one value"),
        ("BYHOUR=9", "FREQ must be one of HOURLY"),
        ("FREQ=FORTNIGHTLY;BYHOUR=9", "FREQ must be one of HOURLY"),
        ("FREQ=DAILY;BYHOUR=9;BYEASTER=0", "'BYEASTER' is no part of one"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR cannot be '24'"),
        ("FREQ=DAILY;BYHOUR=9;BYMONTHDAY=45", "BYMONTHDAY cannot be '45'"),
        ("FREQ=DAILY;BYHOUR=9;BYSETPOS=0", "BYSETPOS cannot be '0'"),
        ("FREQ=DAILY;BYHOUR=9;BYDAY=1MO", "BYDAY cannot be '1MO'"),
        ("FREQ=MONTHLY;BYHOUR=9;BYDAY=XX", "BYDAY cannot be 'XX'"),
        ("FREQ=WEEKLY;BYHOUR=9;WKST=1MO", "WKST cannot be '1MO'"),
        ("FREQ=DAILY;BYHOUR=9;COUNT=3;UNTIL=20261231", "COUNT and UNTIL are two ends"),
        ("FREQ=DAILY;BYHOUR=9;INTERVAL=0", "INTERVAL is 0, but must be from 1 to 1000"),
        ("FREQ=DAILY;BYHOUR=9;COUNT=0", "COUNT is 0, but must be from 1 to 10000"),
        ("FREQ=DAILY;BYHOUR=9;UNTIL=soon", "UNTIL is SOON, but must be like 20261224"),
        ("FREQ=HOURLY;INTERVAL=24;BYHOUR=3,25", "BYHOUR cannot be '3,25'"),
        ("FREQ=DAILY", "names no time of day"),
        # what never comes
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=9", "names no day that there is"),
        ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "names no day that there is"),
        ("FREQ=DAILY;BYHOUR=9;BYSETPOS=2", "names no day that there is"),
        ("FREQ=DAILY;BYHOUR=9;UNTIL=20261121", "names no moment that is still to come"),
        # what comes too often
        ("FREQ=SECONDLY", "comes too often: 24 times in a day is the most"),
        ("FREQ=MINUTELY;INTERVAL=90", "comes too often"),
        ("FREQ=HOURLY;BYMINUTE=0,30", "comes too often"),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24;BYHOUR=9;BYMINUTE=" + ",".join(map(str, range(30))), "too often"),
    ],
)  # fmt: skip
def test_a_rule_that_nobody_can_mean_is_refused(rule: str, why: str) -> None:
    with pytest.raises(Invalid) as refused:
        recurring(rule, "Europe/Rome", Bounds(), now=NOW)
    assert why in refused.value.message
    assert len(refused.value.message) < 400


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"starting": "2026-11-20"}, "2026-11-20 is past"),
        ({"starting": "soon"}, "'soon' is not a day"),
        ({"until": "2026-11-21"}, "names no moment that is still to come"),
        ({"until": "0001-01-01"}, "names no moment that is still to come"),
        ({"until": "2027-02-30"}, "There is no day 2027-02-30"),
        ({"times": 2, "until": "2026-12-31"}, "two ends"),
        ({"without": ["2026-11-22", "christmas"]}, "'christmas' is not a day"),
        ({"times": 1, "without": ["2026-11-22"]}, "names no moment that is still to come"),
    ],
)
def test_a_start_or_end_that_cannot_be_is_refused(more: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        a_rule("day 09:00", **more)


def test_two_ends_are_refused_wherever_they_stand() -> None:
    with pytest.raises(Invalid, match="has an end of its own"):
        a_rule("FREQ=DAILY;BYHOUR=9;COUNT=3", times=3)


# --- against an oracle -------------------------------------------------------------------------

ZONES = ("Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu")
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def oracle(parts: dict[str, Any], start: datetime, zone: ZoneInfo, days: int) -> set[datetime]:
    """Return the moments of a rule by asking of each day whether it is meant, and of each clock."""
    first = start.date()
    some = (first + timedelta(days=ahead) for ahead in range(days))
    clocks = [time(h, m) for h in parts["BYHOUR"] for m in parts["BYMINUTE"]]
    walls = (
        datetime.combine(day, at) for day in some if _meant(parts, first, day) for at in clocks
    )
    return {_shown(wall, zone) for wall in walls if wall >= start}


def _meant(parts: dict[str, Any], first: date, day: date) -> bool:
    monday = first - timedelta(days=first.weekday())
    steps = {
        "DAILY": (day - first).days,
        "WEEKLY": (day - monday).days // 7,
        "MONTHLY": (day.year - first.year) * 12 + day.month - first.month,
    }[parts["FREQ"]]
    by_day, by_date = parts.get("BYDAY"), parts.get("BYMONTHDAY")
    if by_day is None and by_date is None:
        by_day = [first.weekday()] if parts["FREQ"] == "WEEKLY" else None
        by_date = [first.day] if parts["FREQ"] == "MONTHLY" else None
    left = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days
    return (
        steps % parts["INTERVAL"] == 0
        and (by_day is None or day.weekday() in by_day)
        and (by_date is None or day.day in by_date or -left in by_date)
    )


def _shown(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at which clocks show this, else by the offset of the day before."""
    clock = wall.replace(tzinfo=UTC)
    offsets = [
        (clock + timedelta(hours=hours)).astimezone(zone).utcoffset() or timedelta()
        for hours in (-30, 0, 30)
    ]
    seen = [
        at for at in (clock - offset for offset in offsets)
        if at.astimezone(zone).replace(tzinfo=None) == wall
    ]  # fmt: skip
    return min(seen) if seen else clock - offsets[0]


RULES = st.fixed_dictionaries(
    {
        "FREQ": st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]),
        "INTERVAL": st.integers(1, 4),
        "BYHOUR": st.lists(st.sampled_from([0, 1, 2, 3, 9, 23]), min_size=1, max_size=3),
        "BYMINUTE": st.lists(st.sampled_from([0, 15, 30]), min_size=1, max_size=2),
    },
    optional={
        "BYDAY": st.lists(st.integers(0, 6), min_size=1, max_size=4),
        "BYMONTHDAY": st.lists(
            st.sampled_from([-31, -2, -1, 1, 13, 28, 31]), min_size=1, max_size=3
        ),
    },
)
#: around the days on which clocks change there
MOMENTS = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from([NOW, SPRING, AUTUMN, datetime(2027, 4, 2, tzinfo=UTC)]),
    st.integers(0, 4 * 86_400),
)


@settings(max_examples=150)
@given(RULES, MOMENTS, st.sampled_from(ZONES))
def test_every_moment_of_a_rule_is_one_of_the_oracles_and_none_is_missing(
    parts: dict[str, Any], now: datetime, zone: str
) -> None:
    lists = {name: value for name, value in parts.items() if isinstance(value, list)}
    texts = {name: ",".join(map(str, value)) for name, value in lists.items()}
    if "BYDAY" in parts:
        texts["BYDAY"] = ",".join(CODES[day] for day in parts["BYDAY"])
    rule = joined({name: str(value) for name, value in parts.items()} | texts)
    one = recurring(rule, zone, Bounds(), now=now)
    expected = oracle(parts, one.start, one.zone, days=120)
    end = datetime.combine(one.start, time(), UTC) + timedelta(days=118)
    assert one.between(now, end) == sorted(at for at in expected if at <= end)
    assert one.next(now) == min(expected)
    assert now < min(expected)
    # Where one look ends, the next begins.
    middle = now + (end - now) / 2
    assert one.between(now, middle) + one.between(middle, end) == one.between(now, end)
    assert len(one.between(now, now + timedelta(hours=23))) <= MOST_A_DAY


PARTS = st.tuples(
    st.sampled_from(
        ["FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYSETPOS", "BYYEARDAY"]
    )
    | st.sampled_from(["BYHOUR", "BYMINUTE", "BYMONTH", "BYMONTHDAY", "BYWEEKNO", "X"]),
    st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY", "HOURLY", "MO", "-1FR", "53SU"])
    | st.integers(-400, 400).map(str)
    | st.text("-+,0123456789MOSU", max_size=9),
)


@settings(max_examples=150)
@given(st.lists(PARTS, max_size=5) | st.just([("FREQ", "DAILY")]), st.sampled_from(ZONES))
def test_any_rule_is_understood_or_refused(parts: list[tuple[str, str]], zone: str) -> None:
    written = ";".join(f"{name}={value}" for name, value in [("BYHOUR", "9"), *parts])
    with suppress(Invalid):
        one = recurring(written, zone, Bounds(), now=NOW)
        first = one.first(3, NOW)[0]
        assert one.next(NOW) == first > NOW


def test_a_rule_that_is_due_once_in_decades_is_read_within_seconds() -> None:
    rule, begun = "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYHOUR=9", process_time()
    found = recurring(rule, "Europe/Rome", Bounds(), now=NOW)
    moments = found.first(2, NOW)
    assert [f"{at:%Y-%m-%d}" for at in moments] == ["2044-02-29", "2072-02-29"]
    assert process_time() - begun < 5  # it was a quarter of a minute

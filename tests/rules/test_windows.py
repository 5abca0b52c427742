"""Windows: when they open and close, in every zone and through clock changes."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from postcron.errors import Invalid
from postcron.rules.windows import overlapping, window

SATURDAY = date(2026, 11, 21)


def edges(text: str, day: date, zone: str = "Europe/Rome") -> tuple[str, str] | None:
    """Return when a window opens and closes, as clocks there show it."""
    place = ZoneInfo(zone)
    found = window(text).on(day, place)
    return found and tuple(  # type: ignore[return-value]
        f"{at.astimezone(place):%d %H:%M %z}" for at in found
    )


@pytest.mark.parametrize(
    ("text", "opens", "closes"),
    [
        ("18:00-23:00", "21 18:00", "21 23:00"),
        ("18:00 - 24:00", "21 18:00", "22 00:00"),
        ("18:00-00:00", "21 18:00", "22 00:00"),
        ("00:00-24:00", "21 00:00", "22 00:00"),
        ("22:00-02:00", "21 22:00", "22 02:00"),
        ("sat 22:00-21:59", "21 22:00", "22 21:59"),
    ],
)
def test_a_window_may_end_at_midnight_and_pass_it(text: str, opens: str, closes: str) -> None:
    assert edges(text, SATURDAY) == (f"{opens} +0100", f"{closes} +0100")


def test_a_window_that_passes_midnight_belongs_to_the_day_it_begins_on() -> None:
    assert edges("fri 22:00-02:00", SATURDAY) is None
    assert edges("sat 22:00-02:00", SATURDAY) == ("21 22:00 +0100", "22 02:00 +0100")


@pytest.mark.parametrize(
    ("zone", "day", "text", "seen"),
    [
        # Clocks go from 02:00 to 03:00 on 28 March, and back from 03:00 to 02:00 on 25 October.
        ("Europe/Rome", date(2027, 3, 28), "02:30-05:00", ("28 03:30 +0200", "28 05:00 +0200")),
        ("Europe/Rome", date(2027, 3, 28), "01:00-02:30", ("28 01:00 +0100", "28 03:30 +0200")),
        ("Europe/Rome", date(2027, 3, 28), "02:30-03:00", None),
        ("Europe/Rome", date(2027, 3, 28), "02:10-02:40", ("28 03:10 +0200", "28 03:40 +0200")),
        ("Europe/Rome", date(2026, 10, 25), "01:00-02:30", ("25 01:00 +0200", "25 02:30 +0200")),
        ("Europe/Rome", date(2026, 10, 25), "02:30-04:00", ("25 02:30 +0200", "25 04:00 +0100")),
        # Midnight itself is skipped there: the day begins at one.
        ("Africa/Cairo", date(2026, 4, 24), "00:00-06:00", ("24 01:00 +0300", "24 06:00 +0300")),
        ("Africa/Cairo", date(2026, 4, 23), "18:00-24:00", ("23 18:00 +0200", "24 01:00 +0300")),
        # Half an hour is enough for some.
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:15-04:00", ("04 02:45 +1100", "04 04:00 +1100")),
    ],
)  # fmt: skip
def test_edges_in_a_clock_change_are_read_as_rfc_5545_says(
    zone: str, day: date, text: str, seen: tuple[str, str] | None
) -> None:
    assert edges(text, day, zone) == seen


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("18:00-18:00", "has no length: the whole day is written 00:00-24:00"),
        ("24:00-06:00", "begins when its day is over: write 00:00 of the next one"),
        ("18:00", "is not a window: write it like"),
        ("", "is not a window: write it like"),
        ("mon-fri", "is not a window: write it like"),
        ("18-23", "'18' is not a time of day"),
        ("18:00-25:00", "'25:00' is not a time of day"),
        ("mo 18:00-23:00", "'mo' names no day"),
        ("18:00-23:00 mon", "the days come first"),
        ("18:00-20:00, 21:00-22:00", "is not a window: write it like"),
    ],
)
def test_what_is_no_window_is_refused(text: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        window(text)
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("texts", "clash"),
    [
        (["09:00-12:00", "12:00-14:00"], None),
        (["mon-fri 18:00-24:00", "sat 00:00-02:00"], None),
        (["22:00-02:00", "02:00-03:00"], None),
        (["mon 09:00-12:00", "tue 09:00-12:00"], None),
        (["sun 22:00-02:00", "mon 02:00-04:00"], None),
        ([], None),
        (["09:00-12:00", "11:59-13:00"], "'09:00-12:00' and '11:59-13:00' overlap on mon"),
        (["mon-fri 18:00-23:00", "fri 20:00-22:00"], "overlap on fri"),
        (["fri 22:00-02:00", "sat 01:00-03:00"], "overlap on sat"),
        (["sun 22:00-02:00", "mon 01:00-03:00"], "overlap on mon"),
        (["18:00-23:00", "18:00-23:00"], "overlap on mon"),
        (["sun 12:00-11:00", "mon 10:00-10:30"], "overlap on mon"),
    ],
)
def test_windows_that_overlap_are_found(texts: list[str], clash: str | None) -> None:
    found = overlapping([window(text) for text in texts])
    assert found is None if clash is None else found is not None and clash in found


def test_edges_are_moments_in_utc() -> None:
    found = window("18:00-23:00").on(SATURDAY, ZoneInfo("Asia/Kathmandu"))
    assert found is not None
    assert found[0] == datetime.fromisoformat("2026-11-21T12:15Z")
    assert found[0].utcoffset() == found[1].utcoffset() == SATURDAY - SATURDAY

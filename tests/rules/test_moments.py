"""When a post is wanted: what is understood, and that nothing else is."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.errors import Invalid
from postcron.rules.moments import parse

#: a Friday, 13:00 in Rome
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ZONES = ("Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


def at(text: str, *, now: datetime = NOW, zone: str = "Europe/Rome") -> str:
    return parse(text, now=now, zone=zone).at.isoformat()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-11-20T12:00:00+00:00"),
        ("2h30m", "2026-11-20T14:30:00+00:00"),
        ("90s", "2026-11-20T12:01:30+00:00"),
        ("+10m", "2026-11-20T12:10:00+00:00"),
        ("in 2h30m", "2026-11-20T14:30:00+00:00"),
        ("in 3 days", "2026-11-23T12:00:00+00:00"),
        ("In 2 Hours  30 minutes", "2026-11-20T14:30:00+00:00"),
        ("today 18:00", "2026-11-20T17:00:00+00:00"),
        ("today at 6pm", "2026-11-20T17:00:00+00:00"),
        ("tomorrow 9am", "2026-11-21T08:00:00+00:00"),
        ("tomorrow 12am", "2026-11-20T23:00:00+00:00"),
        ("tomorrow 12:30 pm", "2026-11-21T11:30:00+00:00"),
        ("saturday 18:30", "2026-11-21T17:30:00+00:00"),
        ("next monday 09:00", "2026-11-23T08:00:00+00:00"),
        ("2026-11-20T18:00", "2026-11-20T17:00:00+00:00"),
        ("2026-11-20 18:00:30", "2026-11-20T17:00:30+00:00"),
        ("2026-12-01 6pm", "2026-12-01T17:00:00+00:00"),
        ("2026-11-20T18:00:00Z", "2026-11-20T18:00:00+00:00"),
        ("2026-11-20t18:00z", "2026-11-20T18:00:00+00:00"),
        ("2026-11-20T18:00:00.5+05:30", "2026-11-20T12:30:00.500000+00:00"),
        ("2026-11-20 18:00 -0500", "2026-11-20T23:00:00+00:00"),
    ],
)
def test_iso_plain_words_and_lengths_of_time_are_understood(text: str, expected: str) -> None:
    assert at(text) == expected


def test_a_weekday_is_today_while_its_time_is_ahead() -> None:
    assert at("friday 18:30") == "2026-11-20T17:30:00+00:00"


def test_a_weekday_whose_time_is_over_is_a_week_from_today() -> None:
    assert at("friday 09:00") == "2026-11-27T08:00:00+00:00"


def test_next_leaves_today_out() -> None:
    assert at("next friday 18:30") == "2026-11-27T17:30:00+00:00"


def test_tomorrow_is_counted_where_the_account_is() -> None:
    late_evening = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert at("tomorrow 09:00", now=late_evening) == "2026-11-22T08:00:00+00:00"
    assert at("tomorrow 09:00", now=late_evening, zone="UTC") == "2026-11-21T09:00:00+00:00"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("now", "now"),
        ("in 2h30m", "in 2h30m"),
        ("+10m", "in 10m"),
        ("tomorrow 9am", "saturday 2026-11-21 09:00 in Europe/Rome"),
        ("2026-11-20T18:00Z", "the moment asked for"),
    ],
)
def test_the_reason_says_how_the_moment_follows(text: str, reason: str) -> None:
    assert parse(text, now=NOW, zone="Europe/Rome").reason == reason


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "18:00", "tomorrow noon", "tomorrow 18", "fri 18:00", "tomorrow 9am\x00"),
        *("in 5", "1.5h", "2h2h", "30m2h", "-2h", "２h", "9999999d", "1795190000", "x" * 100_000),
        *("20/11/2026 18:00", "2026-W47-5 18:00", "2026-11-20T18:00 Europe/Rome"),
    ],
)
def test_what_is_not_in_the_grammar_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Invalid, match="is not a time; write it like now, 2h30m") as refused:
        at(text)
    assert len(refused.value.message) < 300


@pytest.mark.parametrize("text", ["today", "friday", "next monday", "2026-11-21"])
def test_a_day_needs_a_time(text: str) -> None:
    with pytest.raises(Invalid, match=f"is a whole day: add a time, like {text} 18:00"):
        at(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-02-29 10:00", "There is no day 2026-02-29"),
        ("2026-13-01T10:00Z", "There is no day 2026-13-01"),
        ("today 24:00", "There is no time 24:00: the hour is 0 to 23"),
        ("today 18:60", "There is no time 18:60"),
        ("today 18:00:60", "There is no time 18:00:60"),
        ("tomorrow 13pm", "with am and pm the hour is 1 to 12"),
        ("tomorrow 0am", "with am and pm the hour is 1 to 12"),
        ("9999-12-31T23:59-12:00", "too far away"),
        ("9999-12-31T00:00+00:00", "too far away"),
        ("0001-01-01T00:00+14:00", "too far away"),
    ],
)
def test_days_and_times_that_do_not_exist_are_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        at(text)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("today 09:55", "is 3 h 5 min ago"),
        ("2026-11-20T12:59:59", "is 1 s ago"),
        ("2026-11-20T11:59:59.999Z", "is past"),
        ("2024-02-29 10:00", "is 995 d 3 h ago"),
    ],
)
def test_the_past_is_refused_and_told_how_long_ago(text: str, ago: str) -> None:
    with pytest.raises(Invalid, match=ago) as refused:
        at(text)
    assert refused.value.code == "in_the_past"


@pytest.mark.parametrize(
    ("text", "zone", "what", "readings"),
    [
        (
            "2027-03-28 02:30",
            "Europe/Rome",
            "does not exist",
            ("2027-03-28T01:30:00+01:00", "2027-03-28T03:30:00+02:00"),
        ),
        (
            "2027-10-31 02:30",
            "Europe/Rome",
            "happens twice",
            ("2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"),
        ),
        (
            "2027-03-14 02:00",
            "America/New_York",
            "does not exist",
            ("2027-03-14T01:00:00-05:00", "2027-03-14T03:00:00-04:00"),
        ),
        (
            "2027-04-04 01:45",
            "Australia/Lord_Howe",
            "happens twice",
            ("2027-04-04T01:45:00+11:00", "2027-04-04T01:45:00+10:30"),
        ),
    ],
)
def test_a_local_time_that_happens_never_or_twice_is_refused_with_both_readings(
    text: str, zone: str, what: str, readings: tuple[str, str]
) -> None:
    with pytest.raises(Invalid, match=what) as refused:
        at(text, zone=zone)
    assert refused.value.message.endswith(f"give {readings[0]} or {readings[1]}.")
    for reading in readings:
        assert at(reading, zone=zone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-03-28 01:59:59", "2027-03-28T00:59:59+00:00"),
        ("2027-03-28 03:00", "2027-03-28T01:00:00+00:00"),
        ("2027-10-31 01:59:59", "2027-10-30T23:59:59+00:00"),
        ("2027-10-31 03:00", "2027-10-31T02:00:00+00:00"),
    ],
)
def test_local_times_beside_a_change_of_clocks_are_exact(text: str, expected: str) -> None:
    assert at(text) == expected


def test_a_day_from_now_is_24_hours_across_a_change_of_clocks() -> None:
    before = datetime(2027, 3, 27, 12, 0, tzinfo=UTC)
    assert at("1d", now=before) == "2027-03-28T12:00:00+00:00"


#: what clocks on walls show: no zone
WALLS = st.datetimes(datetime(2027, 1, 1), datetime(2037, 1, 1))  # noqa: DTZ001


@given(WALLS, st.sampled_from(ZONES))
def test_a_local_time_comes_back_as_it_was_written_or_is_refused(wall: datetime, zone: str) -> None:
    try:
        moment = parse(wall.isoformat(" "), now=NOW, zone=zone)
    except Invalid as error:
        moment, refused = None, error.code
    if moment is None:
        assert refused == "twice_or_never"
    else:
        assert moment.at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall


@given(WALLS, st.integers(-14 * 60, 14 * 60))
def test_an_instant_with_its_offset_comes_back_exactly(wall: datetime, minutes: int) -> None:
    hours, rest = divmod(abs(minutes), 60)
    written = f"{wall.isoformat()}{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
    expected = (wall - timedelta(minutes=minutes)).replace(tzinfo=UTC)
    assert parse(written, now=NOW, zone="UTC").at == expected


@given(st.text(max_size=30))
def test_any_text_is_understood_or_refused(text: str) -> None:
    with suppress(Invalid):
        assert parse(text, now=NOW, zone="Europe/Rome").at >= NOW

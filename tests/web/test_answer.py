from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.web import Answer

HERE = "Fri, 20 Nov 2026 16:00:00 GMT"
NOON = 1795190400  # the same moment as an epoch


def waits(headers: dict[str, str], status: int = 429) -> timedelta | None:
    return Answer(status, {"Date": HERE, **headers}, b"").retry_after()


@pytest.mark.fault("F84")
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        ("-5", 1),
        ("64.57", 64.57),
        ("315360000", 86400),
        ("9" * 18, 86400),
        ("Fri, 20 Nov 2026 16:05:00 GMT", 300),
        ("Fri, 20 Nov 2026 15:00:00 GMT", 1),
        ("Friday, 20-Nov-26 16:05:00 GMT", 300),
        ("Wed, 20 Nov 2036 16:05:00 GMT", 86400),
        ("5, 10", 10),
        ("soon, 10", 10),
        ("Fri, 20 Nov 2026 16:05:00 GMT, Fri, 20 Nov 2026 16:10:00 GMT", 600),
        ("Fri, 20 Nov 2026 16:05:00 GMT, 10", 300),
        ("-315360000, 20", 20),
        ("", None),
        ("soon", None),
        ("1e9", None),
        ("nan", None),
        ("0x10", None),
        ("９", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert waits({"Retry-After": value}) == expected


@pytest.mark.parametrize("name", ["X-Rate-Limit-Reset", "RateLimit-Reset", "x-ratelimit-reset"])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (str(NOON + 90), 90),
        (f"{NOON + 90}.5", 90.5),
        (str(NOON - 90), 1),
        ("300", 300),
        ("2026-11-20T16:01:30.123456Z", 90.123456),
        ("2026-11-20T16:01:30.000Z", 90),
        ("2026-11-20T17:01:30+01:00", 90),
        ("garbage", None),
    ],
)
def test_a_reset_is_an_epoch_a_length_or_iso(name: str, value: str, seconds: float | None) -> None:
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert waits({name: value}) == expected


@pytest.mark.fault("F84")
def test_two_headers_are_two_wishes_and_the_longer_one_counts() -> None:
    twice = httpx.Headers([("Date", HERE), ("Retry-After", "5"), ("retry-after", "70")])
    assert Answer(429, twice, b"").retry_after() == timedelta(seconds=70)


@pytest.mark.fault("F84")
@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
def test_a_platform_whose_clock_is_wrong_is_measured_by_its_own(hours: int) -> None:
    theirs = datetime.now(UTC) + timedelta(hours=hours)
    headers = {
        "Date": format_datetime(theirs, usegmt=True),
        "Retry-After": format_datetime(theirs + timedelta(seconds=90), usegmt=True),
    }
    assert Answer(429, headers, b"").retry_after() == timedelta(seconds=90)


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Nov 2026 16:00:00 GMT"])
def test_a_date_that_is_none_leaves_our_own_clock(date: str) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    wait = Answer(429, {"Date": date, "Retry-After": then}, b"").retry_after()
    assert wait is not None
    assert timedelta(minutes=4) < wait <= timedelta(minutes=5)


@pytest.mark.parametrize(
    ("headers", "made_at"),
    [
        ({"date": HERE}, "2026-11-20T16:00:00+00:00"),
        ({"Date": HERE, "Age": "0"}, None),
        ({"Date": HERE, "age": "3600"}, None),
        ({"Date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_when_it_was_made_is_said_by_the_platform_unless_a_cache_kept_it(
    headers: dict[str, str], made_at: str | None
) -> None:
    expected = None if made_at is None else datetime.fromisoformat(made_at)
    assert Answer(200, headers, b"").made_at() == expected


def test_the_latest_counts() -> None:
    reset = {"RateLimit-Reset": str(NOON + 90)}

    assert waits({"Retry-After": "10", **reset}) == timedelta(seconds=90)
    assert waits({"Retry-After": "100", **reset}) == timedelta(seconds=100)


def test_a_limit_that_is_not_used_up_is_no_reason_to_wait() -> None:
    reset = {"X-RateLimit-Reset": "2026-11-20T16:05:00Z"}

    assert waits(reset, 503) is None
    assert waits({**reset, "X-RateLimit-Remaining": "288"}, 503) is None
    assert waits({**reset, "X-RateLimit-Remaining": "288"}, 429) is None
    assert waits({**reset, "X-RateLimit-Remaining": "0"}, 403) == timedelta(minutes=5)


def test_each_limit_has_its_own_reset() -> None:
    headers = {
        "x-rate-limit-reset": str(NOON + 900),
        "x-rate-limit-remaining": "12",
        "x-user-limit-24hour-reset": str(NOON + 7200),
        "x-user-limit-24hour-remaining": "0",
    }
    assert waits(headers) == timedelta(hours=2)


def test_without_a_date_our_own_clock_serves() -> None:
    wait = Answer(429, {"retry-after": "Fri, 20 Nov 2099 16:00:00 GMT"}, b"").retry_after()

    assert wait == timedelta(hours=24)


@pytest.mark.fault("F84")
@given(st.dictionaries(st.sampled_from(["date", "retry-after", "ratelimit-reset"]), st.text()))
def test_no_header_can_make_it_fail(headers: dict[str, str]) -> None:
    wait = Answer(429, headers, b"").retry_after()

    assert wait is None or timedelta(seconds=1) <= wait <= timedelta(hours=24)


def hint(body: bytes) -> str:
    return Answer(500, {}, body).hint()


def test_a_hint_is_one_short_printable_line() -> None:
    assert hint(b'{"error":\n  "no"}') == '{"error": "no"}'
    assert hint("Zu groß".encode()) == "Zu groß"
    assert hint(b"") == ""
    assert len(hint(b"x" * 10_000_000)) == 200
    assert hint(b"x" * 201).endswith("…")


def test_a_hint_shows_what_would_move_a_cursor_or_turn_a_line() -> None:
    assert hint(b"\x1b[2J\x07") == r"\x1b[2J\x07"
    assert hint("\u202eevil\u200b".encode()) == r"\u202eevil\u200b"
    assert hint(b"\xc2\x9b31m") == r"\x9b31m"


@given(st.binary(max_size=500))
def test_a_hint_never_fails_and_never_holds_a_control_character(body: bytes) -> None:
    said = hint(body)

    assert len(said) <= 200
    assert said.isprintable() or not said


@pytest.mark.parametrize("body", [b"[" * 100_000, b"\xff", b"", b'{"a":', b'"\\ud800"'])
def test_no_body_can_make_reading_it_fail(body: bytes) -> None:
    Answer(200, {}, body).json()


def test_an_answer_does_not_show_what_it_holds() -> None:
    assert "canary" not in repr(Answer(200, {"x-token": "canary"}, b"canary"))

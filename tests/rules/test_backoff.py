"""When to try, look and ask again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.rules.backoff import jitter, next_look, next_poll, next_try

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FAR = NOW + timedelta(days=30)


def pause(tries: int, *, delivery_id: int = 7, retry_after: timedelta | None = None) -> timedelta:
    again = next_try(delivery_id, tries, now=NOW, until=FAR, retry_after=retry_after)
    assert again is not None
    return again - NOW


def test_the_first_three_pauses_are_5_10_and_20_seconds() -> None:
    assert [pause(n).total_seconds() for n in (1, 2, 3)] == [5, 10, 20]


@pytest.mark.parametrize("n", range(9))
def test_later_pauses_double_from_a_minute_to_an_hour_halved_at_most(n: int) -> None:
    longest = min(timedelta(hours=1), timedelta(minutes=1) * 2**n)
    assert longest / 2 <= pause(n + 4) < longest


def test_twelve_tries_and_no_more() -> None:
    assert next_try(7, 12, now=NOW, until=FAR) is not None
    assert next_try(7, 13, now=NOW, until=FAR) is None


def test_no_try_comes_after_the_grace() -> None:
    assert next_try(7, 1, now=NOW, until=NOW + timedelta(seconds=5)) is not None
    assert next_try(7, 1, now=NOW, until=NOW + timedelta(seconds=4.999)) is None


def test_a_platform_that_asks_for_a_longer_pause_gets_it() -> None:
    assert pause(1, retry_after=timedelta(seconds=90)) == timedelta(seconds=90)
    assert pause(3, retry_after=timedelta(seconds=2)) == timedelta(seconds=20)


@pytest.mark.fault("F84")
@pytest.mark.parametrize("asked", [timedelta(days=400), timedelta(seconds=-5)])
def test_what_a_platform_asks_for_stays_within_reason(asked: timedelta) -> None:
    assert timedelta(seconds=5) <= pause(1, retry_after=asked) <= timedelta(hours=24)


@pytest.mark.fault("F84")
def test_a_pause_asked_for_beyond_the_grace_ends_the_tries() -> None:
    until = NOW + timedelta(minutes=15)
    assert next_try(7, 1, now=NOW, until=until, retry_after=timedelta(minutes=16)) is None


def test_the_jitter_is_the_same_on_every_host_and_python() -> None:
    assert [round(jitter(7, n), 6) for n in range(3)] == [0.980464, 0.921149, 0.776479]


@given(st.integers(1, 2**63), st.integers(0, 8))
def test_the_jitter_stays_between_a_half_and_one(delivery_id: int, n: int) -> None:
    assert 0.5 <= jitter(delivery_id, n) < 1


def looks(since: datetime) -> list[float]:
    found, now = [], since
    while (again := next_look(since, now)) is not None:
        found.append((again - now).total_seconds())
        now = again
    return found


def test_looks_wait_as_long_again_until_a_person_is_needed_after_half_an_hour() -> None:
    assert looks(NOW) == [30, 30, 60, 120, 240, 480, 600, 240]
    assert sum(looks(NOW)) == 1800


@given(st.timedeltas(timedelta(), timedelta(days=2)))
def test_a_poll_is_always_ahead_and_never_more_than_five_minutes(waited: timedelta) -> None:
    again = next_poll(NOW, NOW + waited)
    if waited >= timedelta(hours=24):
        assert again is None
    else:
        assert again is not None
        assert timedelta() < again - (NOW + waited) <= timedelta(minutes=5)


def test_while_something_waits_for_the_answer_it_is_asked_for_steadily_for_a_day_at_most() -> None:
    every, late = timedelta(seconds=2), NOW + timedelta(hours=3)
    assert next_poll(NOW, late, every=every) == late + every
    assert next_poll(NOW, NOW + timedelta(hours=24), every=every) is None


def test_the_first_poll_comes_after_two_seconds() -> None:
    assert next_poll(NOW, NOW) == NOW + timedelta(seconds=2)

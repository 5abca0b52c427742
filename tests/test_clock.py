"""The clock: never early, hardly late, and not to be fooled."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from postcron.clock import Clock, SystemClock
from tests.fakes import FakeClock

CLOCK = SystemClock()
MILLISECOND = timedelta(milliseconds=1)


def test_now_is_aware_and_in_utc() -> None:
    assert CLOCK.now().tzinfo is UTC


def test_boottime_runs() -> None:
    before = CLOCK.boottime()
    time.sleep(0.002)
    assert before + 0.002 <= CLOCK.boottime() < before + 60


@pytest.mark.parametrize("ahead_ms", [0, 1, 3, 40, 300])
def test_sleeping_ends_never_before_the_moment(ahead_ms: int) -> None:
    moment = CLOCK.now() + ahead_ms * MILLISECOND
    CLOCK.sleep_until(moment)
    assert CLOCK.now() >= moment


def test_sleeping_mostly_ends_within_a_millisecond() -> None:
    # The median: a busy machine may hold up any single one.
    late = sorted(lateness(CLOCK.now() + 20 * MILLISECOND) for _ in range(15))
    assert late[7] < MILLISECOND


def lateness(moment: datetime) -> timedelta:
    CLOCK.sleep_until(moment)
    return CLOCK.now() - moment


def test_a_moment_that_is_past_is_not_waited_for() -> None:
    before = time.monotonic()
    CLOCK.sleep_until(CLOCK.now() - timedelta(days=1))
    assert time.monotonic() - before < 1


def test_an_interruption_ends_a_sleep_soon() -> None:
    asked: list[float] = []

    def interrupted() -> bool:
        asked.append(time.monotonic())
        return len(asked) > 2

    SystemClock(interrupted).sleep_until(CLOCK.now() + timedelta(days=1))
    assert asked[2] - asked[0] < 5


def test_the_fake_clock_moves_only_by_sleeping_or_when_told() -> None:
    fake = FakeClock(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    clock: Clock = fake
    start, up = clock.now(), clock.boottime()
    clock.sleep_until(start + timedelta(hours=1))
    clock.sleep_until(start)
    fake.advance(timedelta(minutes=1))
    assert clock.now() == start + timedelta(hours=1, minutes=1)
    assert clock.boottime() == up + 3660

"""Clocks that are set, machines that slept, cron that was off: never early, never twice, never silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from postcron.errors import CannotWork
from postcron.model import Delivery, Filter
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.states import State
from tests.fakes import SleepyClock
from tests.operations.stage import Stage, build
from tests.oracle import Evidence, Shown, breaches

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
#: just before what is scheduled for `in 1h`
ALMOST = timedelta(minutes=59, seconds=30)


def set_clock(stage: Stage, span: timedelta) -> None:
    """Set the wall clock; the machine's own time since its start does not move."""
    stage.clock.at += span


def cron(stage: Stage, *, minutes: int, every: int = 1) -> set[str]:
    """Start cron again and again; return what its runs have named."""
    told: set[str] = set()
    for _ in range(0, minutes, every):
        told |= {delivery.ref for delivery in run(stage.house).everything()}
        stage.pass_time(minutes=every)
    return told


def found(stage: Stage, told: set[str], *, over: bool = True) -> list[str]:
    live = [Shown(one.account, one.text, one.at, one.remote_id) for one in stage.remote.live]
    return breaches(
        Evidence(
            stage.house.store,
            live,
            stage.clock.now(),
            told=told,
            over=over,
            policy=lambda account: stage.house.config.accounts[account].policy,
        )
    )


@pytest.mark.fault("F75")
def test_a_clock_set_back_two_hours_after_publishing_publishes_nothing_again(
    tmp_path: Path,
) -> None:
    stage = build(tmp_path, at=START)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(seconds=ALMOST.total_seconds())
    told = cron(stage, minutes=2)
    assert stage.now(delivery).state is State.PUBLISHED
    set_clock(stage, -timedelta(hours=2))
    told |= cron(stage, minutes=180, every=20)
    assert len(stage.remote.calls) == 1
    assert found(stage, told) == []


@pytest.mark.fault("F75")
def test_a_clock_set_back_while_an_answer_is_missing_makes_no_second_post(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(seconds=ALMOST.total_seconds())
    stage.remote.script.append("lost")
    stage.remote.unreadable = True
    told = {d.ref for d in publish(stage.house).everything()}
    set_clock(stage, -timedelta(hours=2))
    stage.remote.unreadable = False
    told |= cron(stage, minutes=240, every=20)
    assert (stage.now(delivery).state, len(stage.remote.live)) == (State.PUBLISHED, 1)


@pytest.mark.fault("F77")
@pytest.mark.parametrize(
    "forward",
    [timedelta(minutes=10), timedelta(hours=3)],
    ids=["within the grace", "beyond it"],
)
def test_a_clock_set_forward_sends_within_the_grace_and_asks_beyond_it(
    tmp_path: Path, forward: timedelta
) -> None:
    stage = build(tmp_path, at=START)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(seconds=ALMOST.total_seconds())
    set_clock(stage, forward)
    told = cron(stage, minutes=3)
    set_clock(stage, -forward)
    told |= cron(stage, minutes=60, every=5)
    late = forward > timedelta(minutes=15)
    assert stage.now(delivery).state is (State.LATE if late else State.PUBLISHED)
    assert len(stage.remote.live) == (0 if late else 1)
    assert found(stage, told) == []


@pytest.mark.fault("F77")
@pytest.mark.parametrize(
    "forward", [timedelta(hours=30), datetime(2098, 1, 1, tzinfo=UTC) - START], ids=["30 h", "2098"]
)
def test_a_clock_that_leaps_by_more_than_a_day_is_not_believed(
    tmp_path: Path, forward: timedelta
) -> None:
    stage = build(tmp_path, at=START)
    [delivery] = stage.schedule(at="in 1h")
    run(stage.house)
    stage.pass_time(seconds=ALMOST.total_seconds())
    set_clock(stage, forward)
    with pytest.raises(CannotWork, match="leapt"):
        run(stage.house)
    assert stage.remote.calls == []
    set_clock(stage, -forward)
    told = cron(stage, minutes=20, every=5)
    assert stage.now(delivery).state is State.PUBLISHED, "put right, it goes on as if nothing was"
    assert found(stage, told) == []


@pytest.mark.fault("F78")
@pytest.mark.parametrize("before_due", [0, 1, 20], ids=lambda s: f"{s} s before its moment")
def test_a_machine_that_sleeps_mid_run_wakes_late_and_asks(tmp_path: Path, before_due: int) -> None:
    stage = build(tmp_path, at=START)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(seconds=ALMOST.total_seconds())
    asleep_at = START + timedelta(hours=1) - timedelta(seconds=before_due)
    sleepy = SleepyClock(stage.clock.at, asleep_at=asleep_at)
    stage.house.clock = stage.remote.clock = stage.clock = sleepy
    told = cron(stage, minutes=5)
    assert sleepy.asleep_at is None, "it slept"
    assert stage.remote.calls == [], "nothing goes out eight hours late by itself"
    assert stage.now(delivery).wake_at is None
    assert found(stage, told) == []


@pytest.mark.fault("F79")
@pytest.mark.parametrize(
    ("off", "late"),
    [
        (timedelta(minutes=1), "ask"),
        (timedelta(hours=1), "ask"),
        (timedelta(days=3), "ask"),
        (timedelta(days=3), "publish"),
        (timedelta(days=3), "skip"),
        (timedelta(days=40), "ask"),
    ],
    ids=["1 min", "1 h", "3 days", "3 days, publish", "3 days, skip", "40 days"],
)
def test_after_cron_was_off_every_post_is_accounted_for(
    tmp_path: Path, off: timedelta, late: str
) -> None:
    stage = build(tmp_path, at=START, account=f'late = "{late}"')
    for number in range(21):
        stage.schedule(f"post {number}", at=f"in {60 + number}m")
    stage.clock.advance(timedelta(hours=1) + off)
    overdue = late_ones(stage)
    told = cron(stage, minutes=32, every=4)
    assert found(stage, told) == []
    assert overdue <= told, "somebody hears of each"
    instead = {"ask": State.LATE, "skip": State.CANCELLED, "publish": State.PUBLISHED}[late]
    states = {one.ref: one.state for one in everything(stage)}
    assert {states[ref] for ref in overdue} <= {instead}
    assert {state for ref, state in states.items() if ref not in overdue} <= {State.PUBLISHED}
    if late != "publish":
        assert len(stage.remote.live) == 21 - len(overdue), "no flood of old posts"


def everything(stage: Stage) -> Sequence[Delivery]:
    return stage.house.store.page(Filter(), limit=100).deliveries


def late_ones(stage: Stage) -> set[str]:
    grace_began = stage.clock.now() - timedelta(minutes=15)
    return {one.ref for one in everything(stage) if one.due_at and one.due_at < grace_began}

"""A platform in trouble is left alone: few calls, one alarm, and everything accounted for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from postcron.operations.accounts import check
from postcron.operations.breaking import Openings
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.states import State
from tests.operations.stage import START, Stage, build
from tests.oracle import Evidence, Shown, breaches

STORM = timedelta(hours=2)


def a_run(stage: Stage, told: set[str] | None = None) -> list[str]:
    """Do what cron does, as a process of its own; return which accounts it raised an alarm for.

    `told` gets the deliveries it says something about.
    """
    stage.house.openings = Openings()
    report = run(stage.house)
    if told is not None:
        told |= {d.ref for d in (*report.failed, *report.late, *report.unknown)}
    return [opening.account for opening in stage.house.openings.in_force(stage.clock.now())]


@pytest.mark.fault("F99")
@pytest.mark.parametrize(
    ("weather", "most"),
    [
        # one each ten minutes, when the platform said to come back
        ("quota", 13),
        # three to open it, then one after 5, 10, 20, 40 and 60 minutes
        ("dropped", 3 + 5),
    ],
)
def test_in_a_storm_of_two_hours_few_calls_are_made_and_every_post_is_accounted_for(
    stage: Stage, weather: str, most: int
) -> None:
    for number in range(200):
        stage.schedule(f"post {number}", at=f"in {60 + number * 35}s")
    stage.remote.weather = weather
    alarms, told = 0, set[str]()
    while stage.clock.now() < START + STORM:
        alarms += len(a_run(stage, told))
        stage.pass_time(minutes=5)
    assert len(stage.remote.calls) <= most
    assert alarms <= most, "one for each opening, not one for each post"

    stage.remote.weather = "ok"
    for _ in range(6):
        a_run(stage, told)
        stage.pass_time(minutes=12)
    live = [Shown("acme", post.text, post.at) for post in stage.remote.live]
    evidence = Evidence(stage.house.store, live, now=stage.clock.now(), told=told, over=True)
    assert breaches(evidence) == []
    ends = {delivery.state for delivery in evidence.deliveries}
    assert ends <= {State.PUBLISHED, State.LATE, State.FAILED}
    assert len(evidence.deliveries) == 200


@pytest.mark.fault("F42")
def test_behind_a_captive_portal_no_call_leaves_before_the_platform_knows_us_again(
    stage: Stage,
) -> None:
    for number in range(28):
        stage.schedule(f"post {number}", at=f"in {number + 1}m")
    pre_upload(stage.house)
    stage.remote.away, stage.remote.weather = True, "page"
    while stage.clock.now() < START + timedelta(minutes=8):
        a_run(stage)
        stage.pass_time(minutes=1)
    assert stage.house.store.accounts.every()["acme"].blocked_until is not None
    sent = len(stage.remote.calls)
    assert sent <= 3, "asked who we are within the last hour: the first calls may still leave"

    stage.pass_time(minutes=6)
    a_run(stage)
    assert len(stage.remote.calls) == sent, "the question came first, and was not answered"
    stage.remote.away, stage.remote.weather = False, "ok"
    asked = len(stage.remote.questions)
    for _ in range(4):
        stage.pass_time(minutes=3)
        a_run(stage)
    assert len(stage.remote.questions) > asked
    assert min(stage.remote.calls[sent:]) >= stage.remote.questions[asked]
    assert stage.house.store.accounts.every()["acme"].blocked_until is None, "a good answer closes"


@pytest.mark.fault("F101")
def test_a_banned_account_raises_one_alarm_for_all_its_posts(stage: Stage) -> None:
    for number in range(10):
        stage.schedule(f"post {number}", at=f"in {number * 3 + 1}m")
    stage.remote.weather = "bad_token"
    alarms: list[str] = []
    for _ in range(15):
        alarms += a_run(stage)
        stage.pass_time(minutes=3)
    assert (alarms, len(stage.remote.calls)) == (["acme"], 1)
    stage.remote.weather = "ok"
    assert check(stage.house, ["acme"])[0].problem is None
    [again] = stage.schedule("again", at="in 1m")
    publish(stage.house, ahead=timedelta(minutes=2))
    assert stage.now(again).state is State.PUBLISHED


def test_a_token_of_somebody_else_blocks_its_account_until_they_are_accepted(
    stage: Stage,
) -> None:
    check(stage.house, ["acme"])
    stage.schedule(at="in 2h")
    stage.remote.identity = "r-2"
    stage.pass_time(hours=2)
    assert (a_run(stage), stage.remote.calls) == (["acme"], [])
    [refused] = check(stage.house, ["acme"])
    assert "now belongs to Acme (r-2)" in str(refused.problem)
    [accepted] = check(stage.house, ["acme"], accept=True)
    assert (accepted.problem, accepted.state.remote_id) == (None, "r-2")
    [next_one] = stage.schedule(at="now")
    publish(stage.house)
    assert stage.now(next_one).state is State.PUBLISHED


def test_who_an_account_was_is_kept_until_somebody_else_is_there_to_be_accepted(
    stage: Stage,
) -> None:
    check(stage.house, ["acme"])
    stage.remote.away = True
    [asked] = check(stage.house, ["acme"], accept=True)
    assert asked.problem is not None
    assert asked.state.remote_id == "r-1"


def test_an_account_that_is_named_twice_is_asked_once(stage: Stage) -> None:
    assert len(check(stage.house, ["acme", "acme"])) == len(stage.remote.questions) == 1


def test_trouble_of_two_accounts_is_their_platforms(stage: Stage) -> None:
    for number in range(2):
        stage.schedule(f"post {number}", at="in 1m", accounts=["acme", "other"])
    stage.remote.weather = "dropped"
    stage.pass_time(seconds=30)
    assert sorted(a_run(stage)) == ["acme", "other"]
    states = stage.house.store.accounts.every()
    assert {str(state.block_why).partition(":")[0] for state in states.values()} == {
        "fake has trouble"
    }


def test_after_an_opening_one_call_goes_first_and_the_others_wait_for_its_answer(
    stage: Stage,
) -> None:
    for number in range(3):
        stage.schedule(f"post {number}", at="in 1m")
    stage.remote.weather = "dropped"
    stage.pass_time(seconds=30)
    a_run(stage)
    before = len(stage.remote.calls)
    for number in range(5):
        stage.schedule(f"later {number}", at="in 7m")
    stage.pass_time(minutes=7)
    a_run(stage)
    assert len(stage.remote.calls) == before + 1


@pytest.mark.fault("F84")
def test_a_pause_that_ends_after_the_grace_is_told_now(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, account='grace = "5m"')
    [delivery] = stage.schedule(at="in 1m")
    stage.remote.weather = "quota"
    stage.pass_time(seconds=30)
    report = run(stage.house)
    assert [(d.state, d.wake_at) for d in report.failed] == [(State.FAILED, None)]
    assert "asks for 10 min, and its grace ends before that" in (stage.now(delivery).error or "")


def test_phase_2_stops_asking_a_platform_that_does_not_answer(stage: Stage) -> None:
    for number in range(30):
        stage.schedule(f"post {number}", at="in 30m")
    stage.remote.away = True
    pre_upload(stage.house)
    assert len(stage.remote.questions) <= 2 * 4 + 1, "four tries each, until the third opens it"
    stage.remote.away = False
    stage.pass_time(minutes=6)
    assert len(pre_upload(stage.house).done) == 30

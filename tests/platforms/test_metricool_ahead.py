"""Metricool from the plan to the network: what is in the planner can be changed until its minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import Refused
from postcron.model import Delivery, Scope
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit
from postcron.operations.house import House
from postcron.operations.pausing import pause
from postcron.platforms.metricool import Metricool
from postcron.states import State
from tests.builders import NOW
from tests.operations.stage import Stage, build
from tests.simulators import metricool
from tests.simulators.server import Asked, Fault, Reply

ACCOUNT = f"""
user_id = "{metricool.USER}"
blog_id = "{metricool.BRAND}"
network = "twitter"
token = {{ env = "TOKEN" }}
api_url = "{{url}}"
"""


class Planner(metricool.Metricool):
    """A Metricool whose clock is the story's."""

    def __init__(self) -> None:
        super().__init__()
        self.clock: Callable[[], float] = lambda: 0.0
        self.patience = 10**9

    def now(self) -> float:
        return self.clock()


@pytest.fixture
def planner() -> Iterator[Planner]:
    with Planner() as server:
        yield server


@pytest.fixture
def stage(tmp_path: Path, planner: Planner) -> Stage:
    told = ACCOUNT.replace("{url}", planner.url).replace("{{", "{").replace("}}", "}")
    stage = build(tmp_path, at=NOW, platform="metricool", account=told)
    stage.house.environ = {"TOKEN": metricool.TOKEN}
    usual = stage.house.find_platform
    stage.house.find_platform = lambda name: Metricool if name == "metricool" else usual(name)
    planner.clock = lambda: stage.clock.now().timestamp()
    return stage


def is_creation(asked: Asked) -> bool:
    return (asked.method, asked.path) == ("POST", "/api/v2/scheduler/posts")


def created(planner: Planner) -> int:
    return sum(map(is_creation, planner.asked))


def in_planner(stage: Stage) -> Delivery:
    """Return a post that is due in 20 minutes and in the planner."""
    [one] = stage.schedule(at="in 2h")
    stage.pass_time(hours=1)
    stage.cron(2, minutes=1)
    stage.pass_time(minutes=28)
    stage.cron(3, minutes=1)
    assert stage.now(one).state is State.CONFIRMING
    stage.pass_time(minutes=7)
    return one


def to_the_end(stage: Stage) -> None:
    stage.cron(3, minutes=1)
    stage.pass_time(minutes=15)
    stage.cron(8, minutes=1)


@pytest.mark.parametrize("fault", [None, *Fault])
def test_a_post_is_live_in_its_minute_and_once_whatever_became_of_the_answer(
    stage: Stage, planner: Planner, fault: Fault | None
) -> None:
    if fault is not None:
        planner.slowness = 0.01
        planner.misbehave(fault, is_creation)
    [one] = stage.schedule(at="in 2h")
    stage.pass_time(hours=1, minutes=31)
    stage.cron(3, minutes=1)
    stage.pass_time(minutes=20)
    stage.cron(8, minutes=1)
    after = stage.now(one)
    assert created(planner) == 1
    if fault is Fault.DROP_BEFORE:  # nothing there proves that it will never be: a person is told
        assert (after.state, planner.live) == (State.UNKNOWN, [])
        return
    assert one.due_at is not None
    assert [live.at for live in planner.live] == [pytest.approx(one.due_at.timestamp(), abs=60)]
    assert planner.live[0].at >= one.due_at.timestamp()
    assert after.state is State.PUBLISHED


CHANGES: dict[str, Callable[[House, str], Any]] = {
    "cancel": lambda house, ref: cancel(house, [ref], actor="me"),
    "pause": lambda house, ref: pause(house, Scope.ACCOUNT, "acme", why=None, actor="me"),
    "edit": lambda house, ref: edit(house, ref, Change(text="Better"), actor="me"),
    "move": lambda house, ref: edit(house, ref, Change(at="in 9h"), actor="me"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_people_change_meanwhile_holds(stage: Stage, planner: Planner, change: str) -> None:
    one = in_planner(stage)
    CHANGES[change](stage.house, one.ref)
    assert planner.planner == {}
    to_the_end(stage)
    assert [live.text for live in planner.live] == (["Better"] if change == "edit" else [])


@pytest.mark.parametrize("number", range(1, 8))
@pytest.mark.parametrize("change", CHANGES)
def test_whatever_call_is_cut_nothing_is_doubled_and_nothing_silent(
    stage: Stage, planner: Planner, change: str, number: int
) -> None:
    one = in_planner(stage)
    planner.misbehave_at(number, Fault.ANSWER_LOST if number % 2 else Reply(503))
    done = False
    with suppress(Refused):
        CHANGES[change](stage.house, one.ref)
        done = True
    to_the_end(stage)
    texts = [live.text for live in planner.live]
    assert len(texts) <= 1
    after = stage.now(one)
    live, waits = after.state is State.PUBLISHED, after.wake_at is not None
    assert live == bool(texts) or after.state in {State.UNKNOWN, State.LATE}
    if not done:
        assert live or waits or after.state is State.UNKNOWN
    elif change == "cancel":
        assert (after.state, texts) == (State.CANCELLED, [])

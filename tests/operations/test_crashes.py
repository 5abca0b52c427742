"""A run may die at any durable write and at any call: the next runs carry on, and nothing doubles."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postcron.model import Act, Filter
from postcron.operations.pre_upload import pre_upload
from postcron.operations.run import run
from postcron.states import FINAL, State
from postcron.store import Store
from tests.operations.stage import Remote, Stage, build

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
WRITES = {"record", "claim_uploads", "enqueue", "claim_queued", "renew", "save_ticket", "beat"}


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


@dataclass
class Death:
    """Counts the points at which a process can die, and kills it at one of them, once."""

    at: int | None = None
    points: list[str] = field(default_factory=list)

    def reach(self, name: str) -> None:
        self.points.append(name)
        if len(self.points) - 1 == self.at:
            raise Killed(name)


class MortalStore:
    """The store, with a chance to die before and after each durable write."""

    def __init__(self, store: Store, death: Death) -> None:
        self._store = store
        self._death = death

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)
        if name not in WRITES:
            return verb

        def mortal(*args: Any, **kwargs: Any) -> Any:
            self._death.reach(f"before {name}")
            result = verb(*args, **kwargs)
            self._death.reach(f"after {name}")
            return result

        return mortal


def mortal_calls(remote: Remote, death: Death) -> None:
    """Give every call to the platform a chance to die before it arrives, and after it was done."""
    for name in ("prepare", "publish", "look"):
        setattr(remote, name, _mortal(getattr(remote, name), name, death))


def _mortal(call: Callable[..., Any], name: str, death: Death) -> Callable[..., Any]:
    def mortal(*args: Any) -> Any:
        death.reach(f"before {name}")
        result = call(*args)
        death.reach(f"after {name}")
        return result

    return mortal


@dataclass(frozen=True)
class Told:
    """How a story with one death ended."""

    points: list[str]
    states: set[State]
    live: int


def play(folder: Path, act: Act, answers: list[str], dies_at: int | None) -> Told:
    """Bring one post out, dying once at a given point; then let cron go on for a while."""
    folder.mkdir()
    stage = build(folder, at=START, act=act)
    stage.schedule(at="in 1h")
    stage.remote.script.extend(answers)
    death = Death(dies_at)
    stage.house.store = MortalStore(stage.house.store, death)  # type: ignore[assignment]
    mortal_calls(stage.remote, death)
    for moment in (timedelta(), timedelta(minutes=59, seconds=30)):
        stage.clock.advance(START + moment - stage.clock.now())
        with suppress(Killed):
            (pre_upload if not moment else run)(stage.house)
    for minutes in (1, 1, 1, 2, 3):
        stage.pass_time(minutes=minutes)
        with suppress(Killed):
            run(stage.house)
    return _end(stage, death)


def _end(stage: Stage, death: Death) -> Told:
    deliveries = stage.house.store.page(Filter()).deliveries
    for delivery in deliveries:
        told = delivery.state in FINAL | {State.FAILED, State.LATE, State.UNKNOWN}
        assert delivery.wake_at is not None or told, "F3: has a next moment, or a person was told"
    states = {delivery.state for delivery in deliveries}
    stage.house.close()
    return Told(death.points, states, len(stage.remote.live))


@pytest.mark.fault("F01", "F03", "F08")
@pytest.mark.parametrize(
    ("act", "answers"),
    [
        (Act.HANDLE, "ok"),
        (Act.HANDLE, "dropped"),
        (Act.REPEATABLE, "lost"),
        (Act.HANDLE, "accepted"),
    ],
)
def test_dying_at_any_point_ends_with_exactly_one_post(
    tmp_path: Path, act: Act, answers: str
) -> None:
    """Each kind of point, the first time it is reached."""
    whole = play(tmp_path / "whole", act, [answers], None)
    assert (whole.states, whole.live) == ({State.PUBLISHED}, 1)
    for number, name in first_of_each(whole.points):
        told = play(tmp_path / str(number), act, [answers], number)
        assert (told.live, told.states) == (1, {State.PUBLISHED}), f"died {name} (point {number})"


@pytest.mark.fault("F01", "F03")
@pytest.mark.parametrize("answers", ["lost", "dropped"])
def test_where_only_a_list_tells_dying_never_leads_to_a_second_post(
    tmp_path: Path, answers: str
) -> None:
    whole = play(tmp_path / "whole", Act.READBACK, [answers], None)
    for number, name in first_of_each(whole.points):
        told = play(tmp_path / str(number), Act.READBACK, [answers], number)
        assert told.live <= 1, f"died {name} (point {number})"
        assert told.states == ({State.PUBLISHED} if told.live else {State.UNKNOWN})


def first_of_each(points: list[str]) -> list[tuple[int, str]]:
    """Return each kind of point once, but for the heartbeats, which all look alike."""
    return [
        (number, name)
        for number, name in enumerate(points)
        if points.index(name) == number and "beat" not in name
    ]

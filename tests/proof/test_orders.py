"""A run held up between any two of its steps, and the two walls that keep it from a second post."""

from __future__ import annotations

import random
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from postcron.model import Act
from postcron.states import State
from tests.operations.stage import Stage
from tests.proof.orders import play

BEFORE_INTENT = "before record intended"


def first_of_each(points: list[str]) -> list[int]:
    return [number for number, name in enumerate(points) if points.index(name) == number]


@pytest.mark.fault("F09")
def test_a_run_held_up_anywhere_while_another_host_goes_on_never_doubles(tmp_path: Path) -> None:
    """Where only a list tells: there nothing on the platform's side forgives a second call.

    Some points here; `make sweep` takes all, with each act and answer.
    """
    act, answer = Act.READBACK, "ok"
    points = play(tmp_path / "whole", act, answer, None).points
    worst = [points.index(name) for name in (BEFORE_INTENT, "before publish", "after publish")]
    for number in {*worst, *random.Random(1).sample(first_of_each(points), 5)}:
        ended = play(tmp_path / str(number), act, answer, number)
        assert ended.breaches == [], f"held up {points[number]}"


@pytest.mark.fault("F66")
@pytest.mark.parametrize(
    ("act", "state"), [(Act.HANDLE, State.PUBLISHED), (Act.READBACK, State.UNKNOWN)]
)
def test_of_a_host_gone_in_its_call_others_finish_only_what_may_be_repeated(
    tmp_path: Path, act: Act, state: State
) -> None:
    points = play(tmp_path / "whole", act, "ok", None).points
    at = points.index("before publish")
    ended = play(tmp_path / "gone", act, "ok", at, dies=True)
    assert (ended.state, ended.live, ended.breaches) == (state, state is State.PUBLISHED, [])


def without_fence(stage: Stage) -> None:
    """Let this host write whatever it believes, as if nobody had been there meanwhile."""

    @event.listens_for(stage.house.store._database.engine, "before_cursor_execute", retval=True)
    def unfenced(*told: Any) -> tuple[str, Any]:
        _, _, statement, parameters, *_ = told
        if not statement.startswith("UPDATE delivery"):
            return statement, parameters
        bare = re.sub(r"delivery\.(state|fence|owner) (=|IS) \?", r"(\g<0> OR 1)", statement)
        return bare.replace("WHERE attempt.", "WHERE 0 AND attempt."), parameters


def without_index(stage: Stage) -> None:
    """Let the database take a second attempt that may be live."""
    path = stage.house.store_url().removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("DROP INDEX one_live_attempt")
    connection.close()


def without_both(stage: Stage) -> None:
    without_fence(stage)
    without_index(stage)


@pytest.mark.parametrize(
    ("spoil", "live"), [(without_both, 2), (without_index, 1), (without_fence, 1)]
)
def test_each_wall_alone_keeps_a_sleeper_from_sending_and_without_both_it_doubles(
    tmp_path: Path, spoil: Any, live: int
) -> None:
    points = play(tmp_path / "whole", Act.READBACK, "ok", None).points
    at = points.index(BEFORE_INTENT)
    ended = play(tmp_path / "spoilt", Act.READBACK, "ok", at, spoil=spoil)
    assert (ended.live, ended.state) == (live, State.PUBLISHED)
    assert any(breach.startswith("1 never twice") for breach in ended.breaches) == (live > 1)

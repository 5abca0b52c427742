"""PostgreSQL cut off: at any statement of a run, judged by the oracle after cron went on."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Final

from postcron.config.values import StoreConfig
from postcron.errors import CannotWork
from postcron.model import Act, Delivery, Outcome
from postcron.operations.publish import publish
from postcron.operations.report import Report
from postcron.operations.run import run
from postcron.states import State
from postcron.store import migrate
from postcron.store.tables import metadata
from tests import postgres
from tests.operations.stage import BUILT, Stage, build, close_all
from tests.oracle import Evidence, Shown, breaches
from tests.proof.figures import Figures
from tests.proof.pgwire import CUTS, Happens, PgWire, restarted

START: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
AHEAD: Final = timedelta(seconds=5)
#: cron goes on, in minutes; the first is longer than a lease
AFTERWARDS: Final = (2.5, 1, 2, 5, 10, 10, 10)
DATABASE: Final = "cuts"
ACTS: Final = (Act.HANDLE, Act.READBACK)
ANSWERS: Final = ("ok", "lost", "dropped", "accepted", "not_sent")


@dataclass(frozen=True)
class Ended:
    """How a story ended."""

    points: list[str]
    #: publish calls of the run that was cut, and of all runs
    calls_then: int
    calls: int
    state: State
    outcomes: list[Outcome]
    #: what the run said when it could not go on
    said: str
    breaches: list[str]


def prepare_database(server: postgres.Server) -> None:
    """Make the one database these stories use in turn."""
    server.run_sql(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    migrate(server.url(DATABASE))


def play(
    folder: Path,
    wire: PgWire,
    act: Act,
    answer: str,
    at: int | None = None,
    happens: Happens | None = None,
    *,
    around: Callable[[Stage], AbstractContextManager[object]] = nullcontext,
) -> Ended:
    """Bring one post out, cut off from the store at one statement; then let cron go on.

    `around` holds while the run that is cut off is at work.
    """
    folder.mkdir()
    stage = _set(folder, wire, act)
    [delivery] = stage.schedule(at="in 3s")
    stage.remote.script.append(answer)
    wire.arm(at, happens)
    reports, said = [], ""
    with around(stage):
        try:
            reports.append(publish(stage.house))
        except CannotWork as trouble:
            said = trouble.message
    points, calls = list(wire.points), len(stage.remote.calls)
    wire.disarm()
    stage.house.close()
    stage.house = replace(stage.house)
    BUILT.append(stage.house)
    _go_on(stage, delivery, reports)
    live = [Shown(one.account, one.text, one.at, one.remote_id) for one in stage.remote.live]
    told = {d.ref for report in reports for d in report.everything() if d not in report.waiting}
    found = breaches(Evidence(stage.house.store, live, stage.clock.now(), told, over=True))
    outcomes = [attempt.outcome for attempt in stage.house.store.attempts(delivery.id)]
    state = stage.now(delivery).state
    close_all()
    return Ended(points, calls, len(stage.remote.calls), state, outcomes, said, found)


def _set(folder: Path, wire: PgWire, act: Act) -> Stage:
    tables = ", ".join(set(metadata.tables) - {"meta"})
    wire.behind.run_sql(f"TRUNCATE {tables} RESTART IDENTITY", DATABASE)
    stage = build(folder, at=START, act=act)
    config = stage.house.config
    stage.house.config = replace(
        config, store=StoreConfig(wire.url(DATABASE)), run=replace(config.run, ahead=AHEAD)
    )
    stage.house.store_skew = timedelta()
    return stage


def _go_on(stage: Stage, delivery: Delivery, reports: list[Report]) -> None:
    for minutes in AFTERWARDS:
        if stage.now(delivery).wake_at is None:
            return
        stage.pass_time(minutes=minutes)
        reports.append(run(stage.house))


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Cut at `count` of all statements, in each way; the server falls over at one in fifty."""
    with postgres.running() as server, PgWire(server) as wire:
        prepare_database(server)
        every: list[tuple[Act, str, int, Happens]] = []
        for act, answer in product(ACTS, ANSWERS):
            points = play(folder / f"{act}-{answer}", wire, act, answer).points
            every += product([act], [answer], range(len(points)), CUTS)
        draw = random.Random(seed)
        for number, (act, answer, at, happens) in enumerate(
            draw.sample(every, min(count, len(every)))
        ):
            how = happens if number % 50 else restarted
            ended = play(folder / "story", wire, act, answer, at, how)
            shutil.rmtree(folder / "story")
            figures.counted[how.__name__] += 1
            figures.published += ended.state is State.PUBLISHED
            figures.needs_you += ended.state is not State.PUBLISHED
            figures.add(f"{act}, {answer}, {how.__name__} {at}", ended.breaches)

"""Orders that matter: a run is held up at any of its steps while another host recovers and goes on."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Final

from postcron.model import Act, Filter
from postcron.operations.house import House
from postcron.operations.publish import publish
from postcron.operations.report import Report
from postcron.operations.run import run
from postcron.states import State
from postcron.store import Store
from postcron.store.claims import ClaimShelf
from tests.operations.stage import BUILT, Cluster, Stage, build, close_all
from tests.oracle import Evidence, Shown, breaches
from tests.proof.figures import Figures

START: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
WRITES: Final = {"record", "take_uploads", "enqueue", "take_queued", "renew", "save_ticket"}
ACTS: Final = (Act.HANDLE, Act.REPEATABLE, Act.READBACK)
ANSWERS: Final = ("ok", "lost", "dropped", "accepted", "not_sent")
#: what the other host gets to do meanwhile, in minutes: the first is longer than a lease
MEANWHILE: Final = (2.5, 1, 1)
AFTERWARDS: Final = (1, 1, 2, 5, 10, 10, 10)


@dataclass
class Pause:
    """Counts the points at which a run can be held up, and holds it up at one of them, once."""

    at: int | None = None
    points: list[str] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    over: bool = False

    def reach(self, name: str) -> None:
        if self.over:
            return
        self.points.append(name)
        if len(self.points) - 1 == self.at:
            self.over = True
            self.meanwhile()


class SlowStore:
    """The store of one host, or its claims: held up before and after each durable write."""

    def __init__(self, store: Store | ClaimShelf, pause: Pause) -> None:
        self._store = store
        self._pause = pause

    def __getattr__(self, name: str) -> Any:
        there = getattr(self._store, name)
        if name == "claims":
            return SlowStore(there, self._pause)
        return _slow(there, name, self._pause) if name in WRITES else there


def _slow(verb: Callable[..., Any], name: str, pause: Pause) -> Callable[..., Any]:
    def slow(*args: Any, **kwargs: Any) -> Any:
        steps = ",".join(str(move.step) for move in args[0]) if name == "record" else ""
        pause.reach(f"before {name} {steps}".strip())
        result = verb(*args, **kwargs)
        pause.reach(f"after {name} {steps}".strip())
        return result

    return slow


class Gone(BaseException):
    """The host at hand is no more; others are."""


def _vanish() -> None:
    raise Gone


@dataclass(frozen=True)
class Ended:
    """How a story ended."""

    points: list[str]
    live: int
    state: State
    breaches: list[str]


def play(
    folder: Path,
    act: Act,
    answer: str,
    at: int | None,
    *,
    dies: bool = False,
    spoil: Callable[[Stage], None] = lambda stage: None,
) -> Ended:
    """Bring one post out, held up at one point, for ever if the host `dies` there.

    `spoil` may take a wall away beforehand.
    """
    folder.mkdir()
    stage = build(folder, at=START, act=act)
    stage.runs_shortly()
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    other = replace(stage.house, state_dir=folder / "other-state")
    other.store = Cluster(other.store)  # type: ignore[assignment]
    BUILT.append(other)
    [delivery] = stage.schedule(at="in 3s")
    spoil(stage)
    stage.remote.script.append(answer)
    reports: list[Report] = []
    meanwhile = partial(_go_on, stage, [other], MEANWHILE, reports)
    pause = Pause(at, meanwhile=_vanish if dies else meanwhile)
    stage.house.store = SlowStore(stage.house.store, pause)  # type: ignore[assignment]
    for name in ("prepare", "publish", "look"):
        setattr(stage.remote, name, _slow(getattr(stage.remote, name), name, pause))
    with suppress(Gone):
        reports.append(publish(stage.house))
    pause.over = True
    _go_on(stage, [other] if dies else [stage.house, other], AFTERWARDS, reports)
    live = [Shown(one.account, one.text, one.at, one.remote_id) for one in stage.remote.live]
    told = {d.ref for report in reports for d in report.everything() if d not in report.waiting}
    found = breaches(Evidence(other.store, live, stage.clock.now(), told, over=True))
    state = stage.now(delivery).state
    close_all()
    return Ended(pause.points, len(live), state, found)


def _go_on(
    stage: Stage, houses: list[House], minutes: tuple[float, ...], reports: list[Report]
) -> None:
    for pause in minutes:
        if not any(d.wake_at for d in stage.house.store.page(Filter()).deliveries):
            return
        stage.pass_time(minutes=pause)
        reports.extend(run(house) for house in houses)


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Hold a run up, or end its host, at `count` of all points of each class of act and answer."""
    every: list[tuple[Act, str, int, bool]] = []
    for act, answer in product(ACTS, ANSWERS):
        points = play(folder / f"{act}-{answer}", act, answer, None).points
        every += product([act], [answer], range(len(points)), [False, True])
    for act, answer, number, dies in random.Random(seed).sample(every, min(count, len(every))):
        ended = play(folder / "story", act, answer, number, dies=dies)
        shutil.rmtree(folder / "story")
        how = f"{'gone' if dies else 'held up'} {ended.points[-1]}"
        figures.published += ended.state is State.PUBLISHED
        figures.needs_you += ended.state is not State.PUBLISHED
        figures.add(f"{act}, {answer}, point {number} ({how})", ended.breaches)

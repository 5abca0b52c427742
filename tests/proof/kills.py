"""SIGKILL at every Nth system call of a real process: it needs no word of the code's own."""

from __future__ import annotations

import multiprocessing
import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from postcron.operations.journal import Journal
from tests.proof import worlds
from tests.proof.crashes import Setting, Story, Told, tally
from tests.proof.death import Death
from tests.proof.figures import Figures
from tests.proof.grounds import on_sqlite
from tests.proof.tracing import AVAILABLE, Driven, Ended

#: the process begins so early, and waits; the simulator lives at the due second already
JUST_BEFORE = timedelta(milliseconds=400)
ANSWERS = ("ok", "lost", "500 although live", "500")

Point = tuple[str, int]


@dataclass
class Killing(Story):
    """A post that a real process brings out, until it is killed; cron goes on in this one."""

    point: Point | None = None

    @property
    def died(self) -> bool:
        return self.point is not None

    def tell(self) -> Told:
        self._schedule()
        self.stage.pass_time(hours=1)
        if self.point is not None:
            driven(self).killed_at(*self.point)
        return self._afterwards()


@dataclass
class Failing(Killing):
    """The same, with a disk that reports errors from one system call on."""

    ended: Ended | None = None
    #: what was live when the process had ended
    sent: int = 0
    #: lines of the emergency journal by then
    kept: int = 0

    def tell(self) -> Told:
        self._schedule()
        self.stage.pass_time(hours=1)
        assert self.point is not None
        self.ended = driven(self).failing_from(*self.point)
        self.told |= set(self.ended.said.split())
        self.sent = len(self.world.live())
        self.kept = len(Journal(self.stage.house.state_dir).lines())
        return self._afterwards()


def driven(story: Story) -> Driven:
    stage = story.stage
    folder = stage.house.state_dir.parent
    return Driven("run", folder, stage.clock.now() - JUST_BEFORE, stage.house.environ)


def play(folder: Path, setting: Setting, point: Point) -> Told:
    """Tell one story in a folder of its own, killed at this point."""
    with world(folder, setting) as here:
        return Killing(here, setting, point=point).tell()


def fail(folder: Path, setting: Setting, point: Point) -> tuple[Failing, Told]:
    """Tell one story in which the disk fails at this point."""
    with world(folder, setting) as here:
        story = Failing(here, setting, point=point)
        return story, story.tell()


def syncs_before_the_act(folder: Path, setting: Setting) -> int:
    """Return how often a run syncs its store until the last request leaves."""
    with world(folder, setting) as here:
        story = Killing(here, setting)
        story._schedule()
        story.stage.pass_time(hours=1)
        log = folder / "log"
        driven(story).recorded(log, "fdatasync", "sendto")
        lines = log.read_text().splitlines()
        # strace counts by thread, and the store is written by the first one, but for sessions.
        first = lines[0].split()[0]
        act = max(number for number, line in enumerate(lines) if "sendto(" in line)
        return sum(line.startswith(first) and "fdatasync(" in line for line in lines[:act])


def points(folder: Path, setting: Setting) -> list[Point]:
    """Return where a run in this world can be killed."""
    with world(folder, setting) as here:
        story = Killing(here, setting)
        story._schedule()
        story.stage.pass_time(hours=1)
        return driven(story).points()


@contextmanager
def world(folder: Path, setting: Setting) -> Iterator[worlds.World]:
    """Set up a world whose simulator a process can reach."""
    with tempfile.TemporaryDirectory(dir=folder) as place:
        given = (Path(place), on_sqlite, setting.platform, setting.answer, Death())
        with worlds.real(*given, shape=setting.shape, wired=True) as made:
            yield made


def drawn(chance: random.Random) -> list[Setting]:
    """Return a world with each platform: one shape of a post, one answer."""
    return [
        Setting("sqlite", name, chance.choice(ANSWERS), shape=shape)
        for name, shape in worlds.posts(chance)
    ]


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Kill `count` runs, at points chosen by `seed` of a world with each platform."""
    if not AVAILABLE:
        figures.add("strace", ["0 not run: there is no strace here"])
        return
    cores, chance = multiprocessing.cpu_count(), random.Random(seed)
    worlds = drawn(chance)
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        found = pool.map(points, [folder] * len(worlds), worlds)
        stories = [(each, point) for each, at in zip(worlds, found, strict=True) for point in at]
        chosen = chance.sample(stories, min(count, len(stories)))
        for (setting, point), told in zip(
            chosen, pool.map(_play, [folder] * len(chosen), chosen), strict=True
        ):
            tally(figures, f"{setting}: {point}", told)
    figures.counted["points there are"] = len(stories)


def _play(folder: Path, story: tuple[Setting, Point]) -> Told:
    return play(folder, *story)

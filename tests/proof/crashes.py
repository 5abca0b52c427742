"""Dying at every durable write and every call, once or twice, in every world: nothing doubles."""

from __future__ import annotations

import logging
import multiprocessing
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from postcron.errors import CannotWork
from postcron.model import Delivery, Filter
from postcron.operations import telling
from postcron.operations.pre_upload import pre_upload
from postcron.operations.run import run
from postcron.operations.schedule import Wish, schedule
from postcron.states import State
from tests.oracle import Evidence, breaches
from tests.proof import worlds
from tests.proof.death import Death, Killed
from tests.proof.figures import Figures
from tests.proof.grounds import Ground, on_postgres, on_sqlite

#: after so many runs of cron something that still moves is stuck
RUNS = 120
#: cron runs every minute; when only polling for a day is left, seldom is as good
EVERY, RARELY, OFTEN = timedelta(minutes=1), timedelta(minutes=30), 40
#: what a step of a story may be stopped by
CUT_SHORT = (Killed, CannotWork)
REAL = ("onlysocial", "mastodon", "bluesky", "linkedin", "tiktok", "x", "youtube")
#: worlds that a process plays in before it says what it found
SHARE = 4


@dataclass(frozen=True)
class Setting:
    """One world: where a story plays."""

    store: str
    platform: str
    #: what the platform answers to the first act
    answer: str
    #: the store is away from that answer to the end of the run: the emergency journal has it
    away: bool = False

    def __str__(self) -> str:
        away = ", store away" if self.away else ""
        return f"{self.store}, {self.platform}, {self.answer}{away}"


@dataclass
class Told:
    """How a story ended."""

    points: list[str]
    states: list[State]
    live: int
    breaches: list[str]


@dataclass
class Story:
    """One post from `schedule` to its end, told in a world where the process dies at some points."""

    world: worlds.World
    setting: Setting
    told: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.stage, self.death = self.world.stage, self.world.death

    def tell(self) -> Told:
        self._schedule()
        with suppress(*CUT_SHORT):
            pre_upload(self.stage.house)
        self.stage.pass_time(minutes=59, seconds=55)
        self._publish()
        return self._afterwards()

    def _afterwards(self) -> Told:
        """Let cron go on until nothing moves any more."""
        for number in range(RUNS):
            if (pause := self._pause(RARELY if number > OFTEN else EVERY)) is None:
                break
            self.stage.clock.advance(pause)
            self._run()
        for _ in range(RUNS):
            if not self.stage.house.store.untold(1):
                break
            self._run()  # who died before his last word left it to the next run
        return self._end()

    def _schedule(self) -> None:
        """Ask again with the same key if the first command died."""
        wish = Wish("hello", ["acme"], at="in 1h", key="once", **self.world.wish)
        try:
            schedule(self.stage.house, wish, actor="me")
        except Killed:
            with suppress(Killed):
                schedule(self.stage.house, wish, actor="me")

    def _publish(self) -> None:
        begun = len(self.death.points)
        acts = {"after publish", "after the act"}

        def away(name: str) -> bool:
            return name == "record" and bool(acts & set(self.death.points[begun:]))

        if self.setting.away:
            self.world.database.away = away
        self._run()
        self.world.database.away = lambda name: False

    def _run(self) -> None:
        """Let cron do everything once, and keep what it tells."""
        with suppress(*CUT_SHORT):
            report = run(self.stage.house)
            telling.recall(self.stage.house, report)
            bad = [*report.failed, *report.late, *report.unknown, *report.skipped]
            self.told |= {delivery.ref for delivery in bad}
            telling.told(self.stage.house, report)

    def _pause(self, least: timedelta) -> timedelta | None:
        """Return how long cron can do nothing; None when nothing moves any more."""
        moments = [d.wake_at for d in self._deliveries() if d.wake_at is not None]
        if not moments:
            return None
        return max(least, min(moments) - self.stage.clock.now())

    def _deliveries(self) -> Sequence[Delivery]:
        return self.stage.house.store.page(Filter()).deliveries

    @property
    def died(self) -> bool:
        return any(number < len(self.death.points) for number in self.death.at)

    def _end(self) -> Told:
        house, live = self.stage.house, self.world.live()
        evidence = Evidence(
            house.store,
            live,
            self.stage.clock.now(),
            told=self.told,
            before={"posts": 1, "deliveries": 1},
            policy=house.policy,
            over=True,
        )
        states = [delivery.state for delivery in evidence.deliveries]
        found = breaches(evidence) + list(self._lost(states))
        return Told(self.death.points, states, len(live), found)

    def _lost(self, states: list[State]) -> Iterator[str]:
        """Yield what the oracle cannot know: this answer never kept the post from going out."""
        said_no = worlds.NO | worlds.TAKEN
        sure = self.world.act in worlds.SURE and self.setting.answer not in said_no
        if sure and states != [State.PUBLISHED]:
            yield f"8 lost: it could have gone out, and ended {states}"


def settings(stores: Sequence[str] = ("sqlite", "postgres")) -> list[Setting]:
    """Return every world there is."""
    kinds = [*worlds.ACTS, *REAL, *(f"{name} with a photo" for name in REAL)]
    return [
        Setting(store, kind, answer, away)
        for store in stores
        for kind in kinds
        for answer in worlds.answers(kind)
        for away in (False, True)
    ]


def play(folder: Path, ground: Ground, setting: Setting, *deaths: int) -> Told:
    """Tell one story in a folder of its own, dying at these points."""
    death = Death(frozenset(deaths))
    place = Path(tempfile.mkdtemp(dir=folder))
    make = worlds.fake if setting.platform in worlds.ACTS else worlds.real
    try:
        with make(place, ground, setting.platform, setting.answer, death) as world:
            return Story(world, setting).tell()
    finally:
        shutil.rmtree(place)


def endings(
    folder: Path, ground: Ground, setting: Setting, share: int, chance: random.Random
) -> Iterator[tuple[str, Told]]:
    """Yield stories of one world: every single death if the share allows, then pairs by chance."""
    whole = play(folder, ground, setting)
    yield f"{setting}: no death", whole
    singles = list(range(len(whole.points)))
    for first in singles if share > len(singles) else chance.sample(singles, max(share - 1, 0)):
        yield f"{setting}: {first}", play(folder, ground, setting, first)
    for _ in range(share - 1 - len(singles)):
        first = chance.choice(singles)
        second = first + 1 + chance.randrange(len(singles))
        yield f"{setting}: {first}, {second}", play(folder, ground, setting, first, second)


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Play `count` stories, or somewhat more, in worlds chosen by `seed`; on every core."""
    chance = random.Random(seed)
    every = settings()
    chance.shuffle(every)
    chosen = every[: max(count // 8, 1)]
    share = -(-count // len(chosen))
    cores = multiprocessing.cpu_count()
    parts = [chosen[n : n + SHARE] for n in range(0, len(chosen), SHARE)]
    jobs = [(seed, part, share, folder) for part in parts]
    with ProcessPoolExecutor(cores, multiprocessing.get_context("spawn")) as pool:
        for part in pool.map(_work, *zip(*jobs, strict=True)):
            figures.join(part)


def _work(seed: int, chosen: list[Setting], share: int, folder: Path) -> Figures:
    logging.disable()  # mistakes of platforms are part of the stories
    figures = Figures("crashes")
    with _grounds(chosen) as grounds:
        for setting in chosen:
            chance = random.Random(f"{seed} {setting}")
            for name, told in endings(folder, grounds[setting.store], setting, share, chance):
                tally(figures, f"seed {seed}, {name}", told)
    return figures


def tally(figures: Figures, name: str, told: Told) -> None:
    """Count one story."""
    ended = told.states == [State.PUBLISHED]
    figures.published += ended
    figures.needs_you += not ended
    figures.counted["points reached"] += len(told.points)
    figures.add(name, told.breaches)


@contextmanager
def _grounds(chosen: Sequence[Setting]) -> Iterator[dict[str, Ground]]:
    with ExitStack() as stack:
        grounds: dict[str, Ground] = {"sqlite": on_sqlite}
        if any(setting.store == "postgres" for setting in chosen):
            grounds["postgres"] = stack.enter_context(on_postgres())
        yield grounds

"""Dying at every durable write and every call, once or twice, in every world: nothing doubles.

`python -m tests.proof.crashes telegram slack` dies once at each point of every world with these
platforms, from minutes to hours for each; `make sweep` draws some of all.
"""

from __future__ import annotations

import logging
import multiprocessing
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice, product
from pathlib import Path

from postcron.errors import CannotWork
from postcron.model import Delivery, Filter
from postcron.operations import telling
from postcron.operations.pre_upload import pre_upload
from postcron.operations.run import run
from postcron.operations.schedule import schedule
from postcron.operations.wishes import Wish
from postcron.states import State
from tests import memory
from tests.oracle import Evidence, breaches
from tests.platforms.subjects import SUBJECTS
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
    #: what the post is made of; empty: the simplest
    shape: str = ""

    def __str__(self) -> str:
        away = ", store away" if self.away else ""
        what = f"{self.platform} {self.shape}".strip()
        return f"{self.store}, {what}, {self.answer}{away}"


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
        wish = Wish(accounts=["acme"], at="in 1h", key="once", **self.world.wish)
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
        sure = self.world.sure and self.setting.answer not in said_no
        if sure and states != [State.PUBLISHED]:
            yield f"8 lost: it could have gone out, and ended {states}"


def platforms() -> list[str]:
    """Return every side a story can be told with: the fake by its acts, and every real one."""
    return [*worlds.ACTS, *SUBJECTS]


def settings(platform: str, stores: Sequence[str] = ("sqlite", "postgres")) -> list[Setting]:
    """Return every world with this platform."""
    return [
        Setting(store, platform, answer, away, shape)
        for store, shape, answer, away in product(
            stores, worlds.shapes(platform), worlds.answers(platform), (False, True)
        )
    ]


def drawn(chance: random.Random) -> Iterator[Setting]:
    """Yield every world once, one with each platform before any platform has its next."""
    decks = [settings(platform) for platform in platforms()]
    for deck in decks:
        chance.shuffle(deck)
    while decks := [deck for deck in decks if deck]:
        chance.shuffle(decks)
        yield from [deck.pop() for deck in decks]


def play(folder: Path, ground: Ground, setting: Setting, *deaths: int) -> Told:
    """Tell one story in a folder of its own, dying at these points."""
    death = Death(frozenset(deaths))
    place = Path(tempfile.mkdtemp(dir=folder))
    given = (place, ground, setting.platform, setting.answer, death)
    is_fake = setting.platform in worlds.ACTS
    make = worlds.fake(*given) if is_fake else worlds.real(*given, shape=setting.shape)
    try:
        with make as world:
            return Story(world, setting).tell()
    finally:
        shutil.rmtree(place)


def singles(folder: Path, setting: Setting) -> Iterator[tuple[str, Told]]:
    """Yield every story of one world on SQLite in which the process dies once."""
    whole = play(folder, on_sqlite, setting)
    yield f"{setting}: no death", whole
    for number, name in enumerate(whole.points):
        # What follows the end of a write or of a question is the beginning of the next one.
        if name.startswith("before") or name in {"after publish", "after the act"}:
            yield f"{setting}: {number}", play(folder, on_sqlite, setting, number)


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
    chosen = list(islice(drawn(random.Random(seed)), max(count // 8, len(platforms()))))
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


def every(names: Sequence[str]) -> Iterator[Figures]:
    """Yield the figures of each platform: each of its worlds, and each single death in it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(multiprocessing.cpu_count(), context) as pool:
        for name in names:
            figures = Figures(name)
            for part in pool.map(_each, settings(name, ["sqlite"])):
                figures.join(part)
            yield figures


def _each(setting: Setting) -> Figures:
    logging.disable()
    figures = Figures("crashes")
    with tempfile.TemporaryDirectory(dir=memory.folder()) as folder:
        for name, told in singles(Path(folder), setting):
            tally(figures, name, told)
    return figures


if __name__ == "__main__":
    for found in every(sys.argv[1:] or platforms()):
        print(f"{found.layer}: {found.runs:,} stories, {found.bad} breaches", flush=True)
        for breach in found.breaches:
            print(f"  {breach}", flush=True)

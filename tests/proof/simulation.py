"""A simulation of several hosts: one seed is one story, the same every time it is told.

Hosts run cron's phases and people type commands; both interleave at every verb of the store, every
call and every sleep. Processes die or stand still, commits and answers get lost, hosts vanish,
platforms are down, clocks are set. Then time goes on until nothing wakes any more.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from postcron.errors import CannotWork, Invalid
from postcron.model import Delivery
from postcron.operations.accounts import check
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit
from postcron.operations.house import House
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.report import Report
from postcron.operations.resolve import drop, landed, resend
from postcron.operations.retry import retry_now
from postcron.operations.run import run
from postcron.operations.schedule import schedule
from postcron.operations.tick import tick
from postcron.operations.wishes import Wish
from postcron.states import State
from tests.oracle import breaches
from tests.proof.figures import Figures
from tests.proof.world import Host, World

PHASES: list[Callable[[House], Report]] = [publish, publish, publish, run, pre_upload, tick]
#: a run waits for what is due so soon (`ahead` of the configuration)
AHEAD = timedelta(seconds=10)
#: how often a call has a fault; a seam has one less often
RATES = (0.02, 0.06, 0.15, 0.3)
#: a story has come to its end long before this
LONGEST = timedelta(days=4)
#: everything that may go wrong does so within this; then cron has peace
TROUBLE = timedelta(hours=2)


@dataclass
class Story:
    """One seed."""

    world: World

    def __post_init__(self) -> None:
        self.random, self.turns = self.world.random, self.world.turns
        self.texts = 0
        self.begins = self.turns.now

    # --- people ------------------------------------------------------------------------------

    def _types(self, command: Callable[[House], object]) -> None:
        """Let a person type a command on a host that is up; what it refuses, it refuses."""

        def work(house: House) -> None:
            with suppress(Invalid):
                command(house)

        if hosts := self._up():
            self.world.begin(self.random.choice(hosts), work)

    def _new_text(self) -> str:
        self.texts += 1
        return f"text {self.texts}"

    def _schedules(self) -> None:
        accounts = self.random.sample(
            sorted(self.world.config.accounts), self.random.choice([1, 1, 2])
        )
        if self.random.random() < 0.25 and "kept" not in accounts:
            accounts.append("kept")
        at = self.turns.now + timedelta(seconds=self.random.randint(10, 1500))
        text = self._new_text()
        wish = Wish(text=text, accounts=accounts, at=at.isoformat(), key=text)

        def until_it_is_kept(house: House) -> None:
            for _ in range(20):  # the same key again: it cannot become two
                with suppress(CannotWork):
                    schedule(house, wish, actor="me")
                    return
                house.clock.sleep_until(house.clock.now() + timedelta(seconds=20))

        self._types(until_it_is_kept)

    def _meddles(self) -> None:
        if deliveries := self.world.deliveries():
            self._changes(self.random.choice(deliveries).ref)

    def _has_second_thoughts(self) -> None:
        """Somebody wants what its platform has already, and keeps until it is due, to be otherwise."""
        kept = [one for one in self.world.deliveries() if self.world.network.planner.of(one.key)]
        if kept:
            self._changes(self.random.choice(kept).ref)

    def _changes(self, ref: str) -> None:
        later = (self.turns.now + timedelta(seconds=self.random.randint(60, 900))).isoformat()
        text = self._new_text()
        commands: list[Callable[[House], object]] = [
            lambda house: edit(house, ref, Change(text=text), actor="me"),
            lambda house: edit(house, ref, Change(at=later), actor="me"),
            lambda house: edit(house, ref, Change(text=text, at=later), actor="me"),
            lambda house: cancel(house, [ref], actor="me"),
            lambda house: retry_now(house, [ref], actor="me"),
        ]
        self._types(self.random.choice(commands))

    def _cares(self) -> None:
        """Somebody reads what was told, looks at the account, and says what shall become of it."""
        for delivery in self.world.deliveries():
            if delivery.wake_at is not None:
                continue
            if delivery.state in {State.FAILED, State.LATE}:
                self._types(partial(retry_now, ids=[delivery.ref], actor="me"))
            if delivery.state in {State.UNKNOWN, State.CONFIRMING}:
                self._types(self._word(delivery))
        self._mends()

    def _mends(self) -> None:
        """Somebody who was told of a blocked account logs in again."""
        for name in self.world.config.accounts:
            self._types(partial(check, names=[name]))

    def _word(self, delivery: Delivery) -> Callable[[House], object]:
        """Return what an honest person says after a look at the account."""
        shown = [one for one in self.world.network.shown if one.key == delivery.key]
        if shown:
            return partial(landed, id=delivery.ref, address=shown[0].remote_id, actor="me")
        if self.world.network.planner.of(delivery.key):
            return partial(cancel, ids=[delivery.ref], actor="me")
        if self.random.random() < 0.5:
            return partial(drop, id=delivery.ref, actor="me")
        return partial(resend, id=delivery.ref, confirmed=delivery.ref, actor="me")

    # --- machines ----------------------------------------------------------------------------

    def _up(self) -> list[Host]:
        now = self.turns.now
        return [h for h in self.world.hosts if h.down_until is None or h.down_until <= now]

    def _host_vanishes(self) -> None:
        """It is gone, perhaps for good; one of them always stays."""
        host = self.random.choice(self.world.hosts[1:] or self.world.hosts)
        for process in [p for p in self.turns.processes if p.host == host.name]:
            self.turns.kill(process)
        spans = [timedelta(minutes=3), timedelta(hours=1), timedelta(days=9)]
        host.down_until = self.turns.now + self.random.choice(
            spans[: 3 if self.world.count > 1 else 2]
        )

    def _clock_is_set(self) -> None:
        host = self.random.choice(self.world.hosts)
        host.clock.skew += timedelta(seconds=self.random.uniform(-20, 20))

    def _platforms_go_down(self) -> None:
        self.world.network.down_until = self.turns.now + timedelta(
            minutes=self.random.choice([2, 60])
        )

    # --- the story ---------------------------------------------------------------------------

    def plan(self) -> None:
        """Write down when what happens, beside the faults of each seam and call."""
        for _ in range(self.random.randint(2, 4)):
            self._sometime(timedelta(minutes=3), self._schedules)
        for _ in range(self.random.choice([0, 0, 1, 3])):
            self._sometime(timedelta(minutes=30), self._meddles)
        for _ in range(self.random.choice([0, 1, 3])):
            self._sometime(timedelta(minutes=20), self._has_second_thoughts)
        for happens in (self._host_vanishes, self._clock_is_set, self._platforms_go_down):
            if self.world.rate and self.random.random() < 0.25:
                self.world.faults += 1
                self._sometime(timedelta(minutes=30), happens)
        for _ in range(self.random.choice([0, 0, 1, 3])):
            self._sometime(timedelta(hours=2), self._cares)
        # What is late under `publish` waits for its account, and that for somebody, however long.
        self.turns.after(TROUBLE + timedelta(minutes=5), self._mends)

    def _sometime(self, within: timedelta, what: Callable[[], None]) -> None:
        self.turns.after(within * self.random.random(), what)

    def tell(self) -> list[str]:
        """Play it to its end; return what the oracle finds there."""
        self.plan()
        while self.turns.now - self.begins < LONGEST:
            if self.world.next_wake() is None and not self.turns.planned():
                self.turns.play()  # whoever is left ends, and may leave something to wake for
                if self.world.next_wake() is None:
                    break
            self._minute()
        wrong = [*map(repr, self.turns.crashes), *self.world.network.wrong]
        found = breaches(self.world.evidence(told=self.world.said(), over=True))
        return found + [f"8 {what}" for what in wrong]

    def _minute(self) -> None:
        """Let time go on to the next start of cron that finds something, and start it."""
        if self.turns.now - self.begins > TROUBLE:
            self.world.rate = self.world.network.rate = 0.0
        self.turns.play(until=self._next_start())
        wake = self.world.next_wake()
        if wake is None or wake > self.turns.now + AHEAD:
            return  # the idle lane: such a run opens nothing
        for host in self._up():
            if self.random.random() < 0.6:
                self.world.begin(host, self.random.choice(PHASES))

    def _next_start(self) -> datetime:
        soon = self.turns.now + timedelta(seconds=60)
        wake = self.world.next_wake()
        if wake is None:
            return soon
        early = wake - AHEAD * self.random.random()
        # What waits for something else than its moment (an account, a lease) waits for many starts.
        return early if early > soon else soon + timedelta(seconds=60 * self.random.randint(0, 3))


def play(seed: int, folder: Path) -> tuple[list[str], World]:
    """Tell the story of one seed in an empty folder; the world is as it was at the end."""
    world = World(folder, seed, count=1 + seed % 3, rate=RATES[seed // 3 % len(RATES)])
    try:
        return Story(world).tell(), world
    finally:
        world.turns.end()


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Tell the stories of `count` seeds from `seed` on."""
    for number in range(seed, seed + count):
        with tempfile.TemporaryDirectory(dir=folder) as room:
            found, world = play(number, Path(room))
            _count(figures, world)
            world.close()
            figures.add(f"simulation seed {number}", found)


def _count(figures: Figures, world: World) -> None:
    figures.counted["faults"] += world.faults + world.network.faults
    figures.counted["seams"] += world.seams
    figures.counted["given back"] += world.network.planner.withdrawn
    for delivery in world.deliveries():
        figures.counted["deliveries"] += 1
        unknown = delivery.state in {State.UNKNOWN, State.CONFIRMING}
        figures.needs_you += unknown and delivery.wake_at is None
        figures.published += delivery.state is State.PUBLISHED

"""Several hosts around one store: their processes, their clocks, and a store that can be away.

A dead host's processes are gone, a stopped one's stand still. What postcron does about processes of
its own host (it ends them by their id) the world does for it, because here they are threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select

from postcron.config import Config, load
from postcron.errors import CannotWork, StoreUnavailable
from postcron.model import Delivery, Filter, Move, Run
from postcron.operations import telling
from postcron.operations.house import House
from postcron.operations.report import Report
from postcron.operations.witness import Witness
from postcron.secrets import write_key
from postcron.states import State, Step
from postcron.store import Store, open_store
from postcron.store.database import Database, Passage
from postcron.store.tables import delivery
from tests.operations.stage import HEAD, Cluster, InLine, fresh_store
from tests.oracle import Evidence
from tests.proof.network import Network, platforms
from tests.proof.turns import HostClock, Process, Turns

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
#: the self-fence rings this long before the lease ends
FENCE = timedelta(seconds=20)
#: how long a person takes to end every process and to put a backup back
PUTTING_BACK = timedelta(minutes=5)
#: a process that was told to stand still does so for longer than any lease
STOPPED = timedelta(minutes=10)
T = TypeVar("T")

ACCOUNTS = """
[run]
ahead = "10s"

[accounts.same]
platform = "repeatable"
late = "publish"

[accounts.handle]
platform = "handle"

[accounts.listed]
platform = "readback"

[accounts.again]
platform = "readback"
resend = "after_proof"

[accounts.blind]
platform = "blind"

[accounts.kept]
platform = "keeper"
"""


@dataclass
class Host:
    """One machine: its clock, and whether it is there."""

    name: str
    clock: HostClock
    state_dir: Path
    down_until: datetime | None = None
    store_away_until: datetime | None = None


@dataclass
class World:
    """Everything of one story."""

    folder: Path
    seed: int
    count: int = 2
    #: how often a seam or a call has a fault
    rate: float = 0.0
    #: how a store is made in the folder; its address
    new_store: Callable[[Path], str] | None = None
    #: deliveries that a report or an error has named
    told: set[str] = field(default_factory=set)
    faults: int = 0
    seams: int = 0
    #: the seam at which a process dies or stands still for long, counted from now; a test sets it
    dies_at: int | None = None
    stops_at: int | None = None
    #: how the next commits are lost, before any is drawn
    lost_commits: list[str] = field(default_factory=list)
    #: texts that a store which was put back knows nothing of
    forgotten: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.turns = Turns(self.random, START)
        self.hosts = [self._host(number) for number in range(self.count)]
        self.network = Network(
            self.turns, self.random, self.rate, self.seam, lambda: self.host().clock.now()
        )
        self.platforms = platforms(self.network)
        self.store: Store = open_store(
            self.url, now=lambda: self.turns.now, skew=timedelta(), workspace="acme"
        )

    def _host(self, number: int) -> Host:
        skew = timedelta(seconds=self.random.uniform(-2, 2)) if number else timedelta()
        return Host(f"host-{number}", HostClock(self.turns, skew), self.folder / f"state-{number}")

    @cached_property
    def url(self) -> str:
        if self.new_store is not None:
            return self.new_store(self.folder)
        fresh_store(self.folder / "postcron.db")
        return f"sqlite:///{self.folder}/postcron.db"

    @cached_property
    def config(self) -> Config:
        path = self.folder / "postcron.toml"
        path.write_text(HEAD.format(folder=self.folder, store=self.url) + ACCOUNTS)
        write_key(self.folder / "postcron.key")
        return load(path, {})

    def close(self) -> None:
        self.turns.end()
        self.store.close()

    # --- processes ---------------------------------------------------------------------------

    def host(self) -> Host:
        """Return the host whose process has the turn."""
        assert self.turns.current is not None
        return next(host for host in self.hosts if host.name == self.turns.current.host)

    def house(self, host: Host) -> House:
        """Return the house of a new process on a host."""
        made = Dwelling(
            self.config,
            environ={},
            state_dir=host.state_dir,
            clock=host.clock,
            find_platform=self.platforms.__getitem__,
            executor=lambda workers: InLine(),
        )
        made.store = WatchedStore(self, host)  # type: ignore[assignment]
        return made

    def begin(self, host: Host, work: Callable[[House], Report | None]) -> Process:
        """Start a process on a host; what its report names is told."""

        def job(process: Process) -> None:
            try:
                house = self.house(host)
                if (report := work(house)) is not None:
                    telling.recall(house, report)
                    self.told |= {d.ref for d in report.everything()}
                    telling.told(house, report)
            except CannotWork as trouble:  # exit 3, one line on stderr
                self.told |= {d.ref for d in self.deliveries() if d.ref in trouble.message}

        return self.turns.begin(host.name, job)

    def finish(self, process: Process) -> None:
        """Let time go on until a process is over."""
        while not process.over and self.turns.processes:
            self.turns.play(until=min(p.wakes for p in self.turns.processes))

    def kill_owners(self, moves: Iterable[Move], run: Run) -> None:
        """End what a later run of the same host has found to have outlived its lease."""
        for move in moves:
            if move.step is Step.LOST and move.detail.get("sender_dead"):
                for process in self.turns.processes:
                    if move.delivery.owner in process.runs and process is not self.turns.current:
                        self.turns.kill(process)

    # --- seams -------------------------------------------------------------------------------

    def seam(self, name: str) -> None:
        """A place at which a process may die, stand still, or let another go on."""
        process = self.turns.current
        assert process is not None
        self.seams += 1
        if self.dies_at == self.seams:
            self._dies(process)
        elif self.stops_at == self.seams:
            process.wait(self.turns.now + STOPPED)
        elif self.random.random() < self.rate / 12:
            self.faults += 1
            if self.random.random() < 0.6:
                self._dies(process)
            else:
                process.wait(self.turns.now + timedelta(seconds=self.random.uniform(5, 700)))
        process.seam()

    def _dies(self, process: Process) -> None:
        self.turns.kill(process)
        process.seam()

    # --- the store ---------------------------------------------------------------------------

    def is_away(self, host: Host) -> bool:
        return host.store_away_until is not None and self.turns.now < host.store_away_until

    def how_lost(self, host: Host) -> str | None:
        """Return whether a commit gets lost: "before" the store has it, or "after"."""
        if self.is_away(host):
            return "before"
        if self.lost_commits:
            return self.lost_commits.pop(0)
        if self.random.random() >= self.rate / 15:
            return None
        self.faults += 1
        if self.random.random() < 0.3:
            away = timedelta(seconds=self.random.uniform(1, 200))
            host.store_away_until = self.turns.now + away
        return self.random.choice(["before", "after"])

    @property
    def backup(self) -> Path:
        return self.folder / "backup.db"

    def backs_up(self) -> None:
        """Copy the store, if it is a file."""
        if self.store.file is not None:
            _copy(self.store.file, self.backup)

    def puts_back(self) -> None:
        """Put the backup back, as a person does it: nothing runs, and it takes a while."""
        for process in self.turns.processes:
            self.turns.kill(process)
        self.turns.play(until=self.turns.now + PUTTING_BACK)
        known = self._texts()
        assert self.store.file is not None
        _copy(self.backup, self.store.file)
        self.forgotten |= known - self._texts()
        self.told &= {delivery.ref for delivery in self.deliveries()}

    def has_seen_more(self, host: Host) -> bool:
        """Say whether a machine remembers what the store does not."""
        seen = Witness.of(host.state_dir, self.store.papers(), "").mark()
        return seen is not None and seen > self.store.mark()

    def _texts(self) -> set[str]:
        found = self.evidence()
        own = {delivery.text for delivery in found.deliveries}
        return {post.text for post in found.posts.values()} | {text for text in own if text}

    # --- what there is -----------------------------------------------------------------------

    def deliveries(self) -> list[Delivery]:
        page = self.store.page(Filter(), limit=1000, order="created", newest_first=False)
        return list(page.deliveries)

    def texts_of(self, ref: str) -> set[str]:
        """Return the texts of the post that a ref belongs to, if there is one."""
        post = self.store.post(int(ref.partition(".")[0]))
        if post is None:
            return set()
        own = {one.text for one in self.store.deliveries(post.id) if one.text is not None}
        return {post.text} | own

    def last_event(self) -> int:
        return next((event.id for event in self.store.events(Filter(), limit=1)), 0)

    def next_wake(self) -> datetime | None:
        with self.store._database.reading() as connection:
            wake: datetime | None = connection.scalar(select(func.min(delivery.c.wake_at)))
            return wake

    def evidence(self, **more: Any) -> Evidence:
        """Return what the oracle compares."""
        return Evidence(
            self.store,
            [shown for shown in self.network.live() if shown.text not in self.forgotten],
            self.turns.now,
            policy=lambda account: self.config.accounts[account].policy,
            keepers={"kept"},
            **more,
        )

    def said(self) -> set[str]:
        """Return what was told, what the next run is going to say, and what a person did himself."""
        last = {
            event.delivery_id: event
            for event in reversed(self.store.events(Filter(), limit=100_000))
        }
        by_hand = {d.ref for d in self.deliveries() if d.id in last and last[d.id].actor != "cron"}
        return self.told | by_hand | {delivery.ref for delivery in self.store.untold(1000)}


class Dwelling(House):
    """A house in a world: there is one workspace, and one way to the store."""

    def whole_store(self) -> Store:
        return self.store


class WatchedDatabase(Database):
    """The one door of every durable write, as one host has it: commits get lost, or it is away."""

    def __init__(self, world: World, host: Host) -> None:
        whole = world.store._database
        super().__init__(whole.engine, whole.shown, whole.now, whole.workspace, whole.file)
        self._world, self._host = world, host

    def write(self, work: Callable[[Connection], T], passage: Passage | None = None) -> T:
        lost = self._world.how_lost(self._host)
        if lost == "before":
            raise StoreUnavailable("The store cannot be reached.")
        result = super().write(work, passage)
        if lost == "after":
            raise StoreUnavailable("The store went away.")
        self._world.seam(f"after {work.__qualname__}")
        return result

    @contextmanager
    def reading(self, *, whole: bool = False) -> Iterator[Connection]:
        if self._world.is_away(self._host):
            raise StoreUnavailable("The store cannot be reached.")
        with super().reading(whole=whole) as connection:
            yield connection


class WatchedStore:
    """The store as one process on one host has it: a seam before each verb, and around each write."""

    def __init__(self, world: World, host: Host) -> None:
        self._world, self._store = world, Cluster(Store(WatchedDatabase(world, host)))
        self.url_shown, self.file = self._store.url_shown, self._store.file

    def now(self) -> datetime:
        now: datetime = self._store.now()
        return now

    def close(self) -> None:
        """The world closes the one store there is."""

    def __getattr__(self, name: str) -> Any:
        there = getattr(self._store, name)
        return self.watched(name, there) if callable(there) else WatchedShelf(self, name, there)

    def watched(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self._world.seam(f"before {name}")
            return self._done(name, verb, args, kwargs)

        return watched

    def _done(self, name: str, verb: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        world, process = self._world, self._world.turns.current
        assert process is not None
        if (run := _run_of(args, kwargs)) is not None:
            process.runs.add(run.id)
        if name == "record" and run is not None:
            world.kill_owners(args[0], run)
        result = verb(*args, **kwargs)
        if name == "record":
            _set_fences(process, result)
        return result


@dataclass(frozen=True)
class WatchedShelf:
    """A part of that store, with the same seams."""

    store: WatchedStore
    name: str
    shelf: Any

    def __getattr__(self, name: str) -> Any:
        return self.store.watched(f"{self.name}.{name}", getattr(self.shelf, name))


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)


def _run_of(args: Any, kwargs: Any) -> Run | None:
    return next((one for one in [*args, *kwargs.values()] if isinstance(one, Run)), None)


def _set_fences(process: Process, deliveries: Iterable[Delivery | None]) -> None:
    for one in deliveries:
        if one is None:
            continue
        if one.state is State.PUBLISHING and one.lease_until is not None:
            process.fences[one.id] = one.lease_until - FENCE
        else:
            process.fences.pop(one.id, None)

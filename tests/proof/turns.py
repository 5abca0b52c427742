"""Processes that take turns: one runs at a time, and a seeded choice says who goes on at each seam.

Each is a thread that hands the baton back whenever it reaches a seam or sleeps. Time is the
schedule's own and takes none: it moves to the next moment when nobody has anything to do now.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

#: no stretch between two seams takes so long, on any machine
PATIENCE_S = 60
#: how often a seam hands the baton on, where another process could take it
SWITCH = 0.4


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


class Process(threading.Thread):
    """One run of postcron on some host, or one command of a person."""

    def __init__(self, turns: Turns, host: str, work: Callable[[Process], None]) -> None:
        super().__init__(daemon=True)
        self.turns, self.host, self._work = turns, host, work
        self.wakes = turns.now
        self.killed = self.over = False
        self.crash: BaseException | None = None
        #: ids under which it has written to the store
        self.runs: set[str] = set()
        #: its self-fence: by delivery, the moment at which it ends itself
        self.fences: dict[int, datetime] = {}
        self._gate = threading.Semaphore(0)

    def run(self) -> None:
        self._gate.acquire()
        try:
            if not self.killed:
                self._work(self)
        except Killed:
            pass
        except BaseException as crash:  # told by the story: a traceback is a finding
            self.crash = crash
        self.over = True
        self.turns.baton.release()

    def go_on(self) -> None:
        """Give it the baton, and wait until it comes back."""
        self._gate.release()
        if not self.turns.baton.acquire(timeout=PATIENCE_S):
            message = "A process does not hand the baton on: it waits for one that has no turn."
            raise RuntimeError(message)

    def seam(self) -> None:
        """Let another process go on here, perhaps."""
        self._die_if_killed()
        others = any(p is not self and p.wakes <= self.turns.now for p in self.turns.processes)
        if others and self.turns.random.random() < SWITCH:
            self.wait(self.turns.now)

    def wait(self, until: datetime) -> None:
        """Sleep; the fence rings through every sleep, and through a stopped process too."""
        fence = min(self.fences.values(), default=until)
        self.wakes = min(max(until, self.turns.now), max(fence, self.turns.now))
        self.turns.baton.release()
        self._gate.acquire()
        self.killed |= fence < until
        self._die_if_killed()

    def _die_if_killed(self) -> None:
        if self.killed:
            raise Killed


@dataclass
class Turns:
    """Whose turn it is, and when."""

    random: Random
    now: datetime
    processes: list[Process] = field(default_factory=list)
    current: Process | None = None
    #: what no process should have ended with
    crashes: list[BaseException] = field(default_factory=list)
    baton: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _later: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def begin(self, host: str, work: Callable[[Process], None]) -> Process:
        """Start a process: its first turn comes when it is chosen."""
        process = Process(self, host, work)
        self.processes.append(process)
        process.start()
        return process

    def at(self, moment: datetime, what: Callable[[], object]) -> None:
        """Let something happen at a moment."""
        heapq.heappush(self._later, (moment, next(self._numbers), what))

    def after(self, span: timedelta, what: Callable[[], object]) -> None:
        self.at(self.now + span, what)

    def kill(self, process: Process) -> None:
        """End a process: it does nothing more, not even at its end."""
        process.killed, process.wakes = True, self.now

    def play(self, until: datetime | None = None) -> None:
        """Go on until nothing is left to happen, or to a moment."""
        while (moment := self._next()) is not None and (until is None or moment <= until):
            self.now = max(self.now, moment)
            while self._later and self._later[0][0] <= self.now:
                heapq.heappop(self._later)[2]()
            ready = [process for process in self.processes if process.wakes <= self.now]
            if ready:
                self._turn(self.random.choice(ready))
        if until is not None:
            self.now = max(self.now, until)

    def _turn(self, process: Process) -> None:
        self.current = process
        process.go_on()
        self.current = None
        if process.over:
            self.processes.remove(process)
            if process.crash is not None:
                self.crashes.append(process.crash)

    def planned(self) -> bool:
        """Say whether anything but the work of processes is to come."""
        return bool(self._later)

    def _next(self) -> datetime | None:
        moments = [process.wakes for process in self.processes]
        if self._later:
            moments.append(self._later[0][0])
        return min(moments, default=None)

    def end(self) -> None:
        """End every process that is left."""
        while self.processes:
            self.kill(self.processes[0])
            self._turn(self.processes[0])


@dataclass
class HostClock:
    """The clock of one host: a little wrong, and sometimes set."""

    turns: Turns
    skew: timedelta = timedelta()
    up_since: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.up_since = self.turns.now - timedelta(hours=1)

    def now(self) -> datetime:
        return self.turns.now + self.skew

    def boottime(self) -> float:
        return (self.turns.now - self.up_since).total_seconds()

    def sleep_until(self, moment: datetime) -> None:
        process = self.turns.current
        assert process is not None, "only processes sleep"
        while self.now() < moment:
            process.wait(moment - self.skew)

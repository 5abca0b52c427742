"""The long layers of the proof: each is a module here with `sweep`, and runs in a process of its own."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pkgutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import tests.proof
from tests import memory
from tests.proof.figures import Figures

#: counts in the figures it is given, from a seed, so many stories, in a folder
Sweep = Callable[[Figures, int, int, Path], None]
#: what a layer that is asked to stop gets to put its servers away, each time it is asked
TO_TIDY_UP = 15


@dataclass(frozen=True)
class Done:
    """One layer's figures, and how long it took."""

    figures: Figures
    seconds: float


def named() -> dict[str, Sweep]:
    """Return every layer by name."""
    modules = [
        importlib.import_module(f"tests.proof.{found.name}")
        for found in pkgutil.iter_modules(tests.proof.__path__)
        if not found.name.startswith(("test_", "__"))
    ]
    return {
        module.__name__.rpartition(".")[2]: module.sweep
        for module in modules
        if hasattr(module, "sweep")
    }


def run(
    sweeps: Mapping[str, Sweep],
    *,
    seed: int,
    count: int,
    limit: float,
    say: Callable[[str], object],
    jobs: int = 1,
) -> Iterator[Done]:
    """Run layers, `jobs` at a time, `say` each breach when it is found, and yield each layer at its end.

    One that breaks, shows nothing, takes longer than `limit` seconds or is interrupted is a breach,
    beside what it has counted by then. Each has a process of its own: what it opens, changes or
    leaks reaches no other. Raises `KeyboardInterrupt` after the last of those that were at work.
    """
    waiting = list(sweeps.items())
    working: list[_Work] = []
    try:
        while waiting or working:
            while waiting and len(working) < jobs:
                working.append(_Work(*waiting.pop(0), seed, count, say))
            connection.wait([each.answer for each in working], timeout=1)
            for each in list(working):
                over = each.is_over(limit)
                each.hear()
                if over:
                    working.remove(each)
                    yield each.done(each.trouble(limit))
    except KeyboardInterrupt:
        for each in working:
            yield each.done(f"interrupted after {each.seconds / 60:.0f} minutes")
        raise
    finally:
        for each in working:
            each.end()


class _Work:
    """One layer at work."""

    def __init__(
        self, name: str, sweep: Sweep, seed: int, count: int, say: Callable[[str], object]
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.folder = tempfile.TemporaryDirectory(prefix=f"postcron-{name}-", dir=memory.folder())
        self.figures = Figures(name)
        self.repeats = f"python -m tests.proof --only {name} --seed {seed} --count {count}"
        self.say = say
        self.answer, theirs = context.Pipe(duplex=False)
        given = (theirs, name, sweep, seed, count, self.folder.name)
        self.process: BaseProcess = context.Process(target=_work, args=given)
        self.began = time.monotonic()
        self.process.start()
        theirs.close()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def is_over(self, limit: float) -> bool:
        return not self.process.is_alive() or self.seconds > limit

    def hear(self) -> None:
        """Take in what it has counted by now, and say what is new in it."""
        with suppress(EOFError, OSError):  # it has ended, perhaps in the middle of a word
            while self.answer.poll():
                known = len(self.figures.breaches)
                self.figures = self.answer.recv()
                for breach in self.figures.breaches[known:]:
                    self.say(f"BREACH by run {self.figures.runs:,} of `{self.repeats}`: {breach}")

    def trouble(self, limit: float) -> str | None:
        """Return why it has not come to its end."""
        if self.process.is_alive():
            return f"not done after {limit / 60:.0f} minutes"
        if self.process.exitcode:
            return f"its process ended with {self.process.exitcode}"
        return None

    def done(self, trouble: str | None) -> Done:
        self.hear()
        seconds = self.seconds
        if trouble is not None:
            self.figures.add(self.figures.layer, [f"0 no end: {trouble}"])
        self.end()
        return Done(self.figures, seconds)

    def end(self) -> None:
        """Let it leave as for Ctrl-C, which takes its servers along; then by force, with all it began."""
        assert self.process.pid is not None
        self.process.join(1)
        for _ in range(2):  # the first may come where Python ignores it: while it collects garbage
            if self.process.is_alive():
                os.kill(self.process.pid, signal.SIGINT)
                self.process.join(TO_TIDY_UP)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.folder.cleanup()


def _work(
    answer: connection.Connection, name: str, sweep: Sweep, seed: int, count: int, folder: str
) -> None:
    os.setpgrp()  # Ctrl-C on a terminal is for who began this, and who then tells it once
    signal.signal(signal.SIGINT, signal.default_int_handler)
    figures = Figures(name, heard=answer.send)
    try:
        sweep(figures, seed, count, Path(folder))
        if not figures.runs:
            figures.add(name, ["0 no run: it has shown nothing here"])
    except Exception as error:
        figures.add(name, [f"0 no end: {type(error).__name__}: {error}"])
    except KeyboardInterrupt:
        return
    figures.hand_over()

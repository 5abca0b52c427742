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
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import tests.proof
from tests.proof.figures import Figures

Sweep = Callable[[int, int, Path], Figures]
#: what a layer that is asked to stop gets to put its servers away
TO_TIDY_UP = 30


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
    sweeps: Mapping[str, Sweep], *, seed: int, count: int, limit: float, jobs: int = 1
) -> Iterator[Done]:
    """Run layers, `jobs` at a time, and yield each as it ends.

    One that breaks, shows nothing or takes longer than `limit` seconds is a breach. Each has a
    process of its own: what it opens, changes or leaks reaches no other.
    """
    waiting = list(sweeps.items())
    working: list[_Work] = []
    try:
        while waiting or working:
            while waiting and len(working) < jobs:
                working.append(_Work(*waiting.pop(0), seed, count))
            connection.wait([each.answer for each in working], timeout=1)
            for each in [each for each in working if each.is_over(limit)]:
                working.remove(each)
                yield each.done(limit)
    finally:
        for each in working:
            each.end()


class _Work:
    """One layer at work."""

    def __init__(self, name: str, sweep: Sweep, seed: int, count: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.name = name
        self.folder = tempfile.TemporaryDirectory(prefix=f"postcron-{name}-")
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
        return self.answer.poll() or self.seconds > limit

    def done(self, limit: float) -> Done:
        seconds = self.seconds
        try:
            figures: Figures = self.answer.recv() if self.answer.poll() else _slow(self.name, limit)
        except EOFError:
            self.process.join()
            figures = _broken(self.name, f"its process ended with {self.process.exitcode}")
        self.end()
        figures.layer = self.name
        return Done(figures, seconds)

    def end(self) -> None:
        """Let it leave as for Ctrl-C, which takes its servers along; then by force."""
        self.process.join(1)
        if self.process.is_alive() and self.process.pid is not None:
            os.kill(self.process.pid, signal.SIGINT)
            self.process.join(TO_TIDY_UP)
        self.process.kill()
        self.process.join()
        self.folder.cleanup()


def _work(
    answer: connection.Connection, name: str, sweep: Sweep, seed: int, count: int, folder: str
) -> None:
    try:
        figures = sweep(seed, count, Path(folder))
        if not figures.runs:
            figures.add(name, ["0 no run: it has shown nothing here"])
    except Exception as error:
        figures = _broken(name, f"{type(error).__name__}: {error}")
    answer.send(figures)


def _broken(name: str, why: str) -> Figures:
    figures = Figures(name)
    figures.add(name, [f"0 no end: {why}"])
    return figures


def _slow(name: str, limit: float) -> Figures:
    return _broken(name, f"not done after {limit / 60:.0f} minutes")

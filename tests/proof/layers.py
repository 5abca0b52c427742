"""The long layers of the proof: each is a module here with `sweep`, and runs in a process of its own."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pkgutil
import signal
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import tests.proof
from tests.proof.figures import Figures

Sweep = Callable[[int, int, Path], Figures]
#: what a layer that is too slow gets to put its servers away
TO_TIDY_UP = 30


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


def run(name: str, sweep: Sweep, *, seed: int, count: int, limit: float) -> Figures:
    """Run one layer to its end; one that breaks, or takes longer than `limit` seconds, is a breach.

    A process of its own: what a layer opens, changes or leaks reaches no other.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix=f"postcron-{name}-") as folder:
        worker = context.Process(target=_work, args=(theirs, name, sweep, seed, count, folder))
        worker.start()
        theirs.close()
        try:
            figures: Figures = ours.recv() if ours.poll(limit) else _too_slow(name, limit)
        except EOFError:
            worker.join()
            figures = _broken(name, f"its process ended with {worker.exitcode}")
        finally:
            _end(worker)
    figures.layer = name
    return figures


def _work(answer: Connection, name: str, sweep: Sweep, seed: int, count: int, folder: str) -> None:
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


def _too_slow(name: str, limit: float) -> Figures:
    return _broken(name, f"not done after {limit / 60:.0f} minutes")


def _end(worker: BaseProcess) -> None:
    """Let it leave as for Ctrl-C, which takes its servers along; then by force."""
    worker.join(1)
    if worker.is_alive() and worker.pid is not None:
        os.kill(worker.pid, signal.SIGINT)
        worker.join(TO_TIDY_UP)
    worker.kill()
    worker.join()

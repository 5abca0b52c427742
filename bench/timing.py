"""Timing whole commands in turn: a shared machine drifts, so ratios are taken round by round."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WARM_UP = 3
#: what a command says does not belong among the figures
_UNHEARD = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)


@dataclass(frozen=True)
class Timed:
    """One command's rounds, in seconds of wall clock."""

    name: str
    walls: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.walls)

    def times(self, base: Timed) -> float:
        """Return how many times as long as `base` it takes: the median of the rounds' ratios."""
        return statistics.median(a / b for a, b in zip(self.walls, base.walls, strict=True))


def in_turn(
    commands: Mapping[str, Sequence[str]], *, rounds: int, environ: Mapping[str, str]
) -> dict[str, Timed]:
    """Run every command once a round, in order; a command that does not exit 0 is an error."""
    walls: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(WARM_UP + rounds):
        for name, argv in commands.items():
            wall = _once(argv, environ)
            if number >= WARM_UP:
                walls[name].append(wall)
    return {name: Timed(name, tuple(each)) for name, each in walls.items()}


def _once(argv: Sequence[str], environ: Mapping[str, str]) -> float:
    began = time.perf_counter()
    pid = os.posix_spawn(argv[0], list(argv), environ, file_actions=[_UNHEARD])
    _, status = os.waitpid(pid, 0)
    wall = time.perf_counter() - began
    if status != 0:
        raise SystemExit(f"{' '.join(argv)} ended with status {status}")
    return wall


def instructions(argv: Sequence[str], environ: Mapping[str, str]) -> float | None:
    """Return the millions of instructions of a whole command, or None where valgrind is missing."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        return None
    command = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *argv]
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, check=True)
    [line] = [line for line in done.stderr.splitlines() if "Collected" in line]
    return int(line.rpartition(":")[2]) / 1e6

"""Layers that only pretend: what the frame of `make sweep` is tried with. Light, as each is a process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Final

from tests.proof.figures import Figures

DOUBLED: Final = "1 never twice: 1.1 is live 2 times"


def whole(figures: Figures, seed: int, count: int, folder: Path) -> None:
    figures.needs_you = seed
    figures.counted["cuts"] = count
    for number in range(count):
        figures.add(f"seed {seed}, story {number}", [])


def leaky(figures: Figures, seed: int, count: int, folder: Path) -> None:
    whole(figures, seed, count, folder)
    figures.add(f"seed {seed}, point 7", [DOUBLED])
    figures.add(f"seed {seed}, point 8", ["4 never silent: 1.1 ended failed, nobody was told"])


def lazy(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Shows nothing."""


def broken(figures: Figures, seed: int, count: int, folder: Path) -> None:
    raise RuntimeError("no such thing here")


def endless(figures: Figures, seed: int, count: int, folder: Path) -> None:
    leaky(figures, seed, count, folder)
    time.sleep(60)


def ended(figures: Figures, seed: int, count: int, folder: Path) -> None:
    leaky(figures, seed, count, folder)
    os.kill(os.getpid(), signal.SIGKILL)

"""Task queues to be measured beside: installed from a lock of their own, driven as commands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".cache" / "peers"
LOCK = ROOT / "requirements" / "peers.txt"


@dataclass(frozen=True)
class Peer:
    """One queue: how it is filled, and how its worker is started."""

    name: str
    module: str
    worker: tuple[str, ...]

    def load(self, count: int) -> list[str]:
        # Not with -m: both name a task by its module, which would be __main__ then.
        said = f"import {self.module} as peer; peer.load({count})"
        return [str(HOME / "bin" / "python"), "-c", said]

    def command(self, workers: int) -> list[str]:
        program, *words = self.worker
        return [str(HOME / "bin" / program), *(word.format(workers=workers) for word in words)]


HUEY = Peer(
    "huey",
    "bench.peers.of_huey",
    ("huey_consumer", "bench.peers.of_huey.huey", "-w", "{workers}", "-k", "thread"),
)
PROCRASTINATE = Peer(
    "procrastinate",
    "bench.peers.of_procrastinate",
    (
        *("procrastinate", "-a", "bench.peers.of_procrastinate.app", "worker"),
        *("-q", "bench", "--concurrency", "{workers}"),
    ),
)


def installed() -> Sequence[Peer]:
    """Return the peers, installing them first; none, with a sentence, where that is not possible."""
    try:
        _install()
    except subprocess.CalledProcessError as error:
        print(f"    the peers cannot be installed here ({error}); postcron alone is measured")
        return ()
    return (HUEY, PROCRASTINATE)


def _install() -> None:
    done = HOME / "done"
    if done.exists() and done.stat().st_mtime >= LOCK.stat().st_mtime:
        return
    subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
    pip = [HOME / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", LOCK], check=True)
    done.touch()

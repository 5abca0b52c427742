"""strace as a tool: which calls a process makes, and what happens to it at the Nth of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.proof.marks import ROOT

#: calls that change what is durable or what others see
CALLS = (
    *("pwrite64", "fdatasync", "fsync", "connect", "sendto", "recvfrom"),
    *("unlink", "ftruncate", "fcntl", "rename", "write"),
)
AVAILABLE = shutil.which("strace") is not None
needs_strace = pytest.mark.skipif(not AVAILABLE, reason="there is no strace here")


@dataclass(frozen=True)
class Ended:
    """How a traced process ended; a killed one has a negative code."""

    code: int
    said: str
    complaint: str


@dataclass(frozen=True)
class Driven:
    """A command that `tests.proof.driver` carries out in a folder."""

    command: str
    folder: Path
    at: datetime
    environ: Mapping[str, str]

    def killed_at(self, call: str, number: int) -> Ended:
        return self._traced("-o", os.devnull, f"-einject=?{call}:signal=KILL:when={number}")

    def failing_from(self, call: str, number: int) -> Ended:
        return self._traced("-o", os.devnull, f"-einject=?{call}:error=EIO:when={number}+")

    def recorded(self, log: Path, *calls: str) -> Ended:
        """Run to the end; `log` gets these calls with all the bytes they carry."""
        wanted = ",".join(f"?{call}" for call in calls)
        return self._traced("-o", str(log), "-y", "-xx", "-s", "10000000", f"-etrace={wanted}")

    def points(self) -> list[tuple[str, int]]:
        """Return every call and number at which it could be killed, in one run to the end."""
        log = self.folder / "calls"
        wanted = ",".join(f"?{call}" for call in CALLS)
        ended = self._traced("-o", str(log), f"-etrace={wanted}")
        assert ended.code == 0, ended.complaint
        return list(_points(log))

    @property
    def words(self) -> list[str]:
        """What follows `python`."""
        return ["-m", "tests.proof.driver", self.command, str(self.folder), self.at.isoformat()]

    def _traced(self, *options: str) -> Ended:
        done = subprocess.run(
            ["strace", "-f", "-qq", *options, sys.executable, *self.words],
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **self.environ},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


def _points(log: Path) -> Iterator[tuple[str, int]]:
    """Yield (call, n): strace counts by thread, so the busiest thread says how far n goes."""
    counts = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text(errors="replace"), re.MULTILINE))
    for call in CALLS:
        most = max((count for (_, name), count in counts.items() if name == call), default=0)
        yield from ((call, number) for number in range(1, most + 1))

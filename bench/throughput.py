"""P5 and P6: 500 posts that are due, at a platform that takes 50 ms for each.

Every state is durable: intent, outcome, attempt, event. The ideal is workers / 50 ms. Beside it two
task queues that do the same calls, without a protocol; and the same again on a disk whose every
fsync takes 10 ms longer.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench import peering
from bench.house import Arrival, arrivals, fill, house, platform
from postcron.operations.house import opened
from tests import postgres

POSTS, DELAY_MS, ROUNDS = 500, 50, 3
SLOWER_MS = 10
GOALS = {10: 0.95, 50: 0.88}
SLOW_GOAL = 0.65
CPU_GOAL_MS = 1.5


@dataclass(frozen=True)
class Work:
    """One worker's round: from its start to the last answer."""

    whole_s: float
    #: share of the ideal rate, from the first arrival to the last answer
    rate: float
    cpu_ms: float


def main() -> None:
    with platform(DELAY_MS) as url, postgres.running() as server:
        print(f"P5  {POSTS} due posts, each {DELAY_MS} ms at the platform; medians of {ROUNDS}")
        peers = peering.installed()
        for workers, goal in GOALS.items():
            contest = {"postcron": partial(_postcron, url, workers)}
            contest |= {peer.name: partial(_peer, peer, url, workers, server) for peer in peers}
            told = _in_turn(contest)
            for name, work in told.items():
                aim = f"   (goal ≥ {goal}, CPU ≤ {CPU_GOAL_MS})" if name == "postcron" else ""
                print(f"    {workers:2} workers  {name:13} {work}{aim}")
        _slow_disk(url)


def _slow_disk(url: str) -> None:
    with _shim() as library:
        if library is None:
            print("P6  needs a C compiler (cc) to make a disk slow: not measured")
            return
        slow = {"LD_PRELOAD": library, "SLOWSYNC_US": str(SLOWER_MS * 1000)}
        told = _in_turn({"slow": partial(_postcron, url, 50, slow)})
        print(f"P6  the same with every fsync {SLOWER_MS} ms slower")
        print(f"    50 workers  postcron      {told['slow']}   (goal ≥ {SLOW_GOAL})")


def _in_turn(contest: Mapping[str, Callable[[], Work]]) -> dict[str, str]:
    """Run every contender once a round; tell the medians."""
    rounds: dict[str, list[Work]] = {name: [] for name in contest}
    for _ in range(ROUNDS):
        for name, work in contest.items():
            rounds[name].append(work())
    return {name: _told(works) for name, works in rounds.items()}


def _told(works: Sequence[Work]) -> str:
    rate = statistics.median(work.rate for work in works)
    whole = statistics.median(work.whole_s for work in works)
    cpu = statistics.median(work.cpu_ms for work in works)
    return f"{rate:.2f} of the ideal rate, whole run {whole:.2f} s, CPU {cpu:.2f} ms a post"


def _postcron(url: str, workers: int, environ: Mapping[str, str] | None = None) -> Work:
    with tempfile.TemporaryDirectory() as folder:
        with opened(house(Path(folder), url, workers=workers)) as home:
            fill(home, [datetime.now(UTC)] * POSTS)
        command = [sys.executable, "-m", "bench.worker", folder, url, str(workers)]
        return _watched(command, os.environ | (environ or {}), url, workers)


def _peer(peer: peering.Peer, url: str, workers: int, server: postgres.Server) -> Work:
    with tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {
            "BENCH_URL": url,
            "BENCH_FOLDER": folder,
            "BENCH_POSTGRES": server.fresh_url(),
            "PYTHONPATH": str(peering.ROOT),
        }
        subprocess.run(peer.load(POSTS), env=environ, check=True)
        return _watched(peer.command(workers), environ, url, workers)


def _watched(command: Sequence[str], environ: Mapping[str, str], url: str, workers: int) -> Work:
    """Run a worker until the platform has answered everything; then end it if it does not itself."""
    began = time.time()
    worker = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    calls: list[Arrival] = []
    while len(calls) < POSTS and time.time() < began + 120:
        time.sleep(0.1)
        calls += arrivals(url)
    cpu = _ended(worker)
    if len({call.key for call in calls}) < POSTS or len(calls) > POSTS:
        raise SystemExit(f"{command[0]} made {len(calls)} calls for {POSTS} posts")
    first, last = min(call.at for call in calls), max(call.done for call in calls)
    ideal = workers / (DELAY_MS / 1e3)
    return Work(last - began, POSTS / (last - first) / ideal, cpu / POSTS * 1e3)


def _ended(worker: subprocess.Popen[bytes]) -> float:
    """Return the CPU seconds of a worker; who waits for more work is told to stop."""
    until = time.time() + 5
    while time.time() < until:
        pid, _, usage = os.wait4(worker.pid, os.WNOHANG)
        if pid:
            worker.returncode = 0
            return usage.ru_utime + usage.ru_stime
        time.sleep(0.02)
    worker.send_signal(signal.SIGINT)
    _, _, usage = os.wait4(worker.pid, 0)
    worker.returncode = 0
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _shim() -> Iterator[str | None]:
    """Compile what makes each fsync slower; None where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/slowsync.so"
        source = str(Path(__file__).with_name("slowsync.c"))
        command = [compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-ldl"]
        subprocess.run(command, check=True)
        yield library

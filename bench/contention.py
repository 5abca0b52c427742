"""P10: several runs claim from one store at once: none twice, none slower together, none starved."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, insert

from postcron.model import PostType, Ticket
from postcron.states import State
from postcron.store import migrate
from postcron.store.tables import delivery, post
from tests import postgres

DELIVERIES, ROUNDS = 10_000, 3
RUNS = (1, 2, 4)
#: the longest that one claim may take on SQLite, waiting for the write lock included
LONGEST_S = 1.0


@dataclass(frozen=True)
class Claims:
    """One round: how often each delivery was claimed, how fast, and the slowest single claim."""

    twice: int
    per_s: float
    longest_s: float


def main() -> None:
    print(f"P10 {DELIVERIES:,} deliveries claimed by several runs at once; medians of {ROUNDS}")
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        template = Path(folder, "full.db")
        migrate(f"sqlite:///{template}")
        _fill(f"sqlite:///{template}")
        for name in ("SQLite", "PostgreSQL"):
            alone = 0.0
            for runs in RUNS:
                rounds = [_round(_store(name, template, server), runs) for _ in range(ROUNDS)]
                rate = statistics.median(each.per_s for each in rounds)
                alone = alone or rate
                print(f"    {name:10} {runs} at once: {_told(rounds, rate, alone, name)}")


def _told(rounds: list[Claims], rate: float, alone: float, name: str) -> str:
    longest = max(each.longest_s for each in rounds)
    goal = f" (goal ≤ {LONGEST_S:g})" if name == "SQLite" else ""
    return (
        f"{sum(each.twice for each in rounds)} twice (goal 0), {rate:,.0f} claims/s, "
        f"{rate / alone:.2f} x one run's (goal ≥ 1), longest wait {longest:.2f} s{goal}"
    )


def _store(name: str, template: Path, server: postgres.Server) -> str:
    if name == "PostgreSQL":
        url = server.fresh_url()
        migrate(url)
        _fill(url)
        return url
    copy = template.with_name("contended.db")
    shutil.copy2(template, copy)
    return f"sqlite:///{copy}"


def _fill(url: str) -> None:
    """Put queued deliveries into a store, due a moment ago."""
    now = datetime.now(UTC)
    due_at = now - timedelta(seconds=1)
    posts = [
        {
            "id": number, "workspace": "default", "text": f"post {number}", "type": PostType.POST,
            "created_by": "bench", "scheduled_by": "bench", "created_at": now,
        }
        for number in range(1, DELIVERIES + 1)
    ]  # fmt: skip
    deliveries = [
        {
            "id": number, "workspace": "default", "post_id": number, "number": 1, "account": "bench",
            "platform": "bench", "state": State.QUEUED, "options": {}, "wanted_at": due_at,
            "due_at": due_at, "reason": "bench", "wake_at": due_at, "key": f"bench-{number}",
            "revision": 1, "ticket": Ticket(), "tries": 0, "fence": 0, "created_at": now,
            "updated_at": now,
        }
        for number in range(1, DELIVERIES + 1)
    ]  # fmt: skip
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as transaction:
        transaction.execute(insert(post), posts)
        transaction.execute(insert(delivery), deliveries)
    engine.dispose()


def _round(url: str, runs: int) -> Claims:
    claimers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.claimer", url, f"run-{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(runs)
    ]
    for claimer in claimers:
        assert claimer.stdout is not None
        claimer.stdout.readline()
    for claimer in claimers:
        assert claimer.stdin is not None
        claimer.stdin.write("go\n")
        claimer.stdin.flush()
    told = [json.loads(claimer.communicate()[0]) for claimer in claimers]
    ids = [id for each in told for id in each["ids"]]
    if len(set(ids)) != DELIVERIES:
        raise SystemExit(f"{len(set(ids))} of {DELIVERIES} were claimed")
    seconds = max(each["ended"] for each in told) - min(each["began"] for each in told)
    longest = max(each["longest"] for each in told)
    return Claims(len(ids) - len(set(ids)), len(ids) / seconds, longest)

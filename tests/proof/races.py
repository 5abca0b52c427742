"""Races: several hosts publish from one store at once, and each post comes out once."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from postcron.model import Filter, NewPost
from postcron.secrets import write_key
from postcron.store import Store, migrate, open_store
from tests import postgres
from tests.builders import a_new_delivery, a_new_post, a_run, added
from tests.operations.stage import HEAD
from tests.oracle import Evidence, Shown, breaches
from tests.proof.figures import Figures
from tests.proof.racers import LEDGER

ACCOUNTS = 20
BUSY = "is locked by another program: try again in a moment."

RUN = """
[run]
ahead = "1s"
workers = 4
"""


@dataclass(frozen=True)
class Race:
    """How a race ended."""

    breaches: list[str]
    #: how often a host was told to try again in a moment; all else on stderr is a breach
    busy: int
    exit_code: int
    #: how many posts each host brought out
    shares: list[int]
    #: from the first claim to the last
    claims_per_s: float


def run_race(folder: Path, url: str, *, hosts: int, due: int) -> Race:
    """Let so many hosts loose on so many due deliveries of a store that is migrated and empty."""
    _configure(folder, url)
    store = open_store(url, now=lambda: datetime.now(UTC))
    for post in _posts(due):
        added(store, post, run=a_run())
    share = max(due // hosts // 2, 2)
    racing = subprocess.run(
        [sys.executable, "-m", "tests.proof.racers", str(folder), str(hosts), str(share)],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    ended = _ended(folder, store, racing.stderr, racing.returncode)
    store.close()
    return ended


def _configure(folder: Path, url: str) -> None:
    accounts = (f'[accounts.a{n}]\nplatform = "ledgered"' for n in range(ACCOUNTS))
    path = folder / "postcron.toml"
    path.write_text("\n".join([HEAD.format(store=url, folder=folder), RUN, *accounts]))
    write_key(folder / "postcron.key")


def _posts(due: int) -> Iterator[NewPost]:
    at = datetime.now(UTC) - timedelta(seconds=1)
    for first in range(0, due, ACCOUNTS):
        yield a_new_post(
            *(
                a_new_delivery(f"a{n % ACCOUNTS}", due=at, text=f"number {n}", platform="ledgered")
                for n in range(first, min(first + ACCOUNTS, due))
            )
        )


def _ended(folder: Path, store: Store, said: str, exit_code: int) -> Race:
    ledger = [json.loads(line) for line in (folder / LEDGER).read_text().splitlines()]
    live = [Shown(one["account"], one["text"], _moment(one["at"])) for one in ledger]
    # Too many writers for one file are told so, and what that run held waits for its lease.
    lines = said.splitlines()
    busy = [line for line in lines if line.endswith(BUSY)]
    found = breaches(Evidence(store, live, datetime.now(UTC), told=(), over=not busy))
    return Race(
        found + [f"0 said: {line}" for line in lines if line not in busy],
        len(busy),
        exit_code,
        sorted(Counter(one["pid"] for one in ledger).values()),
        _rate(store),
    )


def _moment(at: Any) -> datetime:
    return datetime.fromtimestamp(float(at), UTC)


def _rate(store: Store) -> float:
    claimed = Filter(kinds=frozenset({"claimed"}))
    at = [event.at for event in store.events(claimed, limit=1_000_000)]
    return len(at) / max((max(at) - min(at)).total_seconds(), 0.001)


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Race 2 and 20 hosts over `count` due deliveries, on SQLite and on PostgreSQL."""
    with postgres.running() as server:
        for hosts in (2, 20):
            for database in ("sqlite", "postgres"):
                place = folder / f"{database}-{hosts}"
                place.mkdir()
                url = server.fresh_url()
                if database == "sqlite":
                    url = f"sqlite:///{place}/postcron.db"
                migrate(url)
                ended = run_race(place, url, hosts=hosts, due=count)
                _count(figures, f"{hosts} hosts on {database}", ended, count)
                shutil.rmtree(place)


def _count(figures: Figures, name: str, ended: Race, due: int) -> None:
    figures.runs += due - 1  # each delivery is a story of its own: all hosts were after it
    figures.published += sum(ended.shares)
    figures.counted[f"busy, {name}"] = ended.busy
    figures.counted[f"claims/s, {name}"] = round(ended.claims_per_s)
    figures.add(name, ended.breaches)

"""P8: what it costs to ask how things stand, with a thousand deliveries and with a million.

The baseline of the counts is what they were before the tally: a GROUP BY over every row.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.idle import environ_of, home, postcron
from bench.timing import in_turn
from postcron.store import Store, open_store
from postcron.store.peek import nothing_due

FEW, MANY = 1_000, 1_000_000
#: each round asks so often, as one question is too short to time
ROUNDS, TIMES, COMMANDS = 25, 40, 7
#: the goal: many cost so many times as much as few
GROWTH = 1.2


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        homes = {count: home(Path(folder, str(count)), count) for count in (FEW, MANY)}
        print(f"P8  {MANY:,} deliveries against {FEW:,}")
        stores = {count: _opened(where) for count, where in homes.items()}
        _say("counts of states", {n: store.counts for n, store in stores.items()})
        due = {n: partial(_due, where) for n, where in homes.items()}
        _say("due question", due)
        by_row = {n: partial(_by_row, where) for n, where in homes.items()}
        _say("row by row (baseline)", by_row, rounds=5, times=1, goal="")
        for store in stores.values():
            store.close()
        _status(homes)


def _opened(where: Path) -> Store:
    url = f"sqlite:///{where}/postcron.db"
    return open_store(url, now=lambda: datetime.now(UTC), workspace="default")


def _due(where: Path) -> None:
    if not nothing_due(f"{where}/postcron.db", "tick", time.time()):
        raise SystemExit("something is due")


def _by_row(where: Path) -> None:
    asked = "SELECT state, count(*) FROM delivery WHERE workspace = 'default' GROUP BY state"
    with closing(sqlite3.connect(where / "postcron.db")) as connection:
        connection.execute(asked).fetchall()


def _say(
    what: str,
    ask: Mapping[int, Callable[[], object]],
    *,
    rounds: int = ROUNDS,
    times: int = TIMES,
    goal: str = f" (goal ≤ {GROWTH})",
) -> None:
    spans: dict[int, list[float]] = {count: [] for count in ask}
    for _ in range(rounds):
        for count, question in ask.items():
            began = time.perf_counter()
            for _ in range(times):
                question()
            spans[count].append((time.perf_counter() - began) / times)
    ratio = statistics.median(m / f for m, f in zip(spans[MANY], spans[FEW], strict=True))
    each = ", ".join(f"{statistics.median(spans[count]) * 1e3:.2f} ms" for count in (FEW, MANY))
    print(f"    {what:25} {each}: {ratio:.2f} x{goal}")


def _status(homes: Mapping[int, Path]) -> None:
    commands = {
        str(count): [postcron(), "status", "--config", str(where / "postcron.toml")]
        for count, where in homes.items()
    }
    timed = in_turn(commands, rounds=COMMANDS, environ=environ_of(homes[FEW]))
    few, many = timed[str(FEW)], timed[str(MANY)]
    each = ", ".join(f"{one.median * 1e3:.0f} ms" for one in (few, many))
    print(f"    {'status, the whole command':25} {each}: {many.times(few):.2f} x")

"""Load: a long outage and years of history, and one run of cron in the middle of them.

`python -m tests.proof.load FOLDER` is that run: a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from postcron.config import load
from postcron.model import Filter
from postcron.operations.house import House, opened
from postcron.operations.publish import publish
from postcron.states import Step
from postcron.store.tables import delivery, event, post
from tests.fakes import FakeClock
from tests.operations.stage import InLine, Remote, Stage, build, close_all, fake_platform
from tests.oracle import Evidence, Shown, breaches
from tests.proof.figures import Figures

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
#: how long nothing ran: all of it is within its grace
OUTAGE = timedelta(minutes=10)
NOW = START + timedelta(minutes=1) + OUTAGE
#: what a run may use
MEGABYTES = 200
SECONDS = 50


@dataclass(frozen=True)
class Load:
    """What a run met, and what it took."""

    texts: list[str]
    moments: list[str]
    megabytes: float
    seconds: float


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Let one run meet ten times `count` due posts and a thousand times `count` rows of history."""
    due, history = 10 * count, 1000 * count
    found, took = story(seed, folder, due=due, history=history)
    figures.published = len(took.texts)
    figures.counted.update(
        {"due": due, "history": history, "MB": round(took.megabytes), "s": round(took.seconds)}
    )
    figures.add(f"seed {seed}, {due} due, {history} rows of history", found)


def story(seed: int, folder: Path, *, due: int, history: int) -> tuple[list[str], Load]:
    """Return what was wrong with one run under load, and what it took."""
    stage = build(folder, at=START)
    try:
        dues = crowd(stage, random.Random(seed), due, history)
        before = stage.house.store.counts()
        took = one_run(folder)
        assert sum(stage.house.store.counts().values()) == sum(before.values())
        return [*wrong(took, dues), *_unlike(stage, took)], took
    finally:
        close_all()


def crowd(stage: Stage, draw: random.Random, due: int, history: int) -> dict[str, datetime]:
    """Fill the store; return when each text is due."""
    stage.schedule("post 1", at="in 1m")
    moments = [START + timedelta(minutes=1)]
    moments += [START + timedelta(minutes=1) + OUTAGE * draw.random() for _ in range(2, due + 1)]
    with stage.house.store._database.engine.begin() as connection:
        numbers = range(2, due + 1)
        copy(connection, post, ({"id": n, "text": f"post {n}"} for n in numbers))
        rows = ({"id": n, "post_id": n, "key": f"k{n}", "due_at": moments[n - 1],
                 "wanted_at": moments[n - 1]} for n in numbers)  # fmt: skip
        copy(connection, delivery, rows)
        copy(connection, event, ({"id": n, "post_id": n, "delivery_id": n} for n in numbers))
        noted = {"kind": "noted", "delivery_id": None, "before": None, "after": None}
        copy(connection, event, ({"id": due + n, **noted} for n in range(1, history + 1)))
    return {f"post {n}": moment for n, moment in enumerate(moments, 1)}


def copy(connection: Connection, table: Table, changes: Iterable[dict[str, Any]]) -> None:
    """Add copies of a table's first row, each with its changes."""
    first = dict(connection.execute(select(table).limit(1)).mappings().one())
    for some in _in_portions(changes, 10_000):
        connection.execute(insert(table), [first | change for change in some])


def _in_portions(rows: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    portion: list[dict[str, Any]] = []
    for row in rows:
        portion.append(row)
        if len(portion) == size:
            yield portion
            portion = []
    if portion:
        yield portion


def one_run(folder: Path) -> Load:
    """Run publish once, as cron would, ten minutes after the first was due."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.proof.load", str(folder)], capture_output=True, check=True
    )
    return Load(**json.loads(done.stdout))


def wrong(took: Load, dues: dict[str, datetime]) -> list[str]:
    """Return what a run did in another order, or with more than it may use."""
    found = []
    overdue = [NOW - dues[text] for text in took.texts]
    nearest = sorted(NOW - due for due in dues.values())[: len(overdue)]
    if sorted(overdue) != nearest:
        found.append(f"5 in order: {len(overdue)} went out, and not those nearest to now")
    if not overdue:
        found.append("2 never stuck: nothing went out")
    if took.megabytes > MEGABYTES:
        found.append(f"0 budget: a run took {took.megabytes:.0f} MB")
    if took.seconds > SECONDS:
        found.append(f"0 budget: a run took {took.seconds:.0f} s")
    return found


def _unlike(stage: Stage, took: Load) -> list[str]:
    live = [
        Shown("acme", text, datetime.fromisoformat(moment))
        for text, moment in zip(took.texts, took.moments, strict=True)
    ]
    evidence = Evidence(stage.house.store, live, NOW)
    steps = Filter(kinds=frozenset({"created", *Step}))
    evidence.events = stage.house.store.events(steps, limit=1_000_000, newest_first=False)
    return breaches(evidence)


def reopened(folder: Path) -> tuple[House, Remote]:
    clock = FakeClock(NOW)
    remote = Remote(clock)
    house = House(
        load(folder / "postcron.toml", {}),
        environ={},
        state_dir=folder / "state",
        clock=clock,
        find_platform=lambda name: fake_platform(remote),
        executor=lambda workers: InLine(),
    )
    return house, remote


def peak() -> float:
    """Return the most megabytes this process had; getrusage would count its parent's before exec."""
    status = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in status if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def main(folder: Path) -> None:
    """Publish once in a store that is there already, and say what it took."""
    house, remote = reopened(folder)
    began = time.monotonic()
    with opened(house):
        publish(house)
    seconds = time.monotonic() - began
    moments = [one.at.isoformat() for one in remote.live]
    print(json.dumps(asdict(Load(remote.texts(), moments, peak(), seconds))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

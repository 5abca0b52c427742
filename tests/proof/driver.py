"""`python -m tests.proof.driver`: a command of cron in a process of its own, at a moment of its own.

Files, sockets, threads and syncs are real; only sleeping moves the clock instead of waiting. It
prints the deliveries it would have to name, and ends with 3 where postcron cannot work.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

from postcron.config import load
from postcron.errors import CannotWork
from postcron.operations.house import House, opened
from postcron.operations.run import run
from postcron.store import migrate
from tests.fakes import FakeClock


def main(command: str, folder: Path, at: str) -> int:
    config = load(folder / "postcron.toml", {})
    clock = FakeClock(datetime.fromisoformat(at))
    house = House(config, environ=os.environ, state_dir=folder / "state", clock=clock)
    try:
        with opened(house):
            return _init(house) if command == "init" else _run(house)
    except CannotWork as trouble:
        print(trouble.message, file=sys.stderr)
        return 3


def _init(house: House) -> int:
    migrate(house.store_url())
    return 0


def _run(house: House) -> int:
    report = run(house)
    bad = [*report.failed, *report.late, *report.unknown, *report.skipped]
    print(*(delivery.ref for delivery in bad))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))

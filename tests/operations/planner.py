"""A process that plans for one moment, again and again: `python -m tests.operations.planner FOLDER STORE`."""

from __future__ import annotations

import sys
from pathlib import Path

from postcron.operations.edit import Change, edit
from tests.operations.stage import START, build
from tests.operations.test_placing import EVENINGS, POSTS


def main(folder: str, store: str) -> None:
    """Schedule every second post for the same evening, and move the others to it."""
    stage = build(Path(folder), at=START, account=EVENINGS, store=store)
    stage.house.store.now()
    sys.stdin.readline()  # everybody starts at once
    for number in range(POSTS):
        day = "today" if number % 2 else "2026-12-24"
        [delivery] = stage.schedule(f"post {number}", at=f"{day} 19:00")
        if not number % 2:
            edit(stage.house, delivery.ref, Change(at="today 19:00"), actor="me")


if __name__ == "__main__":
    main(*sys.argv[1:])

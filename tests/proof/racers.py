"""Processes that publish from one store at once: `python -m tests.proof.racers FOLDER COUNT SHARE`.

Each is a host of its own. They are forked from one process that has loaded everything, and let
loose together.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import ClassVar

from postcron.config import load
from postcron.errors import CannotWork
from postcron.model import (
    Accepted,
    Act,
    Draft,
    Limits,
    Phase,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.operations.house import House, opened
from postcron.operations.publish import publish
from postcron.platforms.base import Key, Login, Option, Platform
from postcron.web import Api
from tests.operations.stage import Cluster

LEDGER = "ledger.jsonl"
#: what the platform takes for a call, so that calls of several hosts are under way at once
TAKES_S = 0.002


def keeping(ledger: Path) -> type[Platform]:
    """Return a platform that shows each call as a post: it forgives nothing, and nobody can look."""

    class Ledgered:
        name: ClassVar[str] = "ledgered"
        act: ClassVar[Act] = Act.BLIND
        keys: ClassVar[tuple[Key, ...]] = ()
        options: ClassVar[tuple[Option, ...]] = ()
        ticket_life: ClassVar[timedelta | None] = None
        max_lead: ClassVar[timedelta | None] = None
        settle: ClassVar[timedelta] = timedelta(seconds=10)

        def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
            self.account = login.account

        @classmethod
        def limits(cls, settings: Mapping[str, str]) -> Limits:
            return Limits(source="tests", as_of="2026-11-21", text_max=80, media={})

        def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
            save(Ticket({"draft": draft.key}, ready=True))
            return Ticket({"draft": draft.key}, ready=True)

        def publish(self, draft: Draft, ticket: Ticket) -> Receipt | Accepted:
            time.sleep(TAKES_S)
            shown = {"account": self.account, "text": draft.text, "pid": os.getpid()}
            line = json.dumps(shown | {"at": time.time()}).encode() + b"\n"
            # One write that adds: a kill leaves all of it or nothing.
            file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(file, line)
            os.close(file)
            return Receipt(f"{draft.text} of {os.getpid()}")

        def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
            return Sighting(Sight.UNCLEAR, "Nobody can look here.")

    return Ledgered


def race(folder: Path, number: int, share: int, start: Barrier) -> None:
    """Publish as a host of its own until nothing is left, some at a time."""
    house = House(
        load(folder / "postcron.toml", {}),
        environ={},
        state_dir=folder / f"host-{number}",
        find_platform=lambda name: keeping(folder / LEDGER),
    )
    with opened(house):
        ahead = house.config.run.ahead
        house.store = Cluster(house.store)  # type: ignore[assignment]
        start.wait(60)
        while house.store.due.waiting(
            Phase.PUBLISH, now=house.clock.now(), until=house.clock.now() + ahead, limit=1
        ):
            try:
                publish(house, limit=share)
            except CannotWork as trouble:  # as cron would: told, and begun anew
                print(trouble.message, file=sys.stderr)


def main(folder: str, count: str, share: str) -> int:
    context = multiprocessing.get_context("fork")
    start = context.Barrier(int(count))
    racers = [
        context.Process(target=race, args=(Path(folder), number, int(share), start))
        for number in range(int(count))
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    return max(abs(racer.exitcode or 0) for racer in racers)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

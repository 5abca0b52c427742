"""Claims what is queued until nothing is left: `python -m bench.claimer URL NAME` tells how it went."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta

from postcron.model import Run
from postcron.store import open_store

BATCH = 50


def main(url: str, name: str) -> None:
    store = open_store(url, now=lambda: datetime.now(UTC))
    run = Run(id=name, host=name, phase="publish")
    print("ready", flush=True)
    sys.stdin.readline()  # everybody starts at once
    began, longest, mine = time.time(), 0.0, []
    while True:
        asked = time.perf_counter()
        lease = timedelta(minutes=2)
        claimed = store.claims.take_queued(run, until=datetime.now(UTC), lease=lease, limit=BATCH)
        longest = max(longest, time.perf_counter() - asked)
        if not claimed:
            break
        mine += [one.id for one in claimed]
    print(json.dumps({"ids": mine, "longest": longest, "began": began, "ended": time.time()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A process of its own that claims or saves as fast as it can: `python -m tests.store.contender`."""

from __future__ import annotations

import sys
from datetime import timedelta

from postcron.store import Store, open_store
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added


def claim_all(store: Store, name: str) -> list[int]:
    """Claim what is queued, a hundred at a time, until nothing is left."""
    mine: list[int] = []
    lease = timedelta(minutes=2)
    while claimed := store.claims.take_queued(a_run(name), until=NOW, lease=lease, limit=100):
        mine += [one.id for one in claimed]
    return mine


def save_all(store: Store, name: str) -> list[int]:
    """Save thirty posts under keys that everybody uses, each for an account of one's own."""
    return [
        added(store, a_new_post(a_new_delivery(name), key=f"key-{number}"), run=a_run()).post.id
        for number in range(30)
    ]


def main(url: str, name: str, what: str) -> None:
    store = open_store(url, now=lambda: NOW, skew=timedelta(0))
    print("ready", flush=True)
    sys.stdin.readline()  # everybody starts at once
    print(*(claim_all if what == "claim" else save_all)(store, name))


if __name__ == "__main__":
    main(*sys.argv[1:])

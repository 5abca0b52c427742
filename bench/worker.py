"""One run of publish in a process of its own: `python -m bench.worker FOLDER URL WORKERS`."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.house import house
from postcron.operations.house import opened
from postcron.operations.publish import publish


def main(folder: str, url: str, workers: str) -> None:
    with opened(house(Path(folder), url, workers=int(workers))) as home:
        publish(home, limit=100_000)


if __name__ == "__main__":
    main(*sys.argv[1:])

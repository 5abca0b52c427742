"""Run the benchmarks: `python -m bench`, or those that are named of the list below."""

from __future__ import annotations

import sys

from bench import bulk, contention, counting, idle, lateness, throughput, uploading

ALL = {
    "idle": idle.main,
    "counting": counting.main,
    "lateness": lateness.main,
    "throughput": throughput.main,
    "contention": contention.main,
    "bulk": bulk.main,
    "uploading": uploading.main,
}


def main() -> None:
    for name in sys.argv[1:] or ALL:
        ALL[name]()


if __name__ == "__main__":
    main()

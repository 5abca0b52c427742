"""Run the benchmarks: `python -m bench [idle] [counting] [lateness] [throughput] [contention] [uploading]`;
without a name, all of them."""

from __future__ import annotations

import sys

from bench import contention, counting, idle, lateness, throughput, uploading

ALL = {
    "idle": idle.main,
    "counting": counting.main,
    "lateness": lateness.main,
    "throughput": throughput.main,
    "contention": contention.main,
    "uploading": uploading.main,
}


def main() -> None:
    for name in sys.argv[1:] or ALL:
        ALL[name]()


if __name__ == "__main__":
    main()

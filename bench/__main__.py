"""Run the benchmarks: `python -m bench [idle] [lateness]`; without a name, all of them."""

from __future__ import annotations

import sys

from bench import idle, lateness

ALL = {"idle": idle.main, "lateness": lateness.main}


def main() -> None:
    for name in sys.argv[1:] or ALL:
        ALL[name]()


if __name__ == "__main__":
    main()

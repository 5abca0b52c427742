"""The entry point: the idle lane first, with the standard library alone; then the command line."""

import os
import sys

from postcron import lane


def main() -> int:
    """Run the command of this process; return its exit code."""
    if lane.is_idle(sys.argv[1:], os.environ):
        return 0
    from postcron.cli.app import main as full

    return full(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

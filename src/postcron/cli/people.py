"""Who sits at this command line, for the ledger."""

from __future__ import annotations


def who() -> str:
    """Return the name of this user; their number where no name is to be had."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"

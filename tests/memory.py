"""A folder in memory: there a durable commit costs next to nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

FOLDER: Final = Path("/dev/shm")
#: how many bytes it has to have to spare
ROOM: Final = 2**30


def folder() -> Path | None:
    """Return a folder in memory with room for a whole run of tests, None where there is none."""
    there = FOLDER.is_dir() and shutil.disk_usage(FOLDER).free > ROOM
    return FOLDER if there else None

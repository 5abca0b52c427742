"""May a file or folder be believed: whose it is and who else may touch it."""

from __future__ import annotations

import stat
from typing import Final

WRITABLE: Final = stat.S_IWGRP | stat.S_IWOTH
READABLE: Final = stat.S_IRGRP | stat.S_IROTH

_ROOT: Final = 0


def objection(*, mode: int, owner: int, me: int, private: bool = False) -> str | None:
    """Return why something with this mode and owner must not be believed, as a piece of a sentence.

    Others may never write it; with `private` they may not read it either. A sticky folder (`/tmp`)
    passes: nobody can replace our files there.
    """
    if owner not in {me, _ROOT}:
        return "belongs to another user"
    if mode & WRITABLE and not mode & stat.S_ISVTX:
        return f"can be written by others (mode {stat.S_IMODE(mode):o}; chmod go-w)"
    if private and owner != me:
        return "belongs to root"
    if private and mode & READABLE:
        return f"can be read by others (mode {stat.S_IMODE(mode):o}; chmod 600)"
    return None

"""Files that only we can read: born so, complete or not there at all."""

from __future__ import annotations

import os
import secrets as random
from pathlib import Path


def write_new(path: Path, text: str) -> bool:
    """Write a file durably; leave an existing one alone and return False. Raises `OSError`."""
    draft = path.with_name(f".{path.name}-{random.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # A link appears complete or not at all, and never replaces what is there.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True

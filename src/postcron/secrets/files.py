"""Files that only we can read: born so, complete or not there at all."""

from __future__ import annotations

import os
import secrets as random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_new(path: Path, text: str) -> bool:
    """Write a file durably; leave an existing one alone and return False. Raises `OSError`."""
    with _drafted(path, text) as draft, suppress(FileExistsError):
        # A link appears complete or not at all, and never replaces what is there.
        os.link(draft, path)
        return True
    return False


def rewrite(path: Path, lines: Iterable[str]) -> None:
    """Put these lines in the place of what a file holds, durably; raises `OSError`."""
    target = path.resolve()
    with _drafted(target, "".join(f"{line}\n" for line in lines)) as draft:
        draft.replace(target)
        sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable; raises `OSError`."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _drafted(path: Path, text: str) -> Iterator[Path]:
    """Yield a complete file beside the one that is meant."""
    draft = path.with_name(f".{path.name}-{random.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)

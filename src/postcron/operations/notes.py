"""A line in the state folder that is rewritten in place: what this machine itself remembers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from postcron.errors import CannotWork
from postcron.secrets import write_new

#: always as long, so that writing over it leaves nothing of what stood there before
WIDTH = 160


@dataclass(frozen=True)
class Note:
    """A few words in a file of ours alone. Raises `CannotWork` where it cannot be read or written."""

    path: Path

    def read(self) -> list[str]:
        """Return its words; none if there is no such note."""
        with self._told(), suppress(FileNotFoundError), self._opened(os.O_RDONLY) as descriptor:
            return os.read(descriptor, WIDTH).decode("ascii", "replace").split()
        return []

    def write(self, *words: object) -> None:
        line = " ".join(map(str, words)).ljust(WIDTH - 1) + "\n"
        with self._told(), suppress(FileNotFoundError), self._opened(os.O_WRONLY) as descriptor:
            os.pwrite(descriptor, line.encode(), 0)
            return
        with self._told():
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_new(self.path, line)

    def sync(self) -> None:
        """Make durable what was written."""
        with self._told(), self._opened(os.O_WRONLY) as descriptor:
            os.fsync(descriptor)

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        descriptor = os.open(self.path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"{self.path} cannot be used: {error.strerror}. Nothing is sent."
            raise CannotWork(message) from error

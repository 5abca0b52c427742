"""The emergency journal: one small file of this host that takes what the store cannot.

Its room is taken when nothing is wrong, so that a full disk cannot refuse it. A line is whole or it
does not count: each begins with a checksum, and the first NUL ends the text.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postcron.errors import CannotWork
from postcron.secrets import sync_folder, write_new

#: room for some hundred outcomes: many times what all runs of one host have on the wire
SIZE = 256 * 1024


@dataclass(frozen=True)
class Line:
    """One whole line, and where it stands."""

    at: int
    raw: bytes
    document: Mapping[str, Any]


class Journal:
    """The file. Several runs may use it at once; each holds it only for a moment."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "journal"

    def prepare(self) -> None:
        """Take the room for it, durably, unless it is there; raises `CannotWork`."""
        try:
            if _made(self.path):
                sync_folder(self.path.parent)
        except OSError as error:
            message = (
                f"The emergency journal {self.path} cannot be made ({error.strerror}): nothing is "
                "sent while the end of a call might be forgotten. Make room in its folder."
            )
            raise CannotWork(message) from error

    def append(self, documents: Sequence[Mapping[str, Any]]) -> list[Line]:
        """Write lines, durably; raises `OSError`, and then none of them is to be relied on."""
        with self._locked() as file:
            at = len(_text(file))
            lines = []
            for document in documents:
                raw = _written(document)
                lines.append(Line(at + 1, raw, document))  # after the newline that ends a torn one
                at += len(raw) + 2
            data = b"".join(b"\n" + line.raw + b"\n" for line in lines)
            if at > SIZE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            _put(file, data, at - len(data))
            os.fsync(file)
        return lines

    def lines(self) -> list[Line]:
        """Return every whole line; none if there is no journal. Raises `OSError`."""
        try:
            with self._locked() as file:
                return _lines(_text(file))
        except FileNotFoundError:
            return []

    def forget(self, lines: Sequence[Line]) -> None:
        """Take lines out that the store has by now, durably; raises `OSError`."""
        with self._locked() as file:
            whole = _lines(text := _text(file))
            for line in lines:
                if line in whole:
                    _put(file, b"\n" * len(line.raw), line.at)
            if all(line in lines for line in whole):
                _put(file, bytes(len(text)), 0)
            os.fsync(file)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        file = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)


def _made(path: Path) -> bool:
    """Make the empty journal; False if there is one."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return write_new(path, "\0" * SIZE)


def _put(file: int, data: bytes, at: int) -> None:
    if os.pwrite(file, data, at) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _text(file: int) -> bytes:
    return os.pread(file, SIZE, 0).partition(b"\0")[0]


def _lines(text: bytes) -> list[Line]:
    lines, at = [], 0
    for raw in text.split(b"\n"):
        document = _read(raw)
        if document is not None:
            lines.append(Line(at, raw, document))
        at += len(raw) + 1
    return lines


def _written(document: Mapping[str, Any]) -> bytes:
    body = json.dumps(document).encode()
    return b"%08x " % zlib.crc32(body) + body


def _read(raw: bytes) -> Mapping[str, Any] | None:
    """Return what a line says; None for a torn one."""
    checksum, _, body = raw.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(body) or not body:
        return None
    document = json.loads(body)
    return document if isinstance(document, dict) else None

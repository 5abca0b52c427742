"""The media library as a folder: written so that a crash at any moment leaves a file or none."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from postcron.errors import CannotWork, DiskFull, LibraryUnavailable, Permanent
from postcron.media.library import changed, damaged, key, pieces, proved, public
from postcron.model import MediaFile

FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class DiskLibrary:
    """Files under one folder that only its owner can read."""

    def __init__(self, folder: Path, public_url: str | None = None) -> None:
        self._folder = folder
        self._public_url = public_url

    def put(self, source: Path, file: MediaFile) -> MediaFile:
        """Copy, make durable, and only then give the name."""
        target = self._folder / key(file)
        kept = replace(file, location=str(target))
        try:
            if not self._holds(kept):
                _make_folder(target.parent)
                _copy(source, target, file)
        except OSError as error:
            raise self._trouble(error) from error
        return kept

    def read(self, file: MediaFile, offset: int = 0) -> Iterator[bytes]:
        """Yield the file from `offset`."""
        try:
            with (self._folder / key(file)).open("rb") as content:
                content.seek(offset)
                yield from pieces(content) if offset else proved(pieces(content), file)
        except FileNotFoundError as error:
            raise damaged(file, "is not in the library any more") from error
        except OSError as error:
            raise self._trouble(error) from error

    def address(self, file: MediaFile) -> str | None:
        """Return where the web server shows it, if there is one."""
        return None if self._public_url is None else public(self._public_url, file)

    def check(self, file: MediaFile, *, full: bool = False) -> None:
        """Compare the size, or all of it."""
        try:
            size = (self._folder / key(file)).stat().st_size
        except FileNotFoundError as error:
            raise damaged(file, "is not in the library any more") from error
        except OSError as error:
            raise self._trouble(error) from error
        if size != file.size:
            raise damaged(file, f"has {size} bytes instead of {file.size}")
        if full:
            for _ in self.read(file):
                pass

    def _holds(self, file: MediaFile) -> bool:
        try:
            self.check(file, full=True)
        except Permanent:
            return False
        return True

    def _trouble(self, error: OSError) -> CannotWork:
        if error.errno in FULL:
            return DiskFull(
                f"The media library {self._folder} has no room left; nothing was saved."
            )
        reason = error.strerror or "it cannot be read"
        return LibraryUnavailable(f"The media library {self._folder} cannot be used: {reason}.")


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    _sync_folder(folder.parent)


def _copy(source: Path, target: Path, file: MediaFile) -> None:
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with source.open("rb") as content, open(part, "xb", opener=_private) as copy:
            try:
                copy.writelines(proved(pieces(content), file))
            except Permanent as error:
                raise changed(source) from error
            copy.flush()
            os.fsync(copy.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(target.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Where media comes from: a path, an https:// address or an s3:// object."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit

from postcron.errors import DiskFull, Invalid
from postcron.media.disk import FULL
from postcron.media.s3 import Bucket, Keys, NoSuchObject, split
from postcron.web import Guard
from postcron.web import fetch as fetch_url

#: nothing that any platform takes is larger than this
LARGEST: Final = 5 * 1024**3
#: seconds that fetching one file may take
PATIENCE: Final = 900.0


@dataclass(frozen=True)
class Access:
    """How sources are to be reached."""

    keys: Keys = field(default_factory=Keys)
    guard: Guard = field(default_factory=Guard)
    max_bytes: int = LARGEST


@dataclass(frozen=True)
class Fetched:
    """A file on this machine, and the name it came with."""

    path: Path
    name: str


def fetch(source: str, into: Path, access: Access = Access()) -> Fetched:
    """Return a regular, non-empty file with what `source` names; `into` is an empty folder of ours.

    Raises `Invalid` with one sentence that says what to do.
    """
    scheme, separator, _ = source.partition("://")
    if not separator:
        return Fetched(_regular(source), Path(source).name)
    if scheme.lower() == "s3":
        return _from_s3(source, into / "fetched", access)
    if scheme.lower() in {"https", "http"}:
        return _from_web(source, into / "fetched", access)
    raise Invalid(f"Media cannot come from {scheme}://; give a path, https:// or s3://.")


def _regular(source: str) -> Path:
    try:
        path = Path(source).expanduser().resolve(strict=True)
        # Opened, not only looked at; and a FIFO must not keep us waiting for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise Invalid(f"There is no file {source}; look at the path.") from error
    except PermissionError as error:
        raise Invalid(f"{source} may not be read; look at its permissions.") from error
    except (OSError, ValueError, RuntimeError) as error:
        raise Invalid(f"{source} cannot be opened; give the path of a file.") from error
    try:
        found = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise Invalid(f"{source} is {_kind(found.st_mode)}, not a file; give the path of a file.")
    _require_content(source, found.st_size)
    return path


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a pipe" if stat.S_ISFIFO(mode) else "a device"


def _from_web(source: str, path: Path, access: Access) -> Fetched:
    with _new(path) as file:
        fetch_url(source, file, max_bytes=access.max_bytes, timeout=PATIENCE, guard=access.guard)
    parts = urlsplit(source)
    name = Path(unquote(parts.path)).name or parts.hostname or "media"
    _require_content(name, path.stat().st_size)
    return Fetched(path, name)


def _from_s3(source: str, path: Path, access: Access) -> Fetched:
    name, key = split(source)
    bucket = Bucket(name, access.keys)
    try:
        size = bucket.size(key) if key else 0
        _require_content(source, size)
        if size > access.max_bytes:
            raise Invalid(f"{source} is larger than {access.max_bytes} bytes; it is not fetched.")
        with _new(path) as file:
            file.writelines(bucket.read(key))
    except NoSuchObject as error:
        raise Invalid(f"There is no object {source}; look at bucket and key.") from error
    return Fetched(path, Path(key).name)


@contextmanager
def _new(path: Path) -> Iterator[BinaryIO]:
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            yield file
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(
                f"There is no room in {path.parent} to fetch media; nothing was saved."
            ) from error
        raise


def _require_content(source: str, size: int) -> None:
    if size == 0:
        raise Invalid(f"{source} is empty; give a file with something in it.")

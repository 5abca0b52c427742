"""The media library: files known by their checksum, in a folder or in S3-compatible storage."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from postcron.errors import Code, Evidence, Invalid, Permanent
from postcron.media import documents
from postcron.model import MediaFile

#: so large that what each costs hardly counts; a few of them are in memory at once
PIECE: Final = 640 * 1024
#: so many pieces the checksum may be behind what is read
BEHIND: Final = 2

_EXTENSIONS: Final = {
    "image/jpeg": "jpg",
    "image/svg+xml": "svg",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    **{mime: ending for ending, mime in documents.TYPES.items()},
}


class Library(Protocol):
    """Where media files are kept. Their names are ours, never the user's."""

    def put(self, source: Path, file: MediaFile) -> MediaFile:
        """Keep a copy of `source` for good, and return `file` with its location.

        All or nothing, and a no-op for what is kept already. Raises `Invalid` when the source is
        not what was probed, `DiskFull` and `LibraryUnavailable`.
        """
        ...

    def read(self, file: MediaFile, offset: int = 0) -> Iterator[bytes]:
        """Yield the file from `offset` in pieces of 640 KiB.

        Read from its start, a file proves its checksum before its last piece is given, so a
        damaged one never arrives anywhere whole. Raises `Permanent` and `LibraryUnavailable`.
        """
        ...

    def check(self, file: MediaFile, *, full: bool = False) -> None:
        """Raise `Permanent` unless the file is there in its size; with `full`, byte by byte."""
        ...

    def address(self, file: MediaFile) -> str | None:
        """Return where anybody can fetch the file for the next day; None if nowhere.

        Asks nobody. It may be signed, and is then as good as a password.
        """
        ...


def open_library(
    location: str,
    *,
    endpoint_url: str | None = None,
    region: str | None = None,
    access_key: str | None = None,
    secret_key: str | None = None,
    public_url: str | None = None,
) -> Library:
    """Return the library at a path or at `s3://bucket/prefix`; nothing is touched yet.

    `public_url` is where a web server shows the same folder or prefix to everybody.
    """
    if location.startswith("s3://"):
        from postcron.media.s3 import Keys, S3Library

        return S3Library(location, Keys(endpoint_url, region, access_key, secret_key), public_url)
    from postcron.media.disk import DiskLibrary

    return DiskLibrary(Path(location).expanduser(), public_url)


def key(file: MediaFile) -> str:
    """Return the name of a file inside the library."""
    extension = _EXTENSIONS.get(file.mime) or file.mime.partition("/")[2]
    return f"{file.sha256[:2]}/{file.sha256}.{extension}"


def public(public_url: str, file: MediaFile) -> str:
    """Return the address of a file where a web server shows the library."""
    return f"{public_url.rstrip('/')}/{key(file)}"


def pieces(content: BinaryIO) -> Iterator[bytes]:
    """Yield the rest of an open file."""
    while piece := content.read(PIECE):
        yield piece


def proved(content: Iterable[bytes], file: MediaFile) -> Iterator[bytes]:
    """Yield the pieces of a file, the last one only when the checksum of all of them is right.

    It is taken beside, by another core: it costs as much as reading and sending together.
    """
    digest, held = hashlib.sha256(), b""
    with ThreadPoolExecutor(1) as beside:
        taking: deque[Future[None]] = deque()
        for piece in content:
            taking.append(beside.submit(digest.update, piece))
            if len(taking) > BEHIND:
                taking.popleft().result()
            if held:
                yield held
            held = piece
    if digest.hexdigest() != file.sha256:
        raise damaged(file, "is not the one that was scheduled")
    yield held


def damaged(file: MediaFile, how: str) -> Permanent:
    """Return the error for a file that cannot be used any more."""
    return Permanent(
        f"The media file {file.sha256[:12]} ({file.location}) {how}; give the post its file again.",
        code=Code.MEDIA_DAMAGED,
        evidence=Evidence.NOT_SENT,
    )


def changed(source: Path) -> Invalid:
    """Return the error for a source that is not any more what was probed."""
    return Invalid(f"{source.name} was changed while it was read; try again when it is at rest.")

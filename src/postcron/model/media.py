"""Media files as the library knows them, and as a post uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from postcron.model.values import Kind


@dataclass(frozen=True)
class MediaFile:
    """One file in the library, known by its checksum and by what its content says it is."""

    sha256: str
    size: int
    kind: Kind
    mime: str
    width: int | None = None
    height: int | None = None
    duration: timedelta | None = None
    codec: str | None = None
    #: frames of a video per second, on average
    fps: float | None = None
    #: pictures of a GIF
    frames: int | None = None
    #: of a document
    pages: int | None = None
    #: where the library keeps it: a path or an s3:// address
    location: str = ""


@dataclass(frozen=True)
class Attachment:
    """A media file as one post uses it."""

    file: MediaFile
    name: str
    alt: str = ""


#: opens a file of the library and yields its bytes from an offset, in pieces of about 640 KiB
ReadMedia = Callable[[MediaFile, int], Iterator[bytes]]
#: returns an https address of a file of the library that anybody can fetch for some hours
AddressMedia = Callable[[MediaFile], str]

"""Small pictures of what is in the library, for pages: made once, and kept beside it for later pages."""

from __future__ import annotations

import io
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import av
import av.error
from PIL import Image, ImageOps

from postcron.errors import Permanent
from postcron.media.library import Library
from postcron.media.probe import PICTURES, demuxer_of
from postcron.model import Kind, MediaFile

#: the longer side, in pixels: as shown on a page, for screens with two to each of its own
SIDE: Final = 192
#: what is larger is not worth reading whole for so small a picture, in bytes
LARGEST: Final = 200_000_000
#: so much is read for one page, in bytes; later pages have the other pictures, too
READ: Final = 2_000_000_000
#: what would take too much memory to unfold; a JPEG can be unfolded smaller
MOST_PIXELS: Final = 40_000_000
MOST_PIXELS_JPEG: Final = 80_000_000
#: pictures that no page has shown for so long are thrown away, in seconds
KEPT: Final = 90 * 86_400
#: the first frame is often black: this one is looked for, in microseconds
_INTO: Final = 1_000_000
#: what the two libraries raise for a file that is not what it seemed to be
_DAMAGED: Final = (
    av.error.FFmpegError,
    Image.DecompressionBombError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    StopIteration,
)


class Thumbnails:
    """The small pictures of a library's files; `folder` keeps those that were made.

    `room` is how many bytes of originals may be read before no new ones are made.
    """

    def __init__(self, library: Library, folder: Path, *, room: int = READ) -> None:
        self._library = library
        self._folder = folder
        self._room = room

    def of(self, file: MediaFile) -> bytes | None:
        """Return a WebP of a picture or a frame of a video; None of what has none, or is damaged.

        Nothing of the original but what is seen is in it: no place, no camera, no name.
        Raises `LibraryUnavailable`.
        """
        if not _promises(file):
            return None
        kept = self._folder / f"{file.sha256}.webp"
        with suppress(OSError):
            os.utime(kept)
            return kept.read_bytes()
        self._room -= file.size
        picture = self._made(file) if self._room >= 0 else None
        if picture is not None:
            with suppress(OSError):  # made anew next time
                self._keep(kept, picture)
        return picture

    def _made(self, file: MediaFile) -> bytes | None:
        with tempfile.TemporaryFile() as copy:
            try:
                copy.writelines(self._library.read(file))
                copy.seek(0)
                image = _frame(copy) if file.kind is Kind.VIDEO else _picture(copy)
                return _small(image)
            except (Permanent, *_DAMAGED):
                return None

    def _keep(self, place: Path, picture: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = place.with_suffix(f".{os.getpid()}")
        draft.write_bytes(picture)
        draft.replace(place)

    def tidy(self) -> None:
        """Throw away what no page has shown for long."""
        with suppress(OSError):
            for kept in self._folder.iterdir():
                if time.time() - kept.stat().st_mtime > KEPT:
                    kept.unlink()


def _promises(file: MediaFile) -> bool:
    if file.size > LARGEST or file.kind not in {Kind.IMAGE, Kind.GIF, Kind.VIDEO}:
        return False
    pixels = (file.width or 0) * (file.height or 0)
    return pixels <= (MOST_PIXELS_JPEG if file.mime == "image/jpeg" else MOST_PIXELS)


def _picture(content: IO[bytes]) -> Image.Image:
    image = Image.open(content, formats=tuple(PICTURES))
    image.draft("RGB", (2 * SIDE, 2 * SIDE))
    return ImageOps.exif_transpose(image)


def _frame(content: IO[bytes]) -> Image.Image:
    head = content.read(4096)
    content.seek(0)
    with av.open(content, "r", format=demuxer_of(head)) as container:
        video = container.streams.video[0]
        container.seek(min(_INTO, (container.duration or 0) // 2))
        frame = next(container.decode(video))
        image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
        return image.rotate(frame.rotation, expand=True)


def _small(image: Image.Image) -> bytes:
    image.thumbnail((SIDE, SIDE))
    paper = io.BytesIO()
    image.convert("RGBA" if image.has_transparency_data else "RGB").save(paper, "WEBP", quality=70)
    return paper.getvalue()

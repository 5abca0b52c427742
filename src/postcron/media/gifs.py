"""How many pictures a GIF shows, counted by its blocks: none of them is decoded."""

from __future__ import annotations

from typing import BinaryIO, Final

#: of what is larger than this many blocks (some 500 MB) nobody takes a GIF
_MOST_BLOCKS: Final = 2_000_000
_IMAGE, _EXTENSION = b",", b"!"
#: in the flags of a screen or an image: a table of colours follows, of three bytes each
_COLOURS, _SIZE = 0x80, 0x07


def frames(content: BinaryIO) -> int | None:
    """Return how many pictures an open GIF has; None if there are too many blocks to count.

    One that is cut off has those that begin: https://www.w3.org/Graphics/GIF/spec-gif89a.txt.
    """
    content.seek(0)
    content.seek(_colours(content.read(13)[10:11]), 1)
    found = blocks = 0
    while (kind := content.read(1)) in {_IMAGE, _EXTENSION}:
        if kind == _IMAGE:
            found += 1
            content.seek(_colours(content.read(9)[8:9]), 1)
        content.seek(1, 1)  # how its data are packed, or which extension it is
        while size := int.from_bytes(content.read(1)):
            content.seek(size, 1)
            if (blocks := blocks + 1) > _MOST_BLOCKS:
                return None
        if (blocks := blocks + 1) > _MOST_BLOCKS:
            return None
    return found


def _colours(flags: bytes) -> int:
    """Return how many bytes a table of colours has."""
    told = int.from_bytes(flags)
    return 3 << (told & _SIZE) + 1 if told & _COLOURS else 0

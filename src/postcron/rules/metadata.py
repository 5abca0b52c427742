"""Pictures without what a camera wrote into them: where, when and by whom they were taken.

How a picture has to be turned stays, and so does every pixel: nothing is encoded anew. The same
picture always gives the same bytes.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

_FILL, _SCAN, _END = 0xFF, 0xDA, 0xD9
_EXIF_OR_XMP, _IPTC, _COMMENT = 0xE1, 0xED, 0xFE
#: where more pictures or a film begin behind this one: none of them stays
_MORE: Final = b"MPF\0"
#: what ends the data of a scan: no byte 0xFF of them (00), and no restart (D0 to D7)
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_ORIENTATION: Final = 0x0112
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_WORDS: Final = frozenset({b"tEXt", b"iTXt", b"zTXt", b"tIME"})
#: in the head of a WebP: it has EXIF, it has XMP
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04


def bare(picture: bytes) -> bytes:
    """Return a JPEG, PNG or WebP without its metadata; anything else, or a broken one, as it is."""
    try:
        if picture.startswith(b"\xff\xd8"):
            return b"".join(_jpeg(picture))
        if picture.startswith(_PNG):
            return b"".join(_png(picture))
        if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
            return _webp(picture)
    except (struct.error, IndexError):
        pass
    return picture


def _jpeg(picture: bytes) -> Iterator[bytes]:
    """Yield the segments that make the picture: https://www.w3.org/Graphics/JPEG/itu-t81.pdf."""
    kept, turned = [], b""
    for kind, segment in _segments(picture):
        content = segment[4:]
        if kind == _EXIF_OR_XMP and content.startswith(b"Exif\0\0"):
            turned = turned or _turn(content[6:])
        elif kind not in {_EXIF_OR_XMP, _IPTC, _COMMENT} and not content.startswith(_MORE):
            kept.append(segment)
    yield picture[:2]
    if turned:
        yield b"\xff\xe1" + struct.pack(">H", len(turned) + 8) + b"Exif\0\0" + turned
    yield from kept


def _segments(picture: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the segments up to the end of the picture, a scan with its data, without fill bytes."""
    at = 2
    while at < len(picture):
        kind = picture[at + 1]
        if picture[at] != _FILL:
            raise struct.error("no segment begins here")
        if kind == _FILL:
            at += 1
            continue
        if kind == _END:
            yield kind, picture[at : at + 2]
            return
        end = at + 2 + struct.unpack_from(">H", picture, at + 2)[0]
        if kind == _SCAN:
            after = _MARKER.search(picture, end)
            end = len(picture) if after is None else after.start()
        yield kind, picture[at:end]
        at = end


def _png(picture: bytes) -> Iterator[bytes]:
    """Yield the chunks that make the picture: https://www.w3.org/TR/png-3/."""
    yield _PNG
    at, kind = len(_PNG), b""
    while at < len(picture) and kind != b"IEND":
        end = at + 12 + struct.unpack_from(">I", picture, at)[0]
        kind = picture[at + 4 : at + 8]
        if kind == b"eXIf":
            if turned := _turn(picture[at + 8 : end - 4]):
                size, sum = len(turned), zlib.crc32(kind + turned)
                yield struct.pack(">I", size) + kind + turned + struct.pack(">I", sum)
        elif kind not in _PNG_WORDS:
            yield picture[at:end]
        at = end


def _webp(picture: bytes) -> bytes:
    """Return the chunks that make the picture: https://developers.google.com/speed/webp/docs/riff_container."""
    kept, turned, at = [], b"", 12
    whole = min(len(picture), 8 + struct.unpack_from("<I", picture, 4)[0])
    while at < whole:
        kind, size = picture[at : at + 4], struct.unpack_from("<I", picture, at + 4)[0]
        end = at + 8 + size + size % 2
        if kind == b"EXIF":
            turned = _turn(picture[at + 8 : at + 8 + size].removeprefix(b"Exif\0\0"))
        elif kind != b"XMP ":
            kept.append(bytearray(picture[at:end]))
        at = end
    if kept[0][:4] == b"VP8X":
        kept[0][8] &= ~(_WEBP_EXIF | _WEBP_XMP)
        kept[0][8] |= _WEBP_EXIF if turned else 0
    if turned:
        kept.append(bytearray(b"EXIF" + struct.pack("<I", len(turned)) + turned))
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _turn(tiff: bytes) -> bytes:
    """Return EXIF that says no more than how to turn the picture; nothing if it stands upright."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return b""
    with suppress(struct.error):  # what cannot be read of it says nothing
        first = struct.unpack_from(f"{order}I", tiff, 4)[0]
        for number in range(struct.unpack_from(f"{order}H", tiff, first)[0]):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * number)
            if tag == _ORIENTATION and 1 < value <= 8:
                return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, tag, 3, 1, value, 0, 0)
    return b""

"""Films without what a camera wrote into them: where, when and by what they were taken.

Of an MP4 no byte moves: what goes is blanked where it stands, and every offset in the film still
holds. Its boxes are those of ISO/IEC 14496-12 and of
https://developer.apple.com/documentation/quicktime-file-format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

#: all that stays outside of the table of contents, `moov`
_STAY: Final = frozenset(
    {b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"mfra", b"sidx", b"ssix", b"wide"}
)
#: what goes from it: words and places, what programs of other makers say, and room that is free
_GO: Final = frozenset({b"udta", b"meta", b"uuid", b"free", b"skip"})
#: when it, a track and what is in that were made and changed
_DATED: Final = frozenset({b"mvhd", b"tkhd", b"mdhd"})
#: any other track says where the camera was, how it was held, or what time it was
_SEEN_OR_HEARD: Final = frozenset({b"vide", b"soun"})
_END: Final = 1 << 63
#: what stands there up to the first table of contents of a film in fragments: its brand, and room
_BEFORE_IT: Final = 4
#: hours of telemetry, chunk by chunk, are some ten thousand; no film that can be shown has more
_MOST: Final = 200_000


class Blank(NamedTuple):
    """From where to where something else is written: these bytes, or zeros."""

    start: int
    end: int
    content: bytes = b""


class _Box(NamedTuple):
    """A part of a film: which, where it begins, where its content does, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


def blanks(film: Iterable[bytes]) -> list[Blank]:
    """Return what is to be blanked of an MP4, read once from its start.

    Of one that is broken, what can be found of it.
    """
    found = sorted(islice(_blanks(_Stream(film)), _MOST))
    return [blank for blank in _apart(found) if blank.start < blank.end]


def blanked(film: Iterable[bytes], blanks: Iterable[Blank]) -> Iterator[bytes]:
    """Yield the pieces of a film, these blanked."""
    coming, here, at = sorted(blanks, reverse=True), list[Blank](), 0
    for piece in film:
        end = at + len(piece)
        while coming and coming[-1].start < end:
            here.append(coming.pop())
        yield _written(piece, at, here) if here else piece
        here, at = [blank for blank in here if blank.end > end], end


def _written(piece: bytes, at: int, blanks: Iterable[Blank]) -> bytes:
    written = bytearray(piece)
    for start, end, content in blanks:
        first, last = max(start, at), min(end, at + len(piece))
        new = content[first - start : last - start] or bytes(last - first)
        written[first - at : last - at] = new
    return bytes(written)


def _apart(blanks: Iterable[Blank]) -> Iterator[Blank]:
    """Yield them with those that meet as one: a broken film may name one place for ever."""
    last = Blank(0, 0)
    for blank in blanks:
        if blank.content:
            yield blank
        elif blank.start <= last.end:
            last = last._replace(end=max(last.end, blank.end))
        else:
            yield last
            last = blank
    yield last


class _Stream:
    """What is read piece by piece, with a look ahead."""

    def __init__(self, film: Iterable[bytes]) -> None:
        self._pieces = iter(film)
        self._held, self._from = b"", 0
        self.at = 0

    def peek(self, count: int) -> bytes:
        """Return what comes next, less of it only at the end."""
        length = len(self._held) - self._from
        if length < count:
            some, self._from = [self._held[self._from :]], 0
            while length < count and (piece := next(self._pieces, None)) is not None:
                some.append(piece)
                length += len(piece)
            self._held = b"".join(some)
        return self._held[self._from : self._from + count]

    def skip(self, count: int) -> None:
        self.at += count
        self._from += count
        while self._from > len(self._held):
            self._from -= len(self._held)
            piece = next(self._pieces, None)
            if piece is None:
                self._held, self._from = b"", 0
                return
            self._held = piece


@dataclass(frozen=True)
class _Moov:
    """The table of contents, and where in the film it stands."""

    text: bytes
    start: int

    def inside(self, outer: _Box) -> Iterator[_Box]:
        at = outer.body
        while at + 8 <= outer.end:
            box = _box(self.text[at - self.start : at - self.start + 16], at)
            if box is None:
                return
            yield box._replace(end=min(box.end, outer.end))
            at = box.end

    def content(self, box: _Box) -> bytes:
        return self.text[box.body - self.start : box.end - self.start]


def _blanks(film: _Stream) -> Iterator[Blank]:
    while head := film.peek(16):
        box = _box(head, film.at)
        if box is None:
            yield Blank(film.at, _END)  # what some cameras write behind the film
            return
        if box.kind == b"moov":
            yield from _contents(_Moov(film.peek(box.end - box.start), box.start), box)
        elif box.kind == b"mdat":
            yield from _hidden(film, box)
        elif box.kind not in _STAY:
            yield from _gone(box)
        film.skip(box.end - box.start)


def _hidden(film: _Stream, data: _Box) -> Iterator[Blank]:
    """Yield what is told in the first table of contents of a film that was written in fragments.

    Programs that record so put it among the data when they are done (OBS's "hybrid MP4").
    """
    at = data.body
    for _ in range(_BEFORE_IT):
        box = _box(film.peek(at - data.start + 16)[at - data.start :], at)
        if box is None or box.end > data.end:
            return
        if box.kind == b"moov":
            text = film.peek(box.end - data.start)[at - data.start :]
            yield from _contents(_Moov(text, at), box)
        if box.kind not in {b"ftyp", b"free"}:
            return
        at = box.end


def _contents(moov: _Moov, whole: _Box) -> Iterator[Blank]:
    for box in moov.inside(whole):
        if box.kind == b"trak":
            # Of a broken track, what comes before the break.
            with suppress(struct.error, KeyError):
                yield from _track(moov, box)
        else:
            yield from _known(moov, box)


def _track(moov: _Moov, whole: _Box) -> Iterator[Blank]:
    parts = list(moov.inside(whole))
    for box in parts:
        yield from _known(moov, box)
    media = _named(moov, {box.kind: box for box in parts}[b"mdia"])
    for box in media.values():
        yield from _known(moov, box)
    if moov.content(media[b"hdlr"])[8:12] not in _SEEN_OR_HEARD:
        yield from _gone(whole)
        tables = _named(moov, _named(moov, media[b"minf"])[b"stbl"])
        yield from _samples({kind: moov.content(box) for kind, box in tables.items()})


def _named(moov: _Moov, outer: _Box) -> dict[bytes, _Box]:
    return {box.kind: box for box in moov.inside(outer)}


def _known(moov: _Moov, box: _Box) -> Iterator[Blank]:
    if box.kind in _GO:
        yield from _gone(box)
    elif box.kind in _DATED:
        # Its first byte says how long the two dates behind it are.
        long = moov.content(box)[:1] == b"\1"
        yield Blank(box.body + 4, box.body + (20 if long else 12))


def _gone(box: _Box) -> Iterator[Blank]:
    yield Blank(box.start + 4, box.start + 8, b"free")
    yield Blank(box.body, box.end)


def _samples(tables: Mapping[bytes, bytes]) -> Iterator[Blank]:
    """Yield where the data of a track lie in the film, chunk by chunk."""
    long = b"co64" in tables
    chunks, runs = tables[b"co64" if long else b"stco"], tables[b"stsc"]
    offsets = struct.unpack_from(f">{_count(chunks)}{'Q' if long else 'I'}", chunks, 8)
    coming = [struct.unpack_from(">II", runs, 8 + 12 * n) for n in reversed(range(_count(runs)))]
    each, count = struct.unpack_from(">II", tables[b"stsz"], 4)
    sizes = iter(() if each else struct.unpack_from(f">{count}I", tables[b"stsz"], 12))
    per_chunk = 0
    for number, offset in enumerate(offsets, 1):
        if coming and coming[-1][0] == number:
            per_chunk = coming.pop()[1]
        yield Blank(offset, offset + (each * per_chunk or sum(islice(sizes, per_chunk))))


def _count(table: bytes) -> int:
    return int(struct.unpack_from(">I", table, 4)[0])


def _box(head: bytes, at: int) -> _Box | None:
    """Return the box that begins so; None if none does."""
    if len(head) < 8:
        return None
    size, kind, body = int.from_bytes(head[:4]), head[4:8], at + 8
    if size == 1:
        size, body = int.from_bytes(head[8:16]), at + 16
    # One without a size reaches to the end.
    end = at + size if size else _END
    return _Box(kind, at, body, end) if end >= body else None

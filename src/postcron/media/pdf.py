"""How many pages a PDF has: its catalogue says so, and is found along the cross-references.

A few small parts of the file are read, however large it is: https://pdfa.org/resource/iso-32000-2/.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import BinaryIO, Final

#: no object that leads to the count is longer, packed or unpacked
_WINDOW: Final = 1024 * 1024
#: what is read of all that is packed, together
_MOST_READ: Final = 8 * _WINDOW
#: numbers of a table packed in parts, each of them two
_MOST_NUMBERS: Final = 20_000
_MOST_PAGES: Final = 1_000_000
#: so often a file may have been changed by appending, and so many parts a table may have
_CHANGES: Final = 50
_NEAR: Final = 1024
_START: Final = re.compile(rb"startxref\s+(\d+)")
_PART: Final = re.compile(rb"\s*(\d+)\s+(\d+)\s*(?=\d{10} |trailer|\d+ \d+\s)")
#: a row of a table: where an object lies, and that it is there
_ROW, _THERE = 20, re.compile(rb"(\d{10}) \d{5} n")
_OBJECT: Final = re.compile(rb"\s*\d+\s+\d+\s+obj\b")
_STREAM: Final = re.compile(rb"\bstream\r?\n")


def pages(content: BinaryIO) -> int | None:
    """Return how many pages an open PDF says it has; None where that cannot be read."""
    try:
        return _Pdf(content).pages()
    except (ValueError, LookupError, zlib.error):
        return None


@dataclass(frozen=True)
class _Place:
    """Where an object is: at an offset, or in a stream that holds many."""

    offset: int = 0
    stream: int | None = None


class _Pdf:
    def __init__(self, content: BinaryIO) -> None:
        self._content = content
        self._size, self._read = content.seek(0, 2), 0
        starts = _START.findall(self.read(max(self._size - _NEAR, 0), _NEAR))
        self._sections = list(self._changes(int(starts[-1])))

    def pages(self) -> int:
        trailer = self._sections[0][0]
        catalogue = self._object(_reference(trailer, b"Root"))
        count = _number(self._object(_reference(catalogue, b"Pages")), b"Count")
        if count > _MOST_PAGES:
            raise ValueError("more pages than anybody writes")
        return count

    def _changes(self, at: int | None) -> Iterator[tuple[bytes, _Table | _Packed]]:
        """Yield each trailer with its cross-references, the newest first."""
        seen: set[int] = set()
        while at is not None and at not in seen and len(seen) < _CHANGES:
            seen.add(at)
            trailer, section = self._section(at)
            yield trailer, section
            # A file for old readers and new ones has both: what is packed stands beside.
            for beside in islice(_numbers(trailer, b"XRefStm"), 1):
                yield self._section(beside)
            at = next(_numbers(trailer, b"Prev"), None)

    def _section(self, at: int) -> tuple[bytes, _Table | _Packed]:
        if self.read(at, 4) != b"xref":
            told, unpacked = self._stream(at)
            return told, _Packed.of(told, unpacked)
        parts, at = [], at + 4
        while part := _PART.match(self.read(at, 64)):
            first, count = int(part[1]), int(part[2])
            parts.append((first, count, at + part.end()))
            at += part.end() + _ROW * count
            if len(parts) > _CHANGES:
                raise ValueError("more parts than anybody writes")
        return self.read(at, _NEAR).partition(b"startxref")[0], _Table(self, parts)

    def _object(self, number: int) -> bytes:
        for _, section in self._sections:
            place = section.place(number)
            if place is not None and place.stream is not None:
                return self._packed(place.stream, number)
            if place is not None:
                text = self.read(place.offset, _WINDOW)
                if not _OBJECT.match(text):
                    raise ValueError("no object begins there")
                return text.partition(b"endobj")[0]
        raise LookupError(number)

    def _packed(self, stream: int, number: int) -> bytes:
        """Return an object out of a stream that holds many, each beside its offset."""
        for _, section in self._sections:
            place = section.place(stream)
            if place is not None and place.stream is None:
                told, unpacked = self._stream(place.offset)
                first = _number(told, b"First")
                head = [int(each) for each in unpacked[:first].split()]
                ends = dict(pairwise([*sorted(head[1::2]), len(unpacked)]))
                start = dict(zip(head[::2], head[1::2], strict=True))[number]
                return unpacked[first + start : first + ends[start]]
        raise LookupError(stream)

    def _stream(self, at: int) -> tuple[bytes, bytes]:
        """Return what an object says of its data, and the data."""
        text = self.read(at, _WINDOW)
        begin = _STREAM.search(text)
        if begin is None or not _OBJECT.match(text):
            raise ValueError("no stream begins there")
        told = text[: begin.start()]
        if b"/FlateDecode" not in told:
            raise ValueError("packed in a way we do not know")
        unpacked = zlib.decompressobj().decompress(text[begin.end() :], _WINDOW)
        self._read += len(told) + len(unpacked)
        if self._read > _MOST_READ:
            raise ValueError("more than anybody writes")
        return told, _without_prediction(told, unpacked)

    def read(self, at: int, size: int) -> bytes:
        if at > self._size:
            raise ValueError("not in the file")
        self._content.seek(at)
        return self._content.read(size)


@dataclass(frozen=True)
class _Table:
    """Cross-references as text, read row by row."""

    file: _Pdf
    #: first number, how many, where their rows begin
    parts: list[tuple[int, int, int]]

    def place(self, number: int) -> _Place | None:
        for first, count, at in self.parts:
            if first <= number < first + count:
                row = _THERE.match(self.file.read(at + _ROW * (number - first), _ROW))
                return _Place(int(row[1])) if row else None
        return None


@dataclass(frozen=True)
class _Packed:
    """Cross-references as a stream of numbers, row by row."""

    rows: bytes
    widths: tuple[int, int, int]
    #: first number, how many
    parts: list[tuple[int, int]]

    @classmethod
    def of(cls, told: bytes, unpacked: bytes) -> _Packed:
        kind, second, third = _list(told, b"W")
        spans = _list(told, b"Index") or [0, _number(told, b"Size")]
        if len(spans) > _MOST_NUMBERS:
            raise ValueError("more parts than anybody writes")
        parts = list(zip(spans[::2], spans[1::2], strict=True))
        return cls(unpacked, (kind, second, third), parts)

    def place(self, number: int) -> _Place | None:
        width, at = sum(self.widths), 0
        for first, count in self.parts:
            if first <= number < first + count:
                at += width * (number - first)
                return self._told(self.rows[at : at + width])
            at += width * count
        return None

    def _told(self, row: bytes) -> _Place | None:
        if not row or len(row) < sum(self.widths):
            return None
        kind, second, _ = self.widths
        which = int.from_bytes(row[:kind]) if kind else 1
        value = int.from_bytes(row[kind : kind + second])
        return {1: _Place(value), 2: _Place(stream=value)}.get(which)


def _without_prediction(told: bytes, unpacked: bytes) -> bytes:
    """Return data whose rows were written as differences from the row above."""
    if next(_numbers(told, b"Predictor"), 1) < 10:
        return unpacked
    width = _number(told, b"Columns")
    if width > _NEAR:
        raise ValueError("wider than anybody writes")
    rows, above = [], bytes(width)
    for at in range(0, len(unpacked), width + 1):
        kind, row = unpacked[at], unpacked[at + 1 : at + 1 + width]
        if kind not in {0, 2}:
            raise ValueError("predicted in a way we do not know")
        above = bytes((a + b) & 0xFF for a, b in zip(above, row, strict=False)) if kind else row
        rows.append(above)
    return b"".join(rows)


def _numbers(text: bytes, name: bytes) -> Iterator[int]:
    for found in re.finditer(rb"/%b\s+(\d+)(?!\d|\s+\d+\s+R)" % name, text):
        yield int(found[1])


def _number(text: bytes, name: bytes) -> int:
    return next(_numbers(text, name), None) or _missing(name)


def _reference(text: bytes, name: bytes) -> int:
    found = re.search(rb"/%b\s+(\d+)\s+\d+\s+R" % name, text)
    return int(found[1]) if found else _missing(name)


def _list(text: bytes, name: bytes) -> list[int]:
    found = re.search(rb"/%b\s*\[([\d\s]*)\]" % name, text)
    return [int(each) for each in found[1].split()] if found else []


def _missing(name: bytes) -> int:
    raise LookupError(name)

"""Lists of posts as files: CSV and JSON Lines, read strictly, each record with the line it stands on."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, Final

from postcron.errors import DoesNotFit, Invalid
from postcron.model import Problem
from postcron.rules.cells import guarded, unguarded

#: bytes in one line: what is longer is no list of posts
LONGEST: Final = 1_000_000
#: what may stand between the cells
DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_NO_TEXT: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"PK\3\4": "a workbook"}

_HALF: Final = re.compile("[\ud800-\udfff]")

#: a cell has one value; in JSON it may be a list
Value = str | Sequence[str]
#: says what is wrong with the names of some columns, a sentence each
Objections = Callable[[Collection[str]], Iterable[str]]


@dataclass(frozen=True)
class Record:
    """What one row says, its empty cells left out."""

    #: file and line, for messages
    where: str
    values: Mapping[str, Value]


def lines(stream: BinaryIO, name: str) -> Iterator[str]:
    """Yield the lines of a text in UTF-8, their ends included; raises `Invalid` where it is none."""
    number = 0
    while raw := _next_line(stream, name):
        number += 1
        where = f"{name}:{number}"
        for mark, kind in _NO_TEXT.items():
            if number == 1 and raw.startswith(mark):
                raise Invalid(f"{where}: the file is {kind}: save it as text in UTF-8.")
        if len(raw) > LONGEST:
            raise Invalid(f"{where}: the line is longer than {LONGEST:,} bytes.")
        if b"\0" in raw:
            raise Invalid(f"{where}: there is a NUL byte: save the file as text in UTF-8.")
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            bad = f"byte {raw[error.start]:02X} at place {error.start + 1}"
            message = f"{where}: it is not UTF-8 ({bad}): save the file in UTF-8."
            raise Invalid(message, code="not_utf8") from error


def _next_line(stream: BinaryIO, name: str) -> bytes:
    try:
        return stream.readline(LONGEST + 1)
    except OSError as error:
        raise Invalid(f"{name} cannot be read: {error.strerror}.") from error


# --- CSV ---------------------------------------------------------------------------------------


def csv_records(
    lines: Iterable[str], name: str, objections: Objections, *, delimiter: str | None = None
) -> Iterator[Record | Problem]:
    """Yield the rows below the head, and what is wrong with others.

    Raises `Invalid` or `DoesNotFit` for a head that cannot be used.
    """
    rest = iter(lines)
    skipped, first = 0, ""
    for first in rest:
        if first.strip():
            break
        skipped += 1
    csv.field_size_limit(LONGEST)
    signs = delimiter or _delimiter(first, f"{name}:{skipped + 1}")
    found = _rows(csv.reader(chain([first], rest), delimiter=signs, strict=True), name, skipped)
    head = next(found, None)
    if head is None or isinstance(head, Problem):
        raise Invalid(str(head) if head else f"{name} is empty: its first line names the columns.")
    where, names = head[0], [each.strip() for each in head[1]]
    if wrong := [*_repeated(names), *objections(names)]:
        raise DoesNotFit([Problem(where, each) for each in wrong])
    for row in found:
        yield row if isinstance(row, Problem) else _record(*row, names)


def _delimiter(head: str, where: str) -> str:
    """Return what separates the names of columns, in which none of these signs can stand."""
    there = [sign for sign in DELIMITERS if sign in head]
    if len(there) > 1:
        found = " and ".join(DELIMITERS[sign] for sign in there)
        message = (
            f"{where}: there are {found} between the columns: say with --delimiter which counts."
        )
        raise Invalid(message, code="delimiter")
    return there[0] if there else ","


def _rows(reader: Any, name: str, skipped: int) -> Iterator[tuple[str, list[str]] | Problem]:
    """Yield the rows that are not empty, each with where it begins."""
    while True:
        where = f"{name}:{skipped + reader.line_num + 1}"
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # From here on nobody can tell what is a cell.
            yield Problem(where, f"the quotes are wrong ({error}); nothing after it is read.")
            return
        if any(cell.strip() for cell in row):
            yield where, row


def _repeated(names: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"there are {names.count(name)} columns {name!r}: leave one."


def _record(where: str, row: Sequence[str], names: Sequence[str]) -> Record | Problem:
    if len(row) != len(names):
        return Problem(where, f"there are {len(row)} cells for {len(names)} columns.")
    cells = zip(names, map(unguarded, row), strict=True)
    return Record(where, {column: cell for column, cell in cells if cell.strip()})


def csv_lines(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield the head and a line for each row, which `csv_records` reads as they are given."""
    yield _line(columns)
    for row in rows:
        yield _line([guarded(row.get(column, "")) for column in columns])


def _line(cells: Sequence[str]) -> str:
    paper = io.StringIO(newline="")
    csv.writer(paper).writerow(cells)
    return paper.getvalue()


# --- JSON Lines --------------------------------------------------------------------------------


def json_records(
    lines: Iterable[str], name: str, objections: Objections
) -> Iterator[Record | Problem]:
    """Yield a record for each line that is not empty, and what is wrong with others."""
    for number, line in enumerate(lines, 1):
        where = f"{name}:{number}"
        if not line.strip():
            continue
        try:
            values = _values(line)
        except json.JSONDecodeError as error:
            yield Problem(where, f"it is not JSON on one line: {error.msg} at place {error.colno}.")
            continue
        except ValueError as error:
            yield Problem(where, f"{error}.")
            continue
        if wrong := list(objections(values)):
            yield from (Problem(where, each) for each in wrong)
        else:
            yield Record(where, {column: value for column, value in values.items() if value})


def _values(line: str) -> dict[str, Value]:
    try:
        found = json.loads(line.rstrip(), object_pairs_hook=_once)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if not isinstance(found, dict):
        raise ValueError("it is not an object in braces")  # noqa: TRY004 - a wrong value, not a type
    return {name: _value(name, value) for name, value in found.items() if value is not None}


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) < len(pairs):
        raise ValueError("a name stands in it twice")
    return named


def _value(name: str, value: Any) -> Value:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    texts = value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{name} is neither text nor a list of texts")
    if any("\0" in text or _HALF.search(text) for text in texts):
        raise ValueError(f"{name} has a sign that is none in UTF-8")
    found: Value = value
    return found


def json_line(row: Mapping[str, Value]) -> str:
    """Return the line that `json_records` reads as this row."""
    return json.dumps(row, ensure_ascii=False) + "\n"

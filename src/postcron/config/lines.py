"""On which line of a TOML document a key stands: tomllib does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_PATH: Final = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_TABLE: Final = re.compile(rf"\s*\[{{1,2}}\s*({_PATH})\s*\]")
_KEY: Final = re.compile(rf"\s*({_PATH})\s*=")
_FENCE: Final = re.compile(r'"""|\'\'\'')

Keys = tuple[str, ...]


def lines(document: str) -> dict[Keys, int]:
    """Return the line of each table and each key, by its path; for a valid document."""
    found: dict[Keys, int] = {}
    table: Keys = ()
    inside: str | None = None
    for number, line in enumerate(document.split("\n"), start=1):
        was_inside, inside = inside, _fence(line, inside)
        if was_inside:
            continue
        if header := _TABLE.match(line):
            path = table = _split(header[1])
        elif key := _KEY.match(line):
            path = table + _split(key[1])
        else:
            continue
        for length in range(1, len(path) + 1):
            found.setdefault(path[:length], number)
    return found


def line_of(keys: Keys, found: Mapping[Keys, int]) -> int | None:
    """Return the line of a key, or of the nearest table around it (a key of an inline table)."""
    for length in range(len(keys), 0, -1):
        if keys[:length] in found:
            return found[keys[:length]]
    return None


def _fence(line: str, inside: str | None) -> str | None:
    # A text over several lines: what looks like a key in it is none.
    for fence in _FENCE.findall(line):
        inside = fence if inside is None else (None if fence == inside else inside)
    return inside


def _split(path: str) -> Keys:
    return tuple(name.strip("\"'") for name in re.findall(_NAME, path))

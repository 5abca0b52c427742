"""Reading a TOML document strictly: every value has a type, every complaint a file and a line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from postcron.config.lines import Keys, line_of, lines
from postcron.errors import ConfigInvalid, Invalid
from postcron.model import SecretRef
from postcron.rules.nearest import nearest
from postcron.rules.spans import duration

T = TypeVar("T")

FORMS: Final = '{ env = "NAME" }, { file = "PATH" } or { command = ["PROGRAM", "…"] }'

_BOMS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TYPES: Final = {str: "text in quotes", bool: "true or false", int: "a whole number"}


@dataclass(frozen=True)
class Table:
    """One table of a document, and where it stands."""

    values: Mapping[str, Any]
    file: str
    lines: Mapping[Keys, int]
    keys: Keys = ()

    def where(self, *keys: str) -> str:
        """Return `file:line` of a key of this table."""
        line = line_of(self.keys + keys, self.lines)
        return self.file if line is None else f"{self.file}:{line}"

    def invalid(self, key: str, what: str) -> ConfigInvalid:
        """Return the error that says what is wrong with a key."""
        name = ".".join(part for part in (*self.keys, key) if part)
        return ConfigInvalid(f"{self.where(key)}: {name} {what}")

    def only(self, known: Collection[str]) -> None:
        """Refuse keys that mean nothing here."""
        for key in self.values:
            if key not in known:
                raise self.invalid(key, f"is not a key postcron knows; {nearest(key, known)}")

    def table(self, key: str) -> Table:
        """Return a table inside this one; an empty one if it is not there."""
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self.invalid(key, f"must be a table, like [{'.'.join((*self.keys, key))}].")
        return Table(values, self.file, self.lines, (*self.keys, key))

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Return the tables inside this one, by name."""
        return ((name, self.table(name)) for name in self.values)

    def text(self, key: str) -> str | None:
        value = self._typed(key, str)
        if value is not None and not value.strip():
            raise self.invalid(key, "is empty.")
        return value

    def truth(self, key: str) -> bool | None:
        return self._typed(key, bool)

    def number(self, key: str, *, least: int, most: int) -> int | None:
        value = self._typed(key, int)
        if value is not None and not least <= value <= most:
            raise self.invalid(key, f"is {value}, but must be from {least} to {most}.")
        return value

    def span(self, key: str) -> timedelta | None:
        """Return a length of time written like `"2h30m"`."""
        value = self.text(key)
        try:
            return None if value is None else duration(value)
        except Invalid as error:
            raise self.invalid(key, f"cannot be understood: {error}") from error

    def choice(self, key: str, choices: Collection[str]) -> str | None:
        value = self.text(key)
        if value is not None and value not in choices:
            known = ", ".join(sorted(choices))
            raise self.invalid(key, f"is {value!r}, but must be one of {known}.")
        return value

    def secret(self, key: str) -> SecretRef | None:
        """Return where a secret is to be had; a secret that stands here itself is refused, unshown."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.invalid(key, f"is a secret and must not stand in the file; use {FORMS}.")
        if len(value) != 1 or not value.keys() <= {"env", "file", "command"}:
            raise self.invalid(key, f"must be {FORMS}.")
        if "command" in value:
            return SecretRef("command", self.table(key).words("command"))
        source = next(iter(value))
        named = self.table(key).text(source) or ""
        if source == "env" and not _VARIABLE.fullmatch(named):
            raise self.table(key).invalid(source, "must be the name of an environment variable.")
        return SecretRef(source, named)

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Return one text, or a list of them."""
        values = self.values.get(key)
        if isinstance(values, list) and all(isinstance(each, str) for each in values):
            return tuple(values)
        if isinstance(values, list):
            raise self.invalid(key, "must be text in quotes, or a list of such.")
        value = self.text(key)
        return None if value is None else (value,)

    def words(self, key: str) -> tuple[str, ...]:
        words = self.values.get(key)
        if not isinstance(words, list) or not words or not all(isinstance(w, str) for w in words):
            raise self.invalid(key, 'must be a list, like ["pass", "show", "token"].')
        return tuple(words)

    def _typed(self, key: str, kind: type[T]) -> T | None:
        value = self.values.get(key)
        # To Python, true is a number.
        if value is not None and type(value) is not kind:
            raise self.invalid(key, f"must be {_TYPES[kind]}.")
        return value


def parse(document: bytes, file: str) -> Table:
    """Return the document as its outermost table; raises `ConfigInvalid` with the line."""
    if document.startswith(_BOMS):
        raise ConfigInvalid(f"{file}:1: starts with a byte order mark; save it as plain UTF-8.")
    if b"\0" in document:
        raise ConfigInvalid(f"{file}:{_line_at(document, document.index(0))}: holds a NUL byte.")
    try:
        text = document.decode().replace("\r\n", "\n")
        return Table(tomllib.loads(text), file, lines(text))
    except UnicodeDecodeError as error:
        line = _line_at(document, error.start)
        raise ConfigInvalid(f"{file}:{line}: is not UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigInvalid(f"{file}:{_bad_line(error, text)}: is not TOML: {error}.") from error


def _line_at(document: bytes, offset: int) -> int:
    return document.count(b"\n", 0, offset) + 1


def _bad_line(error: tomllib.TOMLDecodeError, text: str) -> int:
    match = re.search(r"at line ([0-9]+)", str(error))
    return int(match[1]) if match else len(text.splitlines())

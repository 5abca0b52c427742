"""A complete HTTP answer, and what it says to a person and about waiting."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

SHORTEST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(hours=24)
HINT: Final = 200

#: a smaller number is a length of time (the IETF's RateLimit-Reset), a larger one an epoch (ours)
_FIRST_EPOCH: Final = 1e9
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]+)?")
_BETWEEN: Final = re.compile(r",(?!\s*[0-9]{1,2}[ -][A-Za-z]{3})")
_RESET: Final = re.compile(r"(?P<limit>.*limit.*-)reset")


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer, body bounded in size. Both may hold a token, so `repr` shows neither."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> Any | None:
        """Return the body as JSON, or None if it is not JSON (never raises)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def hint(self) -> str:
        """Return a short, printable piece of the body for a message: one line, at most 200 characters."""
        # No character of UTF-8 is longer than four bytes, and a page of spaces says nothing.
        text = self.body[: 20 * HINT].decode("utf-8", "replace")
        line = "".join(_visible(character) for character in " ".join(text.split()))
        return line if len(line) <= HINT else f"{line[: HINT - 1]}…"

    def made_at(self) -> datetime | None:
        """Return when the platform made it, by its own clock; None where a cache may have kept it."""
        headers = self._headers()
        return None if "age" in headers else _moment(headers.get("date", ""))

    def retry_after(self) -> timedelta | None:
        """Return how long to wait, between a second and a day, or None if nothing says so.

        The latest of Retry-After (seconds or date) and of the resets of limits that are used up,
        measured against the answer's own Date, so that two clocks need not agree.
        """
        headers = self._headers()
        here = _moment(headers.get("date", "")) or datetime.now(UTC)
        texts = [*_pieces(headers.get("retry-after", "")), *self._resets(headers)]
        waits = [wait for text in texts if (wait := _seconds(text, here)) is not None]
        if not waits:
            return None
        longest, shortest = LONGEST.total_seconds(), SHORTEST.total_seconds()
        return timedelta(seconds=min(max(*waits, shortest), longest))

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _resets(self, headers: Mapping[str, str]) -> Iterator[str]:
        # Most platforms send these with every answer; they mean waiting only once nothing is left.
        for name, value in headers.items():
            if match := _RESET.fullmatch(name):
                left = headers.get(f"{match['limit']}remaining")
                if left == "0" or (left is None and self.status == 429):
                    yield from _pieces(value)


def _pieces(value: str) -> list[str]:
    # A header sent twice arrives joined by commas; a date has a comma of its own.
    return [piece.strip() for piece in _BETWEEN.split(value)]


def _seconds(text: str, here: datetime) -> float | None:
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if number < _FIRST_EPOCH else number - here.timestamp()
    moment = _moment(text)
    return (moment - here).total_seconds() if moment else None


def _moment(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _visible(character: str) -> str:
    # Control, format (bidirectional, zero-width), surrogate, private and unassigned characters.
    if unicodedata.category(character).startswith("C"):
        return character.encode("unicode_escape").decode("ascii")
    return character

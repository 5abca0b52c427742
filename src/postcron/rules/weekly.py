"""Days of the week and times of day as rules say them: `mon-fri 18:00`, `sat,sun`, `24:00`."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import takewhile
from typing import Final

from postcron.errors import Invalid

#: 0 is Monday, as Python counts
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS: Final = tuple(name[:3] for name in WEEKDAYS)
EVERY_DAY: Final = frozenset(range(7))

DAY: Final = timedelta(days=1)

_NUMBERS: Final = {name: number for names in (DAYS, WEEKDAYS) for number, name in enumerate(names)}
_GROUPS: Final = {
    "daily": EVERY_DAY,
    "weekday": frozenset(range(5)),
    "weekdays": frozenset(range(5)),
    "weekend": frozenset({5, 6}),
    "weekends": frozenset({5, 6}),
}
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-5][0-9])")


def split_days(text: str) -> tuple[frozenset[int], str]:
    """Split `mon-fri 18:00-23:00` into its days and the rest; no days are all seven."""
    words = text.lower().split()
    named = list(takewhile(lambda word: not word[0].isdigit(), words))
    rest = words[len(named) :]
    if any(word[0].isalpha() for word in rest):
        raise Invalid(f"{text[:60]!r} is not understood: the days come first, like mon-fri 18:00.")
    return days("".join(named)) if named else EVERY_DAY, " ".join(rest)


def days(text: str) -> frozenset[int]:
    """Return the days that `mon-fri`, `sat,sun`, `fri-mon`, `weekday` or `daily` names."""
    return frozenset().union(*(_span(part) for part in text.lower().split(",")))


def _span(part: str) -> frozenset[int]:
    if part in _GROUPS:
        return _GROUPS[part]
    first, dash, last = part.partition("-")
    try:
        start, end = _NUMBERS[first], _NUMBERS[last if dash else first]
    except KeyError as error:
        message = f"{part[:60]!r} names no day: write it like mon, mon-fri, sat,sun or daily."
        raise Invalid(message) from error
    return frozenset((start + ahead) % 7 for ahead in range((end - start) % 7 + 1))


def clock(text: str) -> timedelta:
    """Return a time of day as what clocks show since midnight; `24:00` is the day's end."""
    match = _CLOCK.fullmatch(text)
    at = timedelta(hours=int(match[1]), minutes=int(match[2])) if match else None
    if at is None or at > DAY:
        raise Invalid(f"{text[:60]!r} is not a time of day: write it like 18:00.")
    return at

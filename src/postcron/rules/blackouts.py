"""Blackouts: days of the calendar on which an account says nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from postcron.errors import Invalid

EXAMPLES: Final = '"2026-12-25", "2026-12-24..2026-12-26" or, every year, "12-25"'
_DAYS: Final = re.compile(
    r"(?P<year>[0-9]{4}-)?[0-9]{2}-[0-9]{2}( ?\.\. ?(?(year)[0-9]{4}-)[0-9]{2}-[0-9]{2})?"
)
#: with a 29 February, so that each day of any year has its place
_LEAP: Final = 2000


@dataclass(frozen=True)
class Blackout:
    """Some days in a row, the last one included."""

    written: str
    first: date
    last: date
    #: the same days every year, whatever year stands there; they may pass the new year
    yearly: bool

    def covers(self, day: date) -> bool:
        if not self.yearly:
            return self.first <= day <= self.last
        day = day.replace(year=_LEAP)
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


def blackout(text: str) -> Blackout:
    """Return the days that `2026-12-24..2026-12-26` or `12-25` names; raises `Invalid`."""
    match = _DAYS.fullmatch(text.strip())
    if match is None:
        raise Invalid(f"{text[:60]!r} is not a day: write it like {EXAMPLES}.")
    yearly = match["year"] is None
    first, _, last = match[0].partition("..")
    try:
        start, end = (_day(each.strip(), yearly=yearly) for each in (first, last or first))
    except ValueError as error:
        raise Invalid(f"There is no day {text[:60]}: {error}.") from error
    if end < start and not yearly:
        raise Invalid(f"{text[:60]!r} ends before it begins.")
    return Blackout(text, start, end, yearly)


def _day(text: str, *, yearly: bool) -> date:
    return date.fromisoformat(f"{_LEAP}-{text}" if yearly else text)


def leave_no_day(blackouts: Sequence[Blackout]) -> bool:
    """Say whether no day of any year is left."""
    year = (date(_LEAP, 1, 1) + timedelta(days=ahead) for ahead in range(366))
    yearly = [each for each in blackouts if each.yearly]
    return all(
        any(each.covers(day) for each in yearly) for day in year if (day.month, day.day) != (2, 29)
    )

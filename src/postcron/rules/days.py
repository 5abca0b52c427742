"""The days of a month or a week, as a calendar shows them."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from postcron.errors import Invalid

_DAY: Final = timedelta(days=1)
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True)
class Days:
    """Days in a row, both ends included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        return (self.first + n * _DAY for n in range((self.last - self.first).days + 1))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def weeks(self) -> list[list[date]]:
        """Return the weeks from Monday to Sunday that they lie in, whole."""
        days = Days(week_of(self.first).first, week_of(self.last).last)
        every = list(days)
        return [every[at : at + 7] for at in range(0, len(every), 7)]


def month_of(day: date) -> Days:
    last = calendar.monthrange(day.year, day.month)[1]
    return Days(day.replace(day=1), day.replace(day=last))


def week_of(day: date) -> Days:
    """Return Monday to Sunday."""
    first = day - day.weekday() * _DAY
    return Days(first, first + 6 * _DAY)


def named_month(text: str) -> Days:
    """Return the month written like 2026-12; raises `Invalid`."""
    day = f"{text.strip()}-01" if _MONTH.fullmatch(text.strip()) else ""
    return month_of(_shown(text, day, "a month; write it like 2026-12"))


def named_day(text: str) -> date:
    """Return the day written like 2026-12-24, of a year that calendars show; raises `Invalid`."""
    return _shown(text, text.strip(), "a day; write it like 2026-12-24")


def _shown(text: str, day: str, what: str) -> date:
    try:
        found = date.fromisoformat(day)
    except ValueError as error:
        raise Invalid(f"{text[:60]!r} is not {what}.") from error
    if not 1970 <= found.year <= 9998:
        raise Invalid(f"{text[:60]!r} is too far away for a calendar.")
    return found

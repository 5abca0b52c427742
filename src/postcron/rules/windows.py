"""Windows: the hours an account speaks in, in its own local time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from postcron.errors import Invalid
from postcron.rules.weekly import DAY, DAYS, clock, split_days
from postcron.rules.zones import resolved

EXAMPLES: Final = '"18:00-23:00", "mon-fri 18:00-24:00" or "sat,sun 22:00-02:00"'

_HOURS: Final = re.compile(r"([0-9:]+) ?- ?([0-9:]+)")
_WEEK: Final = 7 * DAY


@dataclass(frozen=True)
class Window:
    """Some hours of some days of the week: the first moment is in it, the last is not."""

    written: str
    #: the days it begins on; 0 is Monday
    days: frozenset[int]
    #: what clocks show since the midnight of that day; beyond 24 h it closes on the next
    opens: timedelta
    closes: timedelta

    def on(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Return when it opens and closes if it begins on that day.

        Edges that a clock change skips or repeats are read as `resolved` says; a window that has no
        length then does not open that day.
        """
        if day.weekday() not in self.days:
            return None
        midnight = datetime.combine(day, time.min)
        edges = resolved(midnight + self.opens, zone), resolved(midnight + self.closes, zone)
        return edges if edges[0] < edges[1] else None


def window(text: str) -> Window:
    """Return the window that `mon-fri 18:00-23:00` describes; raises `Invalid`."""
    days, hours = split_days(text)
    match = _HOURS.fullmatch(hours)
    if match is None:
        raise Invalid(f"{text[:60]!r} is not a window: write it like {EXAMPLES}.")
    opens, closes = clock(match[1]), clock(match[2])
    if opens == DAY:
        raise Invalid(f"{text[:60]!r} begins when its day is over: write 00:00 of the next one.")
    if opens == closes:
        message = f"{text[:60]!r} has no length: the whole day is written 00:00-24:00."
        raise Invalid(message)
    return Window(text, days, opens, closes if closes > opens else closes + DAY)


def overlapping(windows: Sequence[Window]) -> str | None:
    """Say which two windows overlap, and where; None if none do."""
    starts = sorted(
        ((day * DAY + each.opens, each) for each in windows for day in each.days),
        key=lambda start: start[0],
    )
    again = [(starts[0][0] + _WEEK, starts[0][1])] if starts else []
    for (begins, one), (next_begins, other) in pairwise(starts + again):
        if begins + one.closes - one.opens > next_begins:
            day = DAYS[next_begins // DAY % 7]
            return f"{one.written!r} and {other.written!r} overlap on {day}"
    return None

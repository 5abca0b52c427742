"""Slots: the times of the week that an account likes to speak at."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from postcron.errors import Invalid
from postcron.rules.weekly import DAY, clock, split_days
from postcron.rules.zones import resolved

EXAMPLES: Final = '"mon-fri 09:00", "sat 11:00" or "daily 08:00,18:30"'


@dataclass(frozen=True)
class Slot:
    """Some times of some days of the week."""

    written: str
    #: 0 is Monday
    days: frozenset[int]
    #: what clocks show since midnight
    times: tuple[timedelta, ...]

    def on(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        """Yield its moments of a day."""
        midnight = datetime.combine(day, time.min)
        if day.weekday() in self.days:
            yield from (resolved(midnight + at, zone) for at in self.times)


def slot(text: str) -> Slot:
    """Return the slot that `mon-fri 09:00` describes; raises `Invalid`."""
    days, clocks = split_days(text)
    times = tuple(clock(each) for each in clocks.replace(",", " ").split())
    if not times:
        raise Invalid(f"{text[:60]!r} is not a slot: write it like {EXAMPLES}.")
    if DAY in times:
        raise Invalid(f"{text[:60]!r} begins when its day is over: write 00:00 of the next one.")
    return Slot(text, days, times)


def coming(
    slots: Collection[Slot], zone: ZoneInfo, *, since: datetime, until: datetime
) -> Iterator[datetime]:
    """Yield the moments of slots since one instant and up to another, day by day."""
    day = since.astimezone(zone).date() - DAY  # what a clock change moves may come a day later
    while day <= until.astimezone(zone).date():
        moments = {at for each in slots for at in each.on(day, zone)}
        yield from sorted(at for at in moments if since <= at <= until)
        day += DAY

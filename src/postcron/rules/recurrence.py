"""Recurring moments: a rule of RFC 5545 in the local time of one zone, from its first moment on."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import takewhile
from typing import Final
from zoneinfo import ZoneInfo

from dateutil.rrule import rrule, rrulestr

from postcron.errors import Invalid
from postcron.rules import moments
from postcron.rules.rrules import (
    MOST_A_DAY,
    joined,
    leaving_out,
    number,
    pairs,
    too_often,
    understood,
)
from postcron.rules.zones import resolved, zone_of

#: so many moments of a rule are looked at
LOOKED_AT: Final = 100
_LOOKED_AHEAD: Final = timedelta(days=5 * 366)
MOST_TIMES: Final = 10_000
#: clocks were never put forward or back by more
_LONGEST_CHANGE: Final = timedelta(days=1, hours=1)
#: years repeat after so many, weekdays included
_CYCLE: Final = 400
_LAST_YEAR: Final = 9998
_WALL: Final = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class Recurrence:
    """When something comes again."""

    #: a recurrence rule; its UNTIL is a local time, and it has no COUNT
    rule: str
    #: what clocks show at its first moment
    start: datetime
    zone: ZoneInfo
    #: days on which it is left out
    without: frozenset[date] = frozenset()

    @classmethod
    def read(cls, text: str, zone: str) -> Recurrence:
        """Return what `written` wrote."""
        lines = dict(line.split(":", 1) for line in text.splitlines())
        days = lines.get("EXDATE;VALUE=DATE", "").split(",")
        return cls(
            lines["RRULE"],
            datetime.strptime(lines["DTSTART"], _WALL),  # noqa: DTZ007 - what clocks show
            zone_of(zone),
            frozenset(date.fromisoformat(day) for day in days if day),
        )

    def written(self) -> str:
        """Return it as lines of RFC 5545, all but its zone."""
        lines = [f"DTSTART:{self.start.strftime(_WALL)}", f"RRULE:{self.rule}"]
        if self.without:
            days = ",".join(f"{day:%Y%m%d}" for day in sorted(self.without))
            lines.append(f"EXDATE;VALUE=DATE:{days}")
        return "\n".join(lines)

    def between(self, after: datetime, until: datetime) -> list[datetime]:
        """Return its moments after one instant, up to and with another, in order."""
        latest = _wall(until, self.zone) + _LONGEST_CHANGE
        walls = takewhile(lambda wall: wall <= latest, self.walls(self._before(after)))
        instants = {resolved(wall, self.zone) for wall in walls}
        return sorted(at for at in instants if after < at <= until)

    def next(self, after: datetime) -> datetime | None:
        """Return its first moment after an instant; None once it is over."""
        found = next(self._instants(after), None)
        # Of two clocks around a change the later one may stand for the earlier instant.
        return None if found is None else self.between(after, found)[0]

    def first(
        self, number: int, after: datetime, *, until: datetime | None = None
    ) -> list[datetime]:
        """Return so many of its moments after an instant, or all there are, or are by another."""
        found: list[datetime] = []
        for at in self._instants(after):
            if until is not None and at > until:
                break
            place = bisect_left(found, at)
            found[place:] = sorted({at, *found[place:]})
            # One that far on, because a change of clocks can bring a day's out of order.
            if len(found) > number and at > found[number - 1] + _LONGEST_CHANGE:
                break
        return found[:number]

    def on(self, day: date) -> list[datetime]:
        """Return its moments of a local day."""
        walls = takewhile(
            lambda wall: wall.date() <= day, self.walls(datetime.combine(day, time()))
        )
        return sorted({resolved(wall, self.zone) for wall in walls})

    @property
    def end(self) -> datetime | None:
        """What clocks show when it is over; None: it goes on for ever."""
        written = pairs(self.rule).get("UNTIL")
        return None if written is None else datetime.strptime(written, _WALL)  # noqa: DTZ007

    def until(self, end: datetime) -> Recurrence:
        """Return it with its last moment at or before what clocks show at the end."""
        # Not with strftime: its years before 1000 have fewer than four digits.
        parts = pairs(self.rule) | {"UNTIL": f"{end.year:04}{end:%m%dT%H%M%S}"}
        return replace(self, rule=joined(parts))

    def times(self, number: int, after: datetime) -> Recurrence:
        """Return it with so many moments after an instant, those of days left out among them."""
        whole = replace(self, without=frozenset())
        last = whole.first(number, after)[-1:]
        return self.until(_wall(last[0], self.zone)) if last else self

    def walls(self, low: datetime) -> Iterator[datetime]:
        """Yield what clocks show at its moments, from there on."""
        walls = takewhile(lambda wall: wall.year <= _LAST_YEAR, self._rule.xafter(low, inc=True))
        return (wall for wall in walls if wall.date() not in self.without)

    def _instants(self, after: datetime) -> Iterator[datetime]:
        instants = (resolved(wall, self.zone) for wall in self.walls(self._before(after)))
        return (at for at in instants if at > after)

    def _before(self, at: datetime) -> datetime:
        """Return what clocks show so early that nothing after the instant can be earlier."""
        return _wall(at, self.zone) - _LONGEST_CHANGE

    @cached_property
    def _rule(self) -> rrule:
        found = rrulestr(self.rule, dtstart=self.start)
        assert isinstance(found, rrule)  # noqa: S101 - one line is one rule
        return found


def _wall(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


@dataclass(frozen=True)
class Bounds:
    """Where a rule ends, and the days it is left out on, as it was typed; None: not said."""

    until: str | None = None
    times: int | None = None
    without: Sequence[str] = ()


def recurring(
    rule: str, zone: str, bounds: Bounds, *, now: datetime, starting: str | None = None
) -> Recurrence:
    """Return what a rule (RFC 5545) means from now on, or from the day it starts.

    Raises `Invalid` for a rule that is not understood, and for all that `bounded` refuses.
    """
    parts, place = understood(rule), zone_of(zone)
    count, end = parts.pop("COUNT", None), parts.pop("UNTIL", None)
    if (count or end) and (bounds.until is not None or bounds.times is not None):
        raise Invalid("The rule has an end of its own (COUNT or UNTIL): leave --until and --times.")
    found = _anchored(parts, _begin(parts, starting, now.astimezone(place).date()), place, now)
    if end is not None:
        found = found.until(_end(end, place))
    if count is not None:
        bounds = replace(bounds, times=number("COUNT", count, MOST_TIMES))
    return bounded(found, bounds, now=now)


def bounded(one: Recurrence, bounds: Bounds, *, now: datetime) -> Recurrence:
    """Return it with another end, if one is said, and without some more days.

    Raises `Invalid` if it then never comes again, or comes too often.
    """
    today = now.astimezone(one.zone).date()
    if bounds.until is not None and bounds.times is not None:
        raise Invalid("--until and --times give two ends: give one.", code="usage")
    days = {moments.wall(day, today=today, without=time()).date() for day in bounds.without}
    found = replace(one, without=one.without | days)
    if bounds.until is not None:
        found = found.until(moments.wall(bounds.until, today=today, without=time(23, 59, 59)))
    if bounds.times is not None:
        found = found.times(number("--times", str(bounds.times), MOST_TIMES), now)
    soon = found.next(now)
    if soon is None:
        raise Invalid(f"{found.rule[:200]} names no moment that is still to come.")
    # A rule may be due once in decades: looking for many of its moments would take minutes.
    some = found.first(LOOKED_AT, now, until=soon + _LOOKED_AHEAD)
    pairs = zip(some, some[MOST_A_DAY:], strict=False)
    if any(later - earlier < timedelta(days=1) for earlier, later in pairs):
        raise too_often(found.rule)
    return found


def _anchored(
    parts: Mapping[str, str], begin: datetime, zone: ZoneInfo, now: datetime
) -> Recurrence:
    """Return the rule from its first moment on: `2 weeks friday` counts from that Friday."""
    every = joined(leaving_out(parts, "INTERVAL"))
    # In the last cycle of the calendar there is little to search in vain.
    late = begin.replace(year=begin.year + (_LAST_YEAR - begin.year) // _CYCLE * _CYCLE)
    ever = next(iter(rrulestr(every, dtstart=late)), None) is not None
    simple = Recurrence(every, begin, zone)
    walls = simple.walls(begin) if ever else iter(())
    start = next((wall for wall in walls if resolved(wall, zone) > now), None)
    if start is None:
        raise Invalid(f"{joined(parts)[:200]} names no day that there is.")
    return Recurrence(joined(parts), start, zone)


def _begin(parts: Mapping[str, str], starting: str | None, today: date) -> datetime:
    midnight = datetime.combine(today, time())
    begin = midnight if starting is None else moments.wall(starting, today=today, without=time())
    if begin < midnight:
        raise Invalid(f"{starting} is past: start today or later.", code="in_the_past")
    if "BYHOUR" not in parts and parts["FREQ"] != "HOURLY" and begin.time() == time():
        message = (
            "The rule names no time of day: give it BYHOUR and BYMINUTE, or let it start at one, "
            'like --starting "2026-12-01 09:00".'
        )
        raise Invalid(message)
    return begin


def _end(text: str, zone: ZoneInfo) -> datetime:
    """Return what clocks show at an UNTIL; a whole day is meant with all of it."""
    for form in (_WALL, f"{_WALL}Z", "%Y%m%d"):
        try:
            end = datetime.strptime(text, form)  # noqa: DTZ007 - what clocks show, or made aware below
        except ValueError:
            continue
        if form.endswith("Z"):
            return end.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
        return end if "T" in form else datetime.combine(end, time(23, 59, 59))
    raise Invalid(f"UNTIL is {text[:20]}, but must be like 20261224 or 20261224T180000Z.")

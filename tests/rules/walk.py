"""An oracle of placing: looks at one minute after the other, and knows nothing of how we find it.

It reads rules from numbers, local times with dateutil, and counts by looking at everything each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from dateutil import tz

from postcron.rules.blackouts import blackout
from postcron.rules.placing import Timetable
from postcron.rules.windows import window

MINUTE = timedelta(minutes=1)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Rules:
    """What an account may do, in numbers: minutes, and days of the week from Monday as 0."""

    zone: ZoneInfo
    #: days, opening, closing; closing beyond 1440 is on the next day
    windows: Sequence[tuple[frozenset[int], int, int]] = ()
    blackouts: Sequence[date] = ()
    gap: int = 0
    cap: int | None = None
    #: edges that were worked out already
    _edges: dict[date, list[tuple[datetime, datetime]]] = field(default_factory=dict)

    def timetable(self) -> Timetable:
        """Return the same as a configuration says it."""
        return Timetable(
            tuple(window(_written(*each)) for each in self.windows),
            tuple(blackout(str(day)) for day in self.blackouts),
            self.gap * MINUTE,
            self.cap,
        )

    def allow(self, moment: datetime, others: Sequence[datetime]) -> bool:
        day = moment.astimezone(self.zone).date()
        if any(abs(other - moment) < self.gap * MINUTE for other in others):
            return False
        if day in self.blackouts or not self._is_open(moment, day):
            return False
        same_day = [one for one in others if one.astimezone(self.zone).date() == day]
        return self.cap is None or len(same_day) < self.cap

    def walk(
        self, wanted: datetime, others: Sequence[datetime], most: timedelta
    ) -> datetime | None:
        """Return the first minute that is allowed, up to so long after the wanted one."""
        moment = wanted
        while not self.allow(moment, others):
            moment += MINUTE
            if moment - wanted > most:
                return None
        return moment

    def _is_open(self, moment: datetime, day: date) -> bool:
        days = (day + timedelta(days=ahead) for ahead in (-2, -1, 0, 1))
        spans = (span for each in days for span in self._on(each))
        return not self.windows or any(opens <= moment < closes for opens, closes in spans)

    def _on(self, day: date) -> list[tuple[datetime, datetime]]:
        if day not in self._edges:
            self._edges[day] = [
                (self._instant(day, opens), self._instant(day, closes))
                for days, opens, closes in self.windows
                if day.weekday() in days
            ]
        return self._edges[day]

    def _instant(self, day: date, minutes: int) -> datetime:
        # Without a fold it is the first of two; what is imaginary is pushed on by the jump.
        wall = datetime(day.year, day.month, day.day, tzinfo=self.zone) + minutes * MINUTE
        return tz.resolve_imaginary(wall).astimezone(UTC)


def _written(days: frozenset[int], opens: int, closes: int) -> str:
    clocks = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (opens, _of_day(closes)))
    return f"{','.join(NAMES[day] for day in sorted(days))} {'-'.join(clocks)}"


def _of_day(minutes: int) -> int:
    return minutes if minutes <= 1440 else minutes - 1440

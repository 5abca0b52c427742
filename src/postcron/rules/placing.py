"""Placing: the first moment from a wanted one on at which all rules of an account hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from postcron.rules.blackouts import Blackout
from postcron.rules.gaps import Closed, Neighbours
from postcron.rules.slots import Slot
from postcron.rules.spans import exactly
from postcron.rules.weekly import DAY
from postcron.rules.windows import Window

#: a post that would have to wait longer than this is not moved but refused
LONGEST_WAIT: Final = timedelta(days=366)
#: a chain of reasons longer than this is told by its first and its last
_TOLD: Final = 4
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Timetable:
    """When an account speaks, by its configuration."""

    windows: tuple[Window, ...] = ()
    blackouts: tuple[Blackout, ...] = ()
    #: of elapsed time, between any two posts
    min_gap: timedelta = timedelta()
    #: posts of one local day
    daily_cap: int | None = None
    #: what `--at next` takes, and `--at best` where it knows no better
    slots: tuple[Slot, ...] = ()

    @property
    def counts(self) -> bool:
        """Say whether it matters what else the account says."""
        return bool(self.min_gap) or self.daily_cap is not None


@dataclass(frozen=True)
class Step:
    """One move forward: to where, and because of which rule."""

    at: datetime
    #: says it in plain words to somebody who knows of this moment: most steps are never told
    because: Callable[[datetime], str]


class Plan:
    """What one account says when, and where one more fits.

    `whole` counts what else it says even where no rule asks for that. Days are those of the account's
    zone. Each rule alone gives the first moment it allows, never an earlier one; what none of them
    moves any more is the first that all allow.
    """

    def __init__(
        self,
        account: str,
        timetable: Timetable,
        zone: ZoneInfo,
        moments: Iterable[tuple[datetime, str]] = (),
        *,
        whole: bool = False,
    ) -> None:
        self._counts = whole or timetable.counts
        known = list(moments) if self._counts else []
        self._account, self._timetable, self._zone = account, timetable, zone
        self._neighbours, self._closed = Neighbours(known), Closed()
        self._posts = Counter(self._day(at) for at, _ in known)
        self._openings: dict[date, list[tuple[datetime, datetime]]] = {}

    def add(self, at: datetime, name: str) -> None:
        """Count one more."""
        if self._counts:
            self._neighbours.add(at, name)
            self._posts[self._day(at)] += 1

    def is_free(self, at: datetime, span: timedelta) -> bool:
        """Say whether all rules hold at a moment, and nothing else goes out from then on for a span.

        Asked of a plan that is whole.
        """
        return self.step(at) is None and not self._neighbours.any(at, at + span)

    def first_free(self, wanted: datetime) -> datetime | None:
        """Return the first moment at which all rules hold; None if a year brings none."""
        try:
            return self._first_free(wanted)
        except OverflowError:
            return None  # the calendar itself ends before

    def _first_free(self, wanted: datetime) -> datetime | None:
        at = wanted
        while at - wanted <= LONGEST_WAIT:
            at = self._closed.end(at)
            step = self.step(at)
            if step is None:
                break
            at = step.at
        else:
            return None
        if at > wanted:
            self._closed.add(wanted, at)
        return at

    def reasons(self, wanted: datetime, given: datetime) -> list[str]:
        """Return why a post that was wanted at one moment is given another."""
        steps = self.steps(wanted, given)
        before = [wanted, *(step.at for step in steps)]
        return [step.because(known) for step, known in zip(steps, before, strict=False)]

    def steps(self, wanted: datetime, given: datetime) -> list[Step]:
        """Return the moves from one moment to the other; of a long chain the first and the last."""
        steps: list[Step] = []
        at = wanted
        while at < given and len(steps) < _TOLD and (step := self.step(at)) is not None:
            steps.append(step)
            at = step.at
        if at == given:
            return steps
        # Some rule forbids what is just before: it is the one that leads here.
        last = self.step(given - _INSTANT)
        return [steps[0], *([last] if last is not None else [])]

    def step(self, at: datetime) -> Step | None:
        """Return where one of the rules moves a post that is wanted at a moment; None if none does."""
        return self._blackout(at) or self._cap(at) or self._window(at) or self._gap(at)

    def _blackout(self, at: datetime) -> Step | None:
        found = self._dark(self._day(at)) if self._timetable.blackouts else None
        if found is None:
            return None
        to = self._morrow(at, lambda day: self._dark(day) is None)
        return self._moved(to, lambda: f"{self._account} says nothing on {found.written}")

    def _dark(self, day: date) -> Blackout | None:
        return next((each for each in self._timetable.blackouts if each.covers(day)), None)

    def _cap(self, at: datetime) -> Step | None:
        cap = self._timetable.daily_cap
        if cap is None or self._posts[self._day(at)] < cap:
            return None
        to = self._morrow(at, lambda day: self._posts[day] < cap)
        return self._moved(to, lambda: f"until then {self._account} has {_a_day(cap)}")

    def _window(self, at: datetime) -> Step | None:
        if not self._timetable.windows:
            return None
        day = self._day(at) - DAY
        while True:
            for opens, closes in self._open_on(day):
                if closes > at:
                    return None if opens <= at else self._moved(opens, self._opens)
            day += DAY

    def _opens(self) -> str:
        return f"the window of {self._account} opens then"

    def _open_on(self, day: date) -> list[tuple[datetime, datetime]]:
        if day not in self._openings:
            found = (each.on(day, self._zone) for each in self._timetable.windows)
            self._openings[day] = sorted(edges for edges in found if edges is not None)
        return self._openings[day]

    def _gap(self, at: datetime) -> Step | None:
        gap = self._timetable.min_gap
        found = self._neighbours.within(gap, at) if gap else None
        if found is None:
            return None
        (other, name), to = found, found[0] + gap
        return self._moved(
            to, lambda: f"{self._clock(other, near=to)} + {exactly(gap)} gap to {name}"
        )

    def _moved(self, to: datetime, why: Callable[[], str]) -> Step:
        return Step(to, lambda known: f"{self._clock(to, near=known)} because {why()}")

    def _clock(self, at: datetime, *, near: datetime) -> str:
        """Return what clocks show, with the day if it is another one than that of `near`."""
        local = at.astimezone(self._zone)
        day = "" if local.date() == self._day(near) else f"{local:%Y-%m-%d} "
        return day + f"{local:%H:%M:%S}".removesuffix(":00")

    def _day(self, at: datetime) -> date:
        return at.astimezone(self._zone).date()

    def _morrow(self, at: datetime, free: Callable[[date], bool]) -> datetime:
        """Return when the next free day begins, also where midnight is skipped or repeated.

        Beyond the longest wait any day will do.
        """
        day = self._day(at) + DAY
        while not free(day) and day - self._day(at) <= LONGEST_WAIT:
            day += DAY
        midnight = datetime.combine(day, time.min, self._zone)
        both = (midnight.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        return min(each for each in both if each > at)


def _a_day(posts: int) -> str:
    return "its one post a day" if posts == 1 else f"its {posts} posts a day"

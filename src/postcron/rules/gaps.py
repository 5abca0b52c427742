"""Gaps: what else goes out of an account, and the spans of time in which nothing is free."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from datetime import datetime, timedelta


class Neighbours:
    """The moments at which an account speaks, each with a name for people."""

    def __init__(self, moments: Iterable[tuple[datetime, str]]) -> None:
        self._names = dict(moments)
        self._moments = sorted(self._names)

    def add(self, at: datetime, name: str) -> None:
        insort(self._moments, at)
        self._names[at] = name

    def any(self, start: datetime, end: datetime) -> bool:
        """Say whether there is one from a moment on and before another."""
        return bisect_left(self._moments, start) < bisect_left(self._moments, end)

    def within(self, gap: timedelta, at: datetime) -> tuple[datetime, str] | None:
        """Return the last one that is less than a gap of elapsed time away, before or after."""
        place = bisect_left(self._moments, at + gap) - 1
        if place < 0 or self._moments[place] <= at - gap:
            return None
        found = self._moments[place]
        return found, self._names[found]


class Closed:
    """Spans of time in which nothing is free, whatever the reason: they only ever grow.

    They keep placing many posts near-linear: a span that one of them has walked through is crossed
    by the next in one step.
    """

    def __init__(self) -> None:
        self._starts: list[datetime] = []
        self._ends: list[datetime] = []

    def end(self, at: datetime) -> datetime:
        """Return the end of the span that holds a moment; the moment itself if none does."""
        place = bisect_right(self._starts, at) - 1
        return max(at, self._ends[place]) if place >= 0 else at

    def add(self, start: datetime, end: datetime) -> None:
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last], self._ends[first:last] = [start], [end]

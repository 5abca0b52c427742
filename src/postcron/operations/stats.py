"""Statistics: how many deliveries stand where, how many went well, and how punctual they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from postcron.model import Filter, Punctuality
from postcron.operations.house import House
from postcron.states import State

#: of fewer, a share or a middle one says nothing; of fewer than the second, nor do the slowest
ENOUGH: Final = 5
ENOUGH_FOR_P95: Final = 20

#: how a delivery that was to go out can have ended
ENDED: Final = (State.PUBLISHED, State.FAILED, State.LATE)


@dataclass(frozen=True)
class Record:
    """What became of the deliveries of one account, or of all."""

    platform: str
    account: str
    counts: Mapping[State, int]

    @property
    def ended(self) -> int:
        """How many it is known of that they went out, or did not when they should have."""
        return sum(self.counts.get(state, 0) for state in ENDED)

    def share(self, *states: State) -> float | None:
        """Return which part of those that ended stands there; None if these are too few."""
        if self.ended < ENOUGH:
            return None
        return sum(self.counts.get(state, 0) for state in states) / self.ended


@dataclass(frozen=True)
class Stats:
    """The figures of the deliveries due in `[since, before)`, where a bound was asked for."""

    since: datetime | None
    before: datetime | None
    total: Record
    records: tuple[Record, ...]
    punctuality: tuple[Punctuality, ...]


def reliable(one: Punctuality) -> tuple[float | None, ...]:
    """Return the four figures in seconds, None for each that so few posts do not bear out."""
    p50, p95 = one.count >= ENOUGH, one.count >= ENOUGH_FOR_P95
    figures = (one.sent_p50, p50), (one.sent_p95, p95), (one.live_p50, p50), (one.live_p95, p95)
    return tuple(seconds if enough else None for seconds, enough in figures)


def stats(house: House, wanted: Filter) -> Stats:
    """Return the figures of what fits."""
    counts = house.store.figures(wanted)
    by_account = groupby(counts, key=lambda one: (one.platform, one.account))
    records = [Record(*of, {one.state: one.count for one in some}) for of, some in by_account]
    total = {state: sum(one.counts.get(state, 0) for one in records) for state in State}
    return Stats(
        since=wanted.since,
        before=wanted.before,
        total=Record("", "", {state: count for state, count in total.items() if count}),
        records=tuple(records),
        punctuality=tuple(house.store.punctuality(wanted)),
    )

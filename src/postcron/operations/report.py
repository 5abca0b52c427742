"""What a phase found and did: data for tables, JSON and the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from postcron.model import Delivery, Phase, Series
from postcron.states import State


@dataclass(frozen=True)
class Occurrence:
    """One moment of a series, and the post it became; None: a rehearsal."""

    series_id: int
    at: datetime
    post_id: int | None = None


@dataclass
class Making:
    """What became of the series that were due."""

    made: list[Occurrence] = field(default_factory=list)
    #: moments of these passed while nothing ran, and nobody has been told yet
    left_out: list[Series] = field(default_factory=list)
    #: these can make nothing now, and why
    stalled: list[tuple[Series, str]] = field(default_factory=list)
    #: accounts begin to fall behind these, as is said
    behind: list[tuple[Series, str]] = field(default_factory=list)

    def join(self, later: Making) -> None:
        """Take over what another phase did; it knows better of the same series."""
        newer = {one.id for one in later.left_out}
        self.made += later.made
        self.left_out = [one for one in self.left_out if one.id not in newer] + later.left_out
        self.stalled += later.stalled
        self.behind += later.behind


@dataclass
class Report:
    """One phase's account of itself; deliveries appear as they stood at its end."""

    phase: Phase
    dry_run: bool = False
    #: how many deliveries the phase looked at
    found: int = 0
    #: what the phase was there to do is done for these
    done: list[Delivery] = field(default_factory=list)
    #: certainly not live; `wake_at` says whether another try follows by itself
    failed: list[Delivery] = field(default_factory=list)
    late: list[Delivery] = field(default_factory=list)
    #: the outcome is not known; without a `wake_at` a person has to find out
    unknown: list[Delivery] = field(default_factory=list)
    #: late, and withdrawn by the account's policy: told, because nobody will see it
    skipped: list[Delivery] = field(default_factory=list)
    #: on its way: uploading, processing, waiting for its moment
    waiting: list[Delivery] = field(default_factory=list)
    series: Making = field(default_factory=Making)

    def add(self, deliveries: Iterable[Delivery], *, done: frozenset[State]) -> None:
        """Sort deliveries by where they stand; `done` are the states this phase works towards."""
        for delivery in deliveries:
            self.found += 1
            self._list(delivery, done).append(delivery)

    def _list(self, delivery: Delivery, done: frozenset[State]) -> list[Delivery]:
        if delivery.state in done:
            return self.done
        if delivery.state is State.CONFIRMING and delivery.wake_at is None:
            return self.unknown  # nobody asks any more: only a person can find out
        special = {
            State.FAILED: self.failed,
            State.LATE: self.late,
            State.UNKNOWN: self.unknown,
            State.CANCELLED: self.skipped,
        }
        return special.get(delivery.state, self.waiting)

    def join(self, other: Report) -> None:
        """Take over what another phase reports; a delivery both touched counts once, as it is now."""
        newer = {delivery.id for delivery in other.everything()}
        for name, mine in self.lists().items():
            older = [delivery for delivery in mine if delivery.id not in newer]
            setattr(self, name, older + getattr(other, name))
        self.found = len(self.everything())
        self.series.join(other.series)

    def everything(self) -> list[Delivery]:
        return [delivery for some in self.lists().values() for delivery in some]

    def lists(self) -> dict[str, list[Delivery]]:
        """Return the lists by their names, in the order in which they are told."""
        names = ("done", "failed", "late", "unknown", "skipped", "waiting")
        return {name: getattr(self, name) for name in names}

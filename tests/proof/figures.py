"""What a long layer of the proof counted, and how sure that makes us."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

#: breaches kept word for word: the rest is counted
KEPT = 20


@dataclass
class Figures:
    """One layer's counts. A run is one story: one fault somewhere, then cron going on."""

    layer: str
    runs: int = 0
    #: live more than once; not live and nobody told; any other breach of the oracle
    doubled: int = 0
    silent: int = 0
    other: int = 0
    #: ended with a person asked, as promised where the platform cannot be read
    needs_you: int = 0
    #: ended published, or certainly not live and told
    published: int = 0
    #: more counts of this layer's own: verdicts, cuts, claims a second
    counted: Counter[str] = field(default_factory=Counter)
    #: what went wrong, each with what repeats it (seed, point)
    breaches: list[str] = field(default_factory=list)
    #: told of all this after each run: what comes next may never end
    heard: Callable[[Figures], object] | None = field(default=None, repr=False)

    def add(self, name: str, found: list[str]) -> None:
        """Count one run and what the oracle found in it; `name` says how to repeat it."""
        self.runs += 1
        for breach in found:
            if breach.startswith("1 "):
                self.doubled += 1
            elif breach.startswith("4 "):
                self.silent += 1
            else:
                self.other += 1
            if len(self.breaches) < KEPT:
                self.breaches.append(f"{name}: {breach}")
        self.hand_over()

    def join(self, part: Figures) -> None:
        """Add what another process counted of the same layer."""
        for name in ("runs", "doubled", "silent", "other", "needs_you", "published"):
            setattr(self, name, getattr(self, name) + getattr(part, name))
        self.counted += part.counted
        self.breaches = (self.breaches + part.breaches)[:KEPT]
        self.hand_over()

    def hand_over(self) -> None:
        if self.heard is not None:
            self.heard(replace(self, heard=None))

    @property
    def bad(self) -> int:
        return self.doubled + self.silent + self.other

    @property
    def bound(self) -> float | None:
        """Return the 95 % upper bound of the share of bad runs; only told when none was bad.

        With no event in n runs that is 3/n: never "never".
        """
        return 3 / self.runs if self.runs and not self.bad else None

"""The clock: what time it is, how long this machine is up, and sleeping to a moment exactly."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol

#: no sleep is longer: a stepped clock or an interruption is noticed after this at the latest
LONGEST_NAP_S: Final = 0.25
#: the last stretch is slept in two steps, because a long sleep ends late
LAST_STRETCH_S: Final = 0.002


class Clock(Protocol):
    """What postcron expects of time."""

    def now(self) -> datetime:
        """Return this instant, aware and in UTC."""
        ...

    def boottime(self) -> float:
        """Return seconds since the machine started, suspension included; never set back."""
        ...

    def sleep_until(self, moment: datetime) -> None:
        """Sleep until `now()` has reached the moment: never less, by a millisecond at most more.

        Returns early only when interrupted.
        """
        ...


def _never() -> bool:
    return False


@dataclass(frozen=True)
class SystemClock:
    """The machine's own clock. `interrupted` is asked between naps: a signal handler's flag."""

    interrupted: Callable[[], bool] = _never

    def now(self) -> datetime:
        return datetime.now(UTC)

    def boottime(self) -> float:
        # macOS has no such clock, and its monotonic one stops while suspended.
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

    def sleep_until(self, moment: datetime) -> None:
        while not self.interrupted():
            left = (moment - self.now()).total_seconds()
            if left <= 0:
                return
            time.sleep(_nap(left))


def _nap(left: float) -> float:
    if left <= LAST_STRETCH_S:
        return left
    return min(left - LAST_STRETCH_S / 2, LONGEST_NAP_S)

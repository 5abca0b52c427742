"""Stand-ins with behaviour: a clock whose time moves only when somebody sleeps or says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta


@dataclass
class FakeClock:
    """A `Clock`: sleeping takes no time, and moves it."""

    at: datetime
    up: float = 1000.0
    #: what somebody else does while we sleep, and when
    plans: list[tuple[datetime, Callable[[], None]]] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def boottime(self) -> float:
        return self.up

    def sleep_until(self, moment: datetime) -> None:
        while self.plans and self.plans[0][0] <= moment:
            at, act = self.plans.pop(0)
            self.advance(max(at - self.at, timedelta()))
            act()
        self.advance(max(moment - self.at, timedelta()))

    def advance(self, span: timedelta) -> None:
        self.at += span
        self.up += span.total_seconds()


@dataclass
class SleepyClock(FakeClock):
    """That of a machine that is suspended for eight hours once it has reached a moment."""

    asleep_at: datetime | None = None

    def sleep_until(self, moment: datetime) -> None:
        super().sleep_until(moment)
        if self.asleep_at is not None and self.at >= self.asleep_at:
            self.asleep_at = None
            self.advance(timedelta(hours=8))

"""The self-fence: this process ends itself before a lease it sends under can be over."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable

from postcron.clock import Clock, SystemClock


class Fence:
    """A timer whose default action is the end of the process, set to the earliest lease at risk.

    Python code may be stuck in a call when it fires; the kernel's default action needs no Python.
    """

    #: seconds between the fence and the end of the lease
    MARGIN = 20.0

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.armed = isinstance(clock, SystemClock) and _in_main_thread()
        if self.armed:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)

    def cover(self, lease_ends: Iterable[float]) -> None:
        """Set the timer for these lease ends (seconds of CLOCK_BOOTTIME); none switches it off."""
        if not self.armed:
            return
        earliest = min(lease_ends, default=None)
        if earliest is None:
            signal.setitimer(signal.ITIMER_REAL, 0)
        else:
            left = earliest - self.MARGIN - self.clock.boottime()
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001))


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()

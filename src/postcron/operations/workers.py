"""Worker threads for calls to platforms; their results come back to the one thread that records."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from postcron.clock import Clock

T = TypeVar("T")


class Workers:
    """Jobs on the way, and the results waiting to be taken in."""

    LONGEST_S = 1.0
    #: who comes back within this time of the first is taken in with it: many outcomes, one commit
    GATHER_S = 0.02

    def __init__(self, calls: Executor, others: Executor, clock: Clock) -> None:
        """`calls` is kept free for publish calls: no upload or look may hold up a due second."""
        self._calls = calls
        self._others = others
        self._clock = clock
        self._results: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._busy = 0

    def start(
        self, work: Callable[[], T], then: Callable[[T | Exception], None], *, call: bool = False
    ) -> None:
        """Do `work` in a worker; `then` gets its result, or its exception, in `collect`."""

        def job() -> None:
            result: T | Exception
            try:
                result = work()
            except Exception as error:
                result = error
            self._results.put(lambda: then(result))

        self._busy += 1
        (self._calls if call else self._others).submit(job)

    def ready(self, calls: int) -> None:
        """Start the threads for so many calls now: starting 50 at their second takes 50 ms of it."""
        if isinstance(self._calls, ThreadPoolExecutor):
            gate = threading.Event()
            for _ in range(calls):
                self._calls.submit(gate.wait)
            gate.set()

    def collect(self) -> None:
        """Take in every result that is waiting."""
        while not self._results.empty():
            self._take(self._results.get())

    def wait(self, until: datetime) -> None:
        """Sleep to a moment, or until a worker comes back and others, just behind it, with it."""
        if not self._busy:
            self._clock.sleep_until(until)
            return
        with suppress(queue.Empty):
            self._take(self._results.get(timeout=self._left(until, self.LONGEST_S)))
            until = min(until, self._clock.now() + timedelta(seconds=self.GATHER_S))
            while self._busy:
                self._take(self._results.get(timeout=self._left(until, self.GATHER_S)))

    def _left(self, until: datetime, most: float) -> float:
        """Return the seconds to a moment; not more than `most`, for the clock may be set back."""
        return min(max((until - self._clock.now()).total_seconds(), 0.0), most)

    def _take(self, result: Callable[[], None]) -> None:
        self._busy -= 1
        result()

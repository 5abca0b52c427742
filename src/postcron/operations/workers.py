"""Worker threads for calls to platforms; their results come back to the one thread that records."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from postcron.clock import Clock

T = TypeVar("T")


class Workers:
    """Jobs on the way, and the results waiting to be taken in."""

    #: the longest wait: a clock that was set back must not stretch one
    LONGEST_S = 1.0

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
        """Sleep to a moment, or until a worker comes back; results are taken in at once."""
        if not self._busy:
            self._clock.sleep_until(until)
            return
        left = (until - self._clock.now()).total_seconds()
        try:
            self._take(self._results.get(timeout=min(max(left, 0.0), self.LONGEST_S)))
        except queue.Empty:
            return

    def _take(self, result: Callable[[], None]) -> None:
        self._busy -= 1
        result()

"""The workers' results: many taken in together, and nothing that is due waits for them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from postcron.clock import SystemClock
from postcron.operations.workers import Workers

CLOCK = SystemClock()
FOREVER = timedelta(seconds=5)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def test_who_comes_back_just_behind_the_first_is_taken_in_with_it(pool: ThreadPoolExecutor) -> None:
    # Mostly: on a busy machine a millisecond may become many.
    assert any(taken_in(pool) == 2 for _ in range(20))


def taken_in(pool: ThreadPoolExecutor) -> int:
    """Return how many of two results one wait takes in; one comes a millisecond after the other."""
    workers, first = Workers(pool, pool, CLOCK), threading.Event()
    taken: list[object] = []

    def just_behind() -> None:
        first.wait()
        time.sleep(0.001)

    workers.start(first.set, taken.append)
    workers.start(just_behind, taken.append)
    workers.wait(CLOCK.now() + FOREVER)
    return len(taken)


def test_who_is_long_in_coming_back_is_not_waited_for(pool: ThreadPoolExecutor) -> None:
    workers, over = Workers(pool, pool, CLOCK), threading.Event()
    taken: list[object] = []
    workers.start(lambda: "quick", taken.append)
    workers.start(over.wait, taken.append)
    workers.wait(CLOCK.now() + FOREVER)
    over.set()
    assert taken == ["quick"]


def test_one_after_another_coming_back_holds_up_nothing(pool: ThreadPoolExecutor) -> None:
    workers, began = Workers(pool, pool, CLOCK), time.monotonic()
    taken: list[object] = []

    def one_more(result: object) -> None:
        taken.append(result)
        if time.monotonic() - began < 3:
            workers.start(lambda: time.sleep(0.001), one_more)

    one_more(None)
    workers.wait(CLOCK.now() + FOREVER)
    assert time.monotonic() - began < 2

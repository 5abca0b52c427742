"""A sandbox whose time moves only when a test says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.sandbox import Sandbox
from tests.builders import StoppedClock
from tests.sandbox.raw import Caller

PACE = timedelta(seconds=60)


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def build(tmp_path: Path, clock: StoppedClock) -> Callable[[], Sandbox]:
    """Return what makes a sandbox in one folder: called again, it is a restart."""
    return lambda: Sandbox(tmp_path / "platform", clock=clock.now, pace=PACE)


@pytest.fixture
def sandbox(build: Callable[[], Sandbox]) -> Iterator[Sandbox]:
    with build() as running:
        yield running


@pytest.fixture
def call(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)

"""Fixtures for every test."""

from __future__ import annotations

import gc
import os
import signal
import tempfile
from collections.abc import Iterator

import pytest

from tests import engines as engines
from tests import memory, postgres
from tests.proof.results import Recorder


def pytest_configure(config: pytest.Config) -> None:
    _work_in_memory()
    _listen_to_signals()
    config.pluginmanager.register(Recorder())


def pytest_collection() -> None:
    gc.disable()  # of seven thousand tests and what they import nothing is garbage


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def _work_in_memory() -> None:
    # What becomes of a disk that fails, forgets or is full, tests show that say what it does.
    if "TMPDIR" not in os.environ and (folder := memory.folder()) is not None:
        os.environ["TMPDIR"] = str(folder)
        tempfile.tempdir = None


def _listen_to_signals() -> None:
    # A shell starts what runs in the background deaf to these, and children inherit that; postcron
    # respects it, and the tests that send signals would wait for ever.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, default)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A real PostgreSQL, started when the first test asks for it."""
    with postgres.running() as server:
        yield server

"""Fixtures for every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres
from tests.proof.results import Recorder


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Recorder())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A real PostgreSQL, started when the first test asks for it."""
    with postgres.running() as server:
        yield server

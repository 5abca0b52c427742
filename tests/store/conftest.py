"""A store in each of the two databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.store import Store, migrate, open_store
from tests.builders import StoppedClock
from tests.postgres import Server

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "postcron.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres_server: Server) -> str:
    postgres_server.run_sql("CREATE DATABASE migrated TEMPLATE template0")
    migrate(postgres_server.url("migrated"))
    return "migrated"


@pytest.fixture(params=BOTH)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a migrated, empty store; the test runs once for each database."""
    if request.param == "sqlite":
        path = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "postcron.db")
        return f"sqlite:///{path}"
    server: Server = request.getfixturevalue("postgres_server")
    return server.fresh_url(request.getfixturevalue("migrated_template"))


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def store(store_url: str, clock: StoppedClock) -> Iterator[Store]:
    opened = open_store(store_url, now=clock.now, skew=timedelta(0))
    yield opened
    opened.close()

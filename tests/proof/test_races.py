"""The quick part of the races: two hosts and more, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from postcron.store import migrate
from tests.postgres import Server
from tests.proof.races import run_race


@pytest.mark.parametrize(
    ("database", "hosts"),
    [
        pytest.param("sqlite", 2, marks=pytest.mark.fault("F64")),
        pytest.param("sqlite", 8, marks=pytest.mark.fault("F64", "F86")),
        pytest.param("postgres", 6, marks=[pytest.mark.postgres, pytest.mark.fault("F63")]),
    ],
)
def test_several_hosts_after_the_same_deliveries_bring_each_out_once(
    tmp_path: Path, database: str, hosts: int, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/postcron.db"
    if database == "postgres":
        server: Server = request.getfixturevalue("postgres_server")
        url = server.fresh_url()
    migrate(url)
    ended = run_race(tmp_path, url, hosts=hosts, due=40)
    assert (ended.breaches, ended.busy, ended.exit_code) == ([], 0, 0)
    assert sum(ended.shares) == 40
    assert len(ended.shares) > 1, "one host alone is no race"
    assert ended.claims_per_s > 0

"""The store behind a real PgBouncer that hands a session to somebody else after each transaction."""

from __future__ import annotations

from pathlib import Path

import pytest

from postcron.store import migrate
from tests.postgres import Server
from tests.proof.races import run_race
from tests.real import pgbouncer

pytestmark = [pytest.mark.real, pytest.mark.postgres]


@pytest.mark.fault("F69")
def test_hosts_that_share_two_sessions_bring_each_post_out_once_and_leave_no_lock(
    tmp_path: Path, postgres_server: Server
) -> None:
    binary = pgbouncer.program()
    if binary is None:
        pytest.skip(pgbouncer.NOT_HERE)
    direct = postgres_server.fresh_url()
    migrate(direct)
    with pgbouncer.pooling(tmp_path, postgres_server, binary) as port:
        pooled = direct.replace(f":{postgres_server.port}/", f":{port}/")
        ended = run_race(tmp_path, pooled, hosts=4, due=40)
        name = direct.rpartition("/")[2]
        sessions = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
        assert postgres_server.run_sql(sessions)[0][0] <= 2, "shared by all hosts"
    assert (ended.breaches, ended.busy, ended.exit_code) == ([], 0, 0)
    assert sum(ended.shares) == 40
    held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert postgres_server.run_sql(held) == [(0,)]

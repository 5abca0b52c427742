"""Whatever people, cron and accidents do in whatever order: some games of the state machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from postcron.store import migrate
from tests.postgres import Server
from tests.proof.machine import Machine, quickly


@pytest.mark.fault("F93")
def test_no_order_of_steps_breaks_a_promise() -> None:
    run_state_machine_as_test(Machine, settings=quickly(8, 20, derandomize=True))


@pytest.mark.postgres
@pytest.mark.fault("F93")
def test_no_order_of_steps_breaks_a_promise_on_postgresql(postgres_server: Server) -> None:
    postgres_server.run_sql("CREATE DATABASE game TEMPLATE template0")
    migrate(postgres_server.url("game"))

    class OnPostgres(Machine):
        @staticmethod
        def new_store(folder: Path) -> str:
            return postgres_server.fresh_url("game")

    run_state_machine_as_test(OnPostgres, settings=quickly(2, 15, derandomize=True))

"""Whatever people, cron and accidents do in whatever order: some games of the state machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.states import State
from postcron.store import migrate
from tests.postgres import Server
from tests.proof.machine import ACCOUNTS, Machine, quickly


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


def test_a_late_post_of_a_blocked_account_goes_out_once_somebody_heeds_the_alarm() -> None:
    """`late = "publish"` cannot be done there; what waits for a person alone is not stuck."""
    game = Machine()
    game.the_next_call_goes_wrong("bad_token")
    for _ in range(2):
        game.schedules(accounts=["same"], minutes=1)
        game.time_passes(minutes=60)
        for _ in range(2):
            game.cron_starts(game.world.hosts[0], run)
    waiting = [(d.ref, d.state) for d in game.world.deliveries() if d.wake_at is not None]
    assert waiting == [("2.1", State.LATE)]
    game.comes_to_its_end()
    assert [d.state for d in game.world.deliveries()] == [State.FAILED, State.PUBLISHED]
    game.teardown()


@pytest.mark.fault("F25")
@pytest.mark.parametrize("dies_at", [None, 3, 8])
def test_a_backup_put_back_in_a_game_doubles_nothing(dies_at: int | None) -> None:
    game = Machine()
    host, other = game.world.hosts
    game.schedules(accounts=list(ACCOUNTS), minutes=9)
    game.cron_starts(host, pre_upload)
    game.backs_up()
    game.schedules(accounts=["same"], minutes=9)
    game.time_passes(minutes=10)
    game.cron_starts(other, publish)
    assert len(game.world.network.shown) == 6
    game.puts_the_backup_back(other, dies_at)
    game.comes_to_its_end()
    assert len(game.world.network.shown) == 6
    states = {delivery.account: delivery.state for delivery in game.world.deliveries()}
    assert states == dict.fromkeys(ACCOUNTS, State.PUBLISHED) | {"blind": State.UNKNOWN}
    game.teardown()

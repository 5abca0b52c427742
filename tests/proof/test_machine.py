"""Whatever people, cron and accidents do in whatever order: some games of the state machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis.stateful import run_state_machine_as_test

from postcron.model import Scope
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.states import State
from postcron.store import migrate
from tests.oracle import Chain
from tests.postgres import Server
from tests.proof.machine import Breach, Machine, quickly
from tests.proof.people import ACCOUNTS, CAMPAIGN
from tests.proof.words import Words


@pytest.mark.fault("F93")
def test_no_order_of_steps_breaks_a_promise() -> None:
    run_state_machine_as_test(Machine, settings=quickly(5, 18, derandomize=True))


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
    assert len(game.world.network.shown) == len(ACCOUNTS) + 1
    game.puts_the_backup_back(other, dies_at)
    game.comes_to_its_end()
    assert len(game.world.network.shown) == len(ACCOUNTS) + 1
    states = {delivery.account: delivery.state for delivery in game.world.deliveries()}
    assert states == dict.fromkeys(ACCOUNTS, State.PUBLISHED) | {"blind": State.UNKNOWN}
    game.teardown()


@pytest.mark.fault("F25")
def test_a_backup_from_before_the_giving_gives_nothing_twice_in_a_game() -> None:
    game = Machine()
    host, other = game.world.hosts
    game.schedules(["kept"], 40)
    game.time_passes(10)
    game.cron_starts(host, pre_upload)
    game.backs_up()
    game.time_passes(10)
    game.cron_starts(other, run)
    assert len(game.world.network.planner.entries) == 1
    game.puts_the_backup_back(other, None)
    game.comes_to_its_end()
    assert [delivery.state for delivery in game.world.deliveries()] == [State.PUBLISHED]
    assert len(game.world.network.shown) == 1
    game.teardown()


def test_a_game_is_lost_when_what_is_kept_appears_against_a_word() -> None:
    game = Machine()
    game.schedules(["kept"], 15)
    game.cron_starts(game.world.hosts[0], run)
    since, at = game.world.last_event(), game.world.turns.now
    game.words.hold(Scope.ALL, "", since, at, set())  # as if the pause had not cared for it
    game.time_passes(60)
    with pytest.raises(Breach, match="appeared although"):
        game.the_oracle_is_content()
    game.close()


def test_a_game_knows_what_is_had_back() -> None:
    game = Machine()
    refs = game._new_post(["kept"], 15) + game._new_post(["kept"], 16)
    game.cron_starts(game.world.hosts[0], run)
    game.pauses(Scope.ACCOUNT, ACCOUNTS.index("kept"))
    game.resumes(0, None)
    game.time_passes(1)
    game.cron_starts(game.world.hosts[0], run)
    game.nothing_is_given_back_smoothly("lost")
    game.cancels(refs[0])
    game.edits(refs[1], True, None)
    assert game.world.network.planner.withdrawn == 4
    game.comes_to_its_end()
    assert texts(game) == ["text 3"]
    game.teardown()


def texts(game: Machine) -> list[str]:
    return sorted(shown.text for shown in game.world.network.shown)


def test_a_game_keeps_to_what_people_have_said_and_goes_on_when_they_let_it() -> None:
    game = Machine()
    host, other = game.world.hosts
    game.adds_a_batch("same", 2, None, stop=True)
    game.schedules(["handle"], 1, CAMPAIGN)
    game.schedules(["listed"], 1, asks=True)
    game.pauses(Scope.BATCH, 0)
    game.pauses(Scope.CAMPAIGN, 0)
    game.time_passes(3)
    for each in (host, other):
        game.cron_starts(each, run)
    assert texts(game) == []
    game.resumes(0, None)
    game.resumes(0, None)
    game.approves(0)
    for each in (host, other):
        game.cron_starts(each, run)
    assert texts(game) == ["text 1", "text 2", "text 3", "text 4"]
    game.time_passes(60)
    game.cron_starts(host, run)  # what was published is seen: it is settled now
    game.tidies_up("1m")
    assert sorted(game.words.archived) == [1, 2, 3, 4]
    game.adds_an_account(0, "again", 1)
    assert sorted(game.words.archived) == [1, 2, 4]
    game.the_oracle_is_content()
    game.comes_to_its_end()
    assert texts(game) == ["text 1", "text 2", "text 3", "text 3", "text 4"]
    game.teardown()


SAID: dict[str, Callable[[Words], None]] = {
    "it is paused": lambda words: words.pauses.update({(Scope.ACCOUNT, "same"): 0}),
    "nobody has approved it": lambda words: words.ask_for({"text 1"}),
    "it is archived": lambda words: words.archived.update({1: {"text 1"}}),
    "another goes first": lambda words: words.chains.update(b=Chain(["2.1", "1.1"], stops=False)),
}


@pytest.mark.parametrize("said", SAID)
def test_a_game_is_lost_when_something_goes_out_against_the_word_of_a_person(said: str) -> None:
    game = Machine()
    game.schedules(["same"], 1)
    game.schedules(["same"], 90)
    SAID[said](game.words)  # as if a command had done nothing
    game.time_passes(1)
    game.cron_starts(game.world.hosts[0], run)
    with pytest.raises(Breach):
        game.the_oracle_is_content()
    game.close()

"""The one question of an idle minute: cheap, by one index, and False in any doubt."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from postcron.model import NewSeries, Phase
from postcron.states import STUCK, State, Step
from postcron.store import Store, open_store
from postcron.store.peek import (
    MAKING,
    PHASE_CONDITION,
    moments,
    nothing_due,
    question,
    written,
)
from tests.builders import NOW, StoppedClock, a_new_delivery, a_new_post, a_run, added
from tests.store.journeys import a_move, brought_to

HEAVY = {"re", "typing", "sqlalchemy", "sqlmodel", "logging", "asyncio", "datetime", "psycopg"}


@pytest.fixture
def path(migrated_file: Path, tmp_path: Path) -> str:
    return str(shutil.copy(migrated_file, tmp_path / "peek.db"))


@pytest.fixture
def file_store(path: str, clock: StoppedClock) -> Iterator[Store]:
    store = open_store(f"sqlite:///{path}", now=clock.now)
    yield store
    store.close()


def test_there_is_a_question_for_each_phase() -> None:
    assert set(PHASE_CONDITION) == set(Phase)


def fill(store: Store) -> None:
    """Three thousand deliveries, long due and spread over the states, of which none is to wake."""
    many = [a_new_delivery(f"account-{number}", wake_at=None) for number in range(3000)]
    added(store, a_new_post(*many), run=a_run())
    with store._database.engine.begin() as connection:
        for number, state in enumerate(State):
            spread = f"UPDATE delivery SET state = '{state}' WHERE id % {len(State)} = {number}"
            connection.execute(text(spread))
        connection.execute(
            text("UPDATE delivery SET wake_at = :later WHERE id % 2 = 0"),
            {"later": written(NOW + timedelta(days=9))},
        )
        connection.exec_driver_sql("UPDATE delivery SET told_at = updated_at")
        connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                " INSERT INTO series (workspace, rule, zone, template, made_until, wake_at, created_by, created_at)"
                " SELECT 'acme', '', '', '{}', '', CASE WHEN i % 9 = 0 THEN NULL ELSE :later END, '', :later"
                " FROM n"
            ),
            {"later": written(NOW + timedelta(days=9))},
        )
        connection.exec_driver_sql("ANALYZE")


def test_the_wake_index_answers_each_phase_though_the_store_is_full(file_store: Store) -> None:
    fill(file_store)
    with file_store._database.engine.connect() as connection:
        for phase in Phase:
            explained = text(f"EXPLAIN QUERY PLAN {question(phase)}")
            plan = str(connection.execute(explained, moments(NOW.timestamp())).all())
            assert "delivery_wake" in plan, phase
            assert "delivery_untold" in plan, phase
            # The index of what is untold is scanned: it is empty while all is well.
            assert "SCAN delivery'" not in plan, phase
            assert ("SEARCH series USING COVERING INDEX series_wake" in plan) is (phase in MAKING)


def test_instants_are_written_as_the_store_writes_them() -> None:
    assert moments(NOW.timestamp())["now"] == written(NOW) == "2026-11-21T10:00:00.000000Z"
    assert moments(NOW.timestamp())["tick"] == written(NOW + timedelta(minutes=2))


def test_an_empty_store_has_nothing_due(file_store: Store, path: str) -> None:
    assert file_store.counts() == {}
    assert all(nothing_due(path, phase, NOW.timestamp()) for phase in Phase)


DUE = {
    State.DRAFT: {"tick", "publish", "run"},
    State.SCHEDULED: {"pre-upload", "tick", "publish", "run"},
    State.UPLOADING: {"pre-upload", "tick", "publish", "run"},
    State.READY: {"tick", "publish", "run"},
    State.QUEUED: {"tick", "publish", "run"},
    State.PUBLISHING: {"tick", "publish", "run"},
    State.CONFIRMING: {"publish", "run"},
    State.UNKNOWN: {"publish", "run"},
    State.PUBLISHED: {"publish", "run"},
    State.FAILED: {"publish", "retry", "run"},
    State.LATE: {"tick", "publish", "run"},
}


@pytest.mark.parametrize("state", State)
def test_what_is_woken_is_due_for_the_phases_that_move_it(
    file_store: Store, path: str, state: State
) -> None:
    delivery = brought_to(file_store, state)
    with file_store._database.engine.begin() as connection:
        awake = text("UPDATE delivery SET wake_at = :at WHERE id = :id")
        connection.execute(awake, {"at": written(NOW), "id": delivery.id})
    due = {phase for phase in Phase if not nothing_due(path, phase, NOW.timestamp())}
    assert due == DUE.get(state, set())
    earlier = (NOW - timedelta(seconds=1)).timestamp()
    assert all(nothing_due(path, phase, earlier) for phase in Phase)


def test_what_only_a_person_moves_wakes_nobody(file_store: Store, path: str) -> None:
    late = brought_to(file_store, State.LATE)
    (given_up,) = file_store.record([a_move(late, Step.GAVE_UP, wake_at=None)], run=a_run())
    assert given_up is not None
    file_store.tell([given_up])
    assert all(nothing_due(path, phase, NOW.timestamp()) for phase in Phase)


@pytest.mark.parametrize("state", State)
def test_only_what_is_stuck_and_was_told_to_nobody_wakes_every_phase(
    file_store: Store, path: str, state: State
) -> None:
    delivery = brought_to(file_store, state)
    with file_store._database.engine.begin() as connection:
        connection.execute(text("UPDATE delivery SET wake_at = NULL"))
    asked = {nothing_due(path, phase, NOW.timestamp()) for phase in Phase}
    assert asked == {state not in STUCK}
    file_store.tell([delivery])
    assert all(nothing_due(path, phase, NOW.timestamp()) for phase in Phase)


def test_publish_sleeps_while_only_the_lead_has_begun(file_store: Store, path: str) -> None:
    due = NOW + timedelta(minutes=30)
    added(file_store, a_new_post(a_new_delivery(due=due)), run=a_run())
    assert nothing_due(path, "publish", NOW.timestamp())
    assert nothing_due(path, "tick", NOW.timestamp())
    assert not nothing_due(path, "pre-upload", NOW.timestamp())
    assert not nothing_due(path, "publish", (due - timedelta(seconds=65)).timestamp())
    assert not nothing_due(path, "tick", (due - timedelta(minutes=2)).timestamp())


def test_what_is_given_ahead_wakes_publish_long_before_it_is_due(
    file_store: Store, path: str
) -> None:
    due = NOW + timedelta(minutes=30)
    for state in (State.QUEUED, State.CONFIRMING, State.FAILED, State.UNKNOWN):
        one = brought_to(file_store, state)
        with file_store._database.engine.begin() as connection:
            later = text("UPDATE delivery SET wake_at = :at, due_at = :due WHERE id = :id")
            given = {"at": written(NOW), "due": written(due), "id": one.id}
            connection.execute(later, given)
        assert not nothing_due(path, "publish", NOW.timestamp()), state
        with file_store._database.engine.begin() as connection:
            connection.execute(text("UPDATE delivery SET wake_at = NULL, told_at = due_at"))


def test_what_tick_has_queued_wakes_publish_only_in_its_minute(
    file_store: Store, path: str
) -> None:
    one = brought_to(file_store, State.QUEUED)
    with file_store._database.engine.begin() as connection:
        later = text("UPDATE delivery SET wake_at = :at, due_at = :due WHERE id = :id")
        due = NOW + timedelta(seconds=100)
        connection.execute(later, {"at": written(NOW), "due": written(due), "id": one.id})
    assert nothing_due(path, "publish", NOW.timestamp())
    assert not nothing_due(path, "publish", (due - timedelta(seconds=65)).timestamp())


def test_a_series_whose_next_post_is_to_be_made_wakes_the_phases_that_make_it(
    file_store: Store, path: str
) -> None:
    new = NewSeries("acme", None, "", "UTC", {}, made_until=NOW, wake_at=NOW, created_by="ada")
    one = file_store.series.add(new)
    due = {phase for phase in Phase if not nothing_due(path, phase, NOW.timestamp())}
    assert due == set(MAKING)
    earlier = (NOW - timedelta(seconds=1)).timestamp()
    assert all(nothing_due(path, phase, earlier) for phase in Phase)
    file_store.series.put_off(one, NOW + timedelta(days=1))
    assert all(nothing_due(path, phase, NOW.timestamp()) for phase in Phase)


@pytest.mark.parametrize(
    "doubt", ["no file", "no database", "other schema", "unknown phase", "empty"]
)
def test_any_doubt_takes_the_full_path(file_store: Store, path: str, doubt: str) -> None:
    phase = "tick"
    match doubt:
        case "no file":
            path += ".gone"
        case "no database":
            Path(path).write_text("Dear Ada")
        case "empty":
            Path(path).write_bytes(b"")
        case "unknown phase":
            phase = "nap"
        case "other schema":
            with file_store._database.engine.begin() as connection:
                connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert not nothing_due(path, phase, NOW.timestamp())
    assert not Path(f"{path}.gone").exists()


def test_a_locked_store_takes_the_full_path(file_store: Store, path: str) -> None:
    del file_store
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert not nothing_due(path, "tick", NOW.timestamp())
    other.close()


def test_asking_loads_next_to_nothing(path: str) -> None:
    code = (
        "import sys; before = set(sys.modules)\n"
        "from postcron.store.peek import nothing_due\n"
        f"assert nothing_due({path!r}, 'tick', 0)\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("postcron")} == {
        "postcron",
        "postcron.store",
        "postcron.store.peek",
    }

"""The tally of states is what a slow count of every row would be, whoever changed what, and when."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from postcron.model import Delivery
from postcron.states import STEPS, State
from postcron.store import Store, open_store
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added
from tests.postgres import Server
from tests.store.journeys import a_move, brought_to


def counted(store: Store, workspace: str) -> dict[State, int]:
    """Return what is there, row by row."""
    asked = text("SELECT state, count(*) FROM delivery WHERE workspace = :w GROUP BY state")
    with store._database.engine.connect() as connection:
        return {State(state): n for state, n in connection.execute(asked, {"w": workspace})}


@pytest.fixture
def workspaces(store_url: str) -> Iterator[dict[str, Store]]:
    """The store as each of two workspaces sees it."""
    opened = {
        name: open_store(store_url, now=lambda: NOW, skew=timedelta(0), workspace=name)
        for name in ("acme", "umbrella")
    }
    yield opened
    for each in opened.values():
        each.close()


def execute(store: Store, sql: str, **values: Any) -> None:
    with store._database.engine.begin() as connection:
        connection.execute(text(sql), values)


class Walk:
    """One random change after another, of the kinds there are and of some there should not be."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.chance = store, random.Random(seed)
        self.deliveries: list[Delivery] = []

    def add(self) -> None:
        some = [a_new_delivery(f"a{n}") for n in range(self.chance.randint(1, 4))]
        workspace = self.chance.choice(["acme", "umbrella"])
        saved = added(self.store, a_new_post(*some, workspace=workspace), run=a_run())
        self.deliveries += saved.deliveries

    def move(self) -> None:
        some = self.chance.sample(self.deliveries, min(3, len(self.deliveries)))
        moves = [a_move(one, self.chance.choice(steps)) for one in some if (steps := ways(one))]
        moved = {one.id: one for one in self.store.record(moves, run=a_run()) if one is not None}
        self.deliveries = [moved.get(one.id, one) for one in self.deliveries]

    def lose(self) -> None:
        """What is undone was never counted."""
        one = self.chance.choice(self.deliveries)
        with self.store._database.engine.connect() as connection:
            values = {"id": one.id}
            connection.execute(text("UPDATE delivery SET state = 'late' WHERE id = :id"), values)
            connection.rollback()

    def touch(self) -> None:
        execute(self.store, "UPDATE delivery SET reason = 'x', state = state")

    def carry_over(self) -> None:
        one = self.chance.choice(self.deliveries)
        execute(self.store, "UPDATE delivery SET workspace = 'umbrella' WHERE id = :id", id=one.id)

    def drop(self) -> None:
        one = self.deliveries.pop(self.chance.randrange(len(self.deliveries)))
        for table, column in (
            ("event", "delivery_id"),
            ("attempt", "delivery_id"),
            ("delivery", "id"),
        ):
            execute(self.store, f"DELETE FROM {table} WHERE {column} = :id", id=one.id)

    def step(self) -> None:
        kinds = [self.add, self.move, self.move, self.move, self.lose, self.touch]
        kinds += [self.carry_over, self.drop]
        self.chance.choice(kinds if self.deliveries else [self.add])()


def ways(one: Delivery) -> list[Any]:
    return [step for state, step in STEPS if state is one.state]


@pytest.mark.parametrize("seed", range(3))
def test_after_any_changes_the_tally_is_what_there_is(
    store: Store, workspaces: dict[str, Store], seed: int
) -> None:
    walk = Walk(store, seed)
    for _ in range(40):
        walk.step()
        for name, workspace in workspaces.items():
            assert workspace.counts() == counted(store, name)
    everything = Counter(counted(store, "acme")) + Counter(counted(store, "umbrella"))
    assert store.counts() == everything


# --- many writers ------------------------------------------------------------------------------


@pytest.fixture
def server_url(postgres_server: Server, migrated_template: str) -> str:
    """The address of a store that several may write to at once, unlike SQLite."""
    return postgres_server.fresh_url(migrated_template)


@pytest.fixture
def shared(server_url: str) -> Iterator[Store]:
    opened = open_store(server_url, now=lambda: NOW, skew=timedelta(0))
    yield opened
    opened.close()


@pytest.mark.postgres
def test_who_counts_makes_nobody_wait_and_nobody_lock_up(shared: Store, server_url: str) -> None:
    one, two = (brought_to(shared, State.SCHEDULED) for _ in range(2))
    back, forth = (
        "UPDATE delivery SET state = 'ready' WHERE id = %s",
        "UPDATE delivery SET state = 'late' WHERE id = %s",
    )
    with psycopg.connect(server_url) as first, psycopg.connect(server_url) as second:
        for connection in (first, second):
            connection.execute("SET lock_timeout = '2s'")
        first.execute(back, [one.id])
        second.execute(forth, [two.id])
        second.execute(back, [two.id])
        first.execute(forth, [one.id])
    assert shared.counts() == {State.LATE: 1, State.READY: 1}


@pytest.mark.postgres
def test_more_writers_than_places_are_all_counted(shared: Store, server_url: str) -> None:
    ids = [brought_to(shared, State.SCHEDULED).id for _ in range(24)]
    start = threading.Barrier(len(ids))

    def write(delivery: int) -> None:
        with psycopg.connect(server_url, autocommit=True) as connection:
            start.wait()
            for state in ("ready", "queued", "late"):
                connection.execute(
                    "UPDATE delivery SET state = %s WHERE id = %s", [state, delivery]
                )

    threads = [threading.Thread(target=write, args=[id]) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shared.counts() == {State.LATE: len(ids)}

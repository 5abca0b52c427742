"""Once a pause has been written, nothing new is sent of what it names: the database itself says no."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.event import listen

from postcron.model import Delivery, Filter, Move, Pause, Scope
from postcron.states import State, Step
from postcron.store import Store, open_store
from postcron.store.tables import batch, post
from tests.builders import NOW, StoppedClock, a_new_delivery, a_new_post, a_run, added
from tests.postgres import Server
from tests.store.journeys import a_move, brought_to
from tests.store.slow import SlowDatabase

LEASE = timedelta(minutes=2)
ALL = Pause(Scope.ALL, "", NOW, "ada", "a storm")


@pytest.fixture
def store(store_url: str, clock: StoppedClock) -> Iterator[Store]:
    opened = open_store(store_url, now=clock.now, skew=timedelta(0), workspace="acme")
    yield opened
    opened.close()


def in_batch(store: Store, name: str, delivery: Delivery, *, in_order: bool = False) -> None:
    """Put the post of a delivery into a batch of its own."""
    new = {"workspace": "acme", "name": name, "mode": "scheduled", "in_order": in_order}
    new |= {"stop_on_failure": False, "created_by": "ada", "created_at": NOW}
    with store._database.engine.begin() as connection:
        id = connection.execute(insert(batch).values(**new).returning(batch.c.id)).scalar_one()
        member = update(post).where(post.c.id == delivery.post_id)
        connection.execute(member.values(batch_id=id))


def a_post(store: Store, account: str, campaign: str | None = None, **more: Any) -> Delivery:
    new = a_new_post(a_new_delivery(account), campaign=campaign, **more)
    return added(store, new, run=a_run()).deliveries[0]


def taken(store: Store) -> set[int]:
    """Return what the three claims take, each its own share."""
    until = NOW + timedelta(minutes=1)
    uploads = store.claims.take_uploads(a_run(), until=None, lease=LEASE, limit=1)
    store.claims.enqueue(a_run(), until=until, limit=99)
    queued = store.claims.take_queued(a_run(), until=until, lease=LEASE, limit=99)
    return {one.id for one in [*uploads, *queued]}


def no_moves(ended: Pause, met: Sequence[Delivery], in_order: Collection[int]) -> list[Move]:
    return []


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        (Scope.ALL, ""),
        (Scope.ACCOUNT, "acme"),
        (Scope.CAMPAIGN, "spring"),
        (Scope.BATCH, "stories"),
    ],
)
def test_no_claim_takes_what_is_paused_and_every_claim_takes_the_rest(
    store: Store, scope: Scope, name: str
) -> None:
    ours = [a_post(store, "acme", "spring") for _ in range(3)]
    for number, one in enumerate(ours):
        in_batch(store, f"stories{number or ''}", one)
    other = a_post(store, "other", "autumn")
    held = ours[:1] if scope is Scope.BATCH else ours
    kept, under_way = store.pauses.begin(Pause(scope, name, NOW, "ada"))
    assert (kept.scope, kept.name, under_way) == (scope, name, [])
    free = {one.id for one in [*ours, other]} - {one.id for one in held}
    if scope is Scope.ALL:
        free = set()
        held = [*ours, other]
    assert taken(store) == free
    assert store.pauses.over([one.id for one in [*ours, other]]) == {one.id: kept for one in held}
    assert store.pauses.behind(kept) == len(held)
    assert store.pauses.lift(scope, name, no_moves, run=a_run()) is not None
    assert {one.id for one in held} <= taken(store) | free


def uploads(store: Store) -> list[Delivery]:
    return store.claims.take_uploads(a_run(), until=None, lease=LEASE, limit=99)


def queues(store: Store) -> list[Delivery]:
    return store.claims.enqueue(a_run(), until=NOW, limit=99)


def claims(store: Store) -> list[Delivery]:
    return store.claims.take_queued(a_run(), until=NOW, lease=LEASE, limit=99)


CLAIMS = {"upload": (uploads,), "enqueue": (queues,), "claim": (queues, claims)}


@pytest.mark.parametrize("claim", CLAIMS)
def test_each_claim_asks_for_itself_whether_something_is_paused(store: Store, claim: str) -> None:
    """A pause may come between any two: none may leave it to the claim before or after."""
    a_post(store, "acme")
    other = a_post(store, "other")
    *before, last = CLAIMS[claim]
    for each in before:
        assert len(each(store)) == 2
    store.pauses.begin(Pause(Scope.ACCOUNT, "acme", NOW, "ada"))
    assert [one.id for one in last(store)] == [other.id]


def test_a_pause_of_one_workspace_is_none_of_another(store_url: str, store: Store) -> None:
    ours = a_post(store, "acme")
    theirs = open_store(store_url, now=lambda: NOW, skew=timedelta(0), workspace="theirs")
    theirs.pauses.begin(ALL)
    assert theirs.pauses.every() == [ALL]
    assert store.pauses.every() == []
    assert taken(store) == {ours.id}
    assert store.pauses.lift(Scope.ALL, "", no_moves, run=a_run()) is None
    theirs.close()


def claimed(store: Store, count: int = 1) -> list[Delivery]:
    for number in range(count):
        a_post(store, f"account-{number}")
    queues(store)
    return claims(store)


def test_the_intent_of_what_was_claimed_before_the_pause_is_refused(store: Store) -> None:
    first, second = claimed(store, 2)
    store.pauses.begin(Pause(Scope.ACCOUNT, first.account, NOW, "ada"))
    made = store.record([a_move(first, Step.INTENDED), a_move(second, Step.INTENDED)], run=a_run())
    assert made[0] is None
    assert made[1] is not None
    assert store.attempts(first.id) == []
    back = a_move(first, Step.HELD, wake_at=NOW + timedelta(minutes=15))
    (held,) = store.record([back], run=a_run())
    assert held is not None
    assert (held.state, held.owner, held.lease_until) == (State.QUEUED, None, None)


def test_nothing_is_held_that_is_not_paused(store: Store) -> None:
    (one,) = claimed(store)
    assert store.record([a_move(one, Step.HELD)], run=a_run()) == [None]
    assert store.reload([one.id]) == [one]


def test_what_is_on_the_wire_when_a_pause_begins_is_said(store: Store) -> None:
    sending = brought_to(store, State.PUBLISHING)
    assert store.pauses.begin(ALL)[1] == [sending]
    (landed,) = store.record([a_move(sending, Step.LANDED)], run=a_run())
    assert landed is not None, "how it ended is recorded, paused or not"


def test_the_first_pause_stands_and_one_that_is_over_is_over(store: Store) -> None:
    store.pauses.begin(ALL)
    again = Pause(Scope.ALL, "", NOW + LEASE, "bob", "another reason")
    assert store.pauses.begin(again)[0] == ALL
    store.pauses.begin(Pause(Scope.ACCOUNT, "acme", NOW + LEASE, "bob"))
    one = a_post(store, "acme")
    assert store.pauses.over([one.id]) == {one.id: ALL}, "the longest is the one that is told"
    assert store.pauses.lift(Scope.ALL, "", no_moves, run=a_run()) == (ALL, [])
    assert store.pauses.lift(Scope.ALL, "", no_moves, run=a_run()) is None
    assert store.pauses.over([one.id])[one.id].by == "bob"


def test_what_meets_a_pause_is_let_go_in_its_last_transaction(
    store: Store, clock: StoppedClock
) -> None:
    held, unlooked, ahead = (
        added(store, a_new_post(a_new_delivery(due=NOW + timedelta(minutes=m))), run=a_run())
        for m in (1, 2, 60)
    )
    store.pauses.begin(ALL)
    clock.forward(minutes=5)
    met = store.pauses.waking(99)
    assert {one.post_id for one in met} == {one.post.id for one in (held, unlooked, ahead)}
    waits = {"error_code": "paused", "error": "It is paused."}
    [first] = [one for one in met if one.post_id == held.post.id]
    store.record([a_move(first, Step.HELD, set=waits)], run=a_run())

    def all_go_on(ended: Pause, met: Sequence[Delivery], _: Collection[int]) -> list[Move]:
        assert ended == ALL
        return [a_move(one, Step.RESUMED, wake_at=clock.at) for one in met]

    lifted = store.pauses.lift(Scope.ALL, "", all_go_on, run=a_run("resume"))
    assert lifted is not None
    # What no run has looked at meanwhile counts too; what is still to come has met nothing.
    assert {one.post_id for one in lifted[1]} == {held.post.id, unlooked.post.id}
    assert {event.kind for event in store.events(Filter(), limit=2)} == {"resumed"}


def test_what_another_pause_holds_back_stays(store: Store, clock: StoppedClock) -> None:
    one = a_post(store, "acme")
    store.pauses.begin(Pause(Scope.ALL, "", NOW - LEASE, "ada"))
    store.pauses.begin(Pause(Scope.ACCOUNT, "acme", NOW, "ada"))
    assert store.pauses.lift(Scope.ALL, "", no_moves, run=a_run()) is not None
    assert [each.id for each in store.pauses.waking(9)] == [one.id]
    assert taken(store) == set()


def test_who_lifts_a_pause_is_told_what_goes_in_the_order_of_a_batch(
    store: Store, clock: StoppedClock
) -> None:
    due = NOW + timedelta(minutes=1)
    alone, loose, ordered = (
        added(store, a_new_post(a_new_delivery(due=due)), run=a_run()).deliveries[0]
        for _ in range(3)
    )
    in_batch(store, "loose", loose)
    in_batch(store, "ordered", ordered, in_order=True)
    store.pauses.begin(ALL)
    clock.forward(minutes=5)
    told: list[tuple[set[int], set[int]]] = []

    def keep(_: Pause, some: Sequence[Delivery], in_order: Collection[int]) -> list[Move]:
        told.append(({one.id for one in some}, set(in_order)))
        return []

    store.pauses.lift(Scope.ALL, "", keep, run=a_run())
    assert told == [({alone.id, loose.id, ordered.id}, {ordered.id})]


# --- the race ----------------------------------------------------------------------------------


def test_a_pause_waits_for_the_intent_that_is_being_committed(store: Store) -> None:
    """Else `pause` would return, and a call leave after it."""
    (one,) = claimed(store)
    slow = SlowDatabase(store._database)
    with ThreadPoolExecutor() as pool:
        intent = pool.submit(Store(slow).record, [a_move(one, Step.INTENDED)], run=a_run())
        assert slow.written.wait(30)
        pausing = pool.submit(store.pauses.begin, ALL)
        threading.Event().wait(0.3)
        assert not pausing.done(), "it returned while a call could still leave"
        slow.commit.set()
        assert intent.result()[0] is not None
        kept, under_way = pausing.result()
    assert (kept, [each.id for each in under_way]) == (ALL, [one.id])


@pytest.mark.postgres
@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_an_intent_sees_the_pause_whatever_isolation_the_server_begins_with(
    postgres_server: Server, migrated_template: str, clock: StoppedClock, isolation: str
) -> None:
    url = postgres_server.fresh_url(migrated_template)
    name = url.rpartition("/")[2]
    begins = f"ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'"
    postgres_server.run_sql(begins)
    with closing(open_store(url, now=clock.now, skew=timedelta(0), workspace="acme")) as store:
        test_an_intent_waits_for_the_pause_that_is_being_committed(store)


def test_an_intent_waits_for_the_pause_that_is_being_committed(store: Store) -> None:
    (one,) = claimed(store)
    slow = SlowDatabase(store._database)
    with ThreadPoolExecutor() as pool:
        pausing = pool.submit(Store(slow).pauses.begin, ALL)
        assert slow.written.wait(30)
        intent = pool.submit(store.record, [a_move(one, Step.INTENDED)], run=a_run())
        threading.Event().wait(0.3)
        assert not intent.done()
        slow.commit.set()
        assert pausing.result() == (ALL, [])
        assert intent.result() == [None]
    assert store.attempts(one.id) == []


def test_a_pause_ends_however_many_have_met_it(store: Store) -> None:
    """A database takes only so many values in one statement."""
    store.add_many([[a_new_post(a_new_delivery(due_at=NOW))] for _ in range(60)], run=a_run())
    store.pauses.begin(replace(ALL, since=NOW - timedelta(hours=1)))

    def takes_few(connection: Any, *_: object) -> None:
        if store.file is not None:  # the limit of PostgreSQL is fixed: 65,535
            connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 50)

    listen(store._database.engine, "checkout", takes_few)
    met: list[Sequence[Delivery]] = []

    def keep(_: Pause, some: Sequence[Delivery], in_order: Collection[int]) -> list[Move]:
        met.append(some)
        return []

    store.pauses.lift(Scope.ALL, "", keep, run=a_run())
    assert list(map(len, met)) == [60]


def test_what_is_being_held_is_not_missed_by_the_resume(store: Store) -> None:
    """Else it would sleep until it is late, though nothing holds it back any more."""
    one = a_post(store, "acme")
    store.pauses.begin(ALL)
    slow = SlowDatabase(store._database)
    move = a_move(one, Step.HELD, set={"error_code": "paused"})
    with ThreadPoolExecutor() as pool:
        held = pool.submit(Store(slow).record, [move], run=a_run())
        assert slow.written.wait(30)
        lifting = pool.submit(
            store.pauses.lift,
            Scope.ALL,
            "",
            lambda ended, met, _: [a_move(each, Step.RESUMED) for each in met],
            run=a_run("resume"),
        )
        threading.Event().wait(0.3)
        slow.commit.set()
        assert held.result()[0] is not None
        lifted = lifting.result()
    assert lifted is not None
    assert [each.id for each in lifted[1]] == [one.id]

"""`record` is the only writer of a state: every state meets every step, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from postcron.errors import Refused
from postcron.model import Attempt, Delivery, Filter, Move, Outcome, Ticket
from postcron.states import FINAL, STEPS, State, Step
from postcron.store import Store
from tests.builders import (
    NOW,
    StoppedClock,
    a_new_delivery,
    a_new_post,
    a_run,
    added,
    every_delivery,
)
from tests.store.journeys import LEASE, a_move, brought_to, pause_all

ALLOWED = sorted(STEPS)


def everything(store: Store) -> tuple[list[Delivery], list[Attempt], int]:
    deliveries = every_delivery(store)
    attempts = [one for delivery in deliveries for one in store.attempts(delivery.id)]
    return deliveries, attempts, len(store.events(Filter(), limit=1000))


@pytest.mark.parametrize(("state", "step"), ALLOWED)
def test_an_allowed_step_changes_the_state_and_leaves_one_ledger_row(
    store: Store, state: State, step: Step
) -> None:
    delivery = brought_to(store, state)
    if step is Step.HELD:
        pause_all(store)
    before = len(store.events(Filter(), limit=1000))
    (moved,) = store.record([a_move(delivery, step, detail={"why": "test"})], run=a_run())
    assert moved is not None
    assert moved.state is STEPS[state, step]
    assert store.reload([delivery.id]) == [moved]
    events = store.events(Filter(), limit=1000)
    assert len(events) == before + 1
    assert (events[0].kind, events[0].before, events[0].after) == (step, state, moved.state)
    assert (events[0].run, events[0].actor, events[0].detail) == ("run-1", "cron", {"why": "test"})


@pytest.mark.parametrize("state", State)
def test_every_other_step_is_refused_and_writes_nothing(store: Store, state: State) -> None:
    delivery, other = brought_to(store, state), brought_to(store, State.SCHEDULED)
    before = everything(store)
    refused = [step for step in Step if (state, step) not in STEPS]
    for step in refused:
        with pytest.raises(Refused):
            store.record([a_move(other, Step.CANCELLED), a_move(delivery, step)], run=a_run())
    assert refused
    assert everything(store) == before


def test_after_what_is_final_there_is_only_looking() -> None:
    looking = {Step.LOOKED, Step.SEEN, Step.VANISHED}
    assert not [step for state, step in STEPS if state in FINAL and step not in looking]


@pytest.mark.parametrize("stale", ["state", "fence", "owner"])
def test_a_reader_who_is_behind_writes_nothing(store: Store, stale: str) -> None:
    delivery = brought_to(store, State.PUBLISHING)
    behind: dict[str, dict[str, Any]] = {
        "state": {"state": State.QUEUED},
        "fence": {"fence": delivery.fence - 1},
        "owner": {"owner": "run-0"},
    }
    seen = replace(delivery, **behind[stale])
    step = Step.CANCELLED if stale == "state" else Step.LANDED
    before = everything(store)
    assert store.record([a_move(seen, step)], run=a_run()) == [None]
    assert everything(store) == before


def test_of_two_who_saw_the_same_delivery_the_first_wins(store: Store) -> None:
    delivery = brought_to(store, State.UPLOADING, a_run("run-1"))
    (won,) = store.record([a_move(delivery, Step.UPLOADED)], run=a_run("run-1"))
    assert won is not None
    late = store.record([a_move(delivery, Step.UPLOAD_POSTPONED)], run=a_run("run-2"))
    assert late == [None]
    assert store.reload([delivery.id]) == [won]


def test_a_move_that_lost_takes_none_of_its_neighbours_along(store: Store) -> None:
    lost, fine = brought_to(store, State.READY), brought_to(store, State.READY)
    store.record([a_move(lost, Step.CANCELLED)], run=a_run())
    moved = store.record([a_move(lost, Step.ENQUEUED), a_move(fine, Step.ENQUEUED)], run=a_run())
    assert moved[0] is None
    assert moved[1] is not None
    assert moved[1].state is State.QUEUED


@pytest.mark.parametrize("paused", [False, True])
def test_steps_recorded_together_leave_what_each_leaves_alone(
    store: Store, clock: StoppedClock, *, paused: bool
) -> None:
    told = {"sent_at": NOW, "code": "answer_lost", "message": "cut off"}
    # An intent needs that there is no pause, and being held that there is one.
    steps = [pair for pair in ALLOWED if pair[1] is not (Step.INTENDED if paused else Step.HELD)]

    def every_step() -> list[Move]:
        moves = [a_move(brought_to(store, state), step) for state, step in steps]
        return [replace(move, attempt=told) if move.close else move for move in moves]

    alone, together = every_step(), every_step()
    if paused:
        pause_all(store)
    clock.forward(seconds=3)
    one_by_one = [new for move in alone for new in store.record([move], run=a_run("run-2"))]
    at_once = store.record(together, run=a_run("run-2"))
    assert [traces(store, one) for one in at_once] == [traces(store, one) for one in one_by_one]
    assert store.reload([move.delivery.id for move in together]) == at_once


def traces(store: Store, one: Delivery | None) -> tuple[object, ...]:
    """Return all that shows what became of a delivery, whichever it is."""
    assert one is not None
    anybody = replace(one, id=0, post_id=0, remote_id=one.remote_id and "its own")
    events = store.events(Filter(post_id=one.post_id), limit=100)
    return (
        anybody,
        store.attempts(one.id),
        [(e.at, e.kind, e.before, e.after, e.run, e.detail) for e in events],
    )


def test_of_many_recorded_together_only_those_that_lost_are_left_out(store: Store) -> None:
    seen = [brought_to(store, State.QUEUED) for _ in range(6)]
    store.record([a_move(seen[4], Step.CANCELLED)], run=a_run("quicker"))
    steps = (Step.CLAIMED, Step.INTENDED, Step.UPLOADED, Step.INTENDED, Step.INTENDED)
    moves = [a_move(one, step) for one, step in zip(seen, steps, strict=False)]
    moved = store.record([*moves, moves[1]], run=a_run())
    assert [one is None for one in moved] == [False, False, False, False, True, True]
    assert store.reload([one.id for one in seen[:4]]) == moved[:4]
    assert [len(store.attempts(one.id)) for one in seen] == [0, 1, 0, 1, 0, 0]


def test_a_part_that_came_to_follow_since_it_was_read_is_let_go_too(store: Store) -> None:
    first, second = (a_new_post(a_new_delivery(wake_at=None), key=key) for key in ("one", "two"))
    delivery = added(store, first, run=a_run()).deliveries[0]
    for step in (Step.ENQUEUED, Step.INTENDED):
        [moved] = store.record([a_move(delivery, step)], run=a_run())
        assert moved is not None
        delivery = moved
    (_, (follower,)) = (saved.deliveries for saved in store.add_posts([first, second], run=a_run()))
    landed = [a_move(one, Step.LANDED) for one in (delivery, brought_to(store, State.PUBLISHING))]
    assert None not in store.record(landed, run=a_run())
    assert store.reload([follower.id])[0].wake_at is not None


def test_the_fence_rises_when_another_run_takes_over_and_only_then(store: Store) -> None:
    delivery = brought_to(store, State.QUEUED)
    fences = [delivery.fence]
    for step in (Step.CLAIMED, Step.INTENDED, Step.LOST):
        (moved,) = store.record([a_move(delivery, step)], run=a_run())
        assert moved is not None
        delivery = moved
        fences.append(moved.fence)
    assert [fence - fences[0] for fence in fences] == [0, 1, 1, 1]


def test_a_lease_is_kept_with_its_owner_and_given_back_without(store: Store) -> None:
    held = brought_to(store, State.PUBLISHING)
    assert (held.owner, held.lease_until, held.wake_at) == ("run-1", LEASE, LEASE)
    (free,) = store.record([a_move(held, Step.LOST, wake_at=NOW)], run=a_run())
    assert free is not None
    assert (free.owner, free.lease_until, free.wake_at) == (None, None, NOW)


def test_a_lease_that_was_renewed_since_we_looked_is_not_taken_away(store: Store) -> None:
    seen = brought_to(store, State.UPLOADING, a_run("slow"))
    assert store.claims.renew(seen, run=a_run("slow"), lease=timedelta(hours=1))
    rescue = a_move(seen, Step.UPLOAD_POSTPONED)
    assert store.record([rescue], run=a_run("rescuer")) == [None]


def test_a_move_sets_the_columns_it_names(store: Store) -> None:
    delivery = brought_to(store, State.UPLOADING)
    given = {
        "ticket": Ticket({"media": ["17"]}, ready=True, check_after=timedelta(seconds=5)),
        "ready_at": NOW,
        "not_before": NOW + timedelta(minutes=1),
        "options": {"visibility": "öffentlich"},
        "text": "Only here",
        "tries": 2,
        "error_code": "rate_limited",
        "error": "slow down",
        "revision": 3,
    }
    (moved,) = store.record([a_move(delivery, Step.UPLOADED, set=given)], run=a_run())
    assert moved is not None
    assert {name: getattr(moved, name) for name in given} == given


@pytest.mark.parametrize("column", ["state", "fence", "owner", "id", "wake_at", "nonsense"])
def test_a_move_cannot_set_what_the_guard_rests_on(store: Store, column: str) -> None:
    delivery = brought_to(store, State.READY)
    with pytest.raises(ValueError, match=column):
        store.record([a_move(delivery, Step.ENQUEUED, set={column: 1})], run=a_run())


# --- attempts --------------------------------------------------------------------------------


def test_an_intent_writes_down_who_is_about_to_call(store: Store) -> None:
    delivery = brought_to(store, State.PUBLISHING)
    (attempt,) = store.attempts(delivery.id)
    assert (attempt.number, attempt.outcome) == (1, Outcome.OPEN)
    assert (attempt.run, attempt.host, attempt.boot) == ("run-1", "host-1", "boot-1")
    assert (attempt.pid, attempt.started, attempt.intended_at) == (4242, "77", NOW)


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        (Step.NOT_SENT, Outcome.NOT_SENT),
        (Step.REFUSED, Outcome.REFUSED),
        (Step.LANDED, Outcome.LANDED),
        (Step.ACCEPTED, Outcome.ACCEPTED),
        (Step.LOST, Outcome.UNKNOWN),
    ],
)
def test_the_outcome_closes_the_attempt(
    store: Store, clock: StoppedClock, step: Step, outcome: Outcome
) -> None:
    delivery = brought_to(store, State.PUBLISHING)
    clock.forward(seconds=3)
    told = {"sent_at": NOW + timedelta(seconds=1), "code": "answer_lost", "message": "cut off"}
    store.record([a_move(delivery, step, attempt=told)], run=a_run())
    (attempt,) = store.attempts(delivery.id)
    assert attempt.outcome is outcome
    assert attempt.ended_at == NOW + timedelta(seconds=3)
    assert {name: getattr(attempt, name) for name in told} == told


def test_after_a_proven_end_a_second_attempt_gets_the_next_number(store: Store) -> None:
    delivery = brought_to(store, State.PUBLISHING)
    for step in (Step.NOT_SENT, Step.RETRIED, Step.CLAIMED, Step.INTENDED):
        (moved,) = store.record([a_move(delivery, step)], run=a_run())
        assert moved is not None
        delivery = moved
    outcomes = [(one.number, one.outcome) for one in store.attempts(delivery.id)]
    assert outcomes == [(1, Outcome.NOT_SENT), (2, Outcome.OPEN)]


def test_while_an_attempt_may_be_live_there_is_no_second_intent(store: Store) -> None:
    delivery = brought_to(store, State.UNKNOWN)
    careless = a_move(delivery, Step.REPEATED, close=None)
    (queued,) = store.record([careless], run=a_run())
    assert queued is not None
    (claimed,) = store.record([a_move(queued, Step.CLAIMED)], run=a_run())
    assert claimed is not None
    before = everything(store)
    assert store.record([a_move(claimed, Step.INTENDED)], run=a_run()) == [None]
    assert everything(store) == before


@pytest.mark.parametrize("outcome", ["open", "unknown", "accepted", "landed"])
def test_the_database_itself_refuses_a_second_live_attempt(store: Store, outcome: str) -> None:
    delivery = brought_to(store, State.PUBLISHING)
    second = (
        "INSERT INTO attempt (delivery_id, number, run, host, boot, pid, started, intended_at,"
        f" outcome) SELECT delivery_id, 2, run, host, boot, pid, started, intended_at, '{outcome}'"
        f" FROM attempt WHERE delivery_id = {delivery.id}"
    )
    with store._database.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql(second)


# --- receipts --------------------------------------------------------------------------------


def test_one_remote_post_proves_at_most_one_delivery(store: Store) -> None:
    first, second = brought_to(store, State.UNKNOWN), brought_to(store, State.UNKNOWN)
    receipt = {"remote_id": "117", "published_at": NOW}
    both = [a_move(one, Step.FOUND, set=receipt) for one in (first, second)]
    moved = store.record(both, run=a_run())
    assert moved[0] is not None
    assert moved[1] is None
    assert store.reload([second.id]) == [second]


def test_the_same_remote_id_at_another_account_is_another_post(store: Store) -> None:
    two = a_new_post(a_new_delivery("one"), a_new_delivery("two"))
    added(store, two, run=a_run())
    queued = store.claims.enqueue(a_run(), until=NOW, limit=10)
    intended = store.record([a_move(one, Step.INTENDED) for one in queued], run=a_run())
    receipt = {"remote_id": "117"}
    landed = [a_move(one, Step.LANDED, set=receipt) for one in intended if one is not None]
    assert None not in store.record(landed, run=a_run())


def test_the_database_itself_refuses_a_second_receipt(store: Store) -> None:
    live, other = brought_to(store, State.PUBLISHED), brought_to(store, State.UNKNOWN)
    stolen = f"UPDATE delivery SET remote_id = '{live.remote_id}' WHERE id = {other.id}"
    with store._database.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql(stolen)


def test_the_database_itself_refuses_a_state_that_does_not_exist(store: Store) -> None:
    delivery = brought_to(store, State.READY)
    nonsense = f"UPDATE delivery SET state = 'posted' WHERE id = {delivery.id}"
    with store._database.engine.connect() as connection, pytest.raises(IntegrityError):
        connection.exec_driver_sql(nonsense)

"""What the phases take, in which order, until when, and what they leave alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from postcron.model import Filter, Ticket
from postcron.states import State, Step
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
from tests.store.journeys import a_move, brought_to

LEASE = timedelta(seconds=120)
MINUTE = timedelta(minutes=1)


def scheduled(store: Store, *dues: datetime) -> None:
    for due in dues:
        added(store, a_new_post(a_new_delivery(due=due)), run=a_run())


def queue_all(store: Store) -> None:
    store.claims.enqueue(a_run("tick"), until=NOW + timedelta(days=400), limit=1000)


# --- phase 2 ---------------------------------------------------------------------------------


def test_pre_upload_takes_what_is_due_within_its_lead_under_a_lease(store: Store) -> None:
    scheduled(store, NOW + timedelta(minutes=59), NOW + timedelta(minutes=61))
    (taken,) = store.claims.take_uploads(
        a_run(), until=NOW + timedelta(hours=1), lease=LEASE, limit=9
    )
    assert (taken.state, taken.owner, taken.fence) == (State.UPLOADING, "run-1", 1)
    assert taken.lease_until == taken.wake_at == NOW + LEASE
    (event, *_) = store.events(Filter(), limit=1)
    assert (event.kind, event.before) == (Step.UPLOAD_STARTED, State.SCHEDULED)


def test_what_was_postponed_waits_for_its_moment(store: Store, clock: StoppedClock) -> None:
    uploading = brought_to(store, State.UPLOADING)
    wait = {"not_before": NOW + MINUTE}
    store.record([a_move(uploading, Step.UPLOAD_POSTPONED, set=wait)], run=a_run())
    far = NOW + timedelta(days=1)
    assert store.claims.take_uploads(a_run(), until=far, lease=LEASE, limit=9) == []
    assert store.claims.enqueue(a_run(), until=far, limit=9) == []
    clock.forward(minutes=1)
    assert len(store.claims.take_uploads(a_run(), until=far, lease=LEASE, limit=9)) == 1


def test_an_upload_is_prolonged_and_its_ticket_kept_while_it_is_ours(store: Store) -> None:
    held = brought_to(store, State.UPLOADING)
    ticket = Ticket({"upload": "u-1", "offset": 2**40}, check_after=timedelta(seconds=9))
    assert store.claims.save_ticket(held, ticket, run=a_run())
    nine = timedelta(minutes=9)
    assert store.claims.renew(held, run=a_run(), lease=nine) == NOW + nine
    (now,) = store.reload([held.id])
    assert now.ticket == ticket
    assert now.lease_until == now.wake_at == NOW + timedelta(minutes=9)
    assert now.state is State.UPLOADING


def test_an_upload_that_is_not_ours_any_more_writes_nothing(store: Store) -> None:
    slow = brought_to(store, State.UPLOADING, a_run("slow"))
    store.record([a_move(slow, Step.UPLOAD_POSTPONED)], run=a_run("rescuer"))
    before = store.reload([slow.id])
    assert not store.claims.save_ticket(slow, Ticket({"upload": "u-1"}), run=a_run("slow"))
    assert store.claims.renew(slow, run=a_run("slow"), lease=LEASE) is None
    assert not store.claims.save_ticket(before[0], Ticket({"upload": "u-1"}), run=a_run("stranger"))
    assert store.reload([slow.id]) == before


# --- queueing --------------------------------------------------------------------------------


def test_scheduled_and_ready_ones_are_queued_when_due(store: Store) -> None:
    ready = brought_to(store, State.READY)
    scheduled(store, NOW + MINUTE, NOW + timedelta(minutes=3))
    queued = store.claims.enqueue(a_run("tick"), until=NOW + timedelta(minutes=2), limit=9)
    assert {one.state for one in queued} == {State.QUEUED}
    assert {one.due_at for one in queued} == {NOW, NOW + MINUTE}
    assert {(one.owner, one.wake_at) for one in queued} == {(None, NOW)}
    befores = {
        event.before for event in store.events(Filter(kinds=frozenset({"enqueued"})), limit=9)
    }
    assert befores == {State.READY, State.SCHEDULED}
    assert ready.id in {one.id for one in queued}


def test_a_limit_counts_both_kinds_together(store: Store) -> None:
    for state in (State.READY, State.READY, State.SCHEDULED):
        brought_to(store, state)
    assert len(store.claims.enqueue(a_run(), until=NOW, limit=2)) == 2
    assert len(store.claims.enqueue(a_run(), until=NOW, limit=2)) == 1


def test_of_some_that_are_named_only_those_are_queued_that_are_due(store: Store) -> None:
    ready, other, later = (
        brought_to(store, State.READY),
        brought_to(store, State.READY),
        NOW + MINUTE,
    )
    scheduled(store, NOW, later)
    ids = [ready.id, *(one.id for one in every_delivery(store) if one.state is State.SCHEDULED)]
    queued = store.claims.enqueue(a_run(), until=NOW, limit=9, ids=ids)
    assert [one.due_at for one in queued] == [NOW, NOW]
    assert ready.id in {one.id for one in queued}
    assert store.claims.enqueue(a_run(), until=NOW, limit=9, ids=[]) == []
    assert [one.id for one in store.claims.enqueue(a_run(), until=NOW, limit=9)] == [other.id]


# --- phase 3 ---------------------------------------------------------------------------------


def test_a_claim_lasts_until_its_lease_after_the_moment_it_waits_for(store: Store) -> None:
    fine = NOW + timedelta(seconds=37, microseconds=250_000)
    scheduled(store, NOW - MINUTE, fine)
    queue_all(store)
    claimed = store.claims.take_queued(a_run(), until=NOW + MINUTE, lease=LEASE, limit=9)
    leases = {one.due_at: one.lease_until for one in claimed}
    assert leases == {NOW - MINUTE: NOW + LEASE, fine: fine + LEASE}
    assert all(one.wake_at == one.lease_until for one in claimed)
    assert {one.owner for one in claimed} == {"run-1"}


def test_the_nearest_go_first_and_after_an_outage_the_newest(store: Store) -> None:
    minutes = [-300, -5, 40, -60, 2]
    scheduled(store, *(NOW + timedelta(minutes=one) for one in minutes))
    queue_all(store)
    order: list[int] = []
    until = NOW + timedelta(hours=1)
    while claimed := store.claims.take_queued(a_run(), until=until, lease=LEASE, limit=2):
        order += [round((one.due_at - NOW).total_seconds() / 60) for one in claimed if one.due_at]
    assert order == [2, 40, -5, -60, -300]


def test_of_what_is_due_at_once_the_highest_priority_goes_first(store: Store) -> None:
    """And it keeps nothing waiting that was due before: nobody starves."""
    dues = [(NOW, 0), (NOW, 9), (NOW - MINUTE, -5), (NOW, -1), (NOW - MINUTE, 0)]
    for due, priority in dues:
        new = a_new_delivery(due=due, priority=priority)
        added(store, a_new_post(new), run=a_run())
    queued: list[tuple[datetime | None, int]] = []
    claimed: list[tuple[datetime | None, int]] = []
    for _ in dues:
        queued += [
            (d.due_at, d.priority) for d in store.claims.enqueue(a_run(), until=NOW, limit=1)
        ]
    while some := store.claims.take_queued(a_run(), until=NOW, lease=LEASE, limit=2):
        claimed += [(one.due_at, one.priority) for one in some]
    assert (
        queued == claimed == [(NOW, 9), (NOW, 0), (NOW, -1), (NOW - MINUTE, 0), (NOW - MINUTE, -5)]
    )


def test_what_another_run_holds_is_left_alone_until_its_lease_is_over(
    store: Store, clock: StoppedClock
) -> None:
    scheduled(store, NOW)
    queue_all(store)
    (held,) = store.claims.take_queued(a_run("one"), until=NOW, lease=LEASE, limit=9)
    assert store.claims.take_queued(a_run("two"), until=NOW, lease=LEASE, limit=9) == []
    assert store.due.expired(9) == []
    clock.forward(seconds=120)
    assert store.due.expired(9) == [held]
    (taken,) = store.claims.take_queued(a_run("two"), until=clock.at, lease=LEASE, limit=9)
    assert (taken.owner, taken.fence) == ("two", held.fence + 1)
    assert store.record([a_move(held, Step.INTENDED)], run=a_run("one")) == [None]


def test_a_run_never_takes_back_what_it_holds_itself(store: Store, clock: StoppedClock) -> None:
    """A slow upload may outlast its lease: claimed again, one run would have it twice."""
    scheduled(store, NOW)
    queue_all(store)
    store.claims.take_queued(a_run("slow"), until=NOW, lease=LEASE, limit=9)
    clock.forward(seconds=121)
    assert store.claims.take_queued(a_run("slow"), until=clock.at, lease=LEASE, limit=9) == []
    (taken,) = store.claims.take_queued(a_run("two"), until=clock.at, lease=LEASE, limit=9)
    assert taken.owner == "two"


@pytest.mark.parametrize("late", [0, 59])
def test_renewing_what_waits_for_its_moment_counts_the_lease_from_it(
    store: Store, clock: StoppedClock, late: int
) -> None:
    fine = NOW + timedelta(seconds=37, microseconds=250_000)
    scheduled(store, fine)
    queue_all(store)
    (held,) = store.claims.take_queued(a_run(), until=NOW + MINUTE, lease=LEASE, limit=9)
    clock.forward(seconds=late)
    end = store.claims.renew(held, run=a_run(), lease=LEASE)
    assert end == max(fine, clock.at) + LEASE
    (now,) = store.reload([held.id])
    assert now.lease_until == now.wake_at == end
    assert store.claims.renew(held, run=a_run("other"), lease=LEASE) is None


@pytest.mark.parametrize("skip", [["acme"], {"acme", "other"}])
def test_accounts_not_to_be_used_now_are_skipped(store: Store, skip: list[str]) -> None:
    scheduled(store, NOW)
    assert store.claims.take_uploads(a_run(), until=NOW, lease=LEASE, limit=9, skip=skip) == []
    assert store.claims.enqueue(a_run(), until=NOW, limit=9, skip=skip) == []
    queue_all(store)
    assert store.claims.take_queued(a_run(), until=NOW, lease=LEASE, limit=9, skip=skip) == []
    assert len(store.claims.take_queued(a_run(), until=NOW, lease=LEASE, limit=9, skip=["x"])) == 1

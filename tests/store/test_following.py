"""What follows another: held until that one allows it, let go in the very transaction in which it does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from postcron.model import Delivery, Filter, Follow
from postcron.rules.sequence import lets_go
from postcron.states import STUCK, State, Step
from postcron.store import Store
from tests.builders import NOW, StoppedClock, a_new_delivery, a_new_post, a_run
from tests.store.journeys import a_move, way

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def chain(
    store: Store, follows: Follow, *dues: datetime, gap: timedelta | None = None
) -> list[str]:
    """Save one delivery for each moment, of which each follows the one before; return their ids."""
    posts = [
        a_new_post(
            a_new_delivery(
                due=due,
                key=f"key-{number}",
                follows=follows,
                gap=gap if number else None,
                wake_at=None if number else due - HOUR,
                not_before=due - HOUR if number else None,
            )
        )
        for number, due in enumerate(dues)
    ]
    return [saved.deliveries[0].ref for saved in store.add_posts(posts, run=a_run())]


def get(store: Store, ref: str) -> Delivery:
    found = store.delivery(int(ref.partition(".")[0]), 1)
    assert found is not None
    return found


def step(store: Store, ref: str, *steps: Step, **more: object) -> Delivery:
    """Take a delivery through these steps; `more` goes into the last."""
    for each in steps:
        given = more if each is steps[-1] else {}
        [moved] = store.record([a_move(get(store, ref), each, **given)], run=a_run())
        assert moved is not None
    return get(store, ref)


def bring(store: Store, ref: str, state: State, **more: object) -> Delivery:
    return step(store, ref, *way(State.SCHEDULED, state), **more)


def claimed(store: Store) -> list[str]:
    """Return what a run would claim now, of all that is due."""
    lease = timedelta(minutes=2)
    store.claims.enqueue(a_run("tick"), until=NOW + HOUR, limit=9)
    taken = store.claims.take_queued(a_run("publish"), until=NOW + HOUR, lease=lease, limit=9)
    return [one.ref for one in taken]


BEFORE = [(state, None) for state in State if state is not State.DRAFT]


@pytest.mark.parametrize(
    ("state", "wake_at"), [*BEFORE, *((state, NOW + HOUR) for state in sorted(STUCK))]
)
def test_the_claims_take_exactly_what_the_rule_lets_go(
    store: Store, state: State, wake_at: datetime | None
) -> None:
    for follows in Follow:
        first, second = chain(store, follows, NOW, NOW)
        if state is not State.SCHEDULED:
            bring(store, first, state, **({"wake_at": wake_at} if state in STUCK else {}))
        may_go = follows in lets_go(get(store, first))
        assert (second in claimed(store)) is may_go, follows
        withdrawn = state is State.CANCELLED and follows is Follow.ANSWER
        assert (get(store, second).state is State.CANCELLED) is withdrawn


@pytest.mark.parametrize(
    ("how", "stop", "go_on"),
    [
        (State.PUBLISHED, True, True),
        (State.FAILED, False, True),
        (State.LATE, False, True),
        (State.CANCELLED, False, True),
        (State.UNKNOWN, False, False),
        (State.CONFIRMING, False, False),
    ],
)
def test_a_batch_stops_at_one_that_does_not_go_out_or_goes_on_and_never_past_an_unknown(
    store: Store, how: State, stop: bool, go_on: bool
) -> None:
    for follows, expected in ((Follow.STOP, stop), (Follow.CONTINUE, go_on)):
        first, second, third = chain(store, follows, NOW, NOW, NOW)
        bring(store, first, how, **({"wake_at": None} if how in STUCK else {}))
        assert (get(store, second).wake_at is not None) is expected
        assert get(store, third).wake_at is None


def test_the_next_is_let_go_in_the_transaction_that_records_the_end_of_the_one_before(
    store: Store,
) -> None:
    first, second = chain(store, Follow.CONTINUE, NOW, NOW)
    bring(store, first, State.FAILED, wake_at=None)
    events = store.events(Filter(), limit=2)[::-1]
    assert [(event.kind, event.post_id) for event in events] == [
        ("upload_refused", get(store, first).post_id),
        ("rescheduled", get(store, second).post_id),
    ]
    assert events[0].at == events[1].at
    assert events[1].detail == {"why": f"{first} is failed"}


def test_phase_2_of_the_next_begins_its_lead_before_its_own_moment(store: Store) -> None:
    first, second = chain(store, Follow.STOP, NOW, NOW + 3 * HOUR)
    bring(store, first, State.PUBLISHED)
    follower = get(store, second)
    assert (follower.due_at, follower.wake_at) == (NOW + 3 * HOUR, NOW + 2 * HOUR)


def test_what_waited_beyond_its_moment_is_due_at_once_with_its_whole_grace(
    store: Store, clock: StoppedClock
) -> None:
    first, second = chain(store, Follow.CONTINUE, NOW, NOW + HOUR)
    bring(store, first, State.UNKNOWN)
    clock.forward(hours=5)
    step(store, first, Step.DENIED, wake_at=None)
    follower = get(store, second)
    assert follower.due_at == follower.grace_from == clock.at


def test_what_did_not_wait_for_the_one_before_is_as_late_as_that_one(
    store: Store, clock: StoppedClock
) -> None:
    first, second, third = chain(store, Follow.CONTINUE, NOW, NOW + HOUR, NOW + 9 * HOUR)
    clock.forward(hours=5)
    bring(store, first, State.LATE, wake_at=None)
    assert get(store, second).due_at == NOW + HOUR
    assert [one.ref for one in store.due.overdue(clock.at, limit=9)] == [second]
    step(store, second, Step.MISSED, wake_at=None)
    assert get(store, third).due_at == NOW + 9 * HOUR


@pytest.mark.parametrize(("late", "given"), [(30, 90), (0.5, 60)], ids=["late", "in time"])
def test_the_gap_is_measured_from_when_the_one_before_really_went_out(
    store: Store, clock: StoppedClock, late: float, given: float
) -> None:
    first, second = chain(store, Follow.STOP, NOW, NOW + HOUR, gap=HOUR)
    clock.forward(minutes=late)
    live = {"remote_id": "r-1", "published_at": clock.at}
    bring(store, first, State.PUBLISHED, set=live)
    assert get(store, second).due_at == NOW + given * MINUTE


def test_one_that_was_withdrawn_before_its_turn_leaves_no_hole(store: Store) -> None:
    refs = chain(store, Follow.CONTINUE, *[NOW] * 5)
    step(store, refs[1], Step.CANCELLED, wake_at=None)
    assert get(store, refs[2]).waits_its_turn, "the first is not out yet"
    assert claimed(store) == [refs[0]]
    gone = [a_move(get(store, ref), Step.CANCELLED, wake_at=None) for ref in refs[2:4]]
    store.record(gone, run=a_run())
    assert get(store, refs[4]).waits_its_turn
    step(store, refs[0], Step.INTENDED, Step.LANDED)
    assert claimed(store) == [refs[4]]


def test_what_follows_the_first_is_first_when_that_is_withdrawn(store: Store) -> None:
    first, second, third = chain(store, Follow.CONTINUE, NOW, NOW, NOW)
    step(store, first, Step.CANCELLED, wake_at=None)
    assert claimed(store) == [second]
    assert get(store, third).waits_its_turn


def test_what_was_let_go_waits_again_when_a_person_sends_the_one_before(
    store: Store, clock: StoppedClock
) -> None:
    first, second = chain(store, Follow.CONTINUE, NOW, NOW + HOUR)
    bring(store, first, State.FAILED, wake_at=None)
    step(store, first, Step.RETRIED, wake_at=NOW)
    assert get(store, second).waits_its_turn
    clock.forward(hours=2)
    step(store, first, Step.INTENDED, Step.LANDED)
    assert get(store, second).due_at == clock.at


def test_a_draft_that_follows_waits_for_a_person_whatever_becomes_of_the_one_before(
    store: Store,
) -> None:
    posts = [
        a_new_post(a_new_delivery(state=State.DRAFT, follows=Follow.CONTINUE, wake_at=NOW + HOUR))
        for _ in range(3)
    ]
    first, second, third = (saved.deliveries[0] for saved in store.add_posts(posts, run=a_run()))
    store.record([a_move(second, Step.CANCELLED)], run=a_run())
    now = get(store, third.ref)
    told_at = NOW + HOUR  # if nobody has approved it by then
    assert (now.state, now.after_id, now.wake_at) == (State.DRAFT, first.id, told_at)

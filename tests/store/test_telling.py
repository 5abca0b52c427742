"""Who ended badly is told once: by the run that found out, or by the next one."""

from __future__ import annotations

import pytest

from postcron.states import State, Step
from postcron.store import Store
from tests.builders import StoppedClock, a_run
from tests.store.explained import plans
from tests.store.journeys import a_move, brought_to


@pytest.mark.parametrize("state", State)
def test_only_what_ended_badly_is_to_be_told(store: Store, state: State) -> None:
    delivery = brought_to(store, state)
    bad = state in {State.FAILED, State.LATE, State.UNKNOWN, State.CONFIRMING}
    assert store.untold(10) == ([delivery] if bad else [])


def test_what_was_told_is_told_no_more_until_it_ends_badly_again(
    store: Store, clock: StoppedClock
) -> None:
    failed = brought_to(store, State.FAILED)
    store.tell([failed])
    assert store.untold(10) == []
    clock.forward(minutes=1)
    (edited,) = store.record([a_move(failed, Step.EDITED)], run=a_run())
    assert store.untold(10) == [edited]


def test_what_has_moved_since_it_was_read_is_not_taken_for_told(
    store: Store, clock: StoppedClock
) -> None:
    failed = brought_to(store, State.FAILED)
    clock.forward(minutes=1)
    (edited,) = store.record([a_move(failed, Step.EDITED)], run=a_run())
    store.tell([failed])
    assert store.untold(10) == [edited]


def test_who_takes_a_step_by_hand_need_not_be_told(store: Store) -> None:
    failed = brought_to(store, State.FAILED)
    store.record([a_move(failed, Step.EDITED)], run=a_run(actor="ann"))
    assert store.untold(10) == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_who_is_to_be_told_is_asked_of_an_index_that_is_empty_while_all_is_well(
    store: Store,
) -> None:
    [plan] = plans(store, lambda: store.untold(10))
    assert "SEARCH delivery USING INDEX delivery_untold" in plan

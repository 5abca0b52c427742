"""Bringing a delivery of a stage into any state, as if runs that are gone by now had done it."""

from __future__ import annotations

from datetime import timedelta

from postcron.model import Delivery
from postcron.operations.schedule import schedule
from postcron.operations.wishes import Wish
from postcron.states import FINAL, State
from tests.builders import NOW, a_run
from tests.operations.stage import Stage
from tests.store.journeys import a_move, way


def brought_here(stage: Stage, state: State, *, wakes: bool) -> Delivery:
    """Return a delivery due in a minute; with `wakes` postcron goes on with it, else a person must."""
    draft = state is State.DRAFT
    wish = Wish(text="old", accounts=["acme"], at=None if draft else "in 1m", draft=draft)
    [delivery] = schedule(stage.house, wish, actor="me").deliveries
    assert isinstance(delivery, Delivery)
    for step in way(delivery.state, state):
        move = a_move(delivery, step)
        if wakes and move.wake_at is None and state not in FINAL:
            move = a_move(delivery, step, wake_at=NOW + timedelta(seconds=1))
        [moved] = stage.house.store.record([move], run=a_run())
        assert moved is not None
        delivery = moved
    return delivery

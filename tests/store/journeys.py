"""Bringing a delivery into a state by the steps that lead there."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import insert

from postcron.model import Delivery, Move, Outcome, Run, Scope
from postcron.states import STEPS, State, Step
from postcron.store import Store
from postcron.store.tables import pause
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added

LEASE = NOW + timedelta(minutes=2)

#: what each step after the call means for the attempt
CLOSES = {
    Step.NOT_SENT: Outcome.NOT_SENT,
    Step.REFUSED: Outcome.REFUSED,
    Step.LANDED: Outcome.LANDED,
    Step.ACCEPTED: Outcome.ACCEPTED,
    Step.LOST: Outcome.UNKNOWN,
    Step.FOUND: Outcome.LANDED,
    Step.DENIED: Outcome.REFUSED,
    Step.REPEATED: Outcome.PROVED_ABSENT,
    Step.RESENT: Outcome.DECLARED_ABSENT,
    Step.VANISHED: Outcome.UNKNOWN,
    Step.TAKING_BACK: Outcome.UNKNOWN,
    Step.TAKEN_BACK: Outcome.REFUSED,
}


def a_move(delivery: Delivery, step: Step, **more: Any) -> Move:
    """The move an operation would make of this step."""
    after = STEPS.get((delivery.state, step))
    lease = LEASE if after in {State.UPLOADING, State.PUBLISHING} or step is Step.CLAIMED else None
    given: dict[str, Any] = {"wake_at": lease, "lease_until": lease, "close": CLOSES.get(step)}
    if after is State.PUBLISHED:
        given["set"] = {"remote_id": f"remote-{delivery.id}", "published_at": NOW}
    return Move(delivery, step, **(given | more))


def brought_to(store: Store, state: State, run: Run | None = None, **new: Any) -> Delivery:
    """Return a `new` delivery that has come to `state` the shortest way."""
    start = State.DRAFT if state is State.DRAFT else State.SCHEDULED
    saved = added(store, a_new_post(a_new_delivery(state=start, **new)), run=run or a_run())
    delivery = saved.deliveries[0]
    for step in way(start, state):
        (moved,) = store.record([a_move(delivery, step)], run=run or a_run())
        assert moved is not None
        delivery = moved
    return delivery


def pause_all(store: Store) -> None:
    """Hold back everything of the workspace that the builders fill."""
    everything = {"workspace": "acme", "scope": Scope.ALL, "name": "", "since": NOW, "by": "ada"}
    with store._database.engine.begin() as connection:
        connection.execute(insert(pause).values(**everything))


def way(start: State, end: State) -> Sequence[Step]:
    """Return the fewest steps from one state to another."""
    ways: dict[State, tuple[Step, ...]] = {start: ()}
    waiting = deque([start])
    while end not in ways:
        here = waiting.popleft()
        for (before, step), after in STEPS.items():
            if before is here and after not in ways:
                ways[after] = (*ways[here], step)
                waiting.append(after)
    return ways[end]

"""How a batch stands, derived from its deliveries and never kept."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from enum import StrEnum

from postcron.states import AHEAD, STUCK, State

#: how many deliveries stand in a state, and whether something moves them by itself
Tally = Mapping[tuple[State, bool], int]


class Standing(StrEnum):
    """How a batch stands."""

    #: something moves it by itself
    PROCESSING = "processing"
    #: each of its posts is out, or withdrawn
    COMPLETED = "completed"
    #: nothing moves by itself any more, and not all of it is out: a person decides
    FAILED = "failed"
    PAUSED = "paused"


def standing(tally: Tally, *, paused: bool) -> Standing:
    """Return how a batch stands whose deliveries stand so.

    A draft waits for its person, who knows of it; what waits its turn waits for the others.
    """
    there = {key for key, count in tally.items() if count}
    states = {state for state, _ in there}
    if not states & (AHEAD | STUCK | {State.PUBLISHING, State.DRAFT}):
        return Standing.COMPLETED
    if paused:
        return Standing.PAUSED
    moving = {state for state, by_itself in there if by_itself} - {State.PUBLISHED}
    if moving or (State.DRAFT in states and not states & STUCK):
        return Standing.PROCESSING
    return Standing.FAILED


def count(tally: Tally, *states: State) -> int:
    """Return how many deliveries stand in one of these states; in any, if none is named."""
    return sum(number for (state, _), number in tally.items() if not states or state in states)


def stop(name: str, ref: str) -> str:
    """Return what a person is told of a batch that has stopped."""
    onward = f"postcron batch resume {shlex.quote(name)}"
    return f"Batch {name} has stopped at {ref}, which did not go out: `{onward}` goes on past it."

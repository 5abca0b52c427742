"""How things went, in figures that the store has worked out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from postcron.states import State


@dataclass(frozen=True)
class Count:
    """How many deliveries of an account stand in a state."""

    platform: str
    account: str
    state: State
    count: int


@dataclass(frozen=True)
class Punctuality:
    """How long after it was due the posts of a platform left, and were known to be live.

    In seconds; half of them took no longer than `p50`, nineteen of twenty no longer than `p95`.
    """

    platform: str
    #: those whose call is known to have left, and when
    count: int
    sent_p50: float
    sent_p95: float
    live_p50: float
    live_p95: float


@dataclass(frozen=True)
class Result:
    """How one post did: when it went out, and what it had in its first week."""

    at: datetime
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class Hour:
    """An hour of the week, local to the account: Monday is 0."""

    weekday: int
    hour: int
    #: how good it is; only the order means something
    worth: float

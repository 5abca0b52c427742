"""Misbehaving on demand: what a platform may do to a call at the worst moment."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from postcron.errors import Invalid


class Kind(StrEnum):
    """What goes wrong with a call."""

    #: it is carried out, and the connection ends without a word
    ANSWER_LOST = "answer_lost"
    #: it is carried out, and the answer says 500
    ERROR_THOUGH_PUBLISHED = "error_though_published"
    #: the connection ends before anything is done
    DROP_BEFORE = "drop_before"
    #: it is carried out, and the answer comes `seconds` later
    SLOW = "slow"
    #: only for `schedule`: the post goes live, and nothing says where
    NO_ADDRESS = "no_address"
    #: only for `schedule`: the network behind the platform refuses the post
    NETWORK_REFUSES = "network_refuses"


#: the calls a fault can be put on
CALLS = frozenset({"accounts", "media", "create", "read", "list", "delete", "schedule"})


@dataclass(frozen=True)
class Fault:
    """One misbehaviour, for the next `times` calls of one sort."""

    on: str
    kind: Kind
    times: int = 1
    seconds: float = 0.0


def fault(**given: Any) -> Fault:
    """Return the fault described; raises `Invalid`."""
    try:
        made = Fault(**given)
        made = replace(made, kind=Kind(made.kind), seconds=float(made.seconds))
    except (TypeError, ValueError) as error:
        known = ", ".join(Kind)
        raise Invalid(f"A fault has on, kind, times and seconds; kinds are {known}.") from error
    if str(made.on) not in CALLS:
        raise Invalid(f"There is no call {made.on!r}; known are {', '.join(sorted(CALLS))}.")
    if type(made.times) is not int or made.times < 1 or not 0 <= made.seconds <= 600:
        raise Invalid("A fault happens once at least, and delays by ten minutes at most.")
    return made


class Faults:
    """What is still to go wrong, in the order it was asked for."""

    def __init__(self, waiting: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._waiting = list(waiting)

    def add(self, new: Fault) -> None:
        with self._lock:
            self._waiting.append(new)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, call: str) -> Fault | None:
        """Return what goes wrong with this call, and count it."""
        with self._lock:
            for place, waiting in enumerate(self._waiting):
                if waiting.on == call:
                    self._waiting[place : place + 1] = _rest(waiting)
                    return waiting
        return None

    def waiting(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(each) for each in self._waiting]


def _rest(taken: Fault) -> list[Fault]:
    return [replace(taken, times=taken.times - 1)] if taken.times > 1 else []

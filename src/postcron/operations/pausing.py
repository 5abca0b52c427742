"""Pause and resume: hold back everything, an account, a campaign or a batch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from postcron.errors import Invalid, NotFound, Refused
from postcron.model import Delivery, Filter, Move, Pause, Scope
from postcron.operations.ahead import have_back, keeps, queued_at
from postcron.operations.drafting import first_wake
from postcron.operations.house import House
from postcron.operations.tick import is_late
from postcron.operations.under_pause import told
from postcron.rules import pausing
from postcron.states import State, Step


@dataclass(frozen=True)
class Paused:
    """The pause in force, and how far it reaches."""

    pause: Pause
    #: it was there before
    old: bool
    #: deliveries it holds back
    waiting: int
    #: their call was on its way when it began, or their platform may publish them all the same
    under_way: tuple[Delivery, ...]
    #: why, of the latter
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resumed:
    """A pause that is over, and the deliveries that have met it."""

    pause: Pause
    deliveries: tuple[Delivery, ...]

    @property
    def late(self) -> list[Delivery]:
        """What a person has to decide about."""
        return [one for one in self.deliveries if one.state is State.LATE]


def pause(house: House, scope: Scope, name: str, *, why: str | None, actor: str) -> Paused:
    """Hold back what is named: once this has returned, nothing new of it is sent."""
    _require_known(house, scope, name)
    new = Pause(scope, name, house.store.now(), actor, why)
    begun, sending = house.store.pauses.begin(new)
    under_way, kept = {one.id: one for one in sending}, []
    for one in house.store.pauses.given_ahead(begun):
        if not keeps(house, one):
            continue
        try:
            have_back(house, one, actor=actor)
            under_way.pop(one.id, None)  # its call has ended meanwhile
        except Refused as refused:
            under_way[one.id] = one
            kept.append(refused.message)
    waiting = house.store.pauses.behind(begun)
    return Paused(begun, begun != new, waiting, tuple(under_way.values()), tuple(kept))


def _require_known(house: House, scope: Scope, name: str) -> None:
    if scope is Scope.ACCOUNT:
        house.account(name)
    wanted = {Scope.CAMPAIGN: Filter(campaign=name), Scope.BATCH: Filter(batch=name)}
    if scope in wanted and not house.store.count(wanted[scope]):
        raise NotFound(f"No post belongs to {scope} {name!r}: nothing is paused.")


def resume(
    house: House,
    scope: Scope,
    name: str,
    *,
    late: str | None = None,
    shift: bool = False,
    actor: str,
) -> Resumed:
    """End a pause. What it made late follows its account's policy, or `late`; or all moves on.

    What goes in the order of a batch goes on where that stopped: a pause is no reason to lose it.
    Raises `NotFound` where nothing is paused.
    """
    if late is not None and shift:
        raise Invalid("--late and --shift say two things about what was missed: give one.")

    def moves(ended: Pause, met: Sequence[Delivery], in_order: Collection[int]) -> list[Move]:
        wanted = {one.id: late or ("publish" if one.id in in_order else None) for one in met}
        return [_goes_on(house, ended, one, wanted[one.id], shift=shift) for one in met]

    found = house.store.pauses.lift(scope, name, moves, run=house.run("resume", actor=actor))
    if found is None:
        raise NotFound(_not_paused(house, scope, name))
    return Resumed(found[0], tuple(found[1]))


def _not_paused(house: House, scope: Scope, name: str) -> str:
    there = house.store.pauses.every()
    what = "Everything" if scope is Scope.ALL else f"{scope.capitalize()} {name}"
    rest = ", ".join(map(str, there)) if there else "nothing"
    return f"{what} is not paused as such; paused: {rest}."


def _goes_on(house: House, ended: Pause, one: Delivery, late: str | None, *, shift: bool) -> Move:
    now, why = house.clock.now(), {"why": f"It was {told(house, ended)}."}
    if shift and one.due_at is not None and one.due_at <= now:
        return _later(house, one, pausing.shifted(one.due_at, ended, now), why)
    called_late, policy = one.state is State.LATE, house.policy(one.account)
    if not called_late and not is_late(one, now, policy):
        return Move(one, Step.RESUMED, now, _FORGOTTEN, detail=why)
    match late or policy.late:
        case "publish":
            step = Step.ALLOWED if called_late else Step.RESUMED
            return Move(one, step, now, {**_FORGOTTEN, "grace_from": now}, detail=why)
        case "skip":
            return Move(one, Step.CANCELLED, None, detail=why)
    step = Step.RESUMED if called_late else Step.MISSED
    changes = {"error_code": "late", "error": one.error if called_late else why["why"]}
    return Move(one, step, None, changes, detail=why)


#: what a pause has left on a delivery
_FORGOTTEN: Final[Mapping[str, Any]] = {"error_code": None, "error": None}


def _later(house: House, one: Delivery, due_at: datetime, why: Mapping[str, str]) -> Move:
    ready = one.state is State.READY
    wake = first_wake(house, house.account(one.account), State.SCHEDULED, due_at)
    changes = {**_FORGOTTEN, "due_at": due_at, "grace_from": None, "reason": why["why"]}
    moment = queued_at(house, one.account, due_at) if ready else wake
    return Move(one, Step.RESCHEDULED, moment, changes, detail=why)

"""Ahead: platforms that are given a post before its moment, and keep it until then.

For what they keep, the publish call is made so much earlier. Until its moment it can be had back:
then nothing of it will appear, and it waits here again as if it had not been sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from postcron.errors import Invalid, PlatformError, Refused
from postcron.model import Delivery, Move, Outcome, Phase, Run, Ticket
from postcron.operations.doors import Doors
from postcron.operations.drafting import first_wake
from postcron.operations.house import House
from postcron.operations.preparing import draft
from postcron.operations.settings import settings
from postcron.platforms.base import Keeps
from postcron.states import State, Step

#: if this process dies meanwhile, a run looks then whether it is still there
LOOK_AFTER = timedelta(minutes=1)


def spans(house: House) -> Mapping[str, timedelta]:
    """Return how long ahead posts are given to their platforms, of the accounts where they are."""
    if house.ahead is None:
        found = {name: _span(house, name) for name in house.config.accounts}
        house.ahead = {name: span for name, span in found.items() if span}
    return house.ahead


def span(house: House, account: str) -> timedelta:
    """Return how long before it is due the publish call of an account is made."""
    return spans(house).get(account, timedelta())


def _span(house: House, name: str) -> timedelta:
    account = house.config.accounts[name]
    try:
        platform = house.platform_class(account)
        return platform.ahead(settings(house, account)) if issubclass(platform, Keeps) else _NONE
    except Invalid:
        return _NONE  # it is left out of every run anyhow


_NONE = timedelta()


def queued_at(house: House, account: str, due_at: datetime) -> datetime:
    """Return when what is ready has to be queued."""
    return due_at - house.config.run.horizon - span(house, account)


def coming(
    house: House, phase: Phase, *, now: datetime, until: datetime, limit: int
) -> list[Delivery]:
    """Return what a phase would touch whose moment comes by `until`."""
    found = house.store.due.waiting(phase, now=now, until=until, limit=limit)
    for name, by in spans(house).items():
        others = house.config.accounts.keys() - {name}
        found += house.store.due.waiting(phase, now=now, until=until + by, limit=limit, skip=others)
    return list({one.id: one for one in found}.values())[:limit]


# --- having it back ------------------------------------------------------------------------------


def is_kept(house: House, one: Delivery) -> bool:
    """Say whether a platform may have it still, and can give it back."""
    account = house.config.accounts.get(one.account)
    if one.state is not State.CONFIRMING or account is None:
        return False
    return issubclass(house.platform_class(account), Keeps)


def take_back(house: House, some: Sequence[Delivery], *, actor: str) -> None:
    """Have back what platforms keep of these, so that it can be changed; the others are left alone.

    Raises `Refused` for one that is not given back: it will appear. Those before it wait here again.
    """
    kept = [one for one in some if is_kept(house, one)]
    doors, run = Doors(house), house.run("take back", actor=actor)
    for one in kept:
        _take_back(house, doors, run, one)


def _take_back(house: House, doors: Doors, run: Run, one: Delivery) -> None:
    post = house.store.posts({one.post_id})[one.post_id]
    # Written down first: if this process dies after the platform's yes, a run finds it missing, and tells.
    [begun] = house.record([_asking(house, one)], run=run)
    if begun is None:
        raise Refused(f"{one.ref} has just been changed by another run: look at it again.")
    try:
        platform = doors.reader(house.account(one.account))
        assert isinstance(platform, Keeps)  # noqa: S101 - its class is
        platform.withdraw(draft(house, one, post), one.ticket)
    except PlatformError as error:
        message = f"{one.ref} was given to {one.platform} ahead, and could not be had back:"
        raise Refused(f"{message} {error.message}", code="not_given_back") from error
    for _ in range(3):  # a run may have looked at it meanwhile
        [now] = house.store.reload([one.id])
        if house.carry_out([_back(house, now)], run=run):
            return
    raise Refused(
        f"{one.ref} will not appear, and that could not be written down: see `postcron show {one.ref}`."
    )


def _asking(house: House, one: Delivery) -> Move:
    why = f"{one.platform} was asked to give it back, and what it answered is not known."
    return Move(
        one,
        Step.TAKING_BACK,
        house.store.now() + LOOK_AFTER,
        {"error_code": "taking_back", "error": why},
        close=Outcome.UNKNOWN,
    )


def _back(house: House, one: Delivery) -> Move:
    changes = {
        "ticket": Ticket(),
        "ready_at": None,
        "not_before": None,
        "tries": 0,
        "error_code": None,
        "error": None,
    }
    wake = first_wake(house, house.account(one.account), State.SCHEDULED, one.due_at)
    why = f"{one.platform} gave it back."
    return Move(
        one,
        Step.TAKEN_BACK,
        wake,
        changes,
        close=Outcome.REFUSED,
        attempt={"code": "taken_back", "message": why},
        detail={"why": why},
    )

"""Ahead: platforms that are given a post before its moment, and keep it until then.

For what they keep, the publish call is made so much earlier. Until its moment it can be had back:
then nothing of it will appear, and it waits here again as if it had not been sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from postcron.errors import Invalid, PlatformError, Refused
from postcron.model import Delivery, Move, Outcome, Phase, Run, Ticket
from postcron.operations.doors import Doors
from postcron.operations.drafting import first_wake
from postcron.operations.editable import is_open
from postcron.operations.house import House
from postcron.operations.preparing import draft
from postcron.operations.settings import settings
from postcron.platforms.base import Keeps
from postcron.rules.spans import until
from postcron.states import STEPS, UNCERTAIN, State, Step

#: if this process dies meanwhile, a run looks then whether it is still there
LOOK_AFTER = timedelta(minutes=1)
#: runs leave what was had back to the command that asked for it, so long
HANDS_OFF = timedelta(seconds=15)
#: the code of what was asked back, with no answer that is known
TAKING_BACK: Final = "taking_back"


def spans(house: House) -> Mapping[str, timedelta]:
    """Return how long ahead posts are given to their platforms, of the accounts where they are."""
    if house.ahead is None:
        found = {name: _span(house, name) for name in house.config.accounts}
        house.ahead = {name: span for name, span in found.items() if span}
    return house.ahead


def span(house: House, account: str) -> timedelta:
    """Return how long before it is due the publish call of an account is made."""
    return spans(house).get(account, timedelta())


def longest(house: House) -> Mapping[str, timedelta]:
    """Return how long ahead a platform may have a post, by the names of those that are given some.

    The longest of all its accounts: those of other workspaces are not known here.
    """
    found: dict[str, timedelta] = {}
    for name, by in spans(house).items():
        platform = house.config.accounts[name].platform
        found[platform] = max(by, found.get(platform, by))
    return found


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
    house: House, phase: Phase, *, now: datetime, end: datetime, limit: int
) -> list[Delivery]:
    """Return what a phase would touch whose moment comes by the `end`."""
    found = house.store.due.waiting(phase, now=now, until=end, limit=limit)
    for name, by in spans(house).items():
        others = house.config.accounts.keys() - {name}
        found += house.store.due.waiting(phase, now=now, until=end + by, limit=limit, skip=others)
    return list({one.id: one for one in found}.values())[:limit]


# --- having it back ------------------------------------------------------------------------------


def keeps(house: House, one: Delivery) -> bool:
    """Say whether its platform gives back what it keeps."""
    account = house.config.accounts.get(one.account)
    try:
        return account is not None and issubclass(house.platform_class(account), Keeps)
    except Invalid:
        return False


def is_kept(house: House, one: Delivery) -> bool:
    """Say whether a platform may have it still, and can give it back."""
    return one.state is State.CONFIRMING and keeps(house, one)


def may_appear(house: House, one: Delivery, now: datetime) -> bool:
    """Say whether its platform may have it, and publish it by itself at a moment that is to come."""
    given = one.state in UNCERTAIN | {State.PUBLISHING} and keeps(house, one)
    return given and one.due_at is not None and one.due_at > now


def is_changeable(house: House, one: Delivery) -> bool:
    """Say whether a person may still change or withdraw it, if need be by having it back first."""
    return is_open(house, one) or is_kept(house, one)


def have_back(house: House, one: Delivery, *, actor: str) -> None:
    """Have back what a platform keeps, or is being given; raises `Refused` where that cannot be."""
    if not is_kept(house, one):
        raise Refused(
            f"{one.ref} is just being given to {one.platform}, which may publish it "
            f"{until(one.due_at or one.created_at, house.clock.now())}: once `postcron show {one.ref}` says "
            f"confirming, the same command again has it back."
        )
    take_back(house, [one], actor=actor)


def take_back(house: House, some: Sequence[Delivery], *, actor: str) -> list[Delivery]:
    """Have back what platforms keep of these, so that it can be changed; return all as they stand.

    Raises `Refused` for one that is not given back: it will appear. Those before it wait here again.
    """
    if not any(is_kept(house, one) for one in some):
        return list(some)
    doors, run = Doors(house), house.run("take back", actor=actor)
    return [_had_back(house, doors, run, one) if is_kept(house, one) else one for one in some]


def _had_back(house: House, doors: Doors, run: Run, one: Delivery) -> Delivery:
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
        if (now.state, Step.TAKEN_BACK) not in STEPS:
            break
        if made := house.carry_out([_back(house, now)], run=run):
            return made[0]
    raise Refused(
        f"{one.ref} will not appear, and that could not be written down: see `postcron show {one.ref}`."
    )


def _asking(house: House, one: Delivery) -> Move:
    why = f"{one.platform} was asked to give it back, and what it answered is not known."
    return Move(
        one,
        Step.TAKING_BACK,
        house.store.now() + LOOK_AFTER,
        {"error_code": TAKING_BACK, "error": why},
        close=Outcome.UNKNOWN,
    )


def _back(house: House, one: Delivery) -> Move:
    left_alone_until = house.store.now() + HANDS_OFF
    changes = {
        "ticket": Ticket(),
        "ready_at": None,
        "not_before": left_alone_until,
        "tries": 0,
        "error_code": None,
        "error": None,
    }
    lead = first_wake(house, house.account(one.account), State.SCHEDULED, one.due_at)
    wake = max(lead or left_alone_until, left_alone_until)
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

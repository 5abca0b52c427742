"""Accounts at work: which may be used now, and what their platforms say when they are asked."""

from __future__ import annotations

from dataclasses import dataclass

from postcron.errors import Invalid, PlatformError, PostcronError
from postcron.model import Account, AccountState, Identity
from postcron.operations.breaking import Opening, learn, went_well
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.outlook import Outlook, outlook
from postcron.operations.settings import broken


@dataclass(frozen=True)
class Standing:
    """Which accounts must not be used now, and which only one call at a time."""

    unusable: frozenset[str] = frozenset()
    #: left alone until a moment that has come: the next call shows whether it is over
    on_trial: frozenset[str] = frozenset()


def standing(house: House) -> Standing:
    """Return how all accounts stand: unusable are those disabled, broken or left alone."""
    now = house.clock.now()
    states = house.store.accounts.every()
    here = {name for name, account in house.config.accounts.items() if not account.enabled}
    held = {name for name, state in states.items() if Opening.of(state, now) is not None}
    held = here | held | broken(house).keys()
    tried = {name for name, state in states.items() if state.blocked_until is not None}
    return Standing(frozenset(held), frozenset(tried - held))


def unusable(house: House) -> frozenset[str]:
    """Return the accounts that must not be used now."""
    return standing(house).unusable


@dataclass(frozen=True)
class Checked:
    """What asking a platform about one account showed."""

    account: Account
    identity: Identity | None
    state: AccountState
    problem: PostcronError | None
    outlook: Outlook


def check(house: House, names: list[str], *, accept: bool = False) -> list[Checked]:
    """Ask each platform who we are; a good answer lifts the account's block.

    With `accept` whoever it says is the right one from now on; without an answer nothing changes.
    """
    named = [house.account(name) for name in dict.fromkeys(names)]
    chosen = named or list(house.config.accounts.values())
    doors = Doors(house)
    return [_checked(house, doors, account, accept=accept) for account in chosen]


def _checked(house: House, doors: Doors, account: Account, *, accept: bool) -> Checked:
    problem: PostcronError | None = None
    try:
        doors.open(account, asked=True, accept=accept)
    except PlatformError as error:
        learn(house, account.name, error, ref="check")
        problem = error
    except Invalid as error:
        problem = error  # a key or a secret that is missing: nothing was asked
    else:
        went_well(house, account.name)
        house.store.accounts.set(account.name, block_code=None, block_why=None)
    state = house.store.accounts.one(account.name)
    known = None if state.remote_id is None else Identity(state.remote_id, state.remote_name or "")
    identity = known if problem is None else None
    return Checked(account, identity, state, problem, outlook(house, account, state))

"""Logging in with a browser: a person consents at the platform, and the session is kept sealed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from postcron.errors import Invalid
from postcron.model import Account, AccountState, Identity
from postcron.operations.breaking import went_well
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.sessions import keep, remember, renewing
from postcron.operations.settings import settings
from postcron.platforms.base import Authorizes
from postcron.web.landing import Landing, belongs, is_here, parameters

#: a person has to find a password, and perhaps a telephone
PATIENCE: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class LoggedIn:
    """Who an account is now, and for how long without another login."""

    account: Account
    identity: Identity | None
    state: AccountState


@dataclass(frozen=True)
class Asking:
    """How a person is asked: shown the page, and how what their browser got comes back to us."""

    #: shows the page to open
    show: Callable[[str], None]
    #: asks for the address the browser ended at
    paste: Callable[[], str]
    #: it comes by itself, to a port of ours, unless it is sent to another machine
    lands: bool = True
    port: int = 0
    #: the address the platform was told, where that is neither the account's `redirect_uri` nor ours
    redirect: str | None = None
    patience: timedelta = field(default=PATIENCE)


def login(house: House, name: str, asking: Asking, *, accept: bool = False) -> LoggedIn:
    """Log in for an account; raises `Invalid` when nobody came back with a code.

    The identity is compared before the session is kept: the wrong login changes nothing, unless
    `accept` says that it is the right one. A good one lifts the account's block.
    """
    account = house.account(name)
    doors = Doors(house)
    platform = doors.stranger(account)
    if not isinstance(platform, Authorizes):
        message = (
            f"{account.platform} has no login with a browser: its token stands in {account.where}."
        )
        raise Invalid(message, code="no_login")
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    told = asking.redirect or settings(house, account).get("redirect_uri")
    with _back(house, asking, state, told) as (redirect, wait):
        asking.show(platform.authorization(redirect, state, verifier))
        code = _code(wait(), state)
    house.secrets.remember(code)
    session = platform.redeem(code, redirect, verifier, house.clock.now())
    remember(house, session)
    with renewing(house, name):
        identity = doors.introduce(account, session, accept=accept)
        keep(house, name, session)
    if identity is not None:
        doors.known(account, identity)
    house.store.accounts.set(name, block_code=None, block_why=None)
    went_well(house, name)
    return LoggedIn(account, identity, house.store.accounts.one(name))


@contextmanager
def _back(
    house: House, asking: Asking, state: str, told: str | None
) -> Iterator[tuple[str, Callable[[], Mapping[str, str] | None]]]:
    """Return where the browser is to go, and how to get what it brings."""
    if not asking.lands or (told is not None and not is_here(told)):
        ours = f"http://127.0.0.1:{asking.port or 8723}/callback"
        yield told or ours, lambda: parameters(asking.paste())
        return
    with Landing(asking.port, state) as landing:
        seconds = asking.patience.total_seconds()
        yield told or landing.address, lambda: landing.wait(seconds, house.stop.is_set)


def _code(brought: Mapping[str, str] | None, state: str) -> str:
    if brought is None:
        message = "Nobody came back from the login page in time: try again, or with --paste."
        raise Invalid(message, code="no_code")
    if error := brought.get("error"):
        said = brought.get("error_description", error)
        raise Invalid(f"The platform did not agree: {said}.", code="login_refused")
    if not belongs(brought, state):
        message = "This address does not belong to this login: copy the one you ended at just now."
        raise Invalid(message, code="wrong_state")
    if not brought.get("code"):
        raise Invalid("The address has no code in it: copy all of it.", code="no_code")
    return brought["code"]

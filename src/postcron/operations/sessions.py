"""Sessions that all runs of all hosts share: renewed by one of them at a time, kept sealed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from postcron.model import Session
from postcron.operations.house import House

#: a session that ends sooner is renewed before it is used: never in the publish call's way
FRESH: Final = timedelta(minutes=10)
#: longer than a renewal can take; after a crash in the middle of one the next run waits as long
RENEWING: Final = timedelta(minutes=2)
ASK_EVERY: Final = timedelta(seconds=1)
#: a session that is still good, and could not be renewed early, is used as it is for so long
RENEW_AGAIN: Final = timedelta(hours=6)


def is_fresh(house: House, session: Session | None) -> bool:
    """Say whether a session can be used without renewing it."""
    if session is None or not lasts(house, session):
        return False
    return session.renew_at is None or house.clock.now() < session.renew_at


def lasts(house: House, session: Session) -> bool:
    """Say whether a session will still be good in a while, renewed or not."""
    return session.expires_at - house.clock.now() > FRESH


@contextmanager
def renewing(house: House, account: str) -> Iterator[None]:
    """Wait until nobody else renews this account's session: two renewals would void each other.

    What the one before left in the store is for the caller to read first.
    """
    until = house.store.now() + RENEWING
    while not house.store.accounts.hold(account, until=until):
        house.clock.sleep_until(house.clock.now() + ASK_EVERY)
        until = house.store.now() + RENEWING
    try:
        yield
    finally:
        house.store.accounts.release(account, until=until)


def unsealed(house: House, account: str) -> Session | None:
    """Return the session the store has for an account, if it has one."""
    state = house.store.accounts.one(account)
    if state.session is None or state.session_expires_at is None:
        return None
    session = Session(
        house.sealer.unseal(state.session),
        state.session_expires_at,
        state.session_renew_at,
        state.session_dies_at,
    )
    remember(house, session)
    return session


def keep(house: House, account: str, session: Session) -> None:
    """Put a session into the store. Whose it is has to be asked before it sends anything."""
    remember(house, session)
    house.store.accounts.set(
        account,
        session=house.sealer.seal(session.data),
        session_expires_at=session.expires_at,
        session_renew_at=session.renew_at,
        session_dies_at=session.dies_at,
        checked_at=None,
    )


def remember(house: House, session: Session) -> None:
    """Keep its secrets out of every message and log."""
    for value in session.data.values():
        house.secrets.remember(value)

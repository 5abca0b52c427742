"""What a platform's error says about an account, kept so that the other posts do not try too.

What is in force stands in the account's state, which every run reads before it claims; the breakers
behind it are read only when something goes wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from postcron.errors import Code, Evidence, PlatformError, Temporary
from postcron.model import Account, AccountState, Breaker, Trouble
from postcron.rules import breaker
from postcron.rules.breaker import Change, Meaning
from postcron.rules.spans import until

if TYPE_CHECKING:
    from postcron.operations.house import House


@dataclass(frozen=True)
class Opening:
    """From now on an account is left alone: told once, however many posts it keeps waiting."""

    account: str
    #: None: until a person has logged in again
    until: datetime | None
    why: str
    #: no run before this one has said so
    new: bool = True

    @classmethod
    def of(cls, state: AccountState, now: datetime) -> Opening | None:
        """Return what is in force for an account, as the store has it."""
        lasts = state.blocked_until is not None and state.blocked_until > now
        if state.block_code is None and not lasts:
            return None
        until = None if state.block_code is not None else state.blocked_until
        return cls(state.account, until, state.block_why or state.block_code or "")

    def is_open(self, now: datetime) -> bool:
        return self.until is None or self.until > now

    def told(self, now: datetime) -> str:
        """Return what people have to know of it, in a line."""
        if self.until is None:
            mended = f"Log in again or mend it, then `postcron accounts check {self.account}`."
            return f"{self.account} is blocked: {self.why} {mended}"
        when = until(self.until, now)
        return f"{self.account} is left alone and tried again {when}: {self.why}"


@dataclass
class Openings:
    """What this process has opened; its workers ask here, because the store was read before."""

    _by_account: dict[str, Opening] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, opening: Opening) -> None:
        with self._lock:
            known = self._by_account.get(opening.account)
            # Said once: the second error of the same trouble is no news.
            if known is None or opening.new:
                self._by_account[opening.account] = opening

    def close(self, account: str) -> None:
        with self._lock:
            self._by_account.pop(account, None)

    def in_force(self, now: datetime) -> list[Opening]:
        """Return what this process was the first to find, and what is not over already."""
        with self._lock:
            return [one for one in self._by_account.values() if one.new and one.is_open(now)]

    def refuse(self, account: str, now: datetime) -> None:
        """Raise `Temporary` for an account that was opened and must not be called."""
        opening = self._by_account.get(account)
        if opening is not None and opening.is_open(now):
            raise Temporary(opening.why, code=Code.LEFT_ALONE, evidence=Evidence.NOT_SENT)


def learn(house: House, name: str, error: PlatformError, *, ref: str) -> None:
    """Keep what an error says about the account it happened to; `ref` names the delivery."""
    said, why, now = breaker.meaning(error), house.secrets.redact(error.message), house.clock.now()
    if said is Meaning.LOGIN:
        known = house.store.accounts.one(name)
        house.store.accounts.set(name, block_code=error.code, block_why=why)
        house.openings.add(Opening(name, None, why, new=known.block_code is None))
    elif said is Meaning.PAUSE and error.retry_after is not None:
        pause = partial(breaker.after_pause, until=now + error.retry_after, why=why)
        _change(house, _own(name), [name], pause)
    elif said is Meaning.TROUBLE:
        trouble = partial(breaker.after_trouble, trouble=Trouble(now, ref, name), why=why)
        _change(house, _own(name), [name], trouble)
        scope, accounts = _shared(house, name)
        _change(house, scope, accounts, partial(trouble, accounts=breaker.ACCOUNTS))


@contextmanager
def learning(house: House, name: str, *, ref: str) -> Iterator[None]:
    """Learn from whatever a platform says inside."""
    try:
        yield
    except PlatformError as error:
        learn(house, name, error, ref=ref)
        raise


def _change(house: House, scope: str, accounts: list[str], change: Change) -> None:
    """Change a breaker; while it is open, each of its accounts is left alone."""
    after = house.store.change_breaker(scope, change)
    if after.open_until is not None and breaker.is_open(after, house.clock.now()):
        for name in accounts:
            _leave_alone(house, name, after.open_until, f"{scope} has trouble: {after.why}")


def _leave_alone(house: House, name: str, until: datetime, why: str) -> None:
    known = house.store.accounts.one(name)
    if known.block_code is not None:
        return  # what a person has to mend must not be hidden by what passes
    new = known.blocked_until is None or known.blocked_until < until
    if new:
        house.store.accounts.set(name, blocked_until=until, block_why=why)
    house.openings.add(Opening(name, until, why, new=new))


def went_well(house: House, name: str) -> None:
    """Close what was open for an account: a call of it was answered well."""
    for scope in (_own(name), _shared(house, name)[0]):
        house.store.change_breaker(scope, lambda _: Breaker())
    house.store.accounts.set(name, blocked_until=None)
    house.openings.close(name)


def _own(account: str) -> str:
    return f"account {account}"


def _shared(house: House, name: str) -> tuple[str, list[str]]:
    """Return the scope an account shares with others, and who they are."""
    own = house.account(name)
    scope = _scope(house, own)
    alike = [a for a in house.config.accounts.values() if a.enabled and a.platform == own.platform]
    return scope, [account.name for account in alike if _scope(house, account) == scope]


def _scope(house: House, account: Account) -> str:
    """Return platform and host: two Mastodon servers are two."""
    keys = {key.name: key.default for key in house.platform_class(account).keys}
    address = account.settings.get("api_url", keys.get("api_url"))
    # Not the whole of it: whoever wrote a password into an address must not read it in a mail.
    host = urlsplit(address).netloc.rpartition("@")[2] if isinstance(address, str) else ""
    return f"{account.platform} at {host}" if host else account.platform

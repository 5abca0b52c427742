"""Doors: each platform opened once a run, its session fresh, its identity the one we know."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from postcron.errors import Code, Invalid, Permanent, PlatformError
from postcron.model import Account, AccountState, Identity, Session
from postcron.operations import wallclock
from postcron.operations.house import House
from postcron.operations.sessions import RENEW_AGAIN, is_fresh, keep, lasts, renewing, unsealed
from postcron.operations.settings import settings
from postcron.platforms.base import Identifies, Login, Platform, Refreshes
from postcron.web import Answer, Api

log = logging.getLogger(__name__)

#: an identity confirmed this recently is believed without asking again
KNOWN = timedelta(minutes=90)


@dataclass
class Doors:
    """The platforms of one run, each opened once: session renewed, identity compared."""

    house: House
    _open: dict[str, Platform] = field(default_factory=dict)
    #: accounts that were asked in this run what they may still publish
    allowed: set[str] = field(default_factory=set)
    #: the session each was opened with
    _sessions: dict[str, Session | None] = field(default_factory=dict)
    #: by how much our clock was ahead of each account's platform, when that was last heard
    _ahead: dict[str, timedelta] = field(default_factory=dict)
    #: one per account: a platform that is slow to say who we are holds up nobody else
    _locks: dict[str, threading.Lock] = field(default_factory=lambda: defaultdict(threading.Lock))

    def open(self, account: Account, *, asked: bool = False, accept: bool = False) -> Platform:
        """Return the account's platform, ready for calls; raises `Temporary` or `Permanent`.

        With `asked` the platform is asked who we are even if it told us lately, and with `accept`
        whoever it says is believed.
        """
        with self._locks[account.name]:
            if not asked:
                self.house.openings.refuse(account.name, self.house.clock.now())
            if account.name not in self._open or asked:
                self._open[account.name] = self._opened(account, asked=asked, accept=accept)
            return self._open[account.name]

    def reader(self, account: Account) -> Platform:
        """Return the platform for looking: a session if there is one, but no question who we are."""
        with self._locks[account.name]:
            if account.name not in self._open:
                return self._with_session(account)
            return self._open[account.name]

    def stranger(self, account: Account) -> Platform:
        """Return the platform without any session: for logging in."""
        return self._built(account, None)

    def introduce(self, account: Account, session: Session, *, accept: bool) -> Identity | None:
        """Return who a new session belongs to, None where nobody says.

        Raises `Permanent` if that is not who the account was, unless it is accepted now.
        """
        platform = self._built(account, session)
        if not isinstance(platform, Identifies):
            return None
        found = platform.whoami()
        if not accept:
            how = f"log in as the right one, or with `postcron accounts login {account.name} --accept`"
            _refuse_another(account, self.house.store.accounts.one(account.name), found, how)
        return found

    def known(self, account: Account, found: Identity) -> None:
        """Remember who the account is there."""
        self.house.store.accounts.set(
            account.name,
            remote_id=found.remote_id,
            remote_name=found.name,
            checked_at=self.house.clock.now(),
        )

    def forget(self, account: Account, platform: Platform) -> None:
        """Renew the session this platform was opened with before it is used again: it is over."""
        with self._locks[account.name]:
            if self._open.get(account.name) is not platform:
                return
            del self._open[account.name]
            # Another run may have been told the same, and have put a new one in its place.
            kept = unsealed(self.house, account.name)
            if kept is not None and kept == self._sessions.get(account.name):
                over = replace(kept, expires_at=self.house.clock.now())
                keep(self.house, account.name, over)

    def _opened(self, account: Account, *, asked: bool, accept: bool) -> Platform:
        platform = self._with_session(account)
        state = self.house.store.accounts.one(account.name)
        # After a time of being left alone the first call is a question, never a post.
        asked = asked or state.blocked_until is not None
        if isinstance(platform, Identifies) and (asked or self._is_old(state)):
            found = platform.whoami()
            wallclock.require_agreement(account.name, self._ahead.get(account.name))
            if not accept:
                how = f"accept it with `postcron accounts check {account.name} --accept`"
                _refuse_another(account, state, found, f"mend the token, or {how}")
            self.known(account, found)
        return platform

    def _is_old(self, state: AccountState) -> bool:
        # Either way: one that is still to come was made before the clock was set back.
        now = self.house.clock.now()
        return state.checked_at is None or abs(now - state.checked_at) > KNOWN

    def _with_session(self, account: Account) -> Platform:
        session = unsealed(self.house, account.name)
        platform = self._built(account, session)
        if not isinstance(platform, Refreshes) or is_fresh(self.house, session):
            return platform
        with renewing(self.house, account.name):
            session = unsealed(self.house, account.name)
            if not is_fresh(self.house, session):
                session = self._renewed(account, session)
        return self._built(account, session)

    def _renewed(self, account: Account, session: Session | None) -> Session:
        platform, now = self._built(account, session), self.house.clock.now()
        assert isinstance(platform, Refreshes)  # noqa: S101 - its class is
        try:
            session = platform.refresh(now)
        except PlatformError:
            # Renewed early, and in vain: it is good for a while, and no post has to wait for this.
            if session is None or not lasts(self.house, session):
                raise
            log.warning("the session of %s could not be renewed yet", account.name, exc_info=True)
            # If that goes on, its end is the login's: a person is told of it in time.
            ends = session.dies_at or session.expires_at
            session = replace(session, renew_at=now + RENEW_AGAIN, dies_at=ends)
        # Saved before its first use: a rotating token that is lost cannot be had again.
        keep(self.house, account.name, session)
        return session

    def _built(self, account: Account, session: Session | None) -> Platform:
        self._sessions[account.name] = session
        login = _login(self.house, account, session)
        return self.house.platform_class(account)(login, partial(self._api, account.name))

    def _api(self, account: str, base_url: str) -> Api:
        def heard(answer: Answer) -> None:
            if (theirs := answer.made_at()) is not None:
                self._ahead[account] = self.house.clock.now() - theirs

        deadline = self.house.config.run.deadline.total_seconds()
        return Api(base_url, deadline=deadline, heard=heard)


def _refuse_another(account: Account, state: AccountState, found: Identity, how: str) -> None:
    """Raise `Permanent` when a login is not the one it was: its posts would go out elsewhere."""
    if state.remote_id is None or state.remote_id == found.remote_id:
        return
    message = (
        f"The token of {account.name} now belongs to {found.name} ({found.remote_id}), "
        f"but it was {state.remote_name} ({state.remote_id}): nothing is sent. To go on, {how}."
    )
    raise Permanent(message, code=Code.ACCOUNT_UNUSABLE)


def _login(house: House, account: Account, session: Session | None) -> Login:
    def secret(name: str) -> str:
        return house.plain(account.settings.get(name, ""))

    def seal(text: str) -> str:
        return house.sealer.seal({"text": hidden(text)}).decode()

    def unseal(sealed: str) -> str:
        try:
            return hidden(str(house.sealer.unseal(sealed.encode())["text"]))
        except Invalid:
            return ""  # it lived for hours, and was sealed with a key that has been replaced since

    def hidden(address: str) -> str:
        house.secrets.remember(address.partition("?")[2] or address)
        return address

    return Login(account.name, settings(house, account), secret, session, seal, unseal)

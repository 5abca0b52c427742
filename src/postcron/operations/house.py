"""The house a use case works in: configuration, clock, store, library and platforms, opened on demand."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from postcron.clock import Clock, SystemClock
from postcron.config import Config
from postcron.errors import CannotWork, Code, ConfigInvalid, Evidence, Invalid, NotFound, Permanent
from postcron.model import Account, Delivery, MediaFile, Move, Policy, Run, SecretRef
from postcron.operations import host
from postcron.operations.breaking import Openings
from postcron.operations.harmless import harmless_move
from postcron.operations.witness import Witness
from postcron.rules.nearest import nearest
from postcron.secrets import Sealer, Secrets
from postcron.web import Guard

if TYPE_CHECKING:
    from postcron.media.library import Library
    from postcron.media.s3 import Keys
    from postcron.media.sources import Access
    from postcron.platforms.base import Platform
    from postcron.rules.best_times import Hours
    from postcron.store import Store


log = logging.getLogger(__name__)

NO_ADDRESS: Final = (
    "The platform fetches media from a web address, and the library has none: keep it in S3 "
    '(library = "s3://…"), or set public_url in [media] to where a web server shows it.'
)


def _find(platform: str) -> type[Platform]:
    from postcron.platforms import find

    return find(platform)


@dataclass(eq=False)
class House:
    """One configuration at work in one process; close it when done."""

    config: Config
    environ: Mapping[str, str]
    state_dir: Path
    clock: Clock = field(default_factory=SystemClock)
    #: where a media address may lead
    guard: Guard = field(default_factory=Guard)
    #: from a platform's name to its class
    find_platform: Callable[[str], type[Platform]] = _find
    #: where calls to platforms run; a test puts them in line
    executor: Callable[[int], Executor] = ThreadPoolExecutor
    #: set by a signal: finish what is in hand, claim nothing more
    stop: threading.Event = field(default_factory=threading.Event)
    #: accounts whose settings cannot be used, once that has been asked
    broken: dict[str, Invalid] | None = None
    #: how long ahead some accounts' posts are given to their platforms, once that has been asked
    ahead: Mapping[str, timedelta] | None = None
    #: how good the hours of accounts are, once that has been asked
    hours: dict[str, Hours] = field(default_factory=dict)
    #: accounts this process has come to leave alone
    openings: Openings = field(default_factory=Openings)
    #: how far the store's clock is ahead; None: measured (a test moves its own clock)
    store_skew: timedelta | None = None
    #: what this machine remembers of the store; preflight opens it
    witness: Witness = field(init=False, repr=False)

    @cached_property
    def secrets(self) -> Secrets:
        return Secrets(self.environ)

    @cached_property
    def store(self) -> Store:
        return self._opened(self.config.workspace)

    def whole_store(self) -> Store:
        """Return the store with all its workspaces, to be closed after use."""
        return self._opened(workspace=None)

    def _opened(self, workspace: str | None) -> Store:
        from postcron.store import open_store

        return open_store(
            self.store_url(), now=self.clock.now, skew=self.store_skew, workspace=workspace
        )

    def store_url(self) -> str:
        """Return the store's address, resolved: it may hold a password, so it is never shown."""
        return self.plain(self.config.store.url)

    @cached_property
    def library(self) -> Library:
        from postcron.media.library import open_library

        keys = self._keys()
        return open_library(
            self.config.media.library,
            endpoint_url=keys.endpoint_url,
            region=keys.region,
            access_key=keys.access_key,
            secret_key=keys.secret_key,
            public_url=self.config.media.public_url,
        )

    def address(self, file: MediaFile) -> str:
        """Return where a platform can fetch a file; raises `Permanent` when it is nowhere to be had.

        A signed one is kept out of every message and log.
        """
        address = self.library.address(file)
        if address is None:
            raise Permanent(NO_ADDRESS, code=Code.NOT_CONFIGURED, evidence=Evidence.NOT_SENT)
        self.secrets.remember(address.partition("?")[2])
        return address

    def media_access(self) -> Access:
        """Return how media is fetched from where a person says it is."""
        from postcron.media.sources import Access

        return Access(self._keys(), self.guard)

    def _keys(self) -> Keys:
        from postcron.media.s3 import Keys

        media = self.config.media
        return Keys(
            media.endpoint_url,
            media.region,
            None if media.access_key is None else self.plain(media.access_key),
            None if media.secret_key is None else self.plain(media.secret_key),
        )

    @cached_property
    def sealer(self) -> Sealer:
        return Sealer(self.plain(self.config.seal_key).split())

    def plain(self, value: str | SecretRef) -> str:
        """Return a setting as text, fetching it from where it is kept if it is a secret."""
        return self.secrets.resolve(value) if isinstance(value, SecretRef) else value

    def account(self, name: str) -> Account:
        """Return an account of the configuration; raises `NotFound` naming the nearest one."""
        if name in self.config.accounts:
            return self.config.accounts[name]
        message = f"There is no account {name!r} in {self.config.path}"
        hint = nearest(name, self.config.accounts)
        raise NotFound(f"{message}: {hint}", code="unknown_account")

    def platform_class(self, account: Account) -> type[Platform]:
        """Return the class that speaks an account's platform; raises `ConfigInvalid`."""
        try:
            return self.find_platform(account.platform)
        except ConfigInvalid as error:
            where = f"{account.where}: account {account.name}"
            raise ConfigInvalid(f"{where}: {error.message}", code=error.code) from error

    def run(self, phase: str, *, actor: str = "cron") -> Run:
        """Return the identity under which this process claims and records."""
        return host.new_run(phase, self.state_dir, actor=actor)

    def policy(self, account: str) -> Policy:
        """Return an account's rules; the defaults if it has left the configuration."""
        known = self.config.accounts.get(account)
        return Policy() if known is None else known.policy

    def record(self, moves: Sequence[Move], *, run: Run) -> list[Delivery | None]:
        """Record steps in one commit, with what platforms have said made harmless.

        One step that cannot be written must not take the others of its batch with it: then each is
        written alone, and the one that fails again is left to its lease.
        """
        harmless = [harmless_move(move, self.secrets.redact) for move in moves]
        try:
            return self.store.record(harmless, run=run) if harmless else []
        except CannotWork:
            raise
        except Exception:
            log.exception("a batch could not be recorded; each step is tried alone")
            return [self._recorded_alone(move, run) for move in harmless]

    def carry_out(self, moves: Sequence[Move], *, run: Run) -> list[Delivery]:
        """Record steps as `record` does; return the deliveries that no other run was first with."""
        return [one for one in self.record(moves, run=run) if one is not None]

    def _recorded_alone(self, move: Move, run: Run) -> Delivery | None:
        try:
            return self.store.record([move], run=run)[0]
        except CannotWork:
            raise
        except Exception:
            log.exception("%s of %s could not be recorded", move.step, move.delivery.ref)
            return None

    def close(self) -> None:
        if "store" in self.__dict__:
            self.store.close()


@contextmanager
def opened(house: House) -> Iterator[House]:
    """Close the house at the end, whatever happened."""
    try:
        yield house
    finally:
        house.close()

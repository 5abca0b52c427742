"""Phase 2 for one delivery: everything repeatable, done early, resumed from the ticket."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception

from postcron.errors import CannotWork, Code, Evidence, Invalid, Permanent, PlatformError, Temporary
from postcron.model import Delivery, Draft, Follow, MediaFile, Post, ReadMedia, Receipt, Run, Ticket
from postcron.operations import quotas
from postcron.operations.breaking import learning
from postcron.operations.doors import Doors
from postcron.operations.harmless import harmless_ticket
from postcron.operations.house import House
from postcron.rules.backoff import IN_RUN

log = logging.getLogger(__name__)

#: a long upload tells the store this often that it is alive
RENEW = timedelta(seconds=30)


class LeaseLost(Exception):
    """Another run holds this delivery now: stop, and do not repair."""


def draft(house: House, delivery: Delivery, post: Post, read: ReadMedia | None = None) -> Draft:
    """Return what a platform may know about a delivery.

    Media may be read until the publish call begins: that they cannot be is proof that it did not.
    """

    def reading(file: MediaFile, offset: int = 0) -> Iterator[bytes]:
        with _before_the_call():
            yield from house.library.read(file, offset)

    def addressing(file: MediaFile) -> str:
        with _before_the_call():
            return house.address(file)

    parent, root = _thread(house, delivery)
    return Draft(
        text=post.text if delivery.text is None else delivery.text,
        type=post.type,
        attachments=post.attachments,
        options=delivery.options,
        due_at=delivery.due_at or delivery.created_at,
        key=delivery.key,
        revision=delivery.revision,
        read=read or reading,
        address=addressing,
        parent=parent,
        root=root,
    )


def _thread(house: House, delivery: Delivery) -> tuple[Receipt | None, Receipt | None]:
    """Return the proof of the part before this one, and of its thread's first."""
    if delivery.follows is not Follow.ANSWER:
        return None, None
    ids = [id for id in (delivery.after_id, delivery.root_id) if id is not None]
    parts = {one.id: one for one in house.store.reload(ids)} if ids else {}
    before, first = (
        Receipt(one.remote_id, one.url) if one is not None and one.remote_id else None
        for one in (parts.get(delivery.after_id or 0), parts.get(delivery.root_id or 0))
    )
    return before, first


@contextmanager
def _before_the_call() -> Iterator[None]:
    try:
        yield
    except CannotWork as error:
        raise Temporary(
            error.message, code=Code.LIBRARY_TROUBLE, evidence=Evidence.NOT_SENT
        ) from error


@dataclass
class Preparation:
    """One delivery in phase 2 under a claim of this run; works in a thread of its own."""

    house: House
    doors: Doors
    run: Run
    delivery: Delivery
    post: Post
    #: no new try and no new question starts after this moment
    until: datetime
    #: so long before it is due the platform is given it
    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.ticket = self.delivery.ticket
        self.renewed_at = self.house.clock.now()

    def __call__(self) -> Ticket:
        """Return the ticket, ready or with the moment to ask again.

        Raises `Temporary` or `Permanent` when the tries of this run are used up, and `LeaseLost`.
        """
        if self._waited_long():
            self._keep_lease()
        for media in {attachment.file for attachment in self.post.attachments}:
            self.house.library.check(media)
        while True:
            self.ticket = self._patiently(self._once)
            if self.ticket.ready or not self._may_wait(self.ticket.check_after):
                return self.ticket
            self._pause(self.ticket.check_after or timedelta())

    def _waited_long(self) -> bool:
        """Say whether much of the lease went by before a worker was free.

        A fresh one is not renewed: that would be a commit for each post of a burst.
        """
        ends, lease = self.delivery.lease_until, self.house.config.run.lease
        return ends is None or ends - self.house.store.now() < lease - RENEW

    def _once(self) -> Ticket:
        account = self.house.account(self.delivery.account)
        # Learnt at once, not after the last try: the workers beside this one need not try too.
        with learning(self.house, account.name, ref=self.delivery.ref):
            platform = self.doors.open(account)
            quotas.ask(self.house, self.doors, account, platform)
            try:
                return platform.prepare(self._draft(), self.ticket, self._save)
            except PlatformError as error:
                if error.code == Code.TOKEN_EXPIRED:
                    self.doors.forget(account, platform)
                raise

    def _patiently(self, work: Any) -> Ticket:
        again = Retrying(
            retry=retry_if_exception(_is_worth_a_try),
            wait=lambda state: _wait(state).total_seconds(),
            stop=lambda state: (
                state.attempt_number > len(IN_RUN) or not self._may_wait(_wait(state))
            ),
            sleep=lambda seconds: self._pause(timedelta(seconds=seconds)),
            reraise=True,
        )
        ticket: Ticket = again(work)
        return ticket

    def _may_wait(self, pause: timedelta | None) -> bool:
        pause = pause or timedelta(seconds=5)
        return not self.house.stop.is_set() and self.house.clock.now() + pause < self.until

    def _pause(self, pause: timedelta) -> None:
        self.house.clock.sleep_until(self.house.clock.now() + pause)
        self._keep_lease()

    def _draft(self) -> Draft:
        return draft(self.house, self.delivery, self.post, self._read)

    def _read(self, file: MediaFile, offset: int = 0) -> Iterator[bytes]:
        for piece in self.house.library.read(file, offset):
            if self.house.clock.now() - self.renewed_at > RENEW:
                self._keep_lease()
            yield piece

    def _keep_lease(self) -> None:
        lease = self.house.config.run.lease
        if not self.house.store.claims.renew(
            self.delivery, run=self.run, lease=lease, ahead=self.ahead
        ):
            raise LeaseLost
        self.renewed_at = self.house.clock.now()

    def _save(self, ticket: Ticket) -> None:
        ticket = harmless_ticket(ticket)
        if not self.house.store.claims.save_ticket(self.delivery, ticket, run=self.run):
            raise LeaseLost
        self.ticket = ticket


def as_platform_error(error: Exception) -> PlatformError:
    """Return any failure of a worker as one that can be recorded; a bug keeps its traceback in the log."""
    if isinstance(error, PlatformError):
        return error
    if isinstance(error, CannotWork):
        return Temporary(error.message, code=Code.LIBRARY_TROUBLE)
    if isinstance(error, Invalid):
        return Temporary(error.message, code=Code.NOT_CONFIGURED, evidence=Evidence.NOT_SENT)
    log.error("a worker stopped unexpectedly", exc_info=error)
    return Permanent(f"postcron stopped unexpectedly ({type(error).__name__}: {error}).")


def _is_worth_a_try(error: BaseException) -> bool:
    return isinstance(error, Temporary) and error.code != Code.LEFT_ALONE


def _wait(state: RetryCallState) -> timedelta:
    """Return the pause after this try: 5, 10, 20 s, or what the platform asked for if longer."""
    pause = IN_RUN[min(state.attempt_number, len(IN_RUN)) - 1]
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, PlatformError) else None
    return max(pause, asked or pause)

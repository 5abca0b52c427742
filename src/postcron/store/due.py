"""What the phases have to do: questions that every run asks, so they are built once.

Building one takes longer than asking it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from postcron.model import Delivery, Phase
from postcron.states import AHEAD, UNCERTAIN, State
from postcron.store import claims, rows
from postcron.store.claims import LIMIT, NOW, UNTIL, Place, Share
from postcron.store.database import Database, Shelf, own
from postcron.store.following import its_turn, without_place
from postcron.store.gate import paused
from postcron.store.tables import delivery


class DueShelf(Shelf):
    """What it is time for."""

    def waiting(
        self,
        phase: Phase,
        *,
        now: datetime,
        until: datetime | None,
        limit: int,
        skip: Collection[str] = (),
    ) -> list[Delivery]:
        """Return what a phase would touch, by the conditions of its claims, nearest first.

        For a dry run, and for a run every second; none of the accounts in `skip`.
        """
        workspace, skipped = self._database.workspace, frozenset(skip)
        asked = _waiting(phase, workspace, skipped, bounded=until is not None)
        return _ask(self._database, asked, {"now": now, "until": until, "limit": limit})

    def expired(self, limit: int) -> list[Delivery]:
        """Return what runs hold beyond their lease."""
        return find(self._database, _expired, limit, by="id")

    def overdue(
        self,
        before: datetime,
        limit: int,
        *,
        only: Collection[str] | None = None,
        skip: Collection[str] = (),
    ) -> list[Delivery]:
        """Return what should have gone out before a moment and is in nobody's hands, oldest first.

        Of these accounts `only` (None: of all), and of none of `skip`.
        """
        return find(
            self._database, _overdue, limit, by="due_at", only=only, skip=skip, until=before
        )

    def looks(self, limit: int) -> list[Delivery]:
        """Return what it is time to look for at the platform: the uncertain, then the unseen."""
        uncertain = find(self._database, _uncertain, limit)
        return uncertain + find(self._database, _unseen, limit)

    def retries(
        self,
        limit: int,
        *,
        only: Collection[str] | None = None,
        skip: Collection[str] = (),
        full: Collection[Share] = (),
    ) -> list[Delivery]:
        """Return what failed and whose next try has come, nothing that a limit counts which is `full`."""
        return find(self._database, _failed, limit, only=only, skip=skip, full=full)

    def allowed_late(
        self, limit: int, *, skip: Collection[str] = (), full: Collection[Share] = ()
    ) -> list[Delivery]:
        """Return what is late and not to be asked about: to go out all the same, or not at all.

        Of none of the accounts in `skip`, and nothing that a limit counts which is `full`.
        """
        return find(self._database, _allowed_late, limit, skip=skip, full=full)

    def queueable(
        self, until: datetime, limit: int, *, only: Collection[str], full: Collection[Share]
    ) -> list[Delivery]:
        """Return what of these accounts may be queued, due by `until`, nearest first.

        Nothing that a limit counts which is `full`.
        """
        asked = _queueable(self._database.workspace, frozenset(only), frozenset(full))
        given = {"now": self._database.now(), "until": until, "limit": limit}
        return _ask(self._database, asked, given)


def find(
    database: Database,
    condition: Callable[[], ColumnElement[bool]],
    limit: int,
    *,
    by: str = "wake_at",
    only: Collection[str] | None = None,
    skip: Collection[str] = (),
    full: Collection[Share] = (),
    **moments: datetime,
) -> list[Delivery]:
    """Return what fits now, of these accounts `only` and none of `skip`, the oldest `by` a column."""
    chosen = None if only is None else frozenset(only)
    rest = frozenset(skip), frozenset(full)
    asked = _question(condition, by, database.workspace, chosen, *rest)
    return _ask(database, asked, {"now": database.now(), "limit": limit, **moments})


@lru_cache
def _question(
    condition: Callable[[], ColumnElement[bool]],
    by: str,
    workspace: str | None,
    only: frozenset[str] | None,
    skip: frozenset[str],
    full: frozenset[Share],
) -> Select[Any]:
    where = [condition(), *own(delivery, workspace)]
    where += claims.of_accounts(skip=skip, only=only, full=full)
    asked = select(*rows.DELIVERY).where(*where)
    return asked.order_by(delivery.c[by], delivery.c.id).limit(LIMIT)


@lru_cache
def _queueable(workspace: str | None, only: frozenset[str], full: frozenset[Share]) -> Select[Any]:
    asked = select(*rows.DELIVERY).where(_queueing(UNTIL), *own(delivery, workspace))
    asked = asked.where(*claims.of_accounts(only=only, full=full))
    return asked.order_by(*claims.nearest()).limit(LIMIT)


@lru_cache
def _waiting(
    phase: Phase, workspace: str | None, skip: frozenset[str], *, bounded: bool
) -> Select[Any]:
    touched = _touched(phase, UNTIL if bounded else None)
    asked = select(*rows.DELIVERY).where(touched, *own(delivery, workspace))
    asked = asked.where(*claims.of_accounts(skip=skip))
    return asked.order_by(*claims.nearest()).limit(LIMIT)


def _ask(database: Database, asked: Select[Any], given: Mapping[str, Any]) -> list[Delivery]:
    with database.reading() as connection:
        return [rows.to_delivery(row) for row in connection.execute(asked, given)]


def _expired() -> ColumnElement[bool]:
    held = (State.UPLOADING, State.PUBLISHING, State.QUEUED)
    return and_(
        delivery.c.state.in_(held), delivery.c.owner.is_not(None), delivery.c.lease_until <= NOW
    )


def _overdue(before: Place = UNTIL) -> ColumnElement[bool]:
    return and_(
        or_(
            delivery.c.state.in_(AHEAD - {State.UPLOADING}),
            and_(delivery.c.state == State.DRAFT, delivery.c.wake_at <= NOW),
        ),
        delivery.c.due_at < before,
        # What nobody has approved is told even while it waits its turn: that may never come.
        or_(its_turn(), without_place(), delivery.c.state == State.DRAFT),
        or_(delivery.c.grace_from.is_(None), delivery.c.grace_from < before),
        or_(delivery.c.owner.is_(None), delivery.c.lease_until <= NOW),
    )


def _uncertain() -> ColumnElement[bool]:
    return woken(*UNCERTAIN)


def _unseen() -> ColumnElement[bool]:
    return woken(State.PUBLISHED)


def _failed() -> ColumnElement[bool]:
    return woken(State.FAILED)


def _allowed_late() -> ColumnElement[bool]:
    return and_(woken(State.LATE), ~paused())


def woken(*states: State) -> ColumnElement[bool]:
    return and_(
        delivery.c.wake_at.is_not(None),  # the partial index wants it said
        delivery.c.wake_at <= NOW,
        delivery.c.state.in_(states),
    )


def _queueing(until: Place) -> ColumnElement[bool]:
    return or_(claims.queueable(State.READY, until), claims.queueable(State.SCHEDULED, until))


def _touched(phase: Phase, until: Place | None) -> ColumnElement[bool]:
    """The conditions of the claims themselves."""
    horizon = NOW if until is None else until
    queueing = _queueing(horizon)
    by_phase = {
        Phase.PRE_UPLOAD: (claims.uploadable(until),),
        Phase.TICK: (queueing, _expired(), _overdue(NOW), _allowed_late()),
        Phase.PUBLISH: (
            claims.claimable(horizon),
            queueing,
            _expired(),
            _unseen(),
            _uncertain(),
            _failed(),
            _allowed_late(),
        ),
        Phase.RETRY: (_failed(),),
    }
    every = [condition for conditions in by_phase.values() for condition in conditions]
    return or_(*by_phase.get(phase, every))

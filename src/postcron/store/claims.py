"""Claiming: what a phase may take, taken by one guarded update so that nobody else has it too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Text,
    Update,
    and_,
    bindparam,
    case,
    exists,
    or_,
    select,
    update,
)

from postcron.model import Counted, Delivery, Follow, Run, Ticket
from postcron.states import State, Step, after
from postcron.store import ledger, rows
from postcron.store.columns import Instant, Later, Seconds
from postcron.store.database import Shelf, own, whose
from postcron.store.following import its_turn
from postcron.store.gate import paused
from postcron.store.tables import delivery, post

Condition = ColumnElement[bool]
#: where a statement that is built once gets a moment
Place = ColumnElement[datetime]
#: an account, and what a limit counts of its posts
Share = tuple[str, Counted]

# What it is given each time.
NOW: Final = bindparam("now", type_=Instant())
UNTIL: Final = bindparam("until", type_=Instant())
LIMIT: Final = bindparam("limit", type_=Integer())
_RUN: Final = bindparam("run", type_=Text())
_END: Final = bindparam("end", type_=Instant())
_LEASE: Final = bindparam("lease", type_=Seconds())
_IDS: Final = bindparam("ids", type_=Integer(), expanding=True)


class ClaimShelf(Shelf):
    """What runs take, and hold until a moment."""

    def take_uploads(
        self,
        run: Run,
        *,
        until: datetime | None,
        lease: timedelta,
        limit: int,
        skip: Collection[str] = (),
    ) -> list[Delivery]:
        """Take scheduled deliveries for phase 2: due by `until`, or (None) whose lead has begun."""
        bounded, skipped = until is not None, frozenset(skip)
        taking = _Taking(State.SCHEDULED, Step.UPLOAD_STARTED, bounded, skip=skipped)

        def work(transaction: Connection) -> list[Delivery]:
            now = self._database.now()
            given = {"until": until, "limit": limit, "end": now + lease}
            return _take(transaction, taking, given, run=run, now=now)

        return self._database.write(work)

    def enqueue(
        self,
        run: Run,
        *,
        until: datetime,
        limit: int,
        only: Collection[str] | None = None,
        skip: Collection[str] = (),
        ids: Collection[int] | None = None,
    ) -> list[Delivery]:
        """Queue what is due by `until`, of these accounts `only`; any run may then claim it.

        With `ids` nothing but those.
        """
        chosen, named = None if only is None else frozenset(only), ids is not None

        def work(transaction: Connection) -> list[Delivery]:
            now = self._database.now()
            queued: list[Delivery] = []
            for state in (State.READY, State.SCHEDULED):
                taking = _Taking(
                    state, Step.ENQUEUED, only=chosen, skip=frozenset(skip), named=named
                )
                given: dict[str, Any] = {"until": until, "limit": limit - len(queued)}
                given |= {} if ids is None else {"ids": list(ids)}
                queued += _take(transaction, taking, given, run=run, now=now)
            return queued

        return self._database.write(work)

    def take_queued(
        self,
        run: Run,
        *,
        until: datetime,
        lease: timedelta,
        limit: int,
        only: Collection[str] | None = None,
        skip: Collection[str] = (),
        ahead: timedelta = timedelta(),
    ) -> list[Delivery]:
        """Take what is queued and due by `until`, nearest first, until `lease` after its moment.

        That moment comes so much `ahead` of when it is due.
        """
        early, chosen = bool(ahead), None if only is None else frozenset(only)
        taking = _Taking(State.QUEUED, Step.CLAIMED, only=chosen, skip=frozenset(skip), early=early)

        def work(transaction: Connection) -> list[Delivery]:
            now = self._database.now()
            end = max(now, until) + lease
            given = {"until": until + ahead, "limit": limit}
            given |= {"end": end} if early else {"lease": lease}
            return _take(transaction, taking, given, run=run, now=now)

        return self._database.write(work)

    def renew(
        self, held: Delivery, *, run: Run, lease: timedelta, ahead: timedelta = timedelta()
    ) -> datetime | None:
        """Prolong a claim and return its new end; None when it is not ours any more.

        What is queued is held until `lease` after its moment, which comes so much `ahead` of when it
        is due; all else until `lease` from now.
        """

        def work(transaction: Connection) -> datetime | None:
            now = self._database.now()
            # Who waits for the second with it keeps it beyond that: a renewal must not shorten it.
            waits = held.state is State.QUEUED and held.due_at is not None
            end = (max(now, held.due_at - ahead) if waits and held.due_at else now) + lease
            prolonging = self._fenced(held, run).values(lease_until=end, wake_at=end)
            return transaction.execute(prolonging.returning(delivery.c.lease_until)).scalar()

        return self._database.write(work)

    def save_ticket(self, held: Delivery, ticket: Ticket, *, run: Run) -> bool:
        """Keep what the platform gave, durably; False when the delivery is not ours any more."""
        keeping = self._fenced(held, run).values(ticket=ticket)
        return self._database.write(lambda transaction: transaction.execute(keeping).rowcount == 1)

    def _fenced(self, held: Delivery, run: Run) -> Update:
        return update(delivery).where(
            *self._database.own(delivery),
            delivery.c.id == held.id,
            delivery.c.state == held.state,
            delivery.c.fence == held.fence,
            delivery.c.owner == run.id,
        )


def uploadable(until: Place | None) -> Condition:
    """Return what phase 2 may take: whose own lead has begun, or all that is due by `until`."""
    if until is None:
        begun = and_(delivery.c.wake_at.is_not(None), delivery.c.wake_at <= NOW)
        return and_(delivery.c.state == State.SCHEDULED, begun, its_turn(), ~paused())
    return and_(delivery.c.state == State.SCHEDULED, _coming(until))


def queueable(state: State, until: Place) -> Condition:
    return and_(delivery.c.state == state, _coming(until))


def claimable(until: Place, run: ColumnElement[str] | None = None) -> Condition:
    """Return what may be claimed; `run` never takes back what it holds itself, however long."""
    over = delivery.c.lease_until <= NOW
    if run is not None:
        over = and_(over, delivery.c.owner != run)
    return and_(
        delivery.c.state == State.QUEUED,
        delivery.c.due_at <= until,
        delivery.c.wake_at.is_not(None),  # the partial index wants it said
        delivery.c.wake_at <= NOW,
        or_(delivery.c.owner.is_(None), over),
        its_turn(),
        ~paused(),
    )


def _coming(until: Place) -> Condition:
    waits_no_longer = or_(delivery.c.not_before.is_(None), delivery.c.not_before <= NOW)
    return and_(delivery.c.due_at <= until, waits_no_longer, its_turn(), ~paused())


def nearest() -> tuple[ColumnElement[Any], ...]:
    """Order by what is nearest to now: first what is still to come, then the least overdue.

    After a long outage the newest goes out first, not months-old posts. Of what is due at once the
    highest priority does: it makes nobody wait who was due before.
    """
    return (
        case((delivery.c.due_at >= NOW, 0), else_=1),
        case((delivery.c.due_at >= NOW, delivery.c.due_at)),
        delivery.c.due_at.desc(),
        delivery.c.priority.desc(),
        delivery.c.id,
    )


def of_accounts(
    *,
    skip: Collection[str] = (),
    only: Collection[str] | None = None,
    full: Collection[Share] = (),
) -> list[Condition]:
    """Return the conditions for what is of none of the accounts in `skip`, and of those `only`.

    And for what no limit counts that is `full`.
    """
    skipped = [delivery.c.account.not_in(sorted(skip))] if skip else []
    named = [] if only is None else [delivery.c.account.in_(sorted(only))]
    # One for what counts the same: SQLite takes no more than a thousand in a row.
    by: dict[Counted, list[str]] = defaultdict(list)
    for account, counted in sorted(full, key=str):
        by[counted].append(account)
    return [*skipped, *named, *(~_is_counted(some, counted) for counted, some in by.items())]


def _is_counted(accounts: Collection[str], counted: Counted) -> Condition:
    where: list[Condition] = [delivery.c.account.in_(accounts)]
    if counted.types is not None:
        of_type = post.c.type.in_(sorted(counted.types))
        where.append(exists().where(post.c.id == delivery.c.post_id, of_type).correlate(delivery))
    if counted.answers is not None:
        answers = delivery.c.follows.is_not_distinct_from(Follow.ANSWER)
        where.append(answers if counted.answers else ~answers)
    return and_(*where)


@dataclass(frozen=True)
class _Taking:
    """Which deliveries of one state a step takes; its statement is built once."""

    state: State
    step: Step
    #: only what is due by a moment
    bounded: bool = True
    only: frozenset[str] | None = None
    skip: frozenset[str] = frozenset()
    #: its moment comes before it is due
    early: bool = False
    #: nothing but what has one of the ids it is given
    named: bool = False

    def where(self, workspace: str | None) -> list[Condition]:
        until = UNTIL if self.bounded else None
        by_step = {
            Step.UPLOAD_STARTED: lambda: uploadable(until),
            Step.ENQUEUED: lambda: queueable(self.state, UNTIL),
            Step.CLAIMED: lambda: claimable(UNTIL, _RUN),
        }
        ours = own(delivery, workspace)
        ours += of_accounts(skip=self.skip, only=self.only)
        ours += [delivery.c.id.in_(_IDS)] if self.named else []
        return [by_step[self.step](), *ours]

    def values(self) -> dict[str, Any]:
        if self.step is Step.ENQUEUED:
            return {"owner": None, "lease_until": None, "wake_at": NOW}
        if self.step is Step.UPLOAD_STARTED or self.early:
            return {"owner": _RUN, "lease_until": _END, "wake_at": _END}
        # Counted from the moment itself, because a run waits for it with the delivery in its hands.
        end = Later(delivery.c.due_at, NOW, _LEASE)
        return {"owner": _RUN, "lease_until": end, "wake_at": end}


@lru_cache
def _statement(taking: _Taking, workspace: str | None) -> Update:
    where = taking.where(workspace)
    # Picked in a CTE: PostgreSQL might carry out a subquery with SKIP LOCKED more than once.
    picked = (
        select(delivery.c.id)
        .where(*where)
        .order_by(*nearest())
        .limit(LIMIT)
        .with_for_update(skip_locked=True)
        .cte("picked")
    )
    return (
        update(delivery)
        .where(delivery.c.id.in_(select(picked.c.id)), *where)
        .values(state=after(taking.state, taking.step), fence=delivery.c.fence + 1, updated_at=NOW)
        .values(taking.values())
        .returning(*rows.DELIVERY)
    )


def _take(
    transaction: Connection, taking: _Taking, given: Mapping[str, Any], *, run: Run, now: datetime
) -> list[Delivery]:
    statement = _statement(taking, whose(transaction))
    answer = transaction.execute(statement, {**given, "now": now, "run": run.id})
    taken = [rows.to_delivery(row) for row in answer]
    entries = [ledger.entry(one, taking.step, taking.state, {}, run=run, at=now) for one in taken]
    ledger.write(transaction, entries)
    return sorted(taken, key=lambda one: _distance(one, now))


def _distance(one: Delivery, now: datetime) -> tuple[bool, timedelta, int, int]:
    """Sort as `nearest` does: RETURNING keeps no order."""
    ahead = (one.due_at or now) - now
    return ahead < timedelta(0), abs(ahead), -one.priority, one.id

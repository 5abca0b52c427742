"""Plans: what each account says when, and a count that goes up whenever one of its times is given."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select

from postcron.errors import PlanChanged
from postcron.model import Follow, Move
from postcron.states import State
from postcron.store.database import Database, upsert
from postcron.store.reading import LATEST, spoken_at
from postcron.store.tables import account_state, delivery


@dataclass(frozen=True)
class Planned:
    """What an account says when, each with its name, and how often that had changed before."""

    moments: tuple[tuple[datetime, str], ...]
    changes: int


def planned(database: Database, account: str, since: datetime, without: Collection[int]) -> Planned:
    """Return all that an account says since a moment, but for the deliveries with these ids.

    A thread counts once, by its first part.
    """
    at = spoken_at()
    asked = select(delivery.c.id, at, delivery.c.post_id, delivery.c.number).where(
        delivery.c.account == account,
        delivery.c.state != State.CANCELLED,
        or_(delivery.c.follows.is_(None), delivery.c.follows != Follow.ANSWER),
        # The index knows when they were due; what went out a month after that is not looked for.
        delivery.c.due_at > since - LATEST,
        at > since,
        *database.own(delivery),
    )
    with database.reading() as connection:
        # The count first: what is planned from here on makes whoever relies on it plan anew.
        ours = account_state.c.workspace == database.writes_for
        counted = select(account_state.c.plans).where(ours, account_state.c.account == account)
        changes = connection.execute(counted).scalar() or 0
        found = connection.execute(asked).all()
    left_out = frozenset(without)
    moments = ((at, f"{post}.{number}") for id, at, post, number in found if id not in left_out)
    return Planned(tuple(moments), changes)


def change(
    transaction: Connection, accounts: Iterable[tuple[str, str]], seen: Mapping[str, int]
) -> None:
    """Count one more change of each account's plan, in the transaction that makes it.

    Accounts come with their workspace. Raises `PlanChanged` if somebody else has changed one of those
    in `seen` since it was read.
    """
    # In order, so that two at once never wait for each other.
    for workspace, account in sorted(set(accounts)):
        counting = upsert(transaction, account_state).values(
            workspace=workspace, account=account, plans=1
        )
        plans = account_state.c.plans
        counting = counting.on_conflict_do_update(
            index_elements=["workspace", "account"],
            set_={"plans": plans + 1},
            where=plans == seen[account] if account in seen else None,
        )
        if transaction.execute(counting.returning(plans)).first() is None:
            message = f"The plan of {account} has just been changed by another run: try again."
            raise PlanChanged(message)


def change_by(
    transaction: Connection, workspace: str, moves: Iterable[Move], seen: Mapping[str, int]
) -> None:
    """Count a change of the plan of each account to which some moves give a time, as `change` does."""
    timed = (move for move in moves if move.set.get("due_at") is not None)
    change(transaction, ((workspace, move.delivery.account) for move in timed), seen)

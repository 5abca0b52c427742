"""Figures over many deliveries, worked out where they lie: only the answers come to Python."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from postcron.model import Count, Filter, Outcome, Punctuality
from postcron.states import State
from postcron.store.columns import SecondsBetween
from postcron.store.database import Database
from postcron.store.listing import fitting
from postcron.store.tables import attempt, delivery


def counts(database: Database, filter: Filter) -> list[Count]:
    """Return how many deliveries that fit stand in each state, account by account."""
    of = (delivery.c.platform, delivery.c.account, delivery.c.state)
    asked = fitting(database, filter).with_only_columns(*of, func.count())
    with database.reading() as connection:
        return [Count(*row) for row in connection.execute(asked.group_by(*of).order_by(*of))]


def punctuality(database: Database, filter: Filter) -> list[Punctuality]:
    """Return how punctual each platform was, of what is live and whose call left at a known moment."""
    timed = (
        fitting(database, filter)
        .join(attempt, attempt.c.delivery_id == delivery.c.id)
        .where(
            delivery.c.state == State.PUBLISHED,
            delivery.c.due_at.is_not(None),
            attempt.c.outcome == Outcome.LANDED,
            attempt.c.sent_at.is_not(None),
        )
        .with_only_columns(
            delivery.c.platform,
            SecondsBetween(delivery.c.due_at, attempt.c.sent_at).label("sent"),
            SecondsBetween(delivery.c.due_at, delivery.c.published_at).label("live"),
        )
        .cte("timed")
    )
    platform, sent, live = timed.c
    ranked = select(
        platform,
        sent,
        live,
        func.count().over(partition_by=platform).label("of"),
        func.row_number().over(partition_by=platform, order_by=sent).label("sent_rank"),
        func.row_number().over(partition_by=platform, order_by=live).label("live_rank"),
    ).cte("ranked")
    asked = select(
        ranked.c.platform,
        func.max(ranked.c.of),
        *(
            func.max(
                case((ranked.c[f"{what}_rank"] == _rank(percent, ranked.c.of), ranked.c[what]))
            )
            for what in ("sent", "live")
            for percent in (50, 95)
        ),
    )
    asked = asked.group_by(ranked.c.platform).order_by(ranked.c.platform)
    with database.reading() as connection:
        return [Punctuality(*row) for row in connection.execute(asked)]


def _rank(percent: int, of: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the rank of the least value that `percent` of all do not exceed."""
    return (of * percent + 99) // 100

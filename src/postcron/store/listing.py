"""Lists for people: pages of deliveries, the ledger, counts."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, func, literal, select, tuple_

from postcron.errors import Invalid
from postcron.model import Delivery, Filter, LedgerEvent, Page
from postcron.states import State
from postcron.store import rows
from postcron.store.columns import Holds, Instant
from postcron.store.database import Database
from postcron.store.tables import attachment, batch, delivery, event, post, tally

# Drafts have no moment yet: they stand where they were written.
_DUE = func.coalesce(delivery.c.due_at, delivery.c.created_at, type_=Instant())


def page(
    database: Database,
    filter: Filter,
    *,
    order: str,
    newest_first: bool,
    limit: int,
    after: str | None,
) -> Page:
    """Return some deliveries and where to go on; a row that comes in between shifts nothing."""
    key = (_DUE if order == "due" else delivery.c.created_at, delivery.c.id)
    asked = fitting(database, filter)
    if after is not None:
        place, here = tuple_(*key), _place(after)
        asked = asked.where(place < here if newest_first else place > here)
    asked = asked.order_by(*(column.desc() if newest_first else column for column in key))
    with database.reading() as connection:
        found = [rows.to_delivery(row) for row in connection.execute(asked.limit(limit + 1))]
    more = len(found) > limit
    return Page(tuple(found[:limit]), _cursor(found[limit - 1], order) if more else None)


def foremost(
    database: Database, filter: Filter, *, newest_first: bool, limit: int
) -> list[Delivery]:
    """Return the first of those that fit, by when they are due; states have to be named.

    Asked for state by state: so the index leads to them, however many there are.
    """
    due = (delivery.c.due_at, delivery.c.id)
    order = [column.desc() if newest_first else column for column in due]
    found: list[Delivery] = []
    with database.reading() as connection:
        for state in sorted(filter.states or ()):
            asked = fitting(database, replace(filter, states=frozenset({state})))
            answer = connection.execute(asked.order_by(*order).limit(limit))
            found += map(rows.to_delivery, answer)
    found.sort(key=lambda one: (one.due_at or one.created_at, one.id), reverse=newest_first)
    return found[:limit]


def count(database: Database, filter: Filter) -> int:
    asked = fitting(database, filter).with_only_columns(func.count())
    with database.reading() as connection:
        return connection.execute(asked).scalar_one()


def fitting(database: Database, filter: Filter) -> Select[Any]:
    """Return the question for the deliveries that fit, each with its post."""
    asked = select(*rows.DELIVERY).join(post, post.c.id == delivery.c.post_id)
    asked = asked.where(*database.own(delivery), *_about(filter))
    asked = asked.where(post.c.deleted_at.is_(None), *_within(delivery.c.due_at, filter))
    if filter.states is not None:
        asked = asked.where(delivery.c.state.in_(sorted(filter.states)))
    if filter.stuck:
        asked = asked.where(delivery.c.wake_at.is_(None))
    if filter.archived is not None:
        aside = post.c.archived_at.is_not(None)
        asked = asked.where(aside if filter.archived else ~aside)
    return asked


def _about(filter: Filter) -> list[ColumnElement[bool]]:
    asked = [
        (delivery.c.account, filter.account),
        (delivery.c.platform, filter.platform),
        (post.c.campaign, filter.campaign),
        (post.c.created_by, filter.created_by),
        (post.c.approval, filter.approval),
        (post.c.id, filter.post_id),
    ]
    fitting = [column == wanted for column, wanted in asked if wanted is not None]
    if filter.media is not None:
        using = select(attachment.c.post_id).where(attachment.c.sha256 == filter.media)
        fitting.append(post.c.id.in_(using))
    if filter.label is not None:
        fitting.append(Holds(post.c.labels, filter.label))
    if filter.batch is not None:
        named = select(batch.c.id).where(batch.c.name == filter.batch)
        named = named.where(batch.c.workspace == post.c.workspace).correlate(post)
        fitting.append(post.c.batch_id == named.scalar_subquery())
    return fitting


def _within(moment: Column[datetime], filter: Filter) -> list[ColumnElement[bool]]:
    since = [] if filter.since is None else [moment >= filter.since]
    return since if filter.before is None else [*since, moment < filter.before]


def _cursor(last: Delivery, order: str) -> str:
    moment = (last.due_at or last.created_at) if order == "due" else last.created_at
    plain = json.dumps([moment.isoformat(), last.id]).encode()
    return base64.urlsafe_b64encode(plain).decode().rstrip("=")


def _place(cursor: str) -> Any:
    try:
        plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        moment, delivery_id = json.loads(plain)
        return tuple_(literal(datetime.fromisoformat(moment), Instant()), int(delivery_id))
    except (ValueError, TypeError) as error:
        message = "This mark to go on from is not one that a list gave out: start without it."
        raise Invalid(message) from error


def events(
    database: Database, filter: Filter, *, limit: int, newest_first: bool
) -> list[LedgerEvent]:
    asked = (
        select(*rows.EVENT)
        .join(post, post.c.id == event.c.post_id)
        .outerjoin(delivery, delivery.c.id == event.c.delivery_id)
        .where(*_about(filter), *_within(event.c.at, filter), *database.own(post))
    )
    if filter.kinds is not None:
        asked = asked.where(event.c.kind.in_(sorted(filter.kinds)))
    if filter.states is not None:
        asked = asked.where(event.c.after.in_(sorted(filter.states)))
    asked = asked.order_by(event.c.id.desc() if newest_first else event.c.id).limit(limit)
    with database.reading() as connection:
        return [rows.to_event(row) for row in connection.execute(asked)]


def counts(database: Database) -> dict[State, int]:
    """Return how many deliveries stand in each state, states without any left out."""
    total = func.sum(tally.c.count)
    asked = select(tally.c.state, total).group_by(tally.c.state).having(total > 0)
    asked = asked.where(*database.own(tally))
    with database.reading() as connection:
        return {State(state): int(count) for state, count in connection.execute(asked)}

"""Posts as they stand, with their deliveries: by key, by id, page after page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Connection, Select, exists, func, literal, select

from postcron.model import Approval, Filter, Follow, Saved, Taken
from postcron.states import State
from postcron.store import rows
from postcron.store.database import Database
from postcron.store.listing import fitting
from postcron.store.tables import delivery, post


def taken(database: Database, keys: Collection[str]) -> dict[str, Taken]:
    """Return what those of some keys that are taken stand for."""
    return dict(_named(database, post.c.key, keys))


def there(database: Database, ids: Collection[int]) -> dict[int, Taken]:
    """Return those of some posts that there are, by id."""
    return dict(_named(database, post.c.id, ids))


def _named(
    database: Database, column: Column[Any], names: Collection[Any]
) -> Iterator[tuple[Any, Taken]]:
    if not names:
        return
    asked = (
        select(
            *(column.label("name"), post.c.id, post.c.text, post.c.approval, post.c.window_end),
            *(post.c.deleted_at.is_not(None), delivery.c.account, delivery.c.state),
        )
        .join(delivery, delivery.c.post_id == post.c.id)
        .where(column.in_(names), *database.own(post))
        .order_by(post.c.id, delivery.c.number)
    )
    with database.reading() as connection:
        for (name, id, text, approval, end, gone), some in groupby(
            connection.execute(asked), lambda row: row[:6]
        ):
            decided = Approval(approval) if approval else None
            states = {account: state for *_, account, state in some}
            yield name, Taken(id, text, decided, end, bool(gone), states)


def posts_after(database: Database, id: int, filter: Filter, limit: int) -> list[Saved]:
    """Return the next posts after an id, in their order, each with those of its deliveries that fit."""
    page = post.alias("page")
    fits = fitting(database, filter).with_only_columns(literal(1))
    fits = fits.where(delivery.c.post_id == page.c.id).correlate(page)
    asked = select(page.c.id).where(page.c.id > id, exists(fits)).order_by(page.c.id)
    with database.reading() as connection:
        ids = list(connection.execute(asked.limit(limit)).scalars())
        return _with(connection, fitting(database, filter).where(delivery.c.post_id.in_(ids)))


def answers(database: Database, ids: Collection[int]) -> list[Saved]:
    """Return the posts that are the next parts of threads after some deliveries."""
    asked = select(*rows.DELIVERY).where(
        delivery.c.after_id.in_(ids), delivery.c.follows == Follow.ANSWER, *database.own(delivery)
    )
    with database.reading() as connection:
        return _with(connection, asked)


def _with(connection: Connection, asked: Select[Any]) -> list[Saved]:
    """Return deliveries by their posts, in order."""
    found = defaultdict(list)
    for row in connection.execute(asked.order_by(delivery.c.post_id, delivery.c.number)):
        one = rows.to_delivery(row)
        found[one.post_id].append(one)
    known = rows.posts(connection, found)
    return [Saved(known[id], tuple(some)) for id, some in found.items()]


def states(database: Database, filter: Filter) -> Counter[State]:
    """Return how many deliveries that fit stand in each state."""
    asked = fitting(database, filter).with_only_columns(delivery.c.state, func.count())
    with database.reading() as connection:
        found: Sequence[Any] = connection.execute(asked.group_by(delivery.c.state)).all()
        return Counter({row[0]: row[1] for row in found})

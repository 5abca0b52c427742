"""Batches and their posts, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from postcron.model import Batch, Delivery, Follow, Mode, NewBatch, NewPost, Part, Run
from postcron.rules.sequence import WAITING
from postcron.states import State
from postcron.store import following, posting, rows
from postcron.store.database import Shelf, require_own, upsert
from postcron.store.tables import batch, columns_of, delivery, post

_BATCH = columns_of(batch, Batch)


class BatchShelf(Shelf):
    """The batches of a store."""

    def every(self) -> list[Batch]:
        """Return the batches there are, the newest first."""
        return self._some()

    def named(self, name: str) -> Batch | None:
        return next(iter(self._some(batch.c.name == name)), None)

    def _some(self, *where: ColumnElement[bool]) -> list[Batch]:
        asked = select(*_BATCH).where(*self._database.own(batch), *where)
        with self._database.reading() as connection:
            return [_to_batch(row) for row in connection.execute(asked.order_by(batch.c.id.desc()))]

    def add(
        self,
        new: NewBatch,
        threads: Sequence[Sequence[NewPost]],
        *,
        run: Run,
        seen: Mapping[str, int],
    ) -> list[int] | None:
        """Save a batch and its posts, of each thread one after the other; return the posts' ids.

        None: its name is taken.
        """

        def work(transaction: Connection) -> list[int] | None:
            now = self._database.now()
            require_own(transaction, new.workspace)
            naming = upsert(transaction, batch).values(**vars(new), created_at=now)
            naming = naming.on_conflict_do_nothing(index_elements=["workspace", "name"])
            batch_id = transaction.execute(naming.returning(batch.c.id)).scalar()
            if batch_id is None:
                return None
            own = [[replace(one, batch_id=batch_id) for one in thread] for thread in threads]
            return [*chain.from_iterable(posting.add_all(transaction, own, run, now, seen))]

        return self._database.write(work)

    def tallies(self) -> dict[int, dict[tuple[State, bool], int]]:
        """Return how many deliveries of each batch stand where; deleted posts left out."""
        moves = delivery.c.wake_at.is_not(None)
        asked = (
            select(post.c.batch_id, delivery.c.state, moves, func.count())
            .join(post, post.c.id == delivery.c.post_id)
            .where(post.c.batch_id.is_not(None), post.c.deleted_at.is_(None))
            .where(*self._database.own(delivery))
            .group_by(post.c.batch_id, delivery.c.state, moves)
        )
        found: dict[int, dict[tuple[State, bool], int]] = {}
        with self._database.reading() as connection:
            for batch_id, state, by_itself, count in connection.execute(asked):
                found.setdefault(batch_id, {})[state, bool(by_itself)] = count
        return found

    def parts(self, one: Batch) -> list[Part]:
        """Return the deliveries of a batch in order, those of deleted posts as well."""
        asked = (
            select(*rows.DELIVERY)
            .join(post, post.c.id == delivery.c.post_id)
            .where(post.c.batch_id == one.id, *self._database.own(delivery))
            .order_by(post.c.position, delivery.c.number)
        )
        with self._database.reading() as connection:
            found = [rows.to_delivery(row) for row in connection.execute(asked)]
            posts = rows.posts(connection, {part.post_id for part in found})
        return [Part(posts[part.post_id], part) for part in found]

    def stopped(self) -> list[tuple[str, Delivery]]:
        """Return where batches have stopped: their names, and what did not go out."""
        follower, before = delivery.alias("follower"), delivery
        asked = (
            select(batch.c.name, *rows.DELIVERY)
            .select_from(follower)
            .join(before, before.c.id == follower.c.after_id)
            .join(post, post.c.id == follower.c.post_id)
            .join(batch, batch.c.id == post.c.batch_id)
            .where(follower.c.after_id.is_not(None), follower.c.follows == Follow.STOP)
            .where(follower.c.state.in_(WAITING), follower.c.wake_at.is_(None))
            .where(following.given_up(before), *self._database.own(delivery))
            .order_by(before.c.id)
        )
        with self._database.reading() as connection:
            return [(row[0], rows.to_delivery(row[1:])) for row in connection.execute(asked)]


def _to_batch(row: Row[Any]) -> Batch:
    values = row._asdict()
    return Batch(**values | {"mode": Mode(values["mode"])})

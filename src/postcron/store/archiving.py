"""Putting posts aside that nothing happens to any more, and bringing them back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, func, not_, select, update

from postcron.model import Run
from postcron.states import FINAL
from postcron.store import ledger
from postcron.store.columns import Instant
from postcron.store.database import Shelf, own, whose
from postcron.store.tables import delivery, post


class ArchiveShelf(Shelf):
    """The posts that are put aside."""

    def settled_before(self, moment: datetime, *, limit: int | None) -> list[int]:
        """Return posts that are not archived and over since before a moment, the oldest first."""
        over = func.coalesce(delivery.c.published_at, delivery.c.updated_at, type_=Instant())
        young = exists().where(delivery.c.post_id == post.c.id, over >= moment).correlate(post)
        asked = select(post.c.id).where(
            post.c.archived_at.is_(None),
            post.c.created_at < moment,
            settled(),
            not_(young),
            *self._database.own(post),
        )
        with self._database.reading() as connection:
            return list(connection.scalars(asked.order_by(post.c.id).limit(limit)))

    def put(self, ids: Collection[int], *, run: Run) -> list[int]:
        """Put posts aside; return those that were not, and of which nothing was under way."""

        def work(transaction: Connection) -> list[int]:
            now = self._database.now()
            here = (post.c.id.in_(ids), *self._database.own(post))
            # First: who adds a delivery to one of them holds its row, and the update must see it.
            held = select(post.c.id).where(*here).order_by(post.c.id).with_for_update()
            transaction.execute(held)
            leaving = update(post).where(*here, post.c.archived_at.is_(None), settled())
            leaving = leaving.values(archived_at=now)
            gone = transaction.scalars(leaving.returning(post.c.id)).all()
            ledger.of_posts(transaction, gone, "archived", {}, run=run, at=now)
            return sorted(gone)

        return self._database.write(work)

    def restore(self, ids: Collection[int], *, run: Run) -> list[int]:
        """Bring posts back; return those that were put aside."""
        return self._database.write(lambda to: bring_back(to, ids, run, self._database.now()))


def settled() -> ColumnElement[bool]:
    """Return what holds for a post of which nothing more will happen by itself or by a person."""
    moves = delivery.c.state.not_in(FINAL) | delivery.c.wake_at.is_not(None)
    return ~exists().where(delivery.c.post_id == post.c.id, moves).correlate(post)


def bring_back(transaction: Connection, ids: Collection[int], run: Run, now: datetime) -> list[int]:
    """Bring posts back in a transaction that is already open."""
    here = (post.c.archived_at.is_not(None), *own(post, whose(transaction)))
    coming = update(post).where(post.c.id.in_(ids), *here).values(archived_at=None)
    back = transaction.scalars(coming.returning(post.c.id)).all()
    ledger.of_posts(transaction, back, "restored", {}, run=run, at=now)
    return sorted(back)

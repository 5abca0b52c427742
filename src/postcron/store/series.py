"""Series: recurring posts, each of whose occurrences becomes a post once, whoever is at it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from postcron.errors import Refused
from postcron.model import Delivery, MediaFile, Move, NewPost, NewSeries, Run, Saved, Series
from postcron.store import ledger, posting, recording
from postcron.store.database import Shelf, own, require_own, upsert, whose
from postcron.store.tables import columns_of, delivery, post, series

_SERIES = columns_of(series, Series)


class SeriesShelf(Shelf):
    """The series of a store."""

    # --- reading -----------------------------------------------------------------------------

    def one(self, id: int) -> Series | None:
        found = self._some(series.c.id == id)
        return found[0] if found else None

    def by_key(self, key: str) -> Series | None:
        found = self._some(series.c.key == key)
        return found[0] if found else None

    def every(self) -> list[Series]:
        """Return all of them, those that make something next in front."""
        return self._some()

    def due(self, limit: int) -> list[Series]:
        """Return those whose next occurrences it is time to make."""
        # The partial index wants it said that there is a moment.
        waking = series.c.wake_at.is_not(None), series.c.wake_at <= self._database.now()
        return self._some(*waking, limit=limit)

    def _some(self, *where: ColumnElement[bool], limit: int | None = None) -> list[Series]:
        asked = select(*_SERIES).where(*where, *self._database.own(series))
        order = (series.c.wake_at.is_(None), series.c.wake_at, series.c.id)
        with self._database.reading() as connection:
            return [Series(*row) for row in connection.execute(asked.order_by(*order).limit(limit))]

    def posts(self, one: Series, *, since: datetime) -> dict[datetime, int]:
        """Return the first posts of threads made of a series, by the moment they are made for."""
        asked = select(post.c.occurrence, post.c.id).where(
            post.c.series_id == one.id, post.c.occurrence >= since, *self._database.own(post)
        )
        with self._database.reading() as connection:
            found = connection.execute(asked.order_by(post.c.occurrence)).all()
        return {row.occurrence: row.id for row in found}

    # --- writing -----------------------------------------------------------------------------

    def add(self, new: NewSeries, files: Collection[MediaFile] = ()) -> Series:
        """Save a series and what is known of its media; the one that is there if its key is taken."""

        def add_series(transaction: Connection) -> Series:
            require_own(transaction, new.workspace)
            posting.remember(transaction, files)
            adding = upsert(transaction, series).values(
                **vars(new) | {"template": dict(new.template)}, created_at=self._database.now()
            )
            adding = adding.on_conflict_do_nothing(index_elements=["workspace", "key"])
            row = transaction.execute(adding.returning(*_SERIES)).first()
            same = (series.c.workspace == new.workspace, series.c.key == new.key)
            return Series(*(row or transaction.execute(select(*_SERIES).where(*same)).one()))

        return self._database.write(add_series)

    def make(
        self,
        one: Series,
        threads: Sequence[Sequence[NewPost]],
        *,
        until: datetime,
        wake_at: datetime | None,
        left_out: int,
        run: Run,
        seen: Mapping[str, int],
    ) -> tuple[Series, list[list[Saved]]] | None:
        """Save its occurrences up to a moment, each a thread; None when another run was first.

        Raises `PlanChanged` if the plan of an account has changed since it was `seen`.
        """
        values = {
            "made_until": until,
            "wake_at": wake_at,
            "made": one.made + len(threads),
            "left_out": one.left_out + left_out,
        }

        def make_occurrences(transaction: Connection) -> tuple[Series, list[list[Saved]]] | None:
            changed = _changed(transaction, one, values)
            if changed is None:
                return None
            now = self._database.now()
            return changed, posting.add(transaction, threads, run, now, seen)

        return self._database.write(make_occurrences)

    def put_off(self, one: Series, until: datetime) -> None:
        """Make nothing of it before a moment, unless somebody else changes it."""

        def put_off_series(transaction: Connection) -> None:
            _changed(transaction, one, {"wake_at": until})

        self._database.write(put_off_series)

    def change(
        self,
        one: Series,
        values: Mapping[str, Any],
        moves: Sequence[Move],
        *,
        files: Collection[MediaFile] = (),
        run: Run,
    ) -> Series:
        """Change a series and withdraw what the moves end, whole posts of it: all or nothing.

        Raises `Refused`, with nothing written, if another run was ahead of one of them.
        """

        def change_series(transaction: Connection) -> Series:
            now = self._database.now()
            changed = _changed(transaction, one, values)
            made = recording.make(transaction, moves, run, now)
            if changed is None or None in made:
                message = f"Series {one.id} has just been changed by another run: look at it again."
                raise Refused(message)
            posting.remember(transaction, files)
            _withdraw(transaction, one, [move.delivery for move in moves], run, now)
            return changed

        return self._database.write(change_series)

    def tell(self, told: Sequence[Series]) -> None:
        """Note that people know what was left out of these, unless they have changed since."""

        def tell_series(transaction: Connection) -> None:
            for one in told:
                _changed(transaction, one, {"left_out": 0})

        if told:
            self._database.write(tell_series)


def _changed(transaction: Connection, one: Series, values: Mapping[str, Any]) -> Series | None:
    """Change a series that stands as it was seen, and return it; None if it does not."""
    ours = own(series, whose(transaction))
    seen = update(series).where(series.c.id == one.id, series.c.fence == one.fence, *ours)
    changing = seen.values(**values, fence=one.fence + 1).returning(*_SERIES)
    row = transaction.execute(changing).one_or_none()
    return None if row is None else Series(*row)


def _withdraw(
    transaction: Connection, one: Series, first: Sequence[Delivery], run: Run, now: datetime
) -> None:
    """Take threads from the lists, and from their series: it may make the same occurrence anew."""
    if not first:
        return
    following = select(delivery.c.post_id).join(post, post.c.id == delivery.c.post_id)
    following = following.where(
        post.c.series_id == one.id, delivery.c.root_id.in_([each.id for each in first])
    )
    ids = {each.post_id for each in first} | set(transaction.execute(following).scalars())
    leaving = update(post).where(post.c.id.in_(ids))
    transaction.execute(leaving.values(series_id=None, deleted_at=now))
    ledger.of_posts(transaction, ids, "deleted", {"series": one.id}, run=run, at=now)

"""Saving a new post: its media, its deliveries and their first ledger rows, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from postcron.model import Attachment, Delivery, NewDelivery, NewPost, Run, Saved, Ticket
from postcron.store import ledger, rows
from postcron.store.database import Database
from postcron.store.tables import attachment, delivery, media, post


def add_posts(database: Database, parts: Sequence[NewPost], *, run: Run) -> list[Saved]:
    """Save posts of which each follows the one before, account by account; all of them or none.

    The same (workspace, key) again adds only deliveries of accounts still missing.
    """

    def work(transaction: Connection) -> list[Saved]:
        now = database.now()
        saved = [_add(transaction, part, run, now) for part in parts]
        if len(saved) == 1:
            return saved
        for before, after in pairwise(saved):
            for one in after.deliveries:
                [first] = [each for each in before.deliveries if each.account == one.account]
                _follow(transaction, one, first)
        ids = [[one.id for one in each.deliveries] for each in saved]
        return [
            replace(each, deliveries=_reread(transaction, some))
            for each, some in zip(saved, ids, strict=True)
        ]

    return database.write(work)


def _follow(transaction: Connection, one: Delivery, before: Delivery) -> None:
    root = select(func.coalesce(_first.c.root_id, _first.c.id)).where(_first.c.id == before.id)
    linking = update(delivery).where(delivery.c.id == one.id)
    transaction.execute(linking.values(after_id=before.id, root_id=root.scalar_subquery()))
    transaction.execute(update(delivery).where(delivery.c.id == before.id).values(followed=True))


_first = delivery.alias("first")


def _reread(transaction: Connection, ids: Sequence[int]) -> tuple[Delivery, ...]:
    asked = select(*rows.DELIVERY).where(delivery.c.id.in_(ids)).order_by(delivery.c.number)
    return tuple(rows.to_delivery(row) for row in transaction.execute(asked))


def _add(transaction: Connection, new: NewPost, run: Run, now: datetime) -> Saved:
    post_id = _insert_post(transaction, new, now) or _lock_post(transaction, new)
    created = _insert_deliveries(transaction, post_id, new, now)
    ledger.write(transaction, [_created(one, run, now) for one in created])
    every = select(*rows.DELIVERY).where(delivery.c.post_id == post_id).order_by(delivery.c.number)
    return Saved(
        rows.posts(transaction, [post_id])[post_id],
        tuple(rows.to_delivery(row) for row in transaction.execute(every)),
        frozenset(one.id for one in created),
    )


def _insert_post(transaction: Connection, new: NewPost, now: datetime) -> int | None:
    """Return the new post's id; None if its key is taken."""
    same = new.__dataclass_fields__.keys() - {"attachments", "deliveries"}
    values = {name: getattr(new, name) for name in same} | {"labels": list(new.labels)}
    adding = (
        upsert(transaction, post)
        .values(**values, created_at=now)
        .on_conflict_do_nothing(index_elements=["workspace", "key"])
        .returning(post.c.id)
    )
    post_id: int | None = transaction.execute(adding).scalar()
    if post_id is not None:
        attach(transaction, post_id, new.attachments)
    return post_id


def _lock_post(transaction: Connection, new: NewPost) -> int:
    """Return the id of the post that has the key; others who add to it wait until we are done."""
    known = (
        select(post.c.id)
        .where(post.c.workspace == new.workspace, post.c.key == new.key)
        .with_for_update()
    )
    post_id: int = transaction.execute(known).scalar_one()
    return post_id


def attach(transaction: Connection, post_id: int, files: Sequence[Attachment]) -> None:
    """Give a post its files, in order."""
    if not files:
        return
    adding = upsert(transaction, media)
    # A file that comes again may lie somewhere else now.
    adding = adding.on_conflict_do_update(
        index_elements=["sha256"], set_={"location": adding.excluded.location}
    )
    transaction.execute(adding, [asdict(one.file) for one in files])
    transaction.execute(
        insert(attachment),
        [
            {
                "post_id": post_id,
                "position": position,
                "sha256": one.file.sha256,
                "name": one.name,
                "alt": one.alt,
            }
            for position, one in enumerate(files)
        ],
    )


def _insert_deliveries(
    transaction: Connection, post_id: int, new: NewPost, now: datetime
) -> list[Delivery]:
    there = select(delivery.c.account).where(delivery.c.post_id == post_id)
    accounts = set(transaction.execute(there).scalars())
    missing = [one for one in new.deliveries if one.account not in accounts]
    if not missing:
        return []
    last = select(func.max(delivery.c.number)).where(delivery.c.post_id == post_id)
    first = (transaction.execute(last).scalar() or 0) + 1
    common = {"post_id": post_id, "workspace": new.workspace, "created_at": now, "updated_at": now}
    adding = insert(delivery).returning(*rows.DELIVERY)
    values = [
        common | _start(one) | {"number": number} for number, one in enumerate(missing, first)
    ]
    created = [rows.to_delivery(row) for row in transaction.execute(adding, values)]
    return sorted(created, key=lambda one: one.number)


def _start(new: NewDelivery) -> dict[str, Any]:
    given = {name: getattr(new, name) for name in new.__dataclass_fields__}
    given["options"] = dict(new.options)
    return given | {"revision": 1, "ticket": Ticket(), "tries": 0, "fence": 0}


def _created(one: Delivery, run: Run, now: datetime) -> Mapping[str, Any]:
    detail = {
        "account": one.account,
        "wanted_at": _plain(one.wanted_at),
        "due_at": _plain(one.due_at),
        "reason": one.reason,
    }
    return ledger.entry(one, "created", None, detail, run=run, at=now)


def _plain(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def upsert(transaction: Connection, table: Any) -> Any:
    """Return an insert that knows ON CONFLICT, in the words of this database."""
    dialect = postgresql if transaction.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)

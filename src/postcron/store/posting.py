"""Saving new posts: their media, their deliveries and their first ledger rows, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection, Table, insert, select, text, update

from postcron.errors import Refused
from postcron.model import (
    Attachment,
    Follow,
    MediaFile,
    NewDelivery,
    NewPost,
    Run,
    Said,
    Saved,
    Ticket,
)
from postcron.store import archiving, plans, rows
from postcron.store.bulk import insert_rows
from postcron.store.database import Database, require_own, upsert
from postcron.store.tables import attachment, delivery, event, media, post

#: threads that are turned into rows at once: what is in hand does not grow with their number
AT_ONCE: Final = 500


def add_posts(
    database: Database, parts: Sequence[NewPost], *, run: Run, seen: Mapping[str, int]
) -> list[Saved]:
    """Save posts of which each follows the one before, account by account; all of them or none.

    The same (workspace, key) again adds only deliveries of accounts still missing.
    """

    def work(transaction: Connection) -> list[Saved]:
        [saved] = add(transaction, [parts], run, database.now(), seen)
        return saved

    return database.write(work)


def add_many(
    database: Database, threads: Sequence[Sequence[NewPost]], *, run: Run, seen: Mapping[str, int]
) -> list[int]:
    """Save many threads, most of them of one post, as `add_posts` saves one; all of them or none.

    Return the ids of their first posts.
    """

    def work(transaction: Connection) -> list[int]:
        return [ids[0] for ids in add_all(transaction, threads, run, database.now(), seen)]

    return database.write(work)


def add_all(
    transaction: Connection,
    threads: Sequence[Sequence[NewPost]],
    run: Run,
    now: datetime,
    seen: Mapping[str, int],
) -> list[list[int]]:
    """Save any number of threads in a transaction that is already open; return their posts' ids."""
    _prepare(transaction, threads, seen)
    return [
        [place.post_id for place in places]
        for start in range(0, len(threads), AT_ONCE)
        for places in _add(transaction, threads[start : start + AT_ONCE], run, now)
    ]


def add(
    transaction: Connection,
    threads: Sequence[Sequence[NewPost]],
    run: Run,
    now: datetime,
    seen: Mapping[str, int],
) -> list[list[Saved]]:
    """Save a few threads in a transaction that is already open."""
    _prepare(transaction, threads, seen)
    return [
        [_saved(transaction, place) for place in places]
        for places in _add(transaction, threads, run, now)
    ]


def _prepare(
    transaction: Connection, threads: Sequence[Sequence[NewPost]], seen: Mapping[str, int]
) -> None:
    require_own(transaction, *{part.workspace for thread in threads for part in thread})
    plans.change(transaction, _timed(chain.from_iterable(threads)), seen)


def _timed(posts: Iterable[NewPost]) -> set[tuple[str, str]]:
    """Return the accounts, with their workspace, that are given a time."""
    return {
        (new.workspace, one.account)
        for new in posts
        for one in new.deliveries
        if one.due_at is not None
    }


@dataclass
class _Place:
    """A post on its way into the store: its id there, and the deliveries it has by account."""

    new: NewPost
    post_id: int
    fresh: bool
    ids: dict[str, int] = field(default_factory=dict)
    last_number: int = 0
    created: list[int] = field(default_factory=list)

    def missing(self) -> list[NewDelivery]:
        return [one for one in self.new.deliveries if one.account not in self.ids]


def _add(
    transaction: Connection, threads: Sequence[Sequence[NewPost]], run: Run, now: datetime
) -> list[list[_Place]]:
    """Insert what the store lacks of some threads, a statement for each table."""
    threads_places = _places(transaction, threads)
    places = [place for thread in threads_places for place in thread]
    _insert_posts(transaction, [place for place in places if place.fresh], now)
    more = [place.post_id for place in places if not place.fresh and place.missing()]
    if more:  # before they are counted: what is put aside counts nowhere
        _require_listed(transaction, more)
        archiving.bring_back(transaction, more, run, now)
    ids = iter(_next_ids(transaction, delivery, sum(len(place.missing()) for place in places)))
    values = [row for thread in threads_places for row in _rows(thread, ids, now)]
    if values:
        insert_rows(transaction, delivery, values)
        _let_follow(transaction, values)
        insert_rows(transaction, event, [_created(row, run, now) for row in values])
    return threads_places


def _places(transaction: Connection, threads: Sequence[Sequence[NewPost]]) -> list[list[_Place]]:
    parts = [part for thread in threads for part in thread]
    known = _known(transaction, parts)
    fresh = [part for part in parts if (part.workspace, part.key) not in known]
    ids = iter(_next_ids(transaction, post, len(fresh)))
    return [
        [
            known.get((part.workspace, part.key)) or _Place(part, next(ids), fresh=True)
            for part in thread
        ]
        for thread in threads
    ]


def _known(
    transaction: Connection, parts: Collection[NewPost]
) -> dict[tuple[str, str | None], _Place]:
    """Return the posts whose keys are taken; others who add to them wait until we are done."""
    asked_by = {(part.workspace, part.key): part for part in parts if part.key is not None}
    if not asked_by:
        return {}
    asked = select(post.c.workspace, post.c.key, post.c.id).where(
        post.c.workspace.in_({workspace for workspace, _ in asked_by}),
        post.c.key.in_({key for _, key in asked_by}),
    )
    found = transaction.execute(asked.with_for_update()).all()
    places = {
        id: _Place(asked_by[workspace, key], id, fresh=False)
        for workspace, key, id in found
        if (workspace, key) in asked_by
    }
    there = select(delivery.c.post_id, delivery.c.account, delivery.c.id, delivery.c.number)
    for post_id, account, id, number in transaction.execute(
        there.where(delivery.c.post_id.in_(places))
    ):
        places[post_id].ids[account] = id
        places[post_id].last_number = max(places[post_id].last_number, number)
    return {(place.new.workspace, place.new.key): place for place in places.values()}


def _require_listed(transaction: Connection, ids: Collection[int]) -> None:
    """Raise `Refused` for a post that was deleted: what goes out of it would be in no list."""
    gone = select(post.c.id).where(post.c.id.in_(ids), post.c.deleted_at.is_not(None))
    if (id := transaction.execute(gone.limit(1)).scalar()) is not None:
        raise Refused(f"Post {id} has just been deleted: look at it again, then take another key.")


def _next_ids(transaction: Connection, table: Table, count: int) -> Sequence[int]:
    """Take ids that nobody else gets any more: rows that bring theirs along need no answer."""
    if not count:
        return ()
    if transaction.dialect.name == "postgresql":
        asked = text(
            "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
        )
        return transaction.execute(asked, {"name": table.name, "count": count}).scalars().all()
    # The write lock is ours: nobody adds a row before we are done.
    asked = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    last = transaction.execute(asked, {"name": table.name}).scalar() or 0
    return range(last + 1, last + 1 + count)


def _insert_posts(transaction: Connection, places: Sequence[_Place], now: datetime) -> None:
    if not places:
        return
    same = Said.__dataclass_fields__.keys() - {"attachments"}
    values = [
        {name: getattr(place.new, name) for name in same}
        | {"id": place.post_id, "labels": list(place.new.labels), "created_at": now}
        for place in places
    ]
    insert_rows(transaction, post, values)
    attach(transaction, {place.post_id: place.new.attachments for place in places})


def attach(transaction: Connection, files: Mapping[int, Sequence[Attachment]]) -> None:
    """Give posts, by their ids, their files in order."""
    used = {one.file.sha256: one.file for some in files.values() for one in some}
    if not used:
        return
    remember(transaction, used.values())
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
            for post_id, some in files.items()
            for position, one in enumerate(some)
        ],
    )


def remember(transaction: Connection, files: Collection[MediaFile]) -> None:
    """Keep what is known of files, and where they lie now."""
    if not files:
        return
    adding = upsert(transaction, media)
    # A file that comes again may lie somewhere else now.
    adding = adding.on_conflict_do_update(
        index_elements=["sha256"], set_={"location": adding.excluded.location}
    )
    transaction.execute(adding, [asdict(file) for file in files])


def _rows(thread: Sequence[_Place], ids: Iterator[int], now: datetime) -> Iterator[dict[str, Any]]:
    """Yield the rows of a thread's missing deliveries, each following the same account's before."""
    for number, place in enumerate(thread):
        for new in place.missing():
            place.ids[new.account] = id = next(ids)
            place.created.append(id)
            place.last_number += 1
            yield _start(new) | {
                "id": id,
                "post_id": place.post_id,
                "number": place.last_number,
                "workspace": place.new.workspace,
                "after_id": thread[number - 1].ids[new.account] if number else None,
                "follows": new.follows if number else None,
                "root_id": thread[0].ids[new.account] if number and _answers(new) else None,
                "followed": number + 1 < len(thread),
                "created_at": now,
                "updated_at": now,
            }


def _start(new: NewDelivery) -> dict[str, Any]:
    given = {name: getattr(new, name) for name in NewDelivery.__dataclass_fields__}
    given["options"] = dict(new.options)
    return given | {"revision": 1, "ticket": _NEW, "tries": 0, "fence": 0}


_NEW: Final = Ticket()


def _answers(new: NewDelivery) -> bool:
    return new.follows is Follow.ANSWER


def _let_follow(transaction: Connection, created: Sequence[Mapping[str, Any]]) -> None:
    """Tell deliveries that were there before that another follows them now."""
    before = {row["after_id"] for row in created} - {row["id"] for row in created} - {None}
    if before:
        transaction.execute(update(delivery).where(delivery.c.id.in_(before)).values(followed=True))


def _created(row: Mapping[str, Any], run: Run, now: datetime) -> Mapping[str, Any]:
    return {
        "at": now,
        "kind": "created",
        "post_id": row["post_id"],
        "delivery_id": row["id"],
        "before": None,
        "after": row["state"],
        "run": run.id,
        "actor": run.actor,
        "detail": {
            "account": row["account"],
            "wanted_at": _plain(row["wanted_at"]),
            "due_at": _plain(row["due_at"]),
            "reason": row["reason"],
        },
    }


def _plain(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _saved(transaction: Connection, place: _Place) -> Saved:
    every = select(*rows.DELIVERY).where(delivery.c.post_id == place.post_id)
    return Saved(
        rows.posts(transaction, [place.post_id])[place.post_id],
        tuple(map(rows.to_delivery, transaction.execute(every.order_by(delivery.c.number)))),
        frozenset(place.created),
    )

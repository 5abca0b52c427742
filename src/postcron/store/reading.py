"""Questions about single posts and deliveries, and about what is planned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    text,
)

from postcron.model import RESTORED, Attempt, Delivery, Follow, MediaFile, Outing, Post
from postcron.states import AHEAD, FINAL, UNCERTAIN, State
from postcron.store import claims, rows
from postcron.store.columns import Instant
from postcron.store.database import Database
from postcron.store.tables import LIVE, attachment, attempt, delivery, media, post

#: hardly anything goes out so long after it was due
LATEST: Final = timedelta(days=30)

_DELIVERIES: Final = select(*rows.DELIVERY)


def from_plan(database: Database, name: str) -> list[tuple[Post, list[Delivery]]]:
    """Return what was ever applied from a plan with its deliveries, the oldest first."""
    # Wildcards may stand in a name, so no LIKE; and a range from `name/` to `name0` holds `Name/` too
    # where a database sorts as a language does.
    mine = func.substr(post.c.source, 1, len(name) + 1) == f"{name}/"
    with database.reading() as connection:
        asked = select(post.c.id).where(mine, post.c.source.is_not(None), *database.own(post))
        ids = list(connection.execute(asked.order_by(post.c.id)).scalars())
        found = rows.posts(connection, ids)
    theirs: dict[int, list[Delivery]] = defaultdict(list)
    for one in deliveries(database, delivery.c.post_id.in_(found)):
        theirs[one.post_id].append(one)
    return [(found[id], theirs[id]) for id in ids if id in found]


def thread(database: Database, post_id: int) -> list[int]:
    """Return the ids of a post and of those whose deliveries answer its own, one after the other."""
    part = select(delivery.c.id, delivery.c.post_id).where(delivery.c.post_id == post_id)
    part = part.where(*database.own(delivery))
    parts = part.cte("part", recursive=True)
    answers = delivery.c.follows == Follow.ANSWER
    after = select(delivery.c.id, delivery.c.post_id).join(parts, delivery.c.after_id == parts.c.id)
    parts = parts.union(after.where(answers, *database.own(delivery)))
    with database.reading() as connection:
        found = connection.execute(select(parts.c.post_id).distinct()).scalars().all()
    return sorted({post_id, *found})


def media_file(database: Database, sha256: str) -> MediaFile | None:
    with database.reading() as connection:
        row = connection.execute(select(*rows.MEDIA).where(media.c.sha256 == sha256)).first()
        return None if row is None else MediaFile(*row)


def checksums(database: Database, beginning: str, limit: int) -> list[str]:
    """Return the checksums of this workspace's files that begin with these hexadecimal digits."""
    # A range and not LIKE: SQLite's index serves only that. No digit sorts after f.
    within = (attachment.c.sha256 >= beginning, attachment.c.sha256 < f"{beginning}g")
    asked = select(attachment.c.sha256).distinct().join(post).where(*within, *database.own(post))
    with database.reading() as connection:
        return list(connection.scalars(asked.limit(limit)))


def attempts(database: Database, delivery_id: int) -> list[Attempt]:
    asked = select(*rows.ATTEMPT).join(delivery)
    asked = asked.where(attempt.c.delivery_id == delivery_id, *database.own(delivery))
    with database.reading() as connection:
        answer = connection.execute(asked.order_by(attempt.c.number))
        return [Attempt(*row) for row in answer]


def deliveries(
    database: Database,
    *where: ColumnElement[bool],
    order: Sequence[ColumnElement[Any]] = (delivery.c.id,),
    limit: int | None = None,
    only: Collection[str] | None = None,
    skip: Collection[str] = (),
) -> list[Delivery]:
    """Return the deliveries of this workspace that fit, of these accounts `only` and none of `skip`."""
    asked = _DELIVERIES.where(*where, *database.own(delivery))
    asked = asked.where(*claims.of_accounts(skip=skip, only=only))
    with database.reading() as connection:
        answer = connection.execute(asked.order_by(*order).limit(limit))
        return [rows.to_delivery(row) for row in answer]


def number(database: Database, *where: ColumnElement[bool]) -> int:
    """Return how many deliveries of this workspace fit."""
    asked = select(func.count()).select_from(delivery).where(*where, *database.own(delivery))
    with database.reading() as connection:
        return connection.execute(asked).scalar_one()


def reload(database: Database, ids: Sequence[int]) -> list[Delivery]:
    """Return these deliveries as they stand now, in the order of `ids`."""
    found = {one.id: one for one in deliveries(database, delivery.c.id.in_(ids))}
    return [found[one] for one in ids if one in found]


def outings(
    database: Database,
    accounts: Collection[str],
    since: datetime,
    before: datetime,
    *,
    told_apart: bool,
) -> list[Outing]:
    """Return what these accounts published, are publishing or are due to, between two moments.

    What should have gone out before is among it. Told apart they have their type, and are answers
    or not.
    """
    at = spoken_at()
    asked = select(delivery.c.account, delivery.c.state, at).where(
        delivery.c.account.in_(sorted(accounts)),
        delivery.c.state.in_(AHEAD | UNCERTAIN | {State.PUBLISHING, State.PUBLISHED}),
        # The index knows when they were due; what went out a month after that is not looked for.
        delivery.c.due_at > since - LATEST,
        delivery.c.due_at <= before,
        or_(at > since, delivery.c.published_at.is_(None)),
        *database.own(delivery),
    )
    if told_apart:
        asked = asked.join(post, delivery.c.post_id == post.c.id)
        answers = delivery.c.follows.is_not_distinct_from(Follow.ANSWER)
        asked = asked.add_columns(post.c.type, answers)
    with database.reading() as connection:
        return [Outing(*row) for row in connection.execute(asked)]


def spoken_at() -> ColumnElement[datetime]:
    """When a delivery went out, or is due to: what was let out late is due from then on."""
    let_out = case(
        (delivery.c.grace_from > delivery.c.due_at, delivery.c.grace_from), else_=delivery.c.due_at
    )
    return func.coalesce(delivery.c.published_at, let_out, type_=Instant())


def proving(account: str, addresses: Collection[str]) -> ColumnElement[bool]:
    known = or_(delivery.c.remote_id.in_(addresses), delivery.c.url.in_(addresses))
    return and_(delivery.c.account == account, known)


def doubtful(now: datetime, ahead: Mapping[str, timedelta]) -> ColumnElement[bool]:
    """What may have gone out since a backup was made: all but the final whose moment has passed.

    Platforms are given posts so long `ahead` of it, by their names.

    What is uncertain already counts until its attempt is marked as one of the forgotten time.
    """
    by_itself = and_(
        delivery.c.state.in_((State.FAILED, State.LATE)), delivery.c.wake_at.is_not(None)
    )
    marked = exists().where(
        attempt.c.delivery_id == delivery.c.id, text(f"attempt.{LIVE}"), attempt.c.code == RESTORED
    )
    called = and_(delivery.c.state.in_(UNCERTAIN | {State.PUBLISHING}), ~marked)
    # What waited for approval may have been approved since.
    unsent = delivery.c.state.in_(AHEAD | {State.DRAFT})
    given = [
        and_(delivery.c.platform == name, delivery.c.due_at <= now + by)
        for name, by in ahead.items()
    ]
    return and_(or_(delivery.c.due_at <= now, *given), or_(unsent, by_itself, called))


def ahead(database: Database) -> int:
    return number(database, delivery.c.state.not_in(FINAL), delivery.c.due_at > database.now())


def next_due(database: Database) -> datetime | None:
    asked: Select[Any] = select(func.min(delivery.c.due_at)).where(
        delivery.c.state.in_(AHEAD), *database.own(delivery)
    )
    with database.reading() as connection:
        due: datetime | None = connection.execute(asked).scalar()
        return due

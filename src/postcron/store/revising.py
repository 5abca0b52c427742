"""Changing a post, and with it those of its deliveries that allow it: all or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from postcron.errors import Refused
from postcron.model import Approval, Delivery, Move, Post, PostChange, Run
from postcron.states import State
from postcron.store import ledger, plans, posting, recording
from postcron.store.database import Database
from postcron.store.tables import attachment, delivery, post

#: what stands in other tables than that of the posts
_BESIDE = frozenset({"attachments", "priority"})


def revise(
    database: Database,
    old: Post,
    change: PostChange,
    moves: Sequence[Move],
    *,
    run: Run,
    seen: Mapping[str, int],
) -> list[Delivery]:
    """Change a post and make the moves; raises `Refused`, with nothing written, if one of them lost."""
    given = {name: new for name, new in vars(change).items() if new is not None}
    columns = {name: new for name, new in given.items() if name not in _BESIDE}
    if change.approval is not None:
        columns |= {"decided_by": None, "decided_at": None}

    def work(transaction: Connection) -> list[Delivery]:
        now = database.now()
        _require_there(transaction, database, old)
        plans.change_by(transaction, old.workspace, moves, seen)
        if columns:
            transaction.execute(update(post).where(post.c.id == old.id).values(**columns))
        moved = _made(transaction, moves, run, now)
        if change.priority is not None:
            of_post = update(delivery).where(delivery.c.post_id == old.id)
            transaction.execute(of_post.values(priority=change.priority))
        if change.attachments is not None:
            transaction.execute(delete(attachment).where(attachment.c.post_id == old.id))
            posting.attach(transaction, {old.id: change.attachments})
        if told := sorted(given.keys() - {"applied"}):
            detail = {"changed": told}
            ledger.of_posts(transaction, [old.id], "revised", detail, run=run, at=now)
        return moved

    return database.write(work)


def decide(
    database: Database,
    posts: Collection[int],
    moves: Sequence[Move],
    *,
    run: Run,
    approval: Approval,
    why: str | None,
) -> list[Delivery]:
    """Approve or reject posts and make the moves; all of it or (`Refused`) nothing."""

    def work(transaction: Connection) -> list[Delivery]:
        now = database.now()
        decided = {"approval": approval, "decided_by": run.actor, "decided_at": now}
        deciding = update(post).where(post.c.id.in_(posts), *database.own(post)).values(**decided)
        # First: what is approved now may move now.
        ours = transaction.scalars(deciding.returning(post.c.id)).all()
        moved = _made(transaction, moves, run, now)
        detail = {"why": why} if why else {}
        ledger.of_posts(transaction, ours, approval, detail, run=run, at=now)
        return moved

    return database.write(work)


def change(
    database: Database,
    moves: Sequence[Move],
    *,
    run: Run,
    deleted: Collection[int],
    seen: Mapping[str, int],
) -> list[Delivery]:
    """Make the moves of many posts, and take posts from the lists; all of it or (`Refused`) nothing."""

    def work(transaction: Connection) -> list[Delivery]:
        now = database.now()
        plans.change_by(transaction, database.writes_for, moves, seen)
        moved = recording.make_all(transaction, moves, run, now)
        ids = sorted(deleted)
        for start in range(0, len(ids), posting.AT_ONCE):
            _delete(transaction, database, ids[start : start + posting.AT_ONCE], run, now)
        return moved

    return database.write(work)


def _require_there(transaction: Connection, database: Database, old: Post) -> None:
    asked = select(post.c.id).where(post.c.id == old.id, *database.own(post))
    if transaction.execute(asked).first() is None:
        raise Refused(f"There is no post {old.id} in this workspace.")


def _delete(
    transaction: Connection, database: Database, ids: Sequence[int], run: Run, now: datetime
) -> None:
    here = (post.c.id.in_(ids), *database.own(post))
    # First: who adds a delivery to one of them holds its row, and the question must see it.
    transaction.execute(select(post.c.id).where(*here).order_by(post.c.id).with_for_update())
    left = select(delivery.c.post_id).where(delivery.c.post_id.in_(ids))
    left = left.where(delivery.c.state != State.CANCELLED).limit(1)
    if (id := transaction.execute(left).scalar()) is not None:
        raise Refused(
            f"Post {id} goes to one more account by now: look at it again, then repeat it."
        )
    leaving = update(post).where(*here, post.c.deleted_at.is_(None)).values(deleted_at=now)
    gone = transaction.scalars(leaving.returning(post.c.id)).all()
    ledger.of_posts(transaction, gone, "deleted", {"changed": ["deleted_at"]}, run=run, at=now)


def _made(
    transaction: Connection, moves: Sequence[Move], run: Run, now: datetime
) -> list[Delivery]:
    """Make every move; raises `Refused` that names the first one that lost."""
    moved: list[Delivery] = []
    for move, new in zip(moves, recording.make(transaction, moves, run, now), strict=True):
        if new is None:
            raise Refused(recording.overtaken([move.delivery.ref]))
        moved.append(new)
    return moved

"""Changing a post, and with it those of its deliveries that allow it: all or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from postcron.errors import Refused
from postcron.model import Approval, Attachment, Delivery, Json, Move, Post, PostType, Run
from postcron.states import after
from postcron.store import plans, posting, recording
from postcron.store.database import Database
from postcron.store.tables import attachment, delivery, event, post


def revise(
    database: Database,
    old: Post,
    moves: Sequence[Move],
    *,
    run: Run,
    text: str | None,
    type: PostType | None,
    attachments: tuple[Attachment, ...] | None,
    campaign: str | None,
    notes: str | None,
    labels: tuple[str, ...] | None,
    priority: int | None,
    approval: Approval | None,
    applied: str | None,
    window_end: datetime | None,
    seen: Mapping[str, int],
) -> list[Delivery]:
    """Change a post and make the moves; raises `Refused`, with nothing written, if one of them lost.

    None leaves a field as it is.
    """
    for move in moves:
        after(move.delivery.state, move.step)
    named = {
        "text": text,
        "type": type,
        "campaign": campaign,
        "notes": notes,
        "applied": applied,
        "window_end": window_end,
        "labels": None if labels is None else list(labels),
        "approval": approval,
    }
    changes: dict[str, Any] = {name: new for name, new in named.items() if new is not None}

    timed = {
        (old.workspace, move.delivery.account)
        for move in moves
        if move.set.get("due_at") is not None
    }

    def work(transaction: Connection) -> list[Delivery]:
        now = database.now()
        _require_there(transaction, database, old)
        plans.change(transaction, timed, seen)
        if approval is not None:
            changes.update(decided_by=None, decided_at=None)
        if changes:
            transaction.execute(update(post).where(post.c.id == old.id).values(**changes))
        moved = recording.make(transaction, moves, run, now)
        _refuse_losses(moves, moved)
        if priority is not None:
            of_post = update(delivery).where(delivery.c.post_id == old.id)
            transaction.execute(of_post.values(priority=priority))
        if attachments is not None:
            transaction.execute(delete(attachment).where(attachment.c.post_id == old.id))
            posting.attach(transaction, {old.id: attachments})
        beside = {"attachments": attachments, "priority": priority}
        named = {name for name, new in beside.items() if new is not None}
        told = sorted(changes.keys() - {"applied", "decided_by", "decided_at"} | named)
        if told:
            happened = _happened("revised", old.id, {"changed": told}, run, now)
            transaction.execute(insert(event), happened)
        return [one for one in moved if one is not None]

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
    for move in moves:
        after(move.delivery.state, move.step)

    def work(transaction: Connection) -> list[Delivery]:
        now = database.now()
        decided = {"approval": approval, "decided_by": run.actor, "decided_at": now}
        deciding = update(post).where(post.c.id.in_(posts), *database.own(post)).values(**decided)
        # First: what is approved now may move now.
        ours = transaction.scalars(deciding.returning(post.c.id)).all()
        moved = recording.make(transaction, moves, run, now)
        _refuse_losses(moves, moved)
        detail = {"why": why} if why else {}
        told = [_happened(approval, id, detail, run, now) for id in sorted(ours)]
        if told:
            transaction.execute(insert(event), told)
        return [one for one in moved if one is not None]

    return database.write(work)


def _require_there(transaction: Connection, database: Database, old: Post) -> None:
    asked = select(post.c.id).where(post.c.id == old.id, *database.own(post))
    if transaction.execute(asked).first() is None:
        raise Refused(f"There is no post {old.id} in this workspace.")


def change(
    database: Database,
    moves: Sequence[Move],
    *,
    run: Run,
    deleted: Collection[int],
    seen: Mapping[str, int],
) -> list[Delivery]:
    """Make the moves of many posts, and take posts from the lists; all of it or (`Refused`) nothing."""
    for move in moves:
        after(move.delivery.state, move.step)
    timed = {
        (database.workspace or "", move.delivery.account)
        for move in moves
        if move.set.get("due_at") is not None
    }

    def work(transaction: Connection) -> list[Delivery]:
        now = database.now()
        plans.change(transaction, timed, seen)
        moved = recording.make_all(transaction, moves, run, now)
        ids = sorted(deleted)
        for start in range(0, len(ids), posting.AT_ONCE):
            _delete(transaction, database, ids[start : start + posting.AT_ONCE], run, now)
        return moved

    return database.write(work)


def _delete(
    transaction: Connection, database: Database, ids: Sequence[int], run: Run, now: datetime
) -> None:
    leaving = update(post).where(post.c.id.in_(ids), post.c.deleted_at.is_(None))
    leaving = leaving.where(*database.own(post))
    gone = transaction.scalars(leaving.values(deleted_at=now).returning(post.c.id)).all()
    detail = {"changed": ["deleted_at"]}
    told = [_happened("deleted", id, detail, run, now) for id in gone]
    if told:
        transaction.execute(insert(event), told)


def _happened(kind: str, post_id: int, detail: Json, run: Run, now: datetime) -> dict[str, Any]:
    return {
        "at": now,
        "kind": kind,
        "post_id": post_id,
        "run": run.id,
        "actor": run.actor,
        "detail": detail,
    }


def _refuse_losses(moves: Sequence[Move], moved: Sequence[Delivery | None]) -> None:
    for move, new in zip(moves, moved, strict=True):
        if new is None:
            raise Refused(recording.overtaken([move.delivery.ref]))

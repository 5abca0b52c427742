"""Changing a post, and with it those of its deliveries that allow it: all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, update

from postcron.errors import Refused
from postcron.model import Approval, Attachment, Delivery, Move, Post, PostType, Run
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
    why: str | None,
    applied: str | None,
    window_end: datetime | None,
    deleted: bool,
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
        plans.change(transaction, timed, seen)
        decided = approval if approval is not Approval.PENDING else None
        if approval is not None:
            by = {"decided_by": run.actor, "decided_at": now}
            changes.update(by if decided else dict.fromkeys(by))
        if deleted:
            changes["deleted_at"] = now
        if changes:  # first: what is approved now may move now
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
            happened = "deleted" if deleted else decided or "revised"
            detail = {"why": why} if why else {"changed": told}
            transaction.execute(
                insert(event),
                {
                    "at": now,
                    "kind": happened,
                    "post_id": old.id,
                    "run": run.id,
                    "actor": run.actor,
                    "detail": {} if decided and not why else detail,
                },
            )
        return [one for one in moved if one is not None]

    return database.write(work)


def _refuse_losses(moves: Sequence[Move], moved: Sequence[Delivery | None]) -> None:
    for move, new in zip(moves, moved, strict=True):
        if new is None:
            message = (
                f"Delivery {move.delivery.ref} has just been changed by another run: "
                "look at it again, then repeat the change."
            )
            raise Refused(message)

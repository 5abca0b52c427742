"""From rows to frozen values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from postcron.model import Approval, Attachment, Attempt, Delivery, LedgerEvent, MediaFile, Post
from postcron.states import State
from postcron.store.database import own, whose
from postcron.store.tables import attachment, attempt, columns_of, delivery, event, media, post

#: everything a delivery is made of, in the order of its fields
DELIVERY = columns_of(delivery, Delivery)
ATTEMPT = columns_of(attempt, Attempt)
EVENT = columns_of(event, LedgerEvent)
MEDIA = columns_of(media, MediaFile)


def to_delivery(row: Sequence[Any]) -> Delivery:
    return Delivery(*row)


def to_event(row: Row[Any]) -> LedgerEvent:
    values = row._asdict()
    for side in ("before", "after"):
        if values[side] is not None:
            values[side] = State(values[side])
    return LedgerEvent(**values)


def posts(connection: Connection, ids: Collection[int]) -> dict[int, Post]:
    """Return posts with their attachments, in two questions."""
    asked = select(post).where(post.c.id.in_(ids), *own(post, whose(connection)))
    found = connection.execute(asked).all()
    files = _attachments(connection, [row.id for row in found])
    return {row.id: _to_post(row, files.get(row.id, ())) for row in found}


def _to_post(row: Row[Any], files: Sequence[Attachment]) -> Post:
    values = row._asdict()
    values["labels"] = tuple(values["labels"])
    values["approval"] = Approval(values["approval"]) if values["approval"] else None
    return Post(**values, attachments=tuple(files))


def _attachments(connection: Connection, ids: Collection[int]) -> dict[int, list[Attachment]]:
    asked = (
        select(attachment.c.post_id, attachment.c.name, attachment.c.alt, *MEDIA)
        .join(media, media.c.sha256 == attachment.c.sha256)
        .where(attachment.c.post_id.in_(ids))
        .order_by(attachment.c.post_id, attachment.c.position)
    )
    files: dict[int, list[Attachment]] = {}
    for post_id, name, alt, *of_file in connection.execute(asked):
        files.setdefault(post_id, []).append(Attachment(MediaFile(*of_file), name, alt))
    return files

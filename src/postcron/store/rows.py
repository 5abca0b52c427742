"""From rows to frozen values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, select

from postcron.model import Approval, Attachment, Attempt, Delivery, LedgerEvent, MediaFile, Post
from postcron.states import State
from postcron.store.database import own, whose
from postcron.store.tables import attachment, attempt, columns_of, delivery, event, media, post

#: everything a delivery is made of, in the order of its fields
DELIVERY = columns_of(delivery, Delivery)
ATTEMPT = columns_of(attempt, Attempt)
EVENT = columns_of(event, LedgerEvent)
MEDIA = columns_of(media, MediaFile)

# Asked again and again: built once.
_IDS: Final[BindParameter[int]] = bindparam("ids", expanding=True)
_FILES: Final = (
    select(attachment.c.post_id, attachment.c.name, attachment.c.alt, *MEDIA)
    .join(media, media.c.sha256 == attachment.c.sha256)
    .where(attachment.c.post_id.in_(_IDS))
    .order_by(attachment.c.post_id, attachment.c.position)
)


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
    found = connection.execute(_posts(whose(connection)), {"ids": list(ids)}).all()
    files = _attachments(connection, [row.id for row in found])
    return {row.id: _to_post(row, files.get(row.id, ())) for row in found}


@cache
def _posts(workspace: str | None) -> Select[Any]:
    return select(post).where(post.c.id.in_(_IDS), *own(post, workspace))


def _to_post(row: Row[Any], files: Sequence[Attachment]) -> Post:
    values = row._asdict()
    values["labels"] = tuple(values["labels"])
    values["approval"] = Approval(values["approval"]) if values["approval"] else None
    return Post(**values, attachments=tuple(files))


def _attachments(connection: Connection, ids: Sequence[int]) -> dict[int, list[Attachment]]:
    files: dict[int, list[Attachment]] = {}
    for post_id, name, alt, *of_file in connection.execute(_FILES, {"ids": ids}):
        files.setdefault(post_id, []).append(Attachment(MediaFile(*of_file), name, alt))
    return files

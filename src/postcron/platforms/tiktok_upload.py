"""Bringing a video to TikTok: all of it but the last part, whose arrival posts it.

A task is made before any byte is sent. Once its last part may have left, only TikTok can say that the
task will never post, and no other is made before that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Final

from postcron.errors import Code, Evidence, Permanent, Temporary
from postcron.model import Draft, MediaFile, SaveTicket, Ticket
from postcron.platforms.base import Login
from postcron.platforms.tiktok_answers import Task, kept_from
from postcron.platforms.tiktok_post import Parts
from postcron.web import Answer, Api

#: an upload address dies so long after it was given; nothing begins shortly before
LIFE: Final = timedelta(hours=1)
MARGIN: Final = timedelta(minutes=2)
#: between the two looks that must both find a dead task incomplete
BETWEEN: Final = timedelta(minutes=2)


class Upload:
    """Files on their way to the upload addresses of one account."""

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._open = api

    def begun(self, draft: Draft, ticket: Ticket, task: Task) -> Ticket:
        """Return what still holds of an earlier run's ticket; an empty one where nothing does."""
        parts, uploaded = Parts(draft.attachments[0].file.size), task.uploaded or 0
        good = (
            ticket.data["revision"] == draft.revision
            and task.lacks(parts.size)
            and uploaded in range(0, parts.last + 1, parts.length)
            and _lasts(draft, ticket, task)
            and self._login.unseal(ticket.data["address"])
        )
        return Ticket(ticket.data) if good else Ticket()

    def go_on(self, draft: Draft, ticket: Ticket, sent: int, save: SaveTicket) -> Ticket:
        """Send everything from byte `sent` on but the last part, and remember what that one is."""
        file = draft.attachments[0].file
        parts, api = Parts(file.size), self._open(self._login.unseal(ticket.data["address"]))
        rest = _Cut(draft.read(file, sent))
        for first in range(sent, parts.last, parts.length):
            answer = api.call(
                "PUT",
                "",
                headers=_headers(file, first, parts.length),
                content=rest.take(parts.length),
                size=parts.length,
            )
            if answer.status in {403, 404}:
                save(Ticket())
                why = f"The upload address is dead ({answer.status}): the upload begins anew."
                raise Temporary(why, code=Code.HANDLE_GONE)
            if answer.status != 206:
                raise kept_from(answer)
        # Read to its end, a file proves that it is the one that was scheduled.
        digest = hashlib.sha256()
        for piece in rest.take(file.size):
            digest.update(piece)
        return Ticket({**ticket.data, "tail": digest.hexdigest()}, ready=True)

    def last_part(self, draft: Draft, ticket: Ticket) -> bytes:
        """Return what is left to be sent; raises `Permanent` when it is not what it was."""
        file = draft.attachments[0].file
        last = Parts(file.size).last
        # Neither joined nor grown, which would need all of it twice.
        tail = BytesIO(bytes(file.size - last))
        tail.writelines(draft.read(file, last))
        if hashlib.sha256(tail.getbuffer()).hexdigest() != ticket.data["tail"]:
            why = "The video in the media library is not the one of which a part was uploaded."
            raise Permanent(why, code=Code.MEDIA_DAMAGED, evidence=Evidence.NOT_SENT)
        return tail.getvalue()

    def finish(self, draft: Draft, ticket: Ticket, tail: bytes) -> Answer:
        """Make the publish call."""
        # https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide
        file = draft.attachments[0].file
        headers = _headers(file, Parts(file.size).last, len(tail))
        address = self._login.unseal(ticket.data["address"])
        return self._open(address).act("PUT", "", headers=headers, content=tail)

    def noted(self, draft: Draft, answer: Answer, given: Mapping[str, Any]) -> Ticket:
        """Return the ticket of a new task; to be saved before the first byte is sent."""
        at = answer.made_at()
        return Ticket(
            {
                "revision": draft.revision,
                "task": str(given["publish_id"]),
                "address": self._login.seal(str(given["upload_url"])),
                "issued": None if at is None else at.isoformat(),
                "size": draft.attachments[0].file.size,
            }
        )


class _Cut:
    """A file read once, and given away part by part."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    def take(self, size: int) -> Iterator[bytes]:
        """Yield the next `size` bytes, or what is left."""
        while size and (piece := self._held or next(self._pieces, b"")):
            part, self._held = piece[:size], piece[size:]
            size -= len(part)
            yield part


def tried(draft: Draft, ticket: Ticket, task: Task) -> Ticket:
    """Return what holds of a ticket whose last part may have left; empty once it never can post.

    It is ready while the same task may still be finished, and not yet while that is not certain.
    Raises `Temporary` or `Permanent` where an edit must not go out, lest there be two.
    """
    if task.failed:
        return Ticket()
    age, edited = _age(ticket, task), ticket.data["revision"] != draft.revision
    lacking = task.lacks(ticket.data["size"])
    if edited and (age is None or not lacking):
        why = "TikTok may have all of the video from before the edit: see there what became of it."
        raise Permanent(why, code=Code.CONTENT_REFUSED)
    if age is None or not lacking or (age < LIFE and not edited):
        return Ticket(ticket.data, ready=True)
    if age < LIFE:
        why = "TikTok may still post the video from before the edit, until its address is dead."
        raise Temporary(why, code=Code.NOT_READY, retry_after=LIFE - age)
    # Nobody can send there any more. What is missing at two looks will never come.
    missing = timedelta(seconds=ticket.data.get("missing_at", age.total_seconds()))
    if age - missing >= BETWEEN:
        return Ticket()
    return Ticket({**ticket.data, "missing_at": missing.total_seconds()}, check_after=BETWEEN)


def _lasts(draft: Draft, ticket: Ticket, task: Task) -> bool:
    """Say whether the upload address is good until the moment of the post."""
    age = _age(ticket, task)
    if age is None or task.at is None:
        return False
    return age + max(draft.due_at - task.at, timedelta()) < LIFE - MARGIN


def _age(ticket: Ticket, task: Task) -> timedelta | None:
    """Return how long the upload address is known, by TikTok's clock; None if it does not tell."""
    issued = ticket.data["issued"]
    return None if issued is None or task.at is None else task.at - datetime.fromisoformat(issued)


def _headers(file: MediaFile, first: int, size: int) -> dict[str, str]:
    span = f"bytes {first}-{first + size - 1}/{file.size}"
    return {"Content-Type": file.mime, "Content-Range": span}

"""Videos on their way to a Facebook Page: two ways of sending bytes, and what their status says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from postcron.errors import Code, Permanent, Temporary
from postcron.model import Draft, SaveTicket, Ticket
from postcron.platforms import graph
from postcron.platforms.base import fields
from postcron.platforms.facebook_answers import ELSEWHERE, MAKE_REFUSALS, making_failed
from postcron.web import Answer, Api, Upload

#: spellings of one state in Meta's own pages
_DONE: Final = frozenset({"complete", "completed"})
#: finishing may be asked for: to wait for `ready` hangs (gitroomhq/postiz-app 7edeadd55)
_SENT: Final = frozenset({"upload_complete", "processing", "ready"})
_LOST: Final = frozenset({"upload_failed", "expired"})


@dataclass(frozen=True)
class Status:
    """What `GET /{video}?fields=status` says, in whichever spelling."""

    video: str
    received: int
    published: bool
    #: asked to publish, and at it
    publishing: bool
    #: why it will never appear; empty if nothing says so
    failed: str

    @property
    def is_sent(self) -> bool:
        return self.video in _SENT

    @property
    def is_lost(self) -> bool:
        return self.video in _LOST


def status_of(body: Mapping[str, Any]) -> Status:
    """Return the status in an answer about a video.

    https://developers.facebook.com/docs/graph-api/reference/video-status
    """
    said = body.get("status") or {}
    uploading, processing, publishing = (
        said.get(f"{phase}_phase") or {} for phase in ("uploading", "processing", "publishing")
    )
    asked, shown = publishing.get("status"), publishing.get("publish_status")
    # A video for the feed may have no such phase.
    done = body.get("published") is True and said.get("video_status") == "ready"
    published = asked in _DONE and shown is None if publishing else done
    received = uploading.get("bytes_transfered", uploading.get("bytes_transferred", 0))
    broken = [one for one in (processing, publishing) if "error" in one.values()]
    errors = [str(one.get("errors") or one.get("error") or "no reason given") for one in broken]
    if said.get("video_status") == "error" and not errors:
        errors = ["no reason given"]
    return Status(
        video=str(said.get("video_status")),
        received=int(received or 0),
        published=published or shown == "published",
        publishing=asked == "in_progress",
        failed="; ".join(errors)[:200],
    )


@dataclass(frozen=True)
class Sender:
    """Brings one video to a Page; each step can be the last of a process."""

    api: Api
    uploads: Api
    token: str
    #: `/v26.0`
    base: str
    page: str

    def brought(self, draft: Draft, ticket: Ticket, save: SaveTicket, edge: str) -> Ticket:
        """Go on with the video of a reel or a story; the ticket is ready when it is all there."""
        offset, file = 0, draft.attachments[0].file
        if "video" not in ticket.data:
            ticket = self._begun(ticket, save, edge)
        else:
            status = self.status(ticket.data["video"])
            _require_usable(status)
            if status.is_sent:
                return Ticket(ticket.data, ready=True)
            offset = status.received
        # A status may be behind what it was answered: what was taken is not sent again.
        if offset < file.size and "sent" not in ticket.data:
            path = ticket.data["path"]
            answer = graph.upload(self.uploads, path, self.token, draft, file, offset)
            if answer.status != 200 or fields(answer).get("success") is not True:
                raise graph.upload_trouble(answer, MAKE_REFUSALS)
            ticket = ticket.having(sent=True)
            save(ticket)
        return Ticket(ticket.data, check_after=timedelta(seconds=3))

    def _begun(self, ticket: Ticket, save: SaveTicket, edge: str) -> Ticket:
        # https://developers.facebook.com/docs/video-api/guides/reels-publishing
        body = self._made(self._post(edge, {"upload_phase": "start"}), "video_id")
        video = str(body["video_id"])
        # The address is on our own upload host: a token never goes where an answer leads.
        path = urlsplit(str(body.get("upload_url") or "")).path
        path = path or f"/video-upload/{self.base.strip('/')}/{video}"
        ticket = ticket.having(video=video, path=path)
        save(ticket)
        return ticket

    def chunked(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        """Return the ticket of a video for the feed, all of whose bytes are there.

        https://developers.facebook.com/docs/video-api/guides/publishing
        """
        file = draft.attachments[0].file
        if "session" not in ticket.data:
            form = {"upload_phase": "start", "file_size": str(file.size)}
            body = self._made(self._post("videos", form), "video_id", "upload_session_id")
            ticket = ticket.having(
                video=str(body["video_id"]), session=str(body["upload_session_id"]), **_span(body)
            )
            save(ticket)
        while (start := ticket.data["start"]) != ticket.data["end"]:
            span = self._chunk(draft, ticket)
            if span["start"] == start:
                raise Temporary("Facebook wants the same piece again.", code=Code.SERVER_TROUBLE)
            ticket = ticket.having(**span)
            save(ticket)
        return Ticket(ticket.data, ready=True)

    def _chunk(self, draft: Draft, ticket: Ticket) -> dict[str, int]:
        start, end = ticket.data["start"], ticket.data["end"]
        file = draft.attachments[0].file
        form = {
            "upload_phase": "transfer",
            "upload_session_id": ticket.data["session"],
            "start_offset": str(start),
        }
        bytes_ = _first(draft.read(file, start), end - start)
        chunk = Upload("video_file_chunk", "chunk", "application/octet-stream", end - start, bytes_)
        answer = self._post("videos", form, chunk)
        error = fields(answer).get("error")
        if isinstance(error, dict) and error.get("error_subcode") == ELSEWHERE:
            # The answer to the last chunk was lost: this one says where to go on.
            return _span(error.get("error_data") or {})
        return _span(self._made(answer, "start_offset", "end_offset"))

    def status(self, video: str) -> Status:
        # https://developers.facebook.com/docs/video-api/guides/reels-publishing
        path, headers = f"{self.base}/{video}", graph.bearer(self.token)
        answer = self.api.call("GET", path, params={"fields": "status"}, headers=headers)
        return status_of(graph.fetched(answer, graph.LOGIN_REFUSALS, "status"))

    def _post(self, edge: str, form: Mapping[str, str], upload: Upload | None = None) -> Answer:
        path, headers = f"{self.base}/{self.page}/{edge}", graph.bearer(self.token)
        return self.api.call("POST", path, form=form, upload=upload, headers=headers)

    def _made(self, answer: Answer, *names: str) -> Mapping[str, Any]:
        body = fields(answer)
        if answer.status != 200 or "error" in body or not body.keys() >= set(names):
            raise making_failed(answer)
        return body


def _require_usable(status: Status) -> None:
    if status.failed:
        message = f"Facebook cannot read the video: {status.failed}."
        raise Permanent(message, code=Code.MEDIA_REFUSED)
    if status.is_lost:
        message = "What was sent of the video is lost; it is sent once more."
        raise Temporary(message, code=Code.HANDLE_GONE)


def _span(body: Mapping[str, Any]) -> dict[str, int]:
    """Return where the next chunk begins and ends: numbers that come as text."""
    try:
        return {"start": int(body["start_offset"]), "end": int(body["end_offset"])}
    except (KeyError, TypeError, ValueError) as error:
        message = "Facebook does not say which part of the video it wants; it is sent once more."
        raise Temporary(message, code=Code.HANDLE_GONE) from error


def _first(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:count]
        count -= len(piece)
        if count <= 0:
            return

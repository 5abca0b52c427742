"""Bringing a video to YouTube: one session, gone on with from whatever YouTube has of it.

A second session is the only way to a second video, and both would be private: until the publish
call names one of them nobody sees either. So what a session left when it ended stays where it is:
no title, size or time tells for sure whose a private video is, and a wrong one would become public.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from postcron.errors import Code, Temporary
from postcron.model import Draft, MediaFile, SaveTicket, Ticket
from postcron.platforms import youtube_video as video
from postcron.platforms.base import Login
from postcron.platforms.youtube_answers import Progress, fetched, progress, reason, troubled
from postcron.platforms.youtube_channel import Channel
from postcron.web import Api

#: why a picture was not taken; the video goes out with one of YouTube's own
NO_THUMBNAIL: Final = frozenset({"invalidImage", "mediaBodyRequired", "forbidden"})


class Upload:
    """What goes up to one channel."""

    def __init__(self, login: Login, api: Callable[[str], Api], channel: Channel) -> None:
        self._login = login
        self._open = api
        self._channel = channel
        self._api = api(login.settings["upload_url"])

    def go_on(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        """Bring the rest of the file there; `video` is in the ticket once YouTube has all of it."""
        file = video.video_of(draft).file
        if "session" not in ticket.data:
            ticket = ticket.having(**self._session(draft, file))
            save(ticket)
        found = self._put(ticket, file, f"bytes */{file.size}")
        if found is not None and found.video is None and found.stored < file.size:
            ticket = self._moved(ticket, found, save)
            found = self._put(
                ticket,
                file,
                f"bytes {found.stored}-{file.size - 1}/{file.size}",
                content=draft.read(file, found.stored),
                size=file.size - found.stored,
            )
        if found is None:
            save(begun(draft, Ticket()))
            why = "The upload session is over; the video is uploaded again."
            raise Temporary(why, code=Code.HANDLE_GONE)
        if found.video is None:
            self._moved(ticket, found, save)
            why = f"YouTube has {found.stored} of {file.size} bytes, and no video yet."
            raise Temporary(why, code=Code.NOT_READY)
        return _found(ticket, found.video, save)

    def _session(self, draft: Draft, file: MediaFile) -> dict[str, Any]:
        # https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol
        answer = self._api.call(
            "POST",
            "/upload/youtube/v3/videos",
            params={
                "uploadType": "resumable",
                "part": "snippet,status",
                "notifySubscribers": draft.options.get("notify", "true"),
            },
            json={"snippet": video.snippet(draft), "status": video.hidden()},
            headers={
                **self._channel.headers(),
                "Content-Type": "application/json; charset=UTF-8",
                "X-Upload-Content-Length": str(file.size),
                "X-Upload-Content-Type": file.mime,
            },
        )
        address = answer.headers.get("location")
        if answer.status != 200 or not address:
            raise troubled(answer)
        return {"session": self._login.seal(address), "revision": draft.revision}

    def _put(self, ticket: Ticket, file: MediaFile, span: str, **body: Any) -> Progress | None:
        address = self._login.unseal(ticket.data["session"])
        if not address:
            return None
        headers = {"Content-Range": span, "Content-Type": file.mime}
        # The address is a key of its own; the token goes nowhere but where it belongs.
        if urlsplit(address).netloc == urlsplit(self._login.settings["upload_url"]).netloc:
            headers |= self._channel.headers()
        return progress(self._open(address).call("PUT", "", headers=headers, **body), file.size)

    def _moved(self, ticket: Ticket, found: Progress, save: SaveTicket) -> Ticket:
        if found.moved is None:
            return ticket
        ticket = ticket.having(session=self._login.seal(found.moved))
        save(ticket)
        return ticket

    def illustrate(self, id: str, draft: Draft, picture: MediaFile) -> str | None:
        """Set a video's thumbnail; return why YouTube did not want it, None if it did."""
        # https://developers.google.com/youtube/v3/docs/thumbnails/set
        answer = self._api.call(
            "POST",
            "/upload/youtube/v3/thumbnails/set",
            params={"videoId": id},
            headers={**self._channel.headers(), "Content-Type": picture.mime},
            content=draft.read(picture, 0),
            size=picture.size,
        )
        if (why := reason(answer)) in NO_THUMBNAIL:
            return why
        fetched(answer, "items")
        return None


def begun(draft: Draft, ticket: Ticket) -> Ticket:
    """Return what still holds: an upload is the file's, whatever an edit made of the words."""
    file, thumbnail = video.video_of(draft).file.sha256, video.thumbnail_of(draft)
    # A thumbnail can be set and replaced, but not taken back.
    holds = thumbnail is not None or "thumbnail" not in ticket.data
    return Ticket(ticket.data if holds and ticket.data.get("file") == file else {"file": file})


def _found(ticket: Ticket, id: str, save: SaveTicket) -> Ticket:
    """Note the video, and forget the session: what is not needed cannot be stolen."""
    left = {name: ticket.data[name] for name in ("file", "revision")}
    ticket = Ticket({**left, "video": id})
    save(ticket)
    return ticket

"""Carrying one file to X: begun, sent in segments, finished, worked on there, described."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from postcron.errors import Code, Permanent
from postcron.model import Attachment, Draft, Kind
from postcron.platforms.base import Refusal
from postcron.platforms.carrying import Entry
from postcron.platforms.x_answers import RESUMED_REFUSALS, UPLOAD_REFUSALS, data_of
from postcron.web import Api, Upload

#: 5 MB are refused at the edge with 413 or 431; there may be 1000 of them, and 512 MB need 489
SEGMENT: Final = 1_048_576
#: an X that does not say when to ask again is asked after this
ASK_AGAIN: Final = 5
CATEGORIES: Final = {
    Kind.IMAGE: "tweet_image",
    Kind.GIF: "tweet_gif",
    Kind.VIDEO: "tweet_video",
}


class Carrying:
    """Takes one file a step further at each call, as far as it goes now.

    Its entry has the id, the media key, the segments sent, and a state: sending, working, up, done.
    """

    def __init__(self, api: Api, headers: Mapping[str, str], draft: Draft) -> None:
        self._api, self._headers, self._draft = api, headers, draft

    def steps(self, attachment: Attachment, known: Entry | None) -> Iterator[Entry]:
        """Yield the file's entry after every answer, going on from what is known.

        Raises `Temporary` with `HANDLE_GONE` when X knows no more of what was begun earlier.
        """
        # Until a file is refused in one go, it may only be that a lost answer was its last.
        refusals = UPLOAD_REFUSALS if known is None else RESUMED_REFUSALS
        media = known
        if media is None:
            media = self._begun(attachment)
            yield media
        if media["state"] == "sending":
            for sent in self._sent(attachment, media, refusals):
                yield (media := sent)
            media = self._finished(media, refusals)
            yield media
        elif media["state"] == "working":
            media = self._asked(media)
            yield media
        if media["state"] == "up":
            # Videos have no alternative text at X.
            if attachment.alt and attachment.file.kind is not Kind.VIDEO:
                self._described(media, attachment.alt)
            yield {**media, "state": "done"}

    def _begun(self, attachment: Attachment) -> Entry:
        # https://docs.x.com/x-api/media/initialize-media-upload
        file = attachment.file
        body = {
            "media_type": file.mime,
            "total_bytes": file.size,
            "media_category": CATEGORIES[file.kind],
        }
        path = "/2/media/upload/initialize"
        answer = self._api.call("POST", path, json=body, headers=self._headers)
        data = data_of(answer, UPLOAD_REFUSALS, "id")
        return {"id": str(data["id"]), "key": data.get("media_key"), "sent": 0, "state": "sending"}

    def _sent(
        self, attachment: Attachment, media: Entry, refusals: Sequence[Refusal]
    ) -> Iterator[Entry]:
        at = media["sent"] * SEGMENT
        if at >= attachment.file.size:
            return
        for segment in _segments(self._draft.read(attachment.file, at)):
            # https://docs.x.com/x-api/media/append-media-upload
            # One that was sent before may be sent again, under its own number.
            answer = self._api.call(
                "POST",
                f"/2/media/upload/{media['id']}/append",
                form={"segment_index": str(media["sent"])},
                upload=Upload(
                    "media", "blob", "application/octet-stream", len(segment), iter([segment])
                ),
                headers=self._headers,
            )
            data_of(answer, refusals)
            media = {**media, "sent": media["sent"] + 1}
            yield media

    def _finished(self, media: Entry, refusals: Sequence[Refusal]) -> Entry:
        # https://docs.x.com/x-api/media/finalize-media-upload
        path = f"/2/media/upload/{media['id']}/finalize"
        answer = self._api.call("POST", path, headers=self._headers)
        return _after(media, data_of(answer, refusals, "id"))

    def _asked(self, media: Entry) -> Entry:
        # https://docs.x.com/x-api/media/get-media-upload-status
        params = {"command": "STATUS", "media_id": media["id"]}
        answer = self._api.call("GET", "/2/media/upload", params=params, headers=self._headers)
        return _after(media, data_of(answer, RESUMED_REFUSALS, "id"))

    def _described(self, media: Entry, alt: str) -> None:
        # https://docs.x.com/x-api/media/create-media-metadata
        body = {"id": media["id"], "metadata": {"alt_text": {"text": alt}}}
        answer = self._api.call("POST", "/2/media/metadata", json=body, headers=self._headers)
        data_of(answer, UPLOAD_REFUSALS)


def _after(media: Entry, data: Mapping[str, Any]) -> Entry:
    """Return the entry with what X says of its work; no word of it means that it is done."""
    work = data.get("processing_info") or {"state": "succeeded"}
    if work.get("state") == "failed":
        why = (work.get("error") or {}).get("message") or "no reason given"
        raise Permanent(f"X cannot use this file: {why}.", code=Code.MEDIA_REFUSED)
    key = data.get("media_key") or media["key"]
    if work.get("state") == "succeeded":
        return {**media, "key": key, "state": "up"}
    wait = work.get("check_after_secs") or ASK_AGAIN
    return {**media, "key": key, "state": "working", "wait": wait}


def _segments(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield a file's bytes in segments of the one size, but for the last."""
    kept = bytearray()
    for piece in pieces:
        kept += piece
        while len(kept) >= SEGMENT:
            yield bytes(kept[:SEGMENT])
            del kept[:SEGMENT]
    if kept:
        yield bytes(kept)

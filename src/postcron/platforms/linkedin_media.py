"""Carrying one file to LinkedIn: an address, its bytes, and the time LinkedIn needs for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from postcron.errors import Code, Permanent, Temporary
from postcron.model import Attachment, Draft, Kind
from postcron.platforms.base import Login, Refusal, trouble
from postcron.platforms.carrying import Entry
from postcron.platforms.linkedin_answers import (
    DENIED,
    MEDIA_REFUSALS,
    RESUMED_REFUSALS,
    SENT_REFUSALS,
    error_of,
    failed,
    fetched,
)
from postcron.platforms.linkedin_rest import Rest, encoded
from postcron.web import Answer

KINDS: Final = {
    Kind.IMAGE: "image",
    Kind.GIF: "image",
    Kind.VIDEO: "video",
    Kind.DOCUMENT: "document",
}
#: questions count as calls, of which there are few a day
ASK_AGAIN: Final = {"image": 10, "document": 30, "video": 30}
#: where the state of a file may not be read, it is given this time
REST: Final = 60


class Carrying:
    """Takes one file a step further at each call, as far as it goes now.

    Its entry has the urn and a state: sending, working, resting (it may not be asked for), done;
    and while it is sending the upload addresses left, sealed, and the tags of the parts sent.
    """

    def __init__(self, rest: Rest, login: Login, draft: Draft) -> None:
        self._rest, self._login, self._draft = rest, login, draft

    def steps(self, attachment: Attachment, known: Entry | None) -> Iterator[Entry]:
        """Yield the file's entry after every answer, going on from what is known.

        Raises `Temporary` with `HANDLE_GONE` when what was begun earlier is over.
        """
        kind = KINDS[attachment.file.kind]
        entry = known
        if entry is None:
            entry = self._begun(attachment, kind)
            yield entry
        elif entry["state"] == "sending" and (kind != "video" or not entry["parts"]):
            # All of it may be there, and the answer that said so be what was lost.
            yield (entry := self._asked(entry, kind))
            if entry["state"] != "sending":
                return
        if entry["state"] == "sending":
            for sent in self._sent(attachment, entry, kind):
                yield (entry := sent)
            if kind == "video":
                self._finish(entry, MEDIA_REFUSALS if known is None else RESUMED_REFUSALS)
            entry = {"urn": entry["urn"], "state": "working", "wait": ASK_AGAIN[kind]}
            yield entry
        if entry["state"] == "working":
            yield self._asked(entry, kind)
        elif entry["state"] == "resting":
            yield {**entry, "state": "done"}

    def _begun(self, attachment: Attachment, kind: str) -> Entry:
        # https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/images-api
        # https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/videos-api
        # https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/documents-api
        size = attachment.file.size
        request: dict[str, Any] = {"owner": self._login.settings["author"]}
        if kind == "video":
            request |= {"fileSizeBytes": size, "uploadCaptions": False, "uploadThumbnail": False}
        body = {"initializeUploadRequest": request}
        answer = self._rest.call("POST", f"/rest/{kind}s?action=initializeUpload", json=body)
        value = _value(answer, kind)
        whole = {"uploadUrl": value.get("uploadUrl"), "firstByte": 0, "lastByte": size - 1}
        parts = value.get("uploadInstructions") or [whole]
        return {
            "urn": str(value[kind]),
            "state": "sending",
            "token": str(value.get("uploadToken") or ""),
            # An upload address is as good as a password.
            "parts": [
                [self._login.seal(str(part["uploadUrl"])), part["firstByte"], part["lastByte"]]
                for part in parts
            ],
            "tags": [],
        }

    def _sent(self, attachment: Attachment, entry: Entry, kind: str) -> Iterator[Entry]:
        for sealed, first, last in entry["parts"]:
            address, size = self._login.unseal(sealed), last - first + 1
            if not address:
                raise Temporary("The upload begins anew.", code=Code.HANDLE_GONE)
            content = _cut(self._draft.read(attachment.file, first), size)
            answer = self._rest.send(address, content, size, token=kind != "video")
            tag = _tag(answer, kind)
            entry = {**entry, "parts": entry["parts"][1:], "tags": [*entry["tags"], tag]}
            yield entry

    def _finish(self, entry: Entry, refusals: Sequence[Refusal]) -> None:
        body = {
            "finalizeUploadRequest": {
                "video": entry["urn"],
                "uploadToken": entry["token"],
                "uploadedPartIds": entry["tags"],
            }
        }
        answer = self._rest.call("POST", "/rest/videos?action=finalizeUpload", json=body)
        if answer.status != 200 or (answer.body.strip() and answer.json() is None):
            raise failed(answer, refusals)

    def _asked(self, entry: Entry, kind: str) -> Entry:
        """Return the entry with what LinkedIn says of its work on the file."""
        answer = self._rest.call("GET", f"/rest/{kind}s/{encoded(entry['urn'])}")
        if answer.status == 403 and error_of(answer) == DENIED:
            # A member's token may send images, and not ask for them.
            return entry if _waits(entry) else {**entry, "state": "resting", "wait": REST}
        body = fetched(answer, RESUMED_REFUSALS, "status")
        if body["status"] == "PROCESSING_FAILED":
            why = body.get("processingFailureReason") or "no reason given"
            raise Permanent(f"LinkedIn cannot use this file: {why}.", code=Code.MEDIA_REFUSED)
        if body["status"] == "AVAILABLE":
            return {"urn": entry["urn"], "state": "done"}
        if body["status"] == "WAITING_UPLOAD" and _waits(entry):
            return entry
        return {"urn": entry["urn"], "state": "working", "wait": ASK_AGAIN[kind]}


def _waits(entry: Entry) -> bool:
    """Say whether it is for us to go on."""
    return bool(entry["state"] == "sending")


def _value(answer: Answer, kind: str) -> Mapping[str, Any]:
    value = fetched(answer, MEDIA_REFUSALS, "value")["value"]
    if not isinstance(value, dict) or kind not in value:
        raise trouble(answer, ())
    return value


def _tag(answer: Answer, kind: str) -> str:
    """Return what a sent part is called afterwards; nothing where there is only one."""
    if kind != "video":
        # 201; a page in the answer is from something in between.
        if answer.status in {200, 201} and not answer.body.strip():
            return ""
        raise trouble(answer, SENT_REFUSALS, error_of(answer))
    tag = answer.headers.get("etag", "")
    if answer.status != 200 or not tag:
        raise trouble(answer, SENT_REFUSALS, error_of(answer))
    return tag[1:-1] if tag.startswith('"') and tag.endswith('"') and len(tag) > 1 else tag


def _cut(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        yield piece[:size]
        size -= len(piece)
        if size <= 0:
            return

"""Media as the platform takes them: kinds and sizes by content, whatever a name says.

Kinds and sizes are those of Mixpost's open edition (config/mixpost.php).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import uuid4

from postcron.sandbox.folder import Folder

MEGABYTE: Final = 1024 * 1024
ALT_MAX: Final = 255

#: type, ending, kind, and the most bytes of each
_KINDS: Final = {
    "image/jpeg": ("jpg", "image", 5 * MEGABYTE),
    "image/png": ("png", "image", 5 * MEGABYTE),
    "image/gif": ("gif", "gif", 15 * MEGABYTE),
    "video/mp4": ("mp4", "video", 200 * MEGABYTE),
}
_HEADS: Final = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
#: a QuickTime film is a box like an MP4, and is refused
_BRANDS: Final = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ")


@dataclass(frozen=True)
class Medium:
    """One uploaded file."""

    id: int
    uuid: str
    name: str
    mime: str
    alt: str
    created_at: str

    @property
    def file(self) -> str:
        return f"{self.id}.{_KINDS[self.mime][0]}"

    def document(self, url: str) -> dict[str, Any]:
        kind = _KINDS[self.mime][1]
        address = f"{url}/media/{self.file}"
        return {
            "id": self.id,
            "uuid": self.uuid,
            "name": self.name,
            "mime_type": self.mime,
            "type": kind,
            "url": address,
            "thumb_url": address,
            "is_video": kind == "video",
            "created_at": self.created_at,
        }


def mime_of(content: bytes) -> str | None:
    """Return what a file is, or None for what the platform does not take."""
    if content[4:8] == b"ftyp" and content[8:12] in _BRANDS:
        return "video/mp4"
    return next((mime for head, mime in _HEADS.items() if content.startswith(head)), None)


def mime_by_name(file: str) -> str:
    """Return the type of one of our own file names."""
    ending = file.rpartition(".")[2]
    return next(mime for mime, (its, _, _) in _KINDS.items() if its == ending)


def errors(content: bytes | None, alt: str) -> dict[str, list[str]]:
    """Return why a file is refused, by field."""
    if content is None:
        return {"file": ["File is required"]}
    mime = mime_of(content)
    if mime is None:
        return {"file": [f"The file must be one of: {', '.join(_KINDS)}."]}
    if len(content) > _KINDS[mime][2]:
        return {"file": [f"The file must not be greater than {_KINDS[mime][2]} bytes."]}
    if len(alt) > ALT_MAX:
        return {"alt_text": [f"The alt text must not be greater than {ALT_MAX} characters."]}
    return {}


class Shelf:
    """All uploaded files, by id."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._media = {record["id"]: Medium(**record) for record in folder.records("media")}

    def get(self, id: int) -> Medium | None:
        return self._media.get(id)

    def keep(self, content: bytes, fields: Mapping[str, str], *, created_at: str) -> Medium:
        """Keep a file that was found acceptable."""
        medium = Medium(
            id=max(self._media, default=785494) + 1,
            uuid=str(uuid4()),
            name=fields["filename"],
            mime=mime_of(content) or "",
            alt=fields.get("alt_text", ""),
            created_at=created_at,
        )
        self._folder.write_bytes(f"media/{medium.file}", content)
        self._folder.write(f"media/{medium.id}.json", asdict(medium))
        self._media[medium.id] = medium
        return medium

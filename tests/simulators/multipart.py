"""Forms with files, taken apart as strictly as a server does."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP

from tests.simulators.server import Asked


@dataclass(frozen=True)
class Part:
    """One field; one with a file name is a file."""

    name: str
    file: str | None
    mime: str
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


def parts(asked: Asked) -> dict[str, Part] | None:
    """Return the fields of a form in their order; None if it is no such form."""
    kind = asked.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data; boundary="):
        return None
    whole = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + asked.body, policy=HTTP)
    found = {}
    for piece in whole.iter_parts():
        name = str(piece.get_param("name", header="content-disposition"))
        assert name not in found, f"{name} stands twice in the form"
        content = piece.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[name] = Part(name, piece.get_filename(), piece.get_content_type(), content)
    return found

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
    mark = b"\r\n--" + kind.partition("boundary=")[2].strip('"').encode()
    before, *pieces, after = (b"\r\n" + asked.body).split(mark)
    assert (before, after.strip()) == (b"", b"--"), "the form is not whole"
    found = {}
    for piece in pieces:
        # Only the head is given to the parser: it takes a file of megabytes apart line by line.
        head, _, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        told = message_from_bytes(head, policy=HTTP)
        name = str(told.get_param("name", header="content-disposition"))
        assert name not in found, f"{name} stands twice in the form"
        found[name] = Part(name, told.get_filename(), told.get_content_type(), content)
    return found

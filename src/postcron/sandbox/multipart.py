"""A form with a file in it, as it comes over the wire (RFC 7578)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser


def parse(content_type: str, body: bytes) -> tuple[dict[str, str], bytes | None]:
    """Return the fields and the content of `file`, whose own name is the field `filename`."""
    fields: dict[str, str] = {}
    content = None
    for head, value in _parts(content_type, body):
        name = head.get_param("name", header="content-disposition")
        filename = head.get_param("filename", header="content-disposition")
        if name == "file" and isinstance(filename, str):
            fields["filename"], content = filename, value
        elif isinstance(name, str) and filename is None:
            fields[name] = value.decode("utf-8", "replace")
    return fields, content


def _parts(content_type: str, body: bytes) -> Iterator[tuple[Message, bytes]]:
    boundary = _boundary(content_type)
    if boundary is None:
        return
    # What comes before the first boundary and after the last is no part.
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield HeaderParser().parsestr(head.decode("utf-8", "replace")), value


def _boundary(content_type: str) -> bytes | None:
    head = Message()
    head["content-type"] = content_type
    found = head.get_boundary()
    if head.get_content_type() != "multipart/form-data" or found is None:
        return None
    return found.encode()

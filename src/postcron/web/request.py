"""One HTTP request, complete before anything is connected: address, headers, body and its size."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from postcron.errors import Code, Evidence, Permanent

_SENDABLE: Final = re.compile(r"[\t\x20-\x7e]*")


@dataclass(frozen=True)
class Upload:
    """One file in a multipart form, streamed: constant memory at any size."""

    field: str
    name: str
    mime: str
    size: int
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Body:
    """What is sent, how long it is, and what it is called."""

    content: bytes | Iterator[bytes] = b""
    size: int = 0
    mime: str | None = None

    @classmethod
    def of(cls, content: bytes, mime: str | None = None) -> Body:
        """Return a body that is in memory as a whole."""
        return cls(content, len(content), mime)


@dataclass(frozen=True)
class Request:
    """A request as it will be sent. Address and headers may hold a secret, so `repr` shows neither."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: Body = field(repr=False)

    @property
    def host(self) -> str:
        """The machine it goes to: all of the address that a message may show."""
        return urlsplit(self.url).netloc


def build(
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str],
    body: Body,
) -> Request:
    """Return the request with its Content-Length and its parameters in place.

    Raises `Permanent` for a header that cannot be sent, which is how a token with a line break in
    it is found before it can do harm.
    """
    for name, value in headers.items():
        if not _SENDABLE.fullmatch(value):
            raise Permanent(
                f"The header {name} holds a character that cannot be sent: "
                "look for a line break or a stray letter in the token.",
                code=Code.TOKEN_REFUSED,
                evidence=Evidence.NOT_SENT,
            )
    if params:
        url = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}"
    described = {"content-type": body.mime} if body.mime else {}
    if body.size or method not in {"GET", "HEAD", "DELETE"}:
        described["content-length"] = str(body.size)
    return Request(method, url, {**described, **{k.lower(): v for k, v in headers.items()}}, body)


def json_body(value: Any) -> Body:
    """Return a value as JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Body.of(text.encode(), "application/json")


def form_body(form: Mapping[str, str]) -> Body:
    """Return the fields of a form without files."""
    return Body.of(urlencode(form).encode(), "application/x-www-form-urlencoded")


def multipart(form: Mapping[str, str], uploads: Sequence[Upload]) -> Body:
    """Return a form with files, whose size is known before their first byte is read."""
    boundary = secrets.token_hex(16)
    fields = "".join(f"{_part(boundary, name)}\r\n\r\n{value}\r\n" for name, value in form.items())
    heads = [_head(boundary, upload) for upload in uploads]
    tail = f"--{boundary}--\r\n".encode()
    files = (
        chain([head], upload.chunks, [b"\r\n"]) for head, upload in zip(heads, uploads, strict=True)
    )
    size = sum(len(head) + upload.size + 2 for head, upload in zip(heads, uploads, strict=True))
    return Body(
        chain([fields.encode()], chain.from_iterable(files), [tail]),
        len(fields.encode()) + size + len(tail),
        f"multipart/form-data; boundary={boundary}",
    )


def whole(body: Body) -> Body:
    """Return a body with all of its bytes in memory."""
    content = body.content
    return body if isinstance(content, bytes) else Body.of(b"".join(content), body.mime)


def _head(boundary: str, upload: Upload) -> bytes:
    file = f'{_part(boundary, upload.field)}; filename="{_quoted(upload.name)}"'
    return f"{file}\r\nContent-Type: {upload.mime}\r\n\r\n".encode()


def _part(boundary: str, name: str) -> str:
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'


def _quoted(name: str) -> str:
    # As browsers do it: https://html.spec.whatwg.org/#multipart-form-data
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


@cache
def user_agent() -> str:
    """Return who we say we are."""
    from importlib.metadata import version

    return f"postcron/{version('postcron')}"

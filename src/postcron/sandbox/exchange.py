"""One request and one reply, apart from the wire they come over."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """A request, read as a whole. The names of its headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "")

    @property
    def wants_json(self) -> bool:
        accept = self.headers.get("accept", "")
        return "/json" in accept or "+json" in accept

    def json(self) -> dict[str, Any]:
        """Return the object in the body; what is no object, or not called JSON, counts as empty."""
        if not self.content_type.startswith("application/json"):
            return {}
        try:
            body = json.loads(self.body)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}


@dataclass(frozen=True)
class Reply:
    """An answer to be sent."""

    status: int
    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, document: Any) -> Reply:
        """Return a reply in JSON."""
        return cls(status, json.dumps(document, ensure_ascii=False).encode(), "application/json")


def said(status: int, message: str) -> Reply:
    """Return the platform's way of saying no in one sentence."""
    return Reply.of(status, {"message": message})


def unfit(errors: Mapping[str, list[str]]) -> Reply:
    """Return the platform's way of refusing fields."""
    first = next(iter(errors.values()))[0]
    return Reply.of(422, {"message": first, "errors": errors})


def file_reply(content: bytes, mime: str, asked: str) -> Reply:
    """Return a file, or the one range of it that a player asked for."""
    size = len(content)
    match = re.fullmatch(r"bytes=([0-9]+)-([0-9]*)", asked)
    if match is None:
        return Reply(200, content, mime, {"accept-ranges": "bytes"})
    first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    if first > last:
        return Reply(416, headers={"content-range": f"bytes */{size}"})
    headers = {"content-range": f"bytes {first}-{last}/{size}"}
    return Reply(206, content[first : last + 1], mime, headers)

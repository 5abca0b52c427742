"""The sandbox asked over a raw connection: what postcron's own client does is not taken for granted."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Final

from postcron.sandbox import Sandbox

#: the smallest heads by which a file says what it is
JPEG: Final = b"\xff\xd8\xff\xe0" + bytes(60)
MP4: Final = b"\x00\x00\x00\x18ftypisom" + bytes(60)
BOUNDARY: Final = "a-boundary"


@dataclass(frozen=True)
class Said:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Caller:
    """Somebody with the token, and ways to leave things out."""

    sandbox: Sandbox

    def __call__(self, method: str, path: str, body: Any = None, **headers: str | None) -> Said:
        """Call a path within the workspace; a header that is None is left out."""
        return self.at(method, f"/os/api/{self.sandbox.workspace}{path}", body, **headers)

    def at(self, method: str, path: str, body: Any = None, **headers: str | None) -> Said:
        given: dict[str, str | None] = {
            "authorization": f"Bearer {self.sandbox.token}",
            "accept": "application/json",
            "content-type": None if body is None else "application/json",
        }
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        present = {name: value for name, value in given.items() if value is not None}
        address = self.sandbox.url.removeprefix("http://")
        with closing(HTTPConnection(address, timeout=10)) as line:
            line.request(method, path, body=content, headers=present)
            answer = line.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Said(answer.status, names, answer.read())

    def upload(self, content: bytes | None = JPEG, name: str = "a.jpg", alt: str = "") -> Said:
        return self("POST", "/media", form(content, name, alt), content_type=FORM)

    def draft(self, body: str | None = "hi", media: tuple[int, ...] = (), account: int = 1) -> str:
        """Make a draft and return its uuid."""
        uuid: str = self("POST", "/posts", post(body, media, account)).json()["uuid"]
        return uuid

    def schedule(self, uuid: str) -> Said:
        return self("POST", f"/posts/schedule/{uuid}", {"postNow": True})

    def status(self, uuid: str) -> str:
        status: str = self("GET", f"/posts/{uuid}").json()["status"]
        return status


FORM: Final = f"multipart/form-data; boundary={BOUNDARY}"


def form(content: bytes | None, name: str = "a.jpg", alt: str = "") -> bytes:
    """Return a form as a browser writes it; without a file if there is no content."""
    parts = [f'name="alt_text"\r\n\r\n{alt}'.encode()]
    if content is not None:
        parts.append(
            f'name="file"; filename="{name}"\r\nContent-Type: image/jpeg\r\n\r\n'.encode() + content
        )
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
    return b"".join(head + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def post(
    body: str | None = "hi", media: tuple[int, ...] = (), account: int = 1, **more: Any
) -> dict[str, Any]:
    content = {"body": body, "media": list(media), "url": ""}
    version = {"account_id": 0, "is_original": True, "content": [content], "options": {}}
    return {"accounts": [account], "tags": [], "versions": [version | more]}

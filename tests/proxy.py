"""A wire that misbehaves in front of any server: also of the real ones, which never lose an answer."""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Final
from urllib.parse import urlencode, urlsplit

from tests.simulators.server import Asked, Reply, Server

#: these belong to one connection, or are written anew
_HOP: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
)


class Proxy(Server):
    """Forwards each request, reads the whole answer, and passes it on unless told otherwise."""

    def __init__(self, upstream: str) -> None:
        super().__init__()
        parts = urlsplit(upstream)
        self._host, self._port = parts.hostname or "", parts.port

    def perform(self, asked: Asked) -> Reply:
        upstream = HTTPConnection(self._host, self._port, timeout=30)
        try:
            path = f"{asked.path}?{urlencode(asked.query)}" if asked.query else asked.path
            headers = {name: value for name, value in asked.headers.items() if name not in _HOP}
            upstream.request(asked.method, path, body=asked.body or None, headers=headers)
            answer = upstream.getresponse()
            passed = {
                name: value for name, value in answer.getheaders() if name.lower() not in _HOP
            }
            return Reply(answer.status, answer.read(), passed)
        finally:
            upstream.close()

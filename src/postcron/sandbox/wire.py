"""HTTP as the sandbox speaks it: one request per connection, read and answered as a whole."""

from __future__ import annotations

import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from postcron.sandbox.exchange import Reply, Request, said

#: no file the platform takes is larger, and its form needs a little room
LARGEST: Final = 201 * 1024 * 1024


class Server(ThreadingHTTPServer):
    """Gives each request to `answer`; None from there ends the connection without a word."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], answer: Callable[[Request], Reply | None]) -> None:
        self.answer = answer
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a caller who hung up; a bug keeps its traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    #: head and body are two writes: the second must not wait for the first to be acknowledged
    disable_nagle_algorithm = True
    server_version = "sandbox"
    sys_version = ""
    timeout = 60

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _serve(self) -> None:
        self.close_connection = True
        size = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not size.isdigit():
            self._send(said(411, "Length Required"))
        elif int(size) > LARGEST:
            self._send(said(413, "Payload Too Large"))
        else:
            request = self._request(int(size))
            # Half a request is none: its sender is gone.
            reply = self.server.answer(request) if len(request.body) == int(size) else None
            if reply is not None:
                self._send(reply)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _request(self, size: int) -> Request:
        address = urlsplit(self.path)
        return Request(
            method=self.command,
            path=unquote(address.path),
            query=dict(parse_qsl(address.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(size),
        )

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-type", reply.type)
        self.send_header("content-length", str(len(reply.body)))
        self.send_header("x-content-type-options", "nosniff")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)

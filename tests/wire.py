"""A raw socket server that misbehaves: what a platform's machine can do to a request."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self, TypeAlias

#: what the server does with one connection; it closes it afterwards
Manners: TypeAlias = Callable[["Visit"], None]


@dataclass
class Visit:
    """One connection, seen from the server."""

    line: socket.socket
    server: Server = field(repr=False)
    #: the last request, as far as it came
    request: bytes = b""
    #: the whole request has arrived
    whole: bool = False

    def read(self) -> bool:
        """Read one whole request; False if the client went away before its end."""
        request = b""
        while not (whole := _is_whole(request)) and (piece := self.line.recv(65536)):
            request += piece
        if request:
            self.request, self.whole = request, whole
        return whole

    def send(self, content: bytes) -> None:
        self.line.sendall(content)

    def reset(self) -> None:
        """Hang up with a RST."""
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.line.close()


class Server:
    """Treats the first visit with the first manners, the next with the next, the last for ever."""

    def __init__(self, *manners: Manners, tls: ssl.SSLContext | None = None) -> None:
        self.visits: list[Visit] = []
        self._manners = manners
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        for line in (self._socket, *(visit.line for visit in self.visits)):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(10)

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def sleep(self, seconds: float) -> None:
        """Do nothing for so long, or until the test is over."""
        self._over.wait(seconds)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            manners = self._manners[min(len(self.visits), len(self._manners) - 1)]
            visit = Visit(line, self)
            self.visits.append(visit)
            self._start(partial(self._treat, visit, manners))

    def _treat(self, visit: Visit, manners: Manners) -> None:
        # A client that hangs up is what these tests are about.
        with contextlib.suppress(OSError), visit.line:
            visit.line.settimeout(10)
            if self._tls:
                visit.line = self._tls.wrap_socket(visit.line, server_side=True)
            with visit.line:
                manners(visit)


def _is_whole(request: bytes) -> bool:
    head, separator, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head.lower())
    return bool(separator) and len(body) >= (int(length[1]) if length else 0)


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return a whole HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def answer(body: bytes = b'{"id":"1"}', status: str = "200 OK", *headers: str) -> Manners:
    """Read each request and answer it, as long as the client keeps the line."""

    def manners(visit: Visit) -> None:
        while visit.read():
            visit.send(http(status, body, *headers))
            if b"connection: close" in visit.request.lower():
                return

    return manners


def after_reading(*pieces: bytes, then: Callable[[Visit], None] | None = None) -> Manners:
    """Read the whole request, send these bytes, and end as told (by default with a FIN)."""

    def manners(visit: Visit) -> None:
        visit.read()
        for piece in pieces:
            visit.send(piece)
        if then is not None:
            then(visit)

    return manners


def hang(visit: Visit) -> None:
    """Keep the line and say nothing more."""
    visit.server.sleep(30)


def reset(visit: Visit) -> None:
    """Hang up with a RST."""
    visit.reset()


def trickle(visit: Visit) -> None:
    """Send a byte now and then, for ever."""
    while not visit.server.over:
        visit.send(b" ")
        visit.server.sleep(0.05)

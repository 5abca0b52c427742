"""What every simulator is made of: a server on loopback that can misbehave, and a ledger."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import Any, Self, TypeAlias
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    #: the query as it was written
    raw_query: str = ""

    def json(self) -> Any:
        """Return the body as JSON, or None if it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Reply:
    """One answer. A body that is not bytes is sent as JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Fault(StrEnum):
    """What can go wrong with one request, whatever the platform."""

    #: read, not carried out, connection closed
    DROP_BEFORE = "drop_before"
    #: carried out, connection closed without an answer
    ANSWER_LOST = "answer_lost"
    #: carried out, connection closed in the middle of the answer
    HALF_REPLY = "half_reply"
    #: carried out, and answered with 500
    ERROR_THOUGH_DONE = "error_though_done"
    #: carried out, and answered with 200 and somebody else's page
    GARBLED = "garbled"
    #: carried out, and answered a good while later
    SLOW = "slow"


#: a reply stands for an answer given instead of doing anything
Misbehaviour: TypeAlias = Fault | Reply


@dataclass(frozen=True)
class Live:
    """One post the public can see, and since when."""

    remote_id: str
    text: str
    media: tuple[Any, ...]
    at: float
    #: what it answers
    parent: str | None = None


class Server:
    """A server on loopback that does what `perform` says, except where it was told to misbehave."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._faults: list[tuple[Callable[[Asked], bool], Misbehaviour]] = []
        self._lock = threading.RLock()
        self._ahead = 0.0
        #: how many seconds a slow answer takes
        self.slowness = 0.2
        self._http = _Http(self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.005,), daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def perform(self, asked: Asked) -> Reply:
        """Do what one request asks for; called for one request at a time."""
        raise NotImplementedError

    @property
    def live(self) -> list[Live]:
        """Return what the public can see, the oldest first."""
        raise NotImplementedError

    def body(self, stream: BufferedIOBase, size: int) -> bytes:
        """Return the body of one request, or as much of it as comes."""
        return stream.read(size)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def put_away(self) -> None:
        """Give back the port of a server that was never started."""
        self._http.server_close()

    # --- time --------------------------------------------------------------------------------

    def now(self) -> float:
        """Return the simulator's own time, in seconds since the epoch."""
        return time.time() + self._ahead

    def pass_time(self, seconds: float) -> None:
        self._ahead += seconds

    # --- misbehaving -------------------------------------------------------------------------

    def misbehave(
        self, how: Misbehaviour, when: Callable[[Asked], bool] = lambda asked: True
    ) -> None:
        """Misbehave once: at the next request for which `when` holds."""
        self._faults.append((when, how))

    def misbehave_at(self, number: int, how: Misbehaviour) -> None:
        """Misbehave at the `number`-th request from now, counting from one."""
        target = len(self.asked) + number
        self.misbehave(how, lambda asked: len(self.asked) == target)

    def _fault(self, asked: Asked) -> Misbehaviour | None:
        for entry in self._faults:
            when, how = entry
            if when(asked):
                self._faults.remove(entry)
                return how
        return None

    def handle(self, asked: Asked) -> tuple[Reply | None, Fault | None]:
        """Return the answer to a request, and what goes wrong while giving it."""
        with self._lock:
            self.asked.append(asked)
            fault = self._fault(asked)
            if isinstance(fault, Reply):
                return fault, None
            if fault is Fault.DROP_BEFORE:
                return None, fault
            reply = self.perform(asked)
        if fault is Fault.ERROR_THOUGH_DONE:
            return Reply(500, {"error": "InternalServerError", "message": "Something broke"}), fault
        if fault is Fault.GARBLED:
            return Reply(200, b"<h1>Welcome</h1>", {"Content-Type": "text/html"}), fault
        return (None if fault is Fault.ANSWER_LOST else reply), fault


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, behind: Server) -> None:
        self.behind = behind
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    protocol_version = "HTTP/1.1"
    #: head and body are two writes: the second must not wait for the first to be acknowledged
    disable_nagle_algorithm = True

    def do_any(self) -> None:
        reply, fault = self.server.behind.handle(self._asked())
        if fault is Fault.SLOW:
            time.sleep(self.server.behind.slowness)
        if reply is None or (fault is Fault.HALF_REPLY and not reply.content()):
            self._hang_up()  # of nothing there is no half
        else:
            self._answer(reply, half=fault is Fault.HALF_REPLY)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815 - http.server's names

    def _asked(self) -> Asked:
        parts = urlsplit(self.path)
        return Asked(
            self.command,
            parts.path,
            {name: values[-1] for name, values in parse_qs(parts.query).items()},
            {name.lower(): value for name, value in self.headers.items()},
            self.server.behind.body(self.rfile, int(self.headers.get("content-length", "0"))),
            parts.query,
        )

    def _answer(self, reply: Reply, *, half: bool) -> None:
        content = reply.content()
        if "Date" in reply.headers:
            self.send_response_only(reply.status)
        else:
            self.send_response(reply.status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in {"Content-Type": "application/json", **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            self._hang_up()

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(timestamp or self.server.behind.now())

    def log_message(self, *_: Any) -> None:
        """Say nothing: a test that fails shows `asked`."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True  # the client hung up, as clients do

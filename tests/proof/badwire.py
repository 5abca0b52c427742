"""A wire in front of a platform that goes wrong at chosen exchanges, and every way it can."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from tests.wire import Server, Visit, hang, http, reset, trickle

#: more than the program takes for an answer, and more than it may keep in memory
FLOOD: Final = 200_000_000
_KEPT_OPEN: Final = re.compile(rb"\r\nconnection:[^\r]*", re.IGNORECASE)


@dataclass(frozen=True)
class Exchange:
    """One request that went through, and its answer, as bytes."""

    request: bytes
    reply: bytes


@dataclass(frozen=True)
class Fault:
    """What happens to one exchange. The rest says what a verdict may believe of it."""

    name: str
    happens: Callable[[BadWire, Visit], None] = field(repr=False)
    #: a byte of the request may have been taken in
    heard: bool = True
    #: the whole answer comes through
    whole: bool = False
    #: how many seconds the client waits, in real time
    patience: float = 10.0


class BadWire(Server):
    """Carries one exchange a connection to the platform; the n-th of them as planned."""

    def __init__(self, platform: str, plan: Mapping[int, Fault]) -> None:
        parts = urlsplit(platform)
        self._platform = (parts.hostname or "", parts.port or 80)
        self._plan = plan
        self.exchanges: list[Exchange] = []
        #: requests whose sender has given up, and which nobody has read yet
        self.unread: list[bytes] = []
        last = max(plan, default=0)
        super().__init__(*(partial(self._exchange, number) for number in range(last + 2)))
        if plan.get(0) is REFUSED:
            self.shut()

    def _exchange(self, number: int, visit: Visit) -> None:
        fault = self._plan.get(number, WELL)
        (WELL if fault is REFUSED else fault).happens(self, visit)

    def passed(self, visit: Visit) -> bytes:
        """Bring a request to the platform, and return what it answers."""
        visit.read()
        reply = self._answer(visit.request)
        self.exchanges.append(Exchange(visit.request, reply))
        if self._plan.get(len(self.visits)) is REFUSED:
            self.shut()
        return reply

    def _answer(self, request: bytes) -> bytes:
        with socket.create_connection(self._platform) as line:
            line.sendall(_KEPT_OPEN.sub(b"", request).replace(b"\r\n", CLOSE, 1))
            reply = b"".join(iter(partial(line.recv, 65536), b""))
        return reply.replace(b"\r\n", CLOSE, 1)

    def shut(self) -> None:
        """Let nobody in any more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def open(self) -> None:
        """Let everybody in again, at the same address; what lay unread arrives now."""
        while self.unread:
            self._answer(self.unread.pop())
        if self._socket.fileno() < 0:
            self._socket = socket.create_server(("127.0.0.1", self.port))
            self._start(self._accept)


CLOSE: Final = b"\r\nConnection: close\r\n"


def _well(wire: BadWire, visit: Visit) -> None:
    visit.send(wire.passed(visit))


WELL: Final = Fault("well", _well, whole=True)
#: nobody listens, until somebody opens the wire again
REFUSED: Final = Fault("refused", _well, heard=False)


def _ends(ending: Callable[[Visit], None], said: bytes, *, done: bool) -> Fault:
    """Take the whole request, which is carried out or not, say this instead of an answer, and end."""

    def happens(wire: BadWire, visit: Visit) -> None:
        if done:
            wire.passed(visit)
        else:
            visit.read()
        visit.send(said)
        ending(visit)

    words = said[:30].decode("ascii", "replace").split("\r")[0] or "nothing"
    name = f"{'done' if done else 'lost'}, {words!r}, {ending.__name__}"
    return Fault(name, happens, patience=0.4 if ending in {hang, trickle} else 10.0)


def fin(visit: Visit) -> None:
    """Hang up politely: the line is closed by whoever opened it."""


def _read_late(wire: BadWire, visit: Visit) -> None:
    # Taken from the kernel's buffer only here: no byte of it reaches the platform before `open`.
    visit.read()
    wire.unread.append(visit.request)
    hang(visit)


def _stutter(wire: BadWire, visit: Visit) -> None:
    reply = wire.passed(visit)
    for at in range(0, len(reply), 200):
        visit.server.sleep(0.05)
        visit.send(reply[at : at + 200])


def _flood(wire: BadWire, visit: Visit) -> None:
    wire.passed(visit)
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % FLOOD)
    for _ in range(FLOOD // 1_000_000):
        visit.send(bytes(1_000_000))


def _after_early(early: bytes) -> Callable[[BadWire, Visit], None]:
    def happens(wire: BadWire, visit: Visit) -> None:
        visit.send(early)
        visit.send(wire.passed(visit))

    return happens


#: what comes instead of an answer, and how the line ends after it
_INSTEAD: Final = [
    (b"", reset),
    (b"", fin),
    (b"", hang),
    (b"HTTP/1.1 20", fin),
    (b"HTTP/1.1 200 OK\r\nContent-Le", reset),
    (b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"id":"12', fin),
    (b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"id":"12', hang),
    (b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"id":"12', trickle),
    (b"\x15\x03\x01garbage\r\n\r\n", fin),
    (http("200 OK", b"abcd", "Content-Encoding: gzip"), fin),
    (http("200 OK", b"<html>Sign in</html>", "Content-Type: text/html"), fin),
    (http("200 OK"), fin),
    (http("502 Bad Gateway", b"<html>Bad gateway</html>", "Content-Type: text/html"), fin),
    (b"HTTP/1.1 100 Continue\r\n\r\n", fin),
]

#: the platform did it, and nobody heard that it did
LOST: Final = _ends(fin, b"", done=True)
#: every way a wire can fail, each on a request that was carried out and one that was not
FAULTS: Final = [
    REFUSED,
    Fault("reset at accept", lambda wire, visit: reset(visit), heard=False),
    Fault("closed at accept", lambda wire, visit: fin(visit), heard=False),
    Fault("never read", lambda wire, visit: hang(visit), patience=0.4),
    Fault("read after the sender gave up", _read_late, patience=0.4),
    # What loss and latency come to above TCP: pauses. A cut in mid-reply is one of the next.
    Fault("stutters", _stutter, whole=True),
    *(_ends(end, said, done=done) for said, end in _INSTEAD for done in (True, False)),
    Fault("a flood", _flood),
    Fault("100, then the answer", _after_early(b"HTTP/1.1 100 Continue\r\n\r\n"), whole=True),
    Fault("103, then the answer", _after_early(b"HTTP/1.1 103 Early Hints\r\n\r\n"), whole=True),
]


def request_cut(count: int) -> Fault:
    """Take in so many bytes of the request, and hang up: the platform hears nothing of it."""

    def happens(wire: BadWire, visit: Visit) -> None:
        taken = 0
        while taken < count and (piece := visit.line.recv(min(count - taken, 65536))):
            taken += len(piece)
        reset(visit)

    return Fault(f"request cut after {count}", happens, heard=count > 0)


def reply_cut(count: int, length: int) -> Fault:
    """Pass on so many bytes of the answer, and hang up: every second time with a RST."""

    def happens(wire: BadWire, visit: Visit) -> None:
        visit.send(wire.passed(visit)[:count])
        if count % 2 and count < length:
            reset(visit)

    return Fault(f"reply cut after {count}", happens, whole=count >= length)


def cuts(exchange: Exchange, step: int) -> Iterator[Fault]:
    """Return both cuts after every `step`-th byte, and at the very ends."""
    for make, length in ((request_cut, len(exchange.request)), (None, len(exchange.reply))):
        for count in sorted({*range(0, length, step), length - 1, length}):
            yield make(count) if make else reply_cut(count, length)

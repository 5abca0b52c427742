"""A wire in front of PostgreSQL that can be cut at any statement, before it arrives or after it was done."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from tests.postgres import Server

_NAMED: Final = re.compile(
    rb"(?:INSERT INTO|UPDATE|DELETE FROM) \w+|COMMIT|ROLLBACK|BEGIN|set_config|SELECT"
)

#: what happens to one statement
Happens: TypeAlias = Callable[["Link", bytes], None]


@dataclass
class Link:
    """One connection through the wire."""

    wire: PgWire
    client: socket.socket
    server: socket.socket
    #: cut as soon as the server has answered, and tell nobody what
    swallows: bool = False

    def up(self) -> None:
        with contextlib.suppress(OSError):
            while statement := self.client.recv(1 << 20):
                happens = self.wire.meet(statement)
                if happens is None:
                    self.server.sendall(statement)
                else:
                    happens(self, statement)
        self.cut()

    def down(self) -> None:
        with contextlib.suppress(OSError):
            while (answer := self.server.recv(1 << 20)) and not self.swallows:
                self.client.sendall(answer)
        self.cut()

    def cut(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@dataclass
class PgWire:
    """Carries statements; the one numbered `at` since it was armed meets what was planned for it."""

    behind: Server
    #: the statements seen since it was armed
    points: list[str] = field(default_factory=list)
    at: int | None = None
    happens: Happens | None = None
    #: nobody is let in
    shut: bool = False
    #: not while the server is being started again
    up: threading.Event = field(default_factory=threading.Event)
    _links: list[Link] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self.up.set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for link in self._links:
            link.cut()
        for thread in self._threads:
            thread.join(10)
        for link in self._links:
            link.client.close()
            link.server.close()

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def arm(self, at: int | None, happens: Happens | None) -> None:
        """Count from here; with None it only counts."""
        self.points.clear()
        self.at, self.happens, self.shut = at, happens, False

    def disarm(self) -> None:
        """Let everything through again, as soon as there is a server."""
        self.up.wait(60)
        self.at, self.happens, self.shut = None, None, False

    def meet(self, statement: bytes) -> Happens | None:
        with self._lock:
            found = _NAMED.search(statement)
            self.points.append(found[0].decode() if found else "connecting")
            return self.happens if len(self.points) - 1 == self.at else None

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            try:
                self._let_in(client)
            except OSError:  # the server is falling over just now, or told to be away
                client.close()

    def _let_in(self, client: socket.socket) -> None:
        if self.shut:
            raise ConnectionRefusedError
        link = Link(self, client, socket.create_connection(("127.0.0.1", self.behind.port)))
        self._links.append(link)
        self._start(link.up)
        self._start(link.down)


def lost_before(link: Link, statement: bytes) -> None:
    """It never arrives."""
    link.cut()


def lost_after(link: Link, statement: bytes) -> None:
    """It is done, and the answer is lost."""
    link.swallows = True
    link.server.sendall(statement)


def gone_before(link: Link, statement: bytes) -> None:
    """It never arrives, and the server stays away."""
    link.wire.shut = True
    link.cut()


def gone_after(link: Link, statement: bytes) -> None:
    """It is done, the answer is lost, and the server stays away."""
    link.wire.shut = True
    lost_after(link, statement)


def terminated(link: Link, statement: bytes) -> None:
    """An administrator ends the session just before it."""
    port = link.server.getsockname()[1]
    link.wire.behind.run_sql(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        f" WHERE client_port = {port} AND pid <> pg_backend_pid()"
    )
    link.server.sendall(statement)


def restarted(link: Link, statement: bytes) -> None:
    """The server falls over just before it, and comes back."""
    link.wire.up.clear()
    link.wire.behind.stop("immediate")
    link.wire.behind.start()
    link.wire.up.set()
    link.cut()


CUTS: Final[tuple[Happens, ...]] = (lost_before, lost_after, gone_before, gone_after, terminated)

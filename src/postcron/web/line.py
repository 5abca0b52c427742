"""Sockets under one deadline: httpcore's time-outs are per operation, and a trickle outlasts them."""

from __future__ import annotations

import contextlib
import functools
import logging
import select
import socket
import ssl
import struct
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

import certifi
import httpcore

CONNECT: Final = 10.0

Option: TypeAlias = tuple[int, int, int | bytes]
Resolve: TypeAlias = Callable[..., Iterable[tuple[Any, ...]]]

# The clock that goes on while the machine sleeps: a deadline is over, however it was spent.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

# At INFO and below both write down whole addresses, and some of them hold a token or a signature.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def publish_options(deadline: float) -> tuple[Option, ...]:
    """Return what makes a dead sender's unsent bytes die with it.

    With linger 0 the kernel drops its queue instead of delivering it minutes later.
    """
    linger = (socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if not hasattr(socket, "TCP_USER_TIMEOUT"):  # macOS
        return (linger,)
    return linger, (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(deadline * 1000))


def end_gently(stream: httpcore.NetworkStream) -> None:
    """Take linger 0 back: everything was sent and answered, so nothing is left to drop."""
    line: socket.socket | None = stream.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if line is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))


class Line(httpcore.NetworkBackend):
    """Opens connections, none of which works beyond the deadline set by `give`.

    `check` sees every address a name resolves to before any is connected to, and may raise.
    """

    def __init__(
        self,
        *,
        options: tuple[Option, ...] = (),
        resolve: Resolve = socket.getaddrinfo,
        check: Callable[[str], None] | None = None,
    ) -> None:
        self._options = options
        self._resolve = resolve
        self._check = check
        self._until = 0.0

    def give(self, seconds: float) -> None:
        """Allow everything that follows, together, this long."""
        self._until = time.clock_gettime(_CLOCK) + seconds

    def patience(self, timeout: float | None) -> float:
        """Return how long one operation may take; raises `TimeoutError` when nothing is left."""
        left = self._until - time.clock_gettime(_CLOCK)
        if left <= 0:
            raise TimeoutError("the time was over")
        return left if timeout is None else min(timeout, left)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        with _named(httpcore.ConnectTimeout, httpcore.ConnectError):
            return _Stream(self._connected(self._addresses(host, port), timeout), self)

    def _addresses(self, host: str, port: int) -> list[tuple[Any, ...]]:
        # A slow resolver cannot be hurried; what it overruns is missing from the time to connect.
        found = list(self._resolve(host, port, type=socket.SOCK_STREAM))
        for *_, address in found:
            if self._check is not None:
                self._check(address[0])
        return found

    def _connected(self, found: list[tuple[Any, ...]], timeout: float | None) -> socket.socket:
        failure = OSError("the name has no address")
        for family, kind, protocol, _, address in found:
            line = socket.socket(family, kind, protocol)
            try:
                for option in (*self._options, (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)):
                    line.setsockopt(*option)
                line.settimeout(self.patience(timeout))
                line.connect(address)
            except OSError as error:
                line.close()
                failure = error
            except BaseException:
                line.close()
                raise
            else:
                return line
        raise failure


class _Stream(httpcore.NetworkStream):
    def __init__(self, line: socket.socket, owner: Line) -> None:
        self._socket = line
        self._owner = owner
        # Nobody closes a line kept for reuse: it goes with the last who knew it. Not by __del__,
        # which comes after the socket's own complaint when both are garbage together.
        weakref.finalize(self, line.close)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with _named(httpcore.ReadTimeout, httpcore.ReadError):
            self._socket.settimeout(self._owner.patience(timeout))
            return self._socket.recv(max_bytes)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        rest = memoryview(buffer)
        with _named(httpcore.WriteTimeout, httpcore.WriteError):
            while rest:
                self._socket.settimeout(self._owner.patience(timeout))
                rest = rest[self._socket.send(rest) :]

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        with _named(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                self._socket.settimeout(self._owner.patience(timeout))
                wrapped = ssl_context.wrap_socket(self._socket, server_hostname=server_hostname)
            except BaseException:
                self.close()
                raise
            return _Stream(wrapped, self._owner)

    def get_extra_info(self, info: str) -> Any:
        if info == "socket" or (info == "ssl_object" and isinstance(self._socket, ssl.SSLSocket)):
            return self._socket
        if info == "is_readable":
            return self._hung_up()
        return None

    def _hung_up(self) -> bool:
        # An idle connection has nothing to say: readable means that the other side closed it.
        if self._socket.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))


_reading_authorities = threading.Lock()


def tls() -> ssl.SSLContext:
    """Return the one context of this process: TLS 1.2 or newer, always verified."""
    # A cache alone lets fifty workers that begin together read the authorities fifty times.
    with _reading_authorities:
        return _tls()


@functools.cache
def _tls() -> ssl.SSLContext:
    """Trust the system's authorities (SSL_CERT_FILE and SSL_CERT_DIR name others) and Mozilla's.

    The latter because a slim container has none.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(certifi.where())
    return context


@contextlib.contextmanager
def _named(timeout: type[Exception], failure: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise timeout(error) from error
    except (OSError, UnicodeError) as error:
        raise failure(error) from error

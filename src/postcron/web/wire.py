"""Requests out, answers in, and the verdict when one does not come.

Spoken with httpcore, the part of httpx that speaks: what lies around it doubles the CPU of a call, and
takes 150 ms to load.
"""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

import httpcore

from postcron.errors import Code, Evidence, OutcomeUnknown, Temporary
from postcron.web.answer import Answer
from postcron.web.line import CONNECT, Line, end_gently, publish_options, tls
from postcron.web.request import Request

Send = Callable[[httpcore.Request], httpcore.Response]

#: how a line fails; httpcore has no one word for it
FAILURES: Final = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
#: an answer longer than this is none
LARGEST: Final = 4 * 1024 * 1024
#: bytes a second: an upload slower than this is given up
SLOWEST: Final = 64 * 1024
#: what stands in an address as it is; everything else is percent-encoded
_KEPT: Final = "%/:?#[]@!$&'()*+,;=~"


def ready() -> None:
    """Read the authorities once; everything else came with this module."""
    tls()


class Trace:
    """Watches whether the request began to leave."""

    def __init__(self) -> None:
        self.sent = False

    def __call__(self, event: str, _: Any) -> None:
        """Take one event of httpcore's trace extension."""
        if event == "http11.send_request_headers.started":
            self.sent = True


class Unreadable(Exception):
    """An answer that came, and cannot be used."""


class Wire:
    """One thread's connections to one host, reused between calls."""

    def __init__(self) -> None:
        self._line = Line()
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls(),
            max_keepalive_connections=4,
            keepalive_expiry=5.0,
            network_backend=self._line,
        )

    def call(self, request: Request, timeout: float) -> Answer:
        """Make a repeatable call; raises `Temporary`."""
        trace = Trace()
        self._line.give(timeout + request.body.size / SLOWEST)
        try:
            return exchange(self._pool.handle_request, _outgoing(request, trace, timeout))
        except (*FAILURES, Unreadable) as error:
            if not trace.sent:
                raise _not_sent(request, error) from error
            raise Temporary(_lost(request, error, timeout), code=Code.ANSWER_LOST) from error


def act(request: Request, deadline: float) -> Answer:
    """Make the publish call; raises `Temporary` for what was not sent, else `OutcomeUnknown`."""
    trace = Trace()
    line = Line(options=publish_options(deadline))
    line.give(deadline)
    alone = replace(request, headers={**request.headers, "connection": "close"})
    once = _outgoing(alone, trace, deadline)
    with httpcore.HTTPConnection(once.url.origin, ssl_context=tls(), network_backend=line) as fresh:
        try:
            return exchange(fresh.handle_request, once)
        except Exception as error:
            # Once a byte may have left, even a mistake of ours is no proof of anything.
            if trace.sent:
                lost = _lost(request, error, deadline)
                raise OutcomeUnknown(lost, code=Code.ANSWER_LOST) from error
            if isinstance(error, FAILURES):
                raise _not_sent(request, error) from error
            raise


def exchange(send: Send, request: httpcore.Request) -> Answer:
    """Send one request and read its whole answer."""
    with contextlib.closing(send(request)) as response:
        body = bytearray()
        # Not read(), which closes at the end: a whole answer is thanked for with a FIN, not a RST.
        for piece in cast("Iterable[bytes]", response.stream):
            body += piece
            if len(body) > LARGEST:
                raise Unreadable("it is too long")
        end_gently(response.extensions["network_stream"])
    headers = _read(response.headers)
    return Answer(response.status, headers, _plain(bytes(body), headers))


def _outgoing(request: Request, trace: Trace, timeout: float) -> httpcore.Request:
    parts = urlsplit(request.url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    url = httpcore.URL(
        scheme=parts.scheme,
        host=(parts.hostname or "").encode("idna"),
        port=parts.port,
        target=quote(target, safe=_KEPT),
    )
    ours = {"host": parts.netloc.encode("idna").decode(), "accept-encoding": "gzip"}
    limits = {"connect": min(CONNECT, timeout), "read": timeout, "write": timeout, "pool": timeout}
    return httpcore.Request(
        request.method,
        url,
        headers=list({**ours, **request.headers}.items()),
        content=request.body.content,
        extensions={"trace": trace, "timeout": limits},
    )


def _read(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by their names in lower case; one that came twice is joined by a comma."""
    read: dict[str, str] = {}
    for raw, value in headers:
        name, text = raw.decode("ascii").lower(), value.decode("latin-1")
        read[name] = f"{read[name]}, {text}" if name in read else text
    return read


def _plain(body: bytes, headers: Mapping[str, str]) -> bytes:
    # Bounded: a small gzip may unfold into all memory there is.
    coding = headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity" or not body:
        return body
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise Unreadable("its encoding was not asked for")
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = unzip.decompress(body, LARGEST + 1)
    except zlib.error as error:
        raise Unreadable("its compression is broken") from error
    if len(plain) > LARGEST:
        raise Unreadable("it is too long")
    if not unzip.eof:
        raise Unreadable("its compression is broken")
    return plain


def _not_sent(request: Request, error: Exception) -> Temporary:
    return Temporary(
        f"{request.host} could not be reached: {_reason(error)}.",
        code=Code.NOT_REACHABLE,
        evidence=Evidence.NOT_SENT,
    )


def _lost(request: Request, error: Exception, seconds: float) -> str:
    if isinstance(error, httpcore.TimeoutException):
        return f"{request.host} did not answer in full within {seconds:g} s."
    return f"The answer of {request.host} was lost: {_reason(error)}."


def _reason(error: Exception) -> str:
    # OpenSSL and the system put their numbers around their words; people need the words.
    text = re.sub(r"^\[.*?\] |\s*\(_ssl\.c:\d+\)|\.$", "", str(error))
    return text or "it took too long"

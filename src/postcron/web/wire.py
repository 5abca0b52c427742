"""Requests out, answers in, and the verdict when one does not come."""

from __future__ import annotations

import contextlib
import re
import zlib
from dataclasses import replace
from typing import Any, Final, cast

import httpx

from postcron.errors import Code, Evidence, OutcomeUnknown, Temporary
from postcron.web.answer import Answer
from postcron.web.line import CONNECT, Line, client, end_gently, publish_options, tls
from postcron.web.request import Request

#: an answer longer than this is none
LARGEST: Final = 4 * 1024 * 1024
#: bytes a second: an upload slower than this is given up
SLOWEST: Final = 64 * 1024


def ready() -> None:
    """Read the authorities once; everything else came with this module."""
    tls()


class Trace:
    """Watches whether the request began to leave."""

    def __init__(self) -> None:
        self.sent = False

    def __call__(self, event: str, _: Any) -> None:
        """Take one event of httpx's trace extension."""
        if event == "http11.send_request_headers.started":
            self.sent = True


class Unreadable(Exception):
    """An answer that came, and cannot be used."""


class Wire:
    """One thread's connections to one host, reused between calls."""

    def __init__(self) -> None:
        self._line = Line()
        self._client = client(self._line, keep=True)

    def call(self, request: Request, timeout: float) -> Answer:
        """Make a repeatable call; raises `Temporary`."""
        trace = Trace()
        self._line.give(timeout + request.body.size / SLOWEST)
        try:
            return exchange(self._client, request, trace, timeout)
        except (httpx.TransportError, Unreadable) as error:
            if not trace.sent:
                raise _not_sent(request, error) from error
            raise Temporary(_lost(request, error, timeout), code=Code.ANSWER_LOST) from error


def act(request: Request, deadline: float) -> Answer:
    """Make the publish call; raises `Temporary` for what was not sent, else `OutcomeUnknown`."""
    trace = Trace()
    line = Line(options=publish_options(deadline))
    line.give(deadline)
    once = replace(request, headers={**request.headers, "connection": "close"})
    with client(line, keep=False) as fresh:
        try:
            return exchange(fresh, once, trace, deadline)
        except Exception as error:
            # Once a byte may have left, even a mistake of ours is no proof of anything.
            if trace.sent:
                lost = _lost(request, error, deadline)
                raise OutcomeUnknown(lost, code=Code.ANSWER_LOST) from error
            if isinstance(error, httpx.TransportError):
                raise _not_sent(request, error) from error
            raise


def exchange(to: httpx.Client, request: Request, trace: Trace, timeout: float) -> Answer:
    """Send one request and read its whole answer."""
    sending = httpx.Request(
        request.method,
        request.url,
        headers={"accept-encoding": "gzip", **request.headers},
        content=request.body.content,
        extensions={
            "trace": trace,
            "timeout": httpx.Timeout(timeout, connect=min(CONNECT, timeout)).as_dict(),
        },
    )
    with contextlib.closing(to.send(sending, stream=True)) as response:
        body = bytearray()
        # Not iter_raw, which closes at the end: a whole answer is thanked for with a FIN, not a RST.
        for piece in cast("httpx.SyncByteStream", response.stream):
            body += piece
            if len(body) > LARGEST:
                raise Unreadable("it is too long")
        end_gently(response.extensions["network_stream"])
    return Answer(response.status_code, response.headers, _plain(bytes(body), response.headers))


def _plain(body: bytes, headers: httpx.Headers) -> bytes:
    # Not left to httpx: a small gzip may unfold into all memory there is.
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
    if isinstance(error, httpx.TimeoutException):
        return f"{request.host} did not answer in full within {seconds:g} s."
    return f"The answer of {request.host} was lost: {_reason(error)}."


def _reason(error: Exception) -> str:
    # OpenSSL and the system put their numbers around their words; people need the words.
    text = re.sub(r"^\[.*?\] |\s*\(_ssl\.c:\d+\)|\.$", "", str(error))
    return text or "it took too long"

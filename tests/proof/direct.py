"""The wire without sockets: a request reaches its simulator at once, and the process can die on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl, urlsplit

from postcron.errors import Code, Evidence, OutcomeUnknown, Temporary
from postcron.web import Answer, Api
from postcron.web.request import Request
from tests.proof.death import Death
from tests.simulators.server import Asked, Fault, Server

if TYPE_CHECKING:
    from postcron.web.wire import Wire

#: faults that leave the client without a whole answer
WORDLESS = frozenset({Fault.DROP_BEFORE, Fault.ANSWER_LOST, Fault.HALF_REPLY})


@dataclass
class Way:
    """What lies between a client and its simulator."""

    server: Server
    death: Death
    #: so many acts find nobody listening
    blocked: int = 0

    def answer(self, name: str, request: Request) -> Answer | None:
        """Return a whole answer, or None."""
        reply, fault = self.death.around(name, self.server.handle)(_asked(request))
        if reply is None or fault in WORDLESS:
            return None
        headers = {"Content-Type": "application/json", **reply.headers}
        plain = {name.lower(): value for name, value in headers.items()}
        return Answer(reply.status, plain, reply.content())


class Direct(Api):
    """Gives the verdicts of the real wire (tests/web shows those), a hundred times as fast."""

    def __init__(self, base_url: str, way: Way) -> None:
        super().__init__(base_url)
        self._way = way

    def _acted(self, request: Request) -> Answer:
        if self._way.blocked:
            self._way.blocked -= 1
            raise Temporary("No route.", code=Code.NOT_REACHABLE, evidence=Evidence.NOT_SENT)
        answer = self._way.answer("the act", request)
        if answer is None:
            raise OutcomeUnknown("The answer was lost.", code=Code.ANSWER_LOST)
        return answer

    def _wire(self) -> Wire:
        return cast("Wire", _Repeatable(self._way))


class _Repeatable:
    """The calls that are safe to repeat."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def call(self, request: Request, timeout: float) -> Answer:
        answer = self._way.answer(f"a {request.method}", request)
        if answer is None:
            raise Temporary("The answer was lost.", code=Code.ANSWER_LOST)
        return answer


def _asked(request: Request) -> Asked:
    parts = urlsplit(request.url)
    content = request.body.content
    return Asked(
        request.method,
        parts.path,
        dict(parse_qsl(parts.query)),
        {"host": parts.netloc, **request.headers},
        content if isinstance(content, bytes) else b"".join(content),
    )

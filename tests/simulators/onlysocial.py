"""OnlySocial as the contract wants it: the sandbox of the package, behind a wire that can be cut."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postcron.sandbox import Sandbox
from postcron.sandbox.exchange import Request
from tests.simulators import server
from tests.simulators.server import Asked, Live


class OnlySocial(server.Server):
    """A sandbox in which what is scheduled is live at once; its time begins at `start`."""

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__()
        if start is not None:
            self.pass_time(start.timestamp() - self.now())
        self._folder = tempfile.TemporaryDirectory()
        self.sandbox = Sandbox(Path(self._folder.name), clock=self._time, pace=timedelta(0))

    def _time(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._folder.cleanup()

    def put_away(self) -> None:
        super().put_away()
        self._folder.cleanup()

    def perform(self, asked: Asked) -> server.Reply:
        request = Request(asked.method, asked.path, asked.query, asked.headers, asked.body)
        reply = self.sandbox.answer(request)
        assert reply is not None, "this sandbox was told nothing of faults"
        headers = {**reply.headers, "Content-Type": reply.type}
        return server.Reply(reply.status, reply.body, headers)

    @property
    def live(self) -> list[Live]:
        return [
            Live(one.uuid, one.text, one.media, datetime.fromisoformat(one.at).timestamp())
            for one in self.sandbox.live()
        ]

"""The sandbox: OnlySocial's API on this machine, with a page of what is live and faults on demand."""

from __future__ import annotations

import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote
from uuid import uuid4

from postcron.errors import CannotWork, Invalid
from postcron.sandbox.accounts import ACCOUNTS, Account
from postcron.sandbox.exchange import Reply, Request, file_reply, said, unfit
from postcron.sandbox.faults import Fault, Faults, Kind, fault
from postcron.sandbox.folder import Folder
from postcron.sandbox.live import Live
from postcron.sandbox.media import mime_by_name
from postcron.sandbox.page import page
from postcron.sandbox.wire import Server
from postcron.sandbox.workspace import Workspace, call_of

#: both core paths are one platform
_API: Final = re.compile(r"/(?:os|mixpost)/api/([^/]+)(/.*)")
_LIVE: Final = re.compile(r"/(?:live/([0-9]+))?")
_MEDIA: Final = re.compile(r"/media/([0-9]+\.[a-z0-9]+)")

#: the page loads nothing from elsewhere and runs nothing
_PAGE_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "img-src 'self' data:; media-src 'self'"
}
_HTML_ERROR: Final = (
    b"<!DOCTYPE html><html><head><title>Error</title></head><body>Error</body></html>"
)


def _now() -> datetime:
    return datetime.now(UTC)


class Sandbox:
    """A platform on this machine: its API, and the page at `url` of what is live.

    What it keeps is in `folder`, token and workspace too: started there again, it is the same
    platform. A post is *scheduled* for `pace`, *publishing* for as long again, then live.
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        token: str | None = None,
        workspace: str | None = None,
        clock: Callable[[], datetime] = _now,
        pace: timedelta = timedelta(milliseconds=300),
        faults: Iterable[Fault] = (),
    ) -> None:
        """Raise `Invalid` for an address that others could reach; listen to nothing yet."""
        if not ip_address(host).is_loopback:
            raise Invalid(
                f"The sandbox is for this machine only: {host} is not a loopback address."
            )
        self._listens = (host, port)
        self._server: Server | None = None
        self.folder = folder
        self._kept = _opened(folder)
        access = self._access(token, workspace)
        self.token, self.workspace = access["token"], access["workspace"]
        self._faults = Faults(faults)
        self._api = Workspace(
            self._kept, token=self.token, uuid=self.workspace, clock=clock, pace=pace
        )

    def _access(self, token: str | None, workspace: str | None) -> dict[str, str]:
        known = self._kept.read("access.json") or {}
        access = {
            "token": token or known.get("token") or secrets.token_urlsafe(24),
            "workspace": workspace or known.get("workspace") or str(uuid4()),
        }
        if access != known:
            self._kept.write("access.json", access)
        return access

    # --- running -----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address, known once it runs."""
        host, port = self._listens
        port = port if self._server is None else self._server.server_port
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def accounts(self) -> tuple[Account, ...]:
        return ACCOUNTS

    def start(self) -> Self:
        """Listen, unless it already does; raises `Invalid` if the port is taken."""
        if self._server is not None:
            return self
        host, port = self._listens
        try:
            self._server = Server((host, port), self.answer)
        except OSError as error:
            reason = f"{error.strerror}: choose another port, or 0 for any"
            raise Invalid(f"The sandbox cannot listen at {host}:{port} ({reason}).") from error
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.02,), name="sandbox", daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- looking and spoiling ----------------------------------------------------------------

    def live(self) -> list[Live]:
        """Return everything the world can see, oldest first."""
        return self._api.live()

    def misbehave(self, *, on: str, kind: str, times: int = 1, seconds: float = 0.0) -> None:
        """Let the next `times` calls of one sort go wrong; raises `Invalid`."""
        self._faults.add(fault(on=on, kind=kind, times=times, seconds=seconds))

    def snapshot(self, path: Path) -> Path:
        """Write the page as a file that shows the media where they are kept."""
        media = quote(os.path.relpath(self._kept.media.absolute(), path.absolute().parent))
        path.write_text(page(self.live(), lambda file: f"{media}/{file}"), encoding="utf-8")
        return path

    # --- answering ---------------------------------------------------------------------------

    def answer(self, request: Request) -> Reply | None:
        """Return what is answered, or None if the connection ends without a word."""
        api = _API.fullmatch(request.path)
        if api is not None and request.path.endswith("/"):
            location = f"http://{request.headers.get('host', '')}{request.path.rstrip('/')}"
            return Reply(301, headers={"location": location})
        if api is not None:
            reply = self._called(request, *api.groups())
        elif request.path == "/sandbox/faults":
            reply = self._spoilt(request)
        else:
            reply = self._shown(request)
        if reply is not None and reply.status >= 400 and not request.wants_json:
            return Reply(reply.status, _HTML_ERROR)
        return reply

    def _called(self, request: Request, workspace: str, path: str) -> Reply | None:
        call = call_of(request.method, path)
        spoilt = self._faults.take(call[0]) if call else None
        if spoilt and spoilt.kind is Kind.DROP_BEFORE:
            return None
        reply = self._api.answer(request, workspace, path, fault=spoilt, url=self.url)
        return _spoil(reply, spoilt) if spoilt else reply

    def _spoilt(self, request: Request) -> Reply:
        try:
            if request.method == "POST":
                self._faults.add(fault(**request.json()))
        except Invalid as error:
            return unfit({"fault": [error.message]})
        if request.method == "DELETE":
            self._faults.clear()
        return Reply.of(200, {"data": self._faults.waiting()})

    def _shown(self, request: Request) -> Reply:
        if request.method != "GET":
            return said(405, "Only the API takes anything but GET.")
        if match := _LIVE.fullmatch(request.path):
            live = [one for one in self.live() if match[1] in {None, str(one.id)}]
            if live or match[1] is None:
                body = page(live, lambda file: f"/media/{file}").encode()
                return Reply(200, body, headers=_PAGE_HEADERS)
        elif match := _MEDIA.fullmatch(request.path):
            return self._file(match[1], request.headers.get("range", ""))
        return said(404, "Not found.")

    def _file(self, name: str, asked: str) -> Reply:
        path = self._kept.media / name
        if not path.exists():
            return said(404, "Not found.")
        return file_reply(path.read_bytes(), mime_by_name(name), asked)


def _opened(path: Path) -> Folder:
    try:
        return Folder(path)
    except OSError as error:
        raise CannotWork(f"The sandbox cannot use the folder {path}: {error.strerror}.") from error


def _spoil(reply: Reply, spoilt: Fault) -> Reply | None:
    if spoilt.kind is Kind.ANSWER_LOST:
        return None
    if spoilt.kind is Kind.ERROR_THOUGH_PUBLISHED:
        return said(500, "Server Error")
    time.sleep(spoilt.seconds)
    return reply

"""Where a browser lands after a login: a page on this machine that takes one address and is gone."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

from postcron.errors import Invalid

#: platforms want the whole address told to them beforehand, so the path is always the same
PATH: Final = "/callback"
NAP_S: Final = 0.5

_PAGE: Final = "<!doctype html><meta charset=utf-8><title>postcron</title><p>{}</p>"
_DONE: Final = _PAGE.format("Done. You can close this page and go back to the terminal.")
_STRANGE: Final = _PAGE.format("This is not the login that postcron is waiting for.")


class Landing:
    """A server on loopback that waits for one request; `state` tells ours from a stranger's."""

    def __init__(self, port: int, state: str) -> None:
        """Listen at once, so that nobody comes too early; raises `Invalid` if the port is taken."""
        try:
            self._http = _Http(port, state)
        except OSError as error:
            message = (
                f"Port {port} cannot be listened on ({error.strerror}): choose another --port."
            )
            raise Invalid(message, code="port_taken") from error
        self.address = f"http://127.0.0.1:{self._http.server_port}{PATH}"

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> Mapping[str, str] | None:
        """Return what the browser brought; None if it did not come, or we were stopped."""
        for _ in range(int(seconds / NAP_S)):
            if stopped():
                break
            self._http.handle_request()
            if self._http.brought is not None:
                return self._http.brought
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.server_close()


class _Http(HTTPServer):
    timeout = NAP_S

    def __init__(self, port: int, state: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.state = state
        self.brought: Mapping[str, str] | None = None


class _Handler(BaseHTTPRequestHandler):
    server: _Http
    #: seconds: a browser that connects and says nothing must not keep the real one out
    timeout = 2

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        brought = dict(parse_qsl(query))
        ours = path == PATH and belongs(brought, self.server.state)
        if ours:
            self.server.brought = brought
        with suppress(ConnectionError):  # closed early: what it brought is here
            self._show(200 if ours else 404, _DONE if ours else _STRANGE)

    def _show(self, status: int, text: str) -> None:
        page = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        # The address holds the code: it goes nowhere from here.
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Say nothing: what is asked for holds the code."""


def belongs(brought: Mapping[str, str], state: str) -> bool:
    """Say whether this came back from the login with that state."""
    theirs = brought.get("state", "").encode(errors="replace")
    return secrets.compare_digest(theirs, state.encode())


def is_here(address: str) -> bool:
    """Say whether an address leads a browser back to the machine it runs on."""
    try:
        return urlsplit(address).hostname in {"localhost", "127.0.0.1", "::1"}
    except ValueError:
        return False


def parameters(address: str) -> Mapping[str, str]:
    """Return the parameters of an address that a person copied; raises `Invalid` if it is none."""
    try:
        return dict(parse_qsl(urlsplit(address.strip()).query))
    except ValueError:
        # Not from it: it may quote the address, and that holds the code.
        message = "This is not an address: copy all of the one your browser ended at."
        raise Invalid(message, code="no_address") from None

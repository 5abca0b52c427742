"""The page a browser lands on: whatever comes there, only this login's code is taken."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from postcron.web.landing import Landing

#: closed with a reset: whoever writes to it is told that it is gone
AT_ONCE = struct.pack("ii", 1, 0)


def visit(landing: Landing, target: str) -> None:
    """Ask for something and be gone before the answer."""
    with socket.create_connection(("127.0.0.1", urlsplit(landing.address).port)) as line:
        line.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode("latin-1"))
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)


def waited(landing: Landing) -> Mapping[str, str] | None:
    return landing.wait(1, lambda: False)


def test_a_browser_that_closes_early_loses_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with Landing(0, "ours") as landing:
        visit(landing, "/callback?code=c0de&state=ours")
        assert waited(landing) == {"code": "c0de", "state": "ours"}
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "target",
    [
        "/callback?code=evil&state=guessed",
        "/callback?code=evil&state=%E2%98%83",
        "/callback?code=evil&state=\N{POUND SIGN}",
        "/callback",
        "http://[x?state=ours",
    ],
)
def test_a_stranger_gets_nothing_and_breaks_nothing(
    target: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with Landing(0, "ours") as landing:
        visit(landing, target)
        assert waited(landing) is None
    assert capfd.readouterr().err == ""

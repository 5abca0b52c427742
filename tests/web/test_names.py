"""The publish call where names are not what they were, and where its process is killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.web.test_act import speaks_tls
from tests.wire import Server, Visit, answer

#: a namespace in which we are root, with files of ours over those that say how names are looked up
_ENTER = """
ip link set lo up 2>/dev/null
mount --bind "$0/hosts" /etc/hosts && mount --bind "$0/resolv.conf" /etc/resolv.conf && exec "$@"
"""


@contextmanager
def caller(
    *before: str, url: str, size: int = 10, **environ: str
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*before, sys.executable, "-m", "tests.web.acting", url, str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    ) as process:
        yield process
        process.kill()


def acted(process: subprocess.Popen[str]) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline().strip()


@pytest.fixture
def names(tmp_path: Path) -> Path:
    """A folder with `hosts` and `resolv.conf`, or a reason why there can be none."""
    (tmp_path / "hosts").touch()
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here, which makes namespaces")
    trying = [*namespace(tmp_path), "true"]
    if subprocess.run(trying, check=False, capture_output=True).returncode:
        pytest.skip("namespaces of users, or mounts in them, are not allowed here")
    return tmp_path


def namespace(names: Path, *more: str) -> list[str]:
    return ["unshare", "-rm", *more, "sh", "-c", _ENTER, str(names)]


@pytest.mark.fault("F39")
@pytest.mark.parametrize("hosts", ["", "2001:db8::1 platform.test"], ids=["slow", "unreachable"])
def test_a_name_nobody_resolves_in_time_or_can_reach_sent_nothing(names: Path, hosts: str) -> None:
    (names / "hosts").write_text(hosts)
    with caller(*namespace(names, "-n"), url="https://platform.test") as process:
        assert acted(process) == "not_sent"


@pytest.mark.fault("F39")
def test_a_name_that_moves_is_looked_up_anew_by_each_call(names: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(names / "ca.pem")
    hosts = names / "hosts"
    hosts.write_text("127.0.0.2 platform.test")
    context = speaks_tls(authority.issue_cert("platform.test"))
    with Server(answer(), tls=context) as server:
        url, trusted = f"https://platform.test:{server.port}", str(names / "ca.pem")
        with caller(*namespace(names), url=url, SSL_CERT_FILE=trusted) as process:
            assert acted(process) == "not_sent"
            hosts.write_text("127.0.0.1 platform.test")
            assert acted(process) == "200"
    assert len(server.visits) == 1


@pytest.mark.fault("F34")
def test_what_a_killed_sender_had_queued_dies_with_it() -> None:
    """The server reads only when the sender is dead: it finds a reset, not the rest of the request."""
    arrived: list[int | str] = []
    killed = False

    def late_reader(visit: Visit) -> None:
        while not killed:
            visit.server.sleep(0.02)
        try:
            while piece := visit.line.recv(65536):
                arrived.append(len(piece))
        except ConnectionResetError:
            arrived.append("reset")

    with Server(late_reader) as server:
        with caller(url=server.url, size=20_000_000) as process:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
            while not server.visits:
                time.sleep(0.01)
            time.sleep(0.2)  # by then the kernel has taken what it takes
        killed = True
        while not arrived or arrived[-1] != "reset":
            time.sleep(0.01)
    assert sum(size for size in arrived if isinstance(size, int)) < 20_000_000

"""Who is who: one id for an installation, and the proof that a sender cannot send any more."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postcron.model import Attempt, Outcome, Run
from postcron.operations.host import host_id, new_run, sender_is_dead

pytestmark = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")


@pytest.fixture
def here(tmp_path: Path) -> Run:
    return new_run("publish", tmp_path / "state")


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that would live for a minute."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def sent_by(run: Run, **other: object) -> Attempt:
    attempt = Attempt(
        number=1, run=run.id, host=run.host, boot=run.boot, pid=run.pid,
        started=run.started, intended_at=datetime.now(UTC), sent_at=None, ended_at=None,
        outcome=Outcome.OPEN, code=None, message=None,
    )  # fmt: skip
    return replace(attempt, **other)  # type: ignore[arg-type]


def started(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_an_installation_keeps_its_id_and_every_run_has_its_own(tmp_path: Path) -> None:
    first, second = new_run("tick", tmp_path), new_run("tick", tmp_path)
    assert first.host == second.host == host_id(tmp_path)
    assert first.id != second.id
    assert (tmp_path / "host").stat().st_mode & 0o777 == 0o600


def test_a_sender_that_outlived_its_lease_is_ended_before_anybody_looks(
    here: Run, other: subprocess.Popen[bytes]
) -> None:
    attempt = sent_by(here, pid=other.pid, started=started(other.pid))
    assert sender_is_dead(attempt, here) is True
    assert other.wait(timeout=5) == -signal.SIGKILL


def test_another_process_with_the_same_number_is_left_alone(
    here: Run, other: subprocess.Popen[bytes]
) -> None:
    attempt = sent_by(here, pid=other.pid, started="1")
    assert sender_is_dead(attempt, here) is True
    assert other.poll() is None, "it only happens to have the number of a dead one"


def test_after_a_reboot_every_sender_is_dead(here: Run, other: subprocess.Popen[bytes]) -> None:
    attempt = sent_by(here, pid=other.pid, started=started(other.pid), boot="before")
    assert sender_is_dead(attempt, here) is True
    assert other.poll() is None


def test_nobody_can_tell_of_another_host(here: Run) -> None:
    assert sender_is_dead(sent_by(here, host="elsewhere"), here) is None


def test_our_own_call_has_returned(here: Run) -> None:
    assert here.pid == os.getpid()
    assert sender_is_dead(sent_by(here), here) is True


FENCED = """
import sys, time
from postcron.clock import SystemClock
from postcron.operations.fence import Fence
clock = SystemClock()
fence = Fence(clock)
fence.cover([clock.boottime() + Fence.MARGIN + 0.2])
if sys.argv[1] == "off":
    fence.cover([])
time.sleep(0.8)
"""


@pytest.mark.parametrize(("cover", "code"), [("on", -signal.SIGALRM), ("off", 0)])
@pytest.mark.fault("F86")
def test_a_process_ends_itself_before_its_lease_does(cover: str, code: int) -> None:
    """By the kernel's default action, whatever Python is stuck in."""
    done = subprocess.run([sys.executable, "-c", FENCED, cover], check=False, timeout=30)
    assert done.returncode == code

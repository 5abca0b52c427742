"""Which machine and which process this is: what a later run needs to know whether we are dead."""

from __future__ import annotations

import os
import secrets as random
import signal
import time
from pathlib import Path

from postcron.errors import CannotWork
from postcron.model import Attempt, Run
from postcron.secrets import write_new


def new_run(phase: str, state_dir: Path, *, actor: str = "cron") -> Run:
    """Return a run of `phase` in this process, with an id nobody else has."""
    return Run(
        id=random.token_hex(8),
        host=host_id(state_dir),
        phase=phase,
        boot=_boot_id(),
        pid=os.getpid(),
        started=_started(os.getpid()) or "",
        actor=actor,
    )


def host_id(state_dir: Path) -> str:
    """Return this installation's id, made once; hostnames and network cards are not identities."""
    path = state_dir / "host"
    try:
        if not path.exists():
            state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_new(path, random.token_hex(8))
        return path.read_text().strip()
    except OSError as error:
        message = f"The state folder {state_dir} cannot be used: {error.strerror}."
        raise CannotWork(message) from error


def known_id(state_dir: Path) -> str | None:
    """Return this installation's id if it has one, and can be read; makes none."""
    try:
        return (state_dir / "host").read_text().strip()
    except OSError:
        return None


def start_of(boot: str) -> str:
    """Return the start of the machine itself: its containers have it in common."""
    return boot.partition("/")[0]


def sender_is_dead(sender: Attempt, here: Run) -> bool | None:
    """Say whether the process that made an attempt is gone; None when only its own host can tell.

    A sender that outlived its lease on this host is ended first: it must not send after we looked.
    """
    if sender.host != here.host:
        return None
    if start_of(sender.boot) == start_of(here.boot) and sender.boot != here.boot:
        return None  # another container of this machine: its process numbers are not ours
    if sender.boot != here.boot or _started(sender.pid) != sender.started:
        return True
    if sender.pid == here.pid:
        return True  # our own call has returned, or we would not be here
    return _end(sender.pid, sender.started)


def _end(pid: int, started: str) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except (OSError, AttributeError):
        return _started(pid) != started
    try:
        # The number may have been given to another process between reading and opening.
        if _started(pid) == started:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
        return _gone_within(pid, started, seconds=5)
    except OSError:
        return _started(pid) != started
    finally:
        os.close(handle)


def _gone_within(pid: int, started: str, *, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if _started(pid) != started:
            return True
        time.sleep(0.01)
    return False


def _started(pid: int) -> str | None:
    """Return the start time of a live process in clock ticks since boot; None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None if Path("/proc/self").exists() else _alive_without_proc(pid)
    return None if fields[0] in "ZX" else fields[19]


def _alive_without_proc(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except OSError:
        return None
    return ""  # macOS: alive, start time unknown


def _boot_id() -> str:
    """Return which start of the machine this is, and which process numbers we see."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""

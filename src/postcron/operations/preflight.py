"""Preflight: before a phase sends anything, it can remember, and the store is the one it knows.

No memory, no act: whatever is in the way raises `CannotWork`, and a run that was refused leaves no
sign of life, so that a dead man's switch rings for it too.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from postcron.errors import CannotWork, DiskFull
from postcron.model import Phase, Run
from postcron.operations import host, wallclock
from postcron.operations.house import House
from postcron.operations.report import Report
from postcron.operations.witness import RECONCILE, Witness

if TYPE_CHECKING:
    from postcron.store import Papers

#: what a run needs at most to write down what it does
ROOM = 16 * 2**20
#: files and journals that may come into being
INODES = 16
#: two hosts agree on the store's clock to within this
CLOCKS = timedelta(minutes=5)
#: a machine that has not run for this long is not called alive
ALIVE = timedelta(minutes=10)


def preflight(house: House, phase: Phase) -> Run:
    """Return the run under which this phase may work; raises `CannotWork`, and nothing is sent."""
    run = house.run(phase)
    require_room(house)
    papers = settled(house, run.host)
    if reason := objection(house, papers, run.host) or _twin(house, papers, run):
        raise reason
    wallclock.require_sane(house, run, alone=papers.cluster is None)
    house.witness = witness(house, papers)
    house.witness.move_on(house.store)
    house.store.beats.leave(run, at=house.clock.now(), found=0, done=0, failed=0)
    return run


def sign_off(house: House, run: Run, report: Report, *, begun: datetime) -> Report:
    """Leave a sign of life with what a run has done; return its report."""
    done, failed = len(report.done), len(report.failed)
    house.store.beats.leave(run, at=begun, found=report.found, done=done, failed=failed)
    return report


def held(house: House) -> str | None:
    """Return why no phase would send anything from this store, for `status`; writes nothing."""
    here = host.known_id(house.state_dir)
    if here is None:
        return None
    try:
        require_room(house)
        reason = objection(house, house.store.papers(), here)
    except CannotWork as trouble:
        return trouble.message
    return None if reason is None else reason.message


# --- room --------------------------------------------------------------------------------------


def require_room(house: House) -> None:
    """Raise `DiskFull` unless store and state folder can take what this run has to write."""
    file = house.store.file
    for folder in [house.state_dir, *([] if file is None else [file.parent])]:
        if _is_full(folder):
            message = (
                f"The disk of {folder} is almost full (under {ROOM >> 20} MiB or {INODES} files "
                f"left): nothing is sent that could not be written down. Free some space."
            )
            raise DiskFull(message)


def _is_full(folder: Path) -> bool:
    try:
        found = os.statvfs(folder)
    except OSError as error:
        raise CannotWork(f"{folder} cannot be used: {error.strerror}. Nothing is sent.") from error
    few_inodes = found.f_files > 0 and found.f_favail < INODES  # btrfs counts none
    return found.f_bavail * found.f_frsize < ROOM or few_inodes


# --- which store this is -----------------------------------------------------------------------


def settled(house: House, here: str) -> Papers:
    """Return the store's papers; one that belongs nowhere yet belongs here from now on."""
    papers = house.store.papers()
    if papers.home is None and (found := place(papers, here)):
        house.store.settle(found)
        papers = house.store.papers()
    return papers


def witness(house: House, papers: Papers) -> Witness:
    """Return what this machine remembers of the store."""
    return Witness.of(house.state_dir, papers, house.store.url_shown)


def place(papers: Papers, here: str) -> str:
    """Return where the store is found: a file on this host, or its server; empty: nobody may ask."""
    return here if papers.cluster is None else papers.cluster


def objection(house: House, papers: Papers, here: str) -> CannotWork | None:
    """Return why this store must not be sent from: forgotten posts, or not where it belongs."""
    found = place(papers, here)
    if reason := witness(house, papers).objection(house.store):
        return reason
    if papers.home is None or not found or papers.home == found:
        return None
    why = "belongs to another machine" if papers.cluster is None else "was on another server before"
    what = "a copy" if papers.cluster is None else "a copy, or a standby that took over"
    message = (
        f"The store {house.store.url_shown} {why}: it is {what}, or {house.state_dir} is not the "
        f"state folder it is used with, so nothing is sent. "
        f"If what was sent last may be missing in it, {RECONCILE}; "
        f"if it is complete and the only one in use from now on, `postcron reconcile --adopt`."
    )
    return CannotWork(message, code="store_moved")


# --- which machine this is ---------------------------------------------------------------------


def _twin(house: House, papers: Papers, run: Run) -> CannotWork | None:
    """Return why this machine may be a copy: another start of it is alive under the same id.

    Told by the store's clock, and only where machines can share a store. What ran before our own
    start is ourselves before a reboot.
    """
    if papers.cluster is None or not run.boot:
        return None
    now = house.store.now()
    started = now - timedelta(seconds=house.clock.boottime())
    since = max(started + CLOCKS, now - ALIVE)
    others = [
        b for b in house.store.beats.every() if b.host == run.host and b.at > since and b.boot
    ]
    if all(host.start_of(beat.boot) == host.start_of(run.boot) for beat in others):
        return None
    message = (
        f"Another machine runs postcron under this one's id: one is a copy of the other, so nothing "
        f"is sent. Remove {house.state_dir / 'host'} on the copy; the other one goes on "
        f"{ALIVE.seconds // 60} minutes later."
    )
    return CannotWork(message, code="host_cloned")

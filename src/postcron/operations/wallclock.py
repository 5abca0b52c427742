"""Clock sanity: a wall clock that leaps ahead while the machine ran for minutes is not believed."""

from __future__ import annotations

from datetime import datetime, timedelta

from postcron.errors import CannotWork
from postcron.model import Run
from postcron.operations import host
from postcron.operations.house import House
from postcron.operations.notes import Note
from postcron.rules.spans import spell

#: a clock that was a little off is set right; a longer leap would call everything late
LEAP = timedelta(hours=24)


def require_sane(house: House, run: Run, *, alone: bool) -> None:
    """Note both clocks; raises `CannotWork` for a leap ahead that nobody else bears out.

    A server's clock is such a witness (`alone` is False): the store was not opened if they disagreed.
    The note stays as it was while the clock is not believed, so that a clock set back goes on.
    """
    leapt = _leapt(house, run)
    if alone and leapt > LEAP:
        message = (
            f"This machine's clock has leapt {spell(leapt)} ahead while the machine ran on: nothing "
            f"is sent until it is set right, or `postcron reconcile --clock` says that it is right."
        )
        raise CannotWork(message, code="clock_leapt")
    if leapt > -LEAP:  # one that fell back is not believed either: it may soon be put right
        note(house, run)


def note(house: House, run: Run) -> None:
    """Remember what the two clocks say now."""
    wall, up = house.clock.now().timestamp(), house.clock.boottime()
    _noted(house).write(host.start_of(run.boot) or "-", f"{wall:.3f}", f"{up:.3f}")


def _leapt(house: House, run: Run) -> timedelta:
    """Return how much further the wall clock has gone than the machine ran, since the last run."""
    match _noted(house).read():
        case [boot, wall, up] if boot != "-" and boot == host.start_of(run.boot):
            ran = house.clock.boottime() - float(up)
            went = house.clock.now() - datetime.fromtimestamp(float(wall), house.clock.now().tzinfo)
            return went - timedelta(seconds=ran) if ran >= 0 else timedelta()
        case _:
            return timedelta()


def _noted(house: House) -> Note:
    return Note(house.state_dir / "clock")

"""Clock sanity: a wall clock that leaps while the machine ran for minutes, or that platforms gainsay."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from postcron.errors import CannotWork, Code, Evidence, Temporary
from postcron.model import Run
from postcron.operations import host
from postcron.operations.house import House
from postcron.operations.notes import Note
from postcron.rules.spans import spell

#: a clock that was a little off is set right; a longer leap would call everything late
LEAP = timedelta(hours=24)
#: this far from a platform's clock is worth a word
APART = timedelta(seconds=60)
#: and this far is too far to send anything
TOO_FAR = timedelta(minutes=5)

log = logging.getLogger(__name__)


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
    if abs(leapt) > TOO_FAR:
        _doubt(house)
    if leapt > -LEAP:  # one that fell back is not believed either: it may soon be put right
        note(house, run)


def _doubt(house: House) -> None:
    """Let every platform be asked before its next post, and hear what time it is there."""
    for name, state in house.store.accounts.every().items():
        until = None if state.blocked_until is None else house.clock.now()
        house.store.accounts.set(name, checked_at=None, blocked_until=until)


def require_agreement(account: str, ahead: timedelta | None) -> None:
    """Raise `Temporary` if our clock is far `ahead` of the account's platform, or behind; None: unheard.

    This account alone is left alone: one platform with a wrong clock must not hold the others.
    """
    if ahead is None or abs(ahead) <= APART:
        return
    way = "ahead of" if ahead > timedelta() else "behind"
    apart = f"This machine's clock is {spell(abs(ahead))} {way} the clock of {account}'s platform"
    if abs(ahead) <= TOO_FAR:
        log.warning("%s: set it right (`timedatectl`) before they are 5 minutes apart.", apart)
        return
    message = (
        f"{apart}, so nothing is sent there. Set the wrong one right (`timedatectl` shows this "
        f"machine's), then `postcron accounts check {account}`."
    )
    raise Temporary(
        message, code=Code.CLOCKS_DISAGREE, evidence=Evidence.NOT_SENT, retry_after=TOO_FAR
    )


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

"""Placing: the time each account is given, and why, against what else it says.

Two who plan at once must not take one slot. So what a diary has read is counted, the store refuses
what was placed by an old count, and whoever is refused plans anew: see `placing`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from postcron.errors import Invalid, PlanChanged
from postcron.model import Account, Delivery, Follow
from postcron.operations.house import House
from postcron.rules import moments
from postcron.rules.moments import Moment
from postcron.rules.placing import LONGEST_WAIT, Plan, Timetable
from postcron.rules.spans import spell
from postcron.rules.zones import zone_of

T = TypeVar("T")

#: so often somebody else may be first
TRIES: Final = 20
#: what a post is called that is placed in the same call
SAME_CALL: Final = "a post planned with it"
#: longer than any local day
_DAY: Final = timedelta(hours=50)


@dataclass(frozen=True)
class Placed:
    """The time wanted, the time given, and the reason."""

    wanted_at: datetime
    at: datetime
    reason: str
    #: what a post that goes out at once does not heed
    note: str | None = None


@dataclass(frozen=True)
class Diary:
    """What one account says when: read once, then kept in step with what is placed."""

    account: Account
    plan: Plan
    #: how often it had changed when it was read; None: it does not matter what else there is
    changes: int | None
    #: what was placed here, in that order
    placed: list[datetime] = field(default_factory=list)

    def place(
        self,
        wanted: Moment,
        *,
        window_end: datetime | None = None,
        exact: bool = False,
        name: str = SAME_CALL,
    ) -> Placed:
        """Give a post the first moment from the wanted one on at which all rules hold, and count it.

        `now` is a person's word: nothing moves it, and the answer notes the rule it breaks. Raises
        `Invalid` with the next allowed moment if that is later than `window_end`, or is not the
        wanted one and it has to be `exact`. What is placed later says `name` where this is in its way.
        """
        placed = self._at_once(wanted) if wanted.is_now and not exact else self._moved(wanted)
        if exact and placed.at != wanted.at:
            message = (
                f"{self.account.name} cannot take it then: {placed.reason}. {self._next(placed)}"
            )
            raise Invalid(f"{message}, or let it be moved.", code="not_then")
        if window_end is not None and placed.at > window_end:
            message = f"{self.account.name} cannot take it before its window ends: {placed.reason}."
            raise Invalid(f"{message} {self._next(placed)}.", code="window_over")
        self.plan.add(placed.at, name)
        self.placed.append(placed.at)
        return placed

    def _at_once(self, wanted: Moment) -> Placed:
        broken, note = self.plan.step(wanted.at), None
        if broken is not None:
            note = f"{self.account.name} sends it now, although its rules say {broken.because(wanted.at)}."
        return Placed(wanted.at, wanted.at, wanted.reason, note)

    def _moved(self, wanted: Moment) -> Placed:
        at = self.plan.first_free(wanted.at)
        if at is None:
            message = (
                f"{self.account.name} has no moment for it within {spell(LONGEST_WAIT)} "
                f"of {wanted.reason}: look at its rules, and at what is planned."
            )
            raise Invalid(message, code="never")
        steps = self.plan.reasons(wanted.at, at)
        if steps and self.account.timezone not in wanted.reason:
            steps[-1] += f" ({self.account.timezone})"
        return Placed(wanted.at, at, "; ".join([wanted.reason, *steps]))

    def _next(self, placed: Placed) -> str:
        whole = -(-placed.at.timestamp() // 1)
        local = datetime.fromtimestamp(whole, zone_of(self.account.timezone))
        return f"The next moment is {local.isoformat()}"


@dataclass
class Diaries:
    """The diaries of one call, each opened when it is first asked for."""

    house: House
    #: deliveries that are about to move: the times they have now are in nobody's way
    without: Collection[int] = ()
    _open: dict[str, Diary] = field(default_factory=dict)

    def of(self, account: Account, *, whole: bool = False) -> Diary:
        """Return the diary of an account; a `whole` one knows all that goes out, whatever the rules."""
        there = self._open.get(account.name)
        if there is None or (whole and there.changes is None):
            diary = self._open[account.name] = self._read(account, whole=whole)
            for at in there.placed if there else ():
                diary.plan.add(at, SAME_CALL)
                diary.placed.append(at)
        return self._open[account.name]

    def move(
        self,
        delivery: Delivery,
        wanted: Moment,
        *,
        window_end: datetime | None = None,
        exact: bool = False,
    ) -> Placed:
        """Give a delivery another time, as `Diary.place` gives one; its own is in `without`.

        A part of a thread follows its first, whatever its time says: it is not placed.
        """
        if delivery.follows is Follow.ANSWER:
            return Placed(wanted.at, wanted.at, wanted.reason)
        diary = self.of(self.house.account(delivery.account))
        return diary.place(wanted, window_end=window_end, exact=exact, name=delivery.ref)

    @property
    def seen(self) -> dict[str, int]:
        """Return how often each plan had changed, for the store to compare."""
        return {
            name: diary.changes for name, diary in self._open.items() if diary.changes is not None
        }

    def _read(self, account: Account, *, whole: bool) -> Diary:
        timetable = self.house.config.timetables.get(account.name, Timetable())
        zone = zone_of(account.timezone)
        if not (whole or timetable.counts):
            return Diary(account, Plan(account.name, timetable, zone), None)
        since = self.house.clock.now() - max(timetable.min_gap, _DAY)
        known = self.house.store.planned(account.name, since=since, without=self.without)
        plan = Plan(account.name, timetable, zone, known.moments, whole=True)
        return Diary(account, plan, known.changes)


def window_end_of(
    text: str | None, zone: str | None, accounts: Sequence[Account], now: datetime
) -> datetime | None:
    """Return the moment beyond which no account may move a post: one and the same for all of them."""
    if text is None:
        return None
    zones = [zone or account.timezone for account in accounts]
    ends = {moments.parse(text, now=now, zone=each).at for each in zones}
    if len(ends) > 1:
        message = f"The window ends {text!r}, which is another moment in each account's zone"
        raise Invalid(f"{message}: add --tz, or write it with an offset.", code="usage")
    return ends.pop()


def new_time(placed: Placed) -> dict[str, Any]:
    """Return what a delivery that is given another time is set to."""
    return {
        "wanted_at": placed.wanted_at,
        "due_at": placed.at,
        "reason": placed.reason,
        "grace_from": None,
        "not_before": None,
        "gap": None,
        "tries": 0,
        "error_code": None,
        "error": None,
    }


def placing(diaries: Diaries, work: Callable[[Diaries], T]) -> T:
    """Save what was placed by these diaries; with fresh ones while others are first to change a plan.

    `work` hands `Diaries.seen` to the store, which raises `PlanChanged` with nothing written.
    """
    for _ in range(TRIES - 1):
        with suppress(PlanChanged):
            return work(diaries)
        diaries = Diaries(diaries.house, diaries.without)
    return work(diaries)

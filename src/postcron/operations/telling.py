"""Telling: how a delivery ended badly is said by the run that found out, or else by the next one."""

from __future__ import annotations

from postcron.operations.house import House
from postcron.operations.report import Report
from postcron.states import STUCK

#: one run says this much of what others left unsaid
LIMIT = 200


def recall(house: House, report: Report) -> None:
    """Add what runs recorded that did not live to say it."""
    known = {delivery.id for delivery in report.everything()}
    left = [each for each in house.store.untold(LIMIT) if each.id not in known]
    report.add(left, done=frozenset())


def told(house: House, report: Report) -> None:
    """Note that a report has reached people: to be called when it is printed, and not before."""
    stuck = [one for one in report.everything() if one.state in STUCK and one.wake_at is None]
    house.store.tell(stuck)
    house.store.series.tell(report.series.left_out)

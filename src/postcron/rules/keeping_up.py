"""Keeping up: whether accounts say what comes again before the next of it is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from postcron.rules.placing import Plan

#: a window that is open each day makes nothing wait longer
USUAL: Final = timedelta(days=1)

#: a moment that is wanted, and when it is each account's turn
Given = tuple[datetime, Mapping[str, datetime]]


@dataclass(frozen=True)
class Overtaken:
    """What goes out on an account when the next of it is wanted already."""

    account: str
    wanted: datetime
    given: datetime

    def told(self, zone: ZoneInfo) -> str:
        wanted, given = (
            f"{at.astimezone(zone):%Y-%m-%d %H:%M}" for at in (self.wanted, self.given)
        )
        return (
            f"{self.account} cannot keep up: its turn for what is wanted at {wanted} comes at {given}, "
            "after the next one is wanted. Repeat it less often, or change the rules of the account."
        )


def overtaken(given: Sequence[Given], *, after: timedelta = USUAL) -> list[Overtaken]:
    """Return what waits until the next is wanted, and so long; nothing is known of the last."""
    return [
        Overtaken(account, wanted, at)
        for (wanted, turns), (following, _) in pairwise(given)
        for account, at in turns.items()
        if at >= following and at - wanted > after
    ]


def backlog(account: str, plan: Plan, wanted: Sequence[datetime]) -> Overtaken | None:
    """Return the last of these that is overtaken on an account, if it only ever falls behind.

    The plan holds nothing else. Who is on time again in the second half catches up once in a while.
    """
    given: list[Given] = []
    for at in wanted:
        free = plan.first_free(at)
        if free is None:
            break
        plan.add(free, account)
        given.append((at, {account: free}))
    found = overtaken(given, after=timedelta())
    behind = {one.wanted for one in found}
    return (
        found[-1] if found and all(at in behind for at, _ in given[len(given) // 2 : -1]) else None
    )

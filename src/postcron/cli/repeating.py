"""The options that say how often a post comes again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from postcron.errors import Invalid

if TYPE_CHECKING:
    from postcron.operations.series_beginning import Repeat

Every = Annotated[
    str | None,
    typer.Option(
        metavar="RULE",
        help='Again and again: "weekday 09:00", "2 weeks friday 17:00", "month last friday 9am".',
    ),
]
Rrule = Annotated[
    str | None,
    typer.Option(metavar="RULE", help="The same as a rule of RFC 5545: FREQ=DAILY;BYHOUR=9."),
]
Starting = Annotated[
    str | None,
    typer.Option(metavar="DAY", help="The first day of a series; else the next one that fits."),
]
Until = Annotated[
    str | None, typer.Option(metavar="DAY", help="The last day of a series, included.")
]
Times = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=10_000, help="So many moments of a series.")
]
Except = Annotated[
    list[str] | None,
    typer.Option("--except", metavar="DAY", help="Not on this day. May be repeated."),
]
Variation = Annotated[
    list[str] | None,
    typer.Option(
        metavar="TEXT", help="Another text of a series; they take turns. May be repeated."
    ),
]


@dataclass(frozen=True)
class Given:
    """What was said about repeating."""

    every: Every = None
    rrule: Rrule = None
    starting: Starting = None
    until: Until = None
    times: Times = None
    without: Except = None

    def repeats(self, variations: Sequence[str] | None) -> bool:
        """Say whether it makes a series; raises `Invalid` for what only goes with one."""
        if self.every is not None or self.rrule is not None:
            return True
        if any(value is not None for value in (*vars(self).values(), variations)):
            message = "--starting, --until, --times, --except and --variation are for a series: add --every or --rrule."
            raise Invalid(message, code="usage")
        return False

    def repeat(self) -> Repeat:
        from postcron.operations.series_beginning import Repeat
        from postcron.rules.recurrence import Bounds

        bounds = Bounds(self.until, self.times, self.without or ())
        return Repeat(self.every, self.rrule, self.starting, bounds)

"""The calendar: to look at in a terminal, for calendar programs, and as a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import failures, printing, sought
from postcron.cli.how import How, command
from postcron.cli.visible import visible
from postcron.states import State

if TYPE_CHECKING:
    from postcron.operations.calendar import Calendar
    from postcron.operations.house import House


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, calendar)


@dataclass(frozen=True)
class Asked:
    """Which days to show, and what is due in them."""

    month: Annotated[
        str | None, typer.Option(metavar="MONTH", help="That month, like 2026-12; else this one.")
    ] = None
    week: Annotated[bool, typer.Option("--week", help="A week instead of a month.")] = False
    day: Annotated[
        str | None, typer.Option(metavar="DAY", help="The month or week with that day in it.")
    ] = None
    tz: Annotated[
        str | None,
        typer.Option(
            "--tz",
            metavar="ZONE",
            help="By the clocks of that zone; account: each by those of its account.",
        ),
    ] = None
    state: sought.States = None
    account: sought.Account = None
    platform: sought.Platform = None
    campaign: sought.Campaign = None
    ics: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write it for calendar programs; - is stdout."),
    ] = None
    html: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a page that needs nothing else; - is stdout."),
    ] = None

    def fits(self, how: How) -> None:
        """Raise for what does not go together."""
        if self.month is not None and (self.week or self.day is not None):
            message = "--month names a month by itself: for a week, give --week and --day."
            raise typer.BadParameter(message)
        if self.ics is not None and self.html is not None:
            raise typer.BadParameter("--ics and --html are two files: write one at a time.")
        if how.json and "-" in {self.ics, self.html}:
            message = "--json and - would both write to standard output: choose one."
            raise typer.BadParameter(message)

    def calendar(self, house: House) -> Calendar:
        from postcron.operations.calendar import USUAL, Choice, around_now, calendar, which_days

        usual = USUAL if self.ics is None else frozenset(State)
        states = frozenset(self.state or usual)
        if self.ics is not None and not (self.month or self.week or self.day):
            days = around_now(house)
        else:
            days = which_days(house, month=self.month, day=self.day, week=self.week, zone=self.tz)
        choice = Choice(self.tz, self.account, self.platform, self.campaign, states)
        return calendar(house, days, choice)


def calendar(how: How, *, asked: Asked) -> int:
    """Show what is due, on the days of a month or a week.

    What was cancelled is left out unless --state asks for it. --ics without a month, a week or a day
    has the last month and the coming year.
    """
    from postcron.operations.calendar import pictures as pictures_of

    asked.fits(how)
    with how.home() as house:
        found = asked.calendar(house)
        pictures = pictures_of(house, found.entries) if asked.html is not None else {}
    _say_cut(found)
    if asked.ics is not None:
        from postcron.cli import calendar_ics

        _write(how, found, asked.ics, calendar_ics.page(found))
    elif asked.html is not None:
        from postcron.cli import calendar_html

        _write(how, found, asked.html, calendar_html.page(found, pictures))
    else:
        _show(how, found, week=asked.week)
    return failures.DONE


def _show(how: How, found: Calendar, *, week: bool) -> None:
    from postcron.cli import calendar_text

    draw = calendar_text.week if week else calendar_text.month
    how.answer(calendar_text.document(found), lambda: draw(found))


def _write(how: How, found: Calendar, target: str, content: str) -> None:
    """Write it to stdout, or to a file: in silence, as cron wants it."""
    if target == "-":
        printing.pour([content])
        return
    printing.write(Path(target), [content])
    if how.json or how.verbose:
        count = len(found.entries)
        answer = {"file": target, "deliveries": count, "complete": not found.cut}
        how.answer(answer, lambda: f"{visible(target)} has {count} deliveries.")


def _say_cut(found: Calendar) -> None:
    if found.cut:
        printing.complain(
            f"postcron: Only the first {len(found.entries):,} deliveries are shown; the days after "
            "them are empty. Ask for fewer: a week, an account, a campaign."
        )

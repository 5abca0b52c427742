"""The calendar: to look at in a terminal, for calendar programs, and as a page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import failures, printing
from postcron.cli.how import How, command
from postcron.cli.sought import Account, Campaign, Platform, States
from postcron.cli.visible import visible
from postcron.states import State

if TYPE_CHECKING:
    from postcron.operations.calendar import Calendar


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, calendar)


def calendar(
    how: How,
    *,
    month: Annotated[
        str | None, typer.Option(metavar="MONTH", help="That month, like 2026-12; else this one.")
    ] = None,
    week: Annotated[bool, typer.Option("--week", help="A week instead of a month.")] = False,
    day: Annotated[
        str | None, typer.Option(metavar="DAY", help="The month or week with that day in it.")
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option(
            "--tz",
            metavar="ZONE",
            help="By the clocks of that zone; account: each by those of its account.",
        ),
    ] = None,
    state: States = None,
    account: Account = None,
    platform: Platform = None,
    campaign: Campaign = None,
    ics: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write it for calendar programs; - is stdout."),
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a page that needs nothing else; - is stdout."),
    ] = None,
) -> int:
    """Show what is due, on the days of a month or a week.

    What was cancelled is left out unless --state asks for it. --ics without a month, a week or a day
    has the last month and the coming year.
    """
    from postcron.operations import calendar as operation

    _refuse_both(how, month=month, week=week, day=day, ics=ics, html=html)
    usual = operation.USUAL if ics is None else frozenset(State)
    choice = operation.Choice(tz, account, platform, campaign, frozenset(state or usual))
    with how.home() as house:
        if ics is not None and not (month or week or day):
            days = operation.around_now(house)
        else:
            days = operation.which_days(house, month=month, day=day, week=week, zone=tz)
        found = operation.calendar(house, days, choice)
        pictures = operation.pictures(house, found.entries) if html is not None else {}
    _say_cut(found)
    if ics is not None:
        from postcron.cli import calendar_ics

        _write(how, found, ics, calendar_ics.page(found))
    elif html is not None:
        from postcron.cli import calendar_html

        _write(how, found, html, calendar_html.page(found, pictures))
    else:
        _show(how, found, week=week)
    return failures.DONE


def _refuse_both(
    how: How, *, month: str | None, week: bool, day: str | None, ics: str | None, html: str | None
) -> None:
    if month is not None and (week or day is not None):
        message = "--month names a month by itself: for a week, give --week and --day."
        raise typer.BadParameter(message)
    if ics is not None and html is not None:
        raise typer.BadParameter("--ics and --html are two files: write one at a time.")
    if how.json and "-" in {ics, html}:
        raise typer.BadParameter("--json and - would both write to standard output: choose one.")


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

"""Deciding what postcron cannot find out: a person's word about a call whose answer was lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli.how import How, command
from postcron.cli.people import who
from postcron.errors import Invalid

if TYPE_CHECKING:
    from postcron.operations.house import House
    from postcron.operations.resolve import Resolved


def register(app: typer.Typer) -> None:
    """Add the command for what only a person can know."""
    command(app, resolve)


def resolve(
    how: How,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="A delivery (12.1).")],
    landed: Annotated[
        str | None,
        typer.Option(metavar="URL", help="It is live, here; the platform is asked if it can be."),
    ] = None,
    resend: Annotated[
        bool, typer.Option("--resend", help="It is not live: send it once more.")
    ] = False,
    drop: Annotated[
        bool, typer.Option("--drop", help="Leave it, live or not: nothing is sent any more.")
    ] = False,
    confirm: Annotated[
        str | None, typer.Option(metavar="ID", help="For --resend: the id once more.")
    ] = None,
) -> int:
    """Say what became of a post whose outcome is unknown."""
    from postcron.cli import documents, render

    if sum((landed is not None, resend, drop)) != 1:
        raise Invalid("Say one of --landed URL, --resend and --drop.", code="usage")
    return how.carry_out(
        lambda house: _resolved(house, id, landed, confirm, drop=drop),
        documents.resolved,
        render.resolved,
    )


def _resolved(
    house: House, id: str, landed: str | None, confirm: str | None, *, drop: bool
) -> Resolved:
    from postcron.operations import resolve as operation

    if landed is not None:
        return operation.landed(house, id, landed, actor=who())
    if drop:
        return operation.drop(house, id, actor=who())
    return operation.resend(house, id, confirmed=confirm or _typed(), actor=who())


def _typed() -> str | None:
    """Ask for the id once more, where there is somebody to ask."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    question = "If it is live after all, this makes a second post. To send it, type its id (12.1)"
    typed: str = typer.prompt(question, err=True)
    return typed.strip()

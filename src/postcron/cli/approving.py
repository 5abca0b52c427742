"""Approving posts: somebody's word that they may go out, or may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli.how import How, command
from postcron.cli.people import who

if TYPE_CHECKING:
    from collections.abc import Callable

    from postcron.operations.approving import Decided
    from postcron.operations.house import House

Posts = Annotated[list[str], typer.Argument(metavar="ID...", help="Posts, like 12.")]


def register(app: typer.Typer) -> None:
    """Add the two answers."""
    command(app, approve)
    command(app, reject)


def approve(how: How, ids: Posts) -> int:
    """Let posts go out at their time that wait for approval."""
    from postcron.operations.approving import approve as operation

    return _answer(how, lambda house: operation(house, ids, actor=who()))


def reject(
    how: How,
    *,
    ids: Posts,
    why: Annotated[str | None, typer.Option(metavar="TEXT", help="What is wrong with it.")] = None,
) -> int:
    """Keep posts from going out until they are changed."""
    from postcron.operations.approving import reject as operation

    return _answer(how, lambda house: operation(house, ids, why=why, actor=who()))


def _answer(how: How, operation: Callable[[House], Decided]) -> int:
    from postcron.cli import documents, render

    return how.carry_out(operation, documents.decided, render.noted)

"""Approving posts: somebody's word that they may go out, or may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import failures
from postcron.cli.how import How, command
from postcron.cli.people import who

if TYPE_CHECKING:
    from postcron.cli.render import Here
    from postcron.operations.approving import Decided

Posts = Annotated[list[str], typer.Argument(metavar="ID...", help="Posts, like 12.")]


def register(app: typer.Typer) -> None:
    """Add the two answers."""
    command(app, approve)
    command(app, reject)


def approve(how: How, ids: Posts) -> int:
    """Let posts go out at their time that wait for approval."""
    from postcron.cli import render
    from postcron.operations.approving import approve as operation

    with how.home() as house:
        decided = operation(house, ids, actor=who())
        here = render.Here.at(house)
    return _answer(how, decided, here)


def reject(
    how: How,
    *,
    ids: Posts,
    why: Annotated[str | None, typer.Option(metavar="TEXT", help="What is wrong with it.")] = None,
) -> int:
    """Keep posts from going out until they are changed."""
    from postcron.cli import render
    from postcron.operations.approving import reject as operation

    with how.home() as house:
        decided = operation(house, ids, why=why, actor=who())
        here = render.Here.at(house)
    return _answer(how, decided, here)


def _answer(how: How, decided: Decided, here: Here) -> int:
    from postcron.cli import documents, render

    how.answer(documents.decided(decided), lambda: render.noted(decided, here))
    return failures.DONE

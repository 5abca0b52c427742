"""Putting old posts aside, and bringing them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import failures
from postcron.cli.how import DryRun, How, command
from postcron.cli.people import who

if TYPE_CHECKING:
    from postcron.operations.archiving import Archived


def register(app: typer.Typer) -> None:
    """Add the two commands."""
    command(app, archive)
    command(app, restore)


def archive(
    how: How,
    *,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Posts, like 12.")
    ] = None,
    older: Annotated[
        str | None, typer.Option(metavar="SPAN", help="All that are over for so long, like 90d.")
    ] = None,
    dry_run: DryRun = False,
) -> int:
    """Take old posts from the lists; nothing is deleted."""
    from postcron.operations.archiving import archive as operation

    with how.home() as house:
        done = operation(house, ids or [], older=older, actor=who(), dry_run=dry_run)
    return _answer(how, done, "would be archived" if dry_run else "archived")


def restore(
    how: How, ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Posts, like 12.")]
) -> int:
    """Bring archived posts back to the lists."""
    from postcron.operations.archiving import restore as operation

    with how.home() as house:
        done = operation(house, ids, actor=who())
    return _answer(how, done, "restored")


def _answer(how: How, done: Archived, verb: str) -> int:
    count = f"{len(done.ids)} post{'' if len(done.ids) == 1 else 's'} {verb}"
    how.answer({"posts": list(done.ids)}, lambda: f"{count}.")
    return failures.DONE

"""The accounts: which there are, and whether their platforms know us."""

from __future__ import annotations

from typing import Annotated

import typer

from postcron.cli import failures
from postcron.cli.groups import alone_means
from postcron.cli.how import How, command


def register(app: typer.Typer) -> None:
    """Add `accounts`, which alone means `accounts list`."""
    group = typer.Typer(rich_markup_mode=None, help="The accounts of the configuration.")
    command(group, list_, "list")
    command(group, check)
    app.add_typer(group, name="accounts", cls=alone_means("list"))


def list_(how: How) -> int:
    """List the accounts, and what is known about them."""
    from postcron.cli import installation, pages, render
    from postcron.operations.listing import accounts as operation

    with how.home() as house:
        found = operation(house)
        here = render.Here.at(house)
    document = {"accounts": [installation.account(*each) for each in found]}
    how.answer(document, lambda: pages.accounts(found, here))
    return failures.DONE


def check(
    how: How,
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="These; without, all.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Believe who the platform says we are now.")
    ] = False,
) -> int:
    """Ask each platform who we are, and compare; a good answer lifts a block."""
    from postcron.cli import installation, pages
    from postcron.operations.accounts import check as operation

    with how.home() as house:
        found = operation(house, names or [], accept=accept)
    document = {"accounts": [installation.checked(each) for each in found]}
    how.answer(document, lambda: pages.checked(found))
    return failures.FAILED if any(each.problem for each in found) else failures.DONE

"""The accounts: which there are, and whether their platforms know us."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from postcron.cli import failures, printing
from postcron.cli.groups import alone_means
from postcron.cli.how import How, command


def register(app: typer.Typer) -> None:
    """Add `accounts`, which alone means `accounts list`."""
    group = typer.Typer(rich_markup_mode=None, help="The accounts of the configuration.")
    command(group, list_, "list")
    command(group, check)
    command(group, login)
    app.add_typer(group, name="accounts", cls=alone_means("list"))


def list_(how: How) -> int:
    """List the accounts, and what is known about them."""
    from postcron.cli import installation, pages
    from postcron.operations.listing import accounts as operation

    return how.carry_out(operation, installation.accounts, pages.accounts)


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
    """Ask each platform who we are, compare, and hold the login's end against what is queued.

    A good answer lifts a block.
    """
    from postcron.cli import installation, pages
    from postcron.operations.accounts import check as operation

    with how.home() as house:
        found = operation(house, names or [], accept=accept)
        now = house.clock.now()
    document = {"accounts": [installation.checked(each) for each in found]}
    how.answer(document, lambda: pages.checked(found, now))
    bad = any(each.problem or each.outlook.posts_after for each in found)
    return failures.FAILED if bad else failures.DONE


def login(
    how: How,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="An account of the configuration.")],
    port: Annotated[
        int,
        typer.Option(min=0, max=65535, help="Where the browser comes back to; 0: any free one."),
    ] = 8723,
    redirect: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="The address the platform knows, if neither the account's redirect_uri nor "
            "http://127.0.0.1:PORT/callback. Where the browser ended is asked for if it is elsewhere.",
        ),
    ] = None,
    paste: Annotated[
        bool,
        typer.Option(
            "--paste", help="Ask for the address the browser ended at: for a host without one."
        ),
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Believe that whoever logs in is the right one.")
    ] = False,
) -> int:
    """Log in with a browser, and keep the session sealed in the store."""
    from postcron.cli import installation, pages
    from postcron.operations.login import Asking
    from postcron.operations.login import login as operation

    asking = Asking(_show, _pasted, not paste, port, redirect)
    return how.carry_out(
        lambda house: operation(house, name, asking, accept=accept),
        installation.logged_in,
        pages.logged_in,
    )


def _show(page: str) -> None:
    """Say where to log in, and open it where there is a browser to open it in."""
    import webbrowser

    printing.ask(f"Log in here:\n\n{page}\n")
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(page)


def _pasted() -> str:
    printing.ask("Then copy the address your browser ended at, even if it shows an error there:")
    return sys.stdin.readline() if sys.stdin is not None else ""

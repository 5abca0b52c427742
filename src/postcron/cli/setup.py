"""Setting up: everything postcron needs, and what its configuration says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from postcron.cli import failures
from postcron.cli.groups import alone_means
from postcron.cli.how import How, command
from postcron.cli.opening import state_folder


def register(app: typer.Typer) -> None:
    """Add `init` and `config`, which alone means `config show`."""
    command(app, init)
    group = typer.Typer(rich_markup_mode=None, help="The configuration: show it, check it.")
    command(group, show)
    command(group, validate)
    app.add_typer(group, name="config", cls=alone_means("show"))


def init(
    how: How,
    *,
    timezone: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", help="For a new configuration; else this machine's."),
    ] = None,
    workspace: Annotated[
        str, typer.Option(metavar="NAME", help="For a new configuration.")
    ] = "default",
) -> int:
    """Make what is missing: configuration, key, folders, store.

    Safe to repeat: what is there stays, and an older store is upgraded.
    """
    from postcron.cli import installation, pages
    from postcron.operations.init import init as operation

    path = None if how.config is None else Path(how.config).expanduser()
    done = operation(
        path, os.environ, timezone=timezone, workspace=workspace, state_dir=state_folder()
    )
    how.answer(installation.initialised(done), lambda: pages.initialised(done))
    return failures.DONE


def show(how: How) -> int:
    """Show what is in force: the file, the environment over it, and the defaults."""
    from postcron.cli import installation, pages

    with how.home() as house:
        config = house.config
    how.answer({"config": installation.config(config)}, lambda: pages.config(config))
    return failures.DONE


def validate(how: How) -> int:
    """Check the configuration and each account's keys; ask no platform."""
    from postcron.cli import pages
    from postcron.operations.settings import check_all

    with how.home() as house:
        check_all(house)
        config = house.config
    document = {"valid": True, "path": str(config.path), "accounts": sorted(config.accounts)}
    how.answer(document, lambda: pages.valid(config))
    return failures.DONE

"""A platform on this machine: to look around in, and to see the main job played."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from postcron.cli import failures, printing, signals
from postcron.cli.how import How, command


def register(app: typer.Typer) -> None:
    """Add what runs without an account anywhere."""
    command(app, sandbox)
    command(app, demo)


def sandbox(
    how: How,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where it listens; 0: any free port.")
    ] = 8400,
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Where it keeps what is live.")
    ] = Path("sandbox"),
) -> int:
    """Run a platform on this machine, to rehearse with."""
    from postcron.cli import installation, pages
    from postcron.sandbox import Sandbox

    stop = signals.finish_when_asked()
    with Sandbox(folder, port=port) as platform:
        how.answer(installation.sandbox(platform), lambda: pages.sandbox(platform))
        stop.wait()
    return signals.INTERRUPTED


def demo(
    how: How,
    *,
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Where everything of it lives.")
    ] = Path("demo-run"),
) -> int:
    """Play the main job against a platform on this machine."""
    from postcron.cli import installation, pages
    from postcron.operations.demo import demo as operation

    played = operation(folder, printing.complain if how.json else printing.say, os.environ)
    how.answer(installation.played(played), lambda: pages.played(played))
    return failures.DONE if played.as_promised else failures.FAILED

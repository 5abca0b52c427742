"""The command line as a whole: what `postcron` alone can say, and the commands in their order."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated

import typer

from postcron import __version__
from postcron.cli import (
    accounts,
    applying,
    approving,
    archiving,
    batches,
    bulk,
    calendars,
    figures,
    files,
    keys,
    looking,
    measuring,
    pausing,
    phases,
    platforms,
    posting,
    printing,
    reconciling,
    resolving,
    sandbox,
    series,
    setup,
    signals,
    words,
)
from postcron.cli.failures import Asked, guarded
from postcron.cli.how import ConfigPath

app = typer.Typer(
    name="postcron",
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:  # noqa: FBT001 - Typer's protocol
    if value:
        printing.say(f"postcron {__version__}")
        raise typer.Exit


@app.callback()
def postcron(
    *,
    config: ConfigPath = None,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which one this is."),
    ] = False,
) -> None:
    """Write a post now; cron publishes it at its second, exactly once, or somebody is told."""


for group in (
    setup,
    posting,
    bulk,
    approving,
    batches,
    series,
    applying,
    pausing,
    files,
    phases,
    measuring,
    resolving,
    looking,
    archiving,
    calendars,
    figures,
    reconciling,
    accounts,
    platforms,
    keys,
    sandbox,
):
    group.register(app)


def main(argv: Sequence[str]) -> int:
    """Run one command line; return its exit code."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold every secret
    printing.prepare()
    signals.end_when_asked()
    return guarded(lambda: _command(argv), Asked.by(argv))


def _command(argv: Sequence[str]) -> object:
    words.refuse_unreadable(argv)
    return _tree()(list(argv), prog_name="postcron", standalone_mode=False)


@cache  # for who calls it in a process of his own: Typer works on it longer than most commands do
def _tree() -> Callable[..., object]:
    return typer.main.get_command(app)

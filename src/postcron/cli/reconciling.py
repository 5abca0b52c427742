"""A person's word about the store and the clock, when no run may send anything without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import failures
from postcron.cli.how import DryRun, How, command
from postcron.cli.people import who

if TYPE_CHECKING:
    from postcron.operations.house import House


def register(app: typer.Typer) -> None:
    """Add `reconcile`."""
    command(app, reconcile)


def reconcile(
    how: How,
    *,
    after_restore: Annotated[
        bool,
        typer.Option(
            "--after-restore",
            help="A backup was put back, or a standby took over: posts that are out may be missing "
            "in it. What is due is looked for at the platforms, and never sent by itself.",
        ),
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="The store was moved or copied here, is complete, and no other machine uses the "
            "original any more: it belongs here now. What is due is sent.",
        ),
    ] = False,
    clock: Annotated[
        bool, typer.Option("--clock", help="This machine's clock is right, though it leapt ahead.")
    ] = False,
    dry_run: DryRun = False,
) -> int:
    """Believe a store that was put back or moved, or a clock.

    Say one of the three; a wrong --adopt publishes twice, so if in doubt: --after-restore.
    """
    from postcron.operations import reconcile as operations

    if [after_restore, adopt, clock].count(True) != 1:
        message = "Say one of --after-restore, --adopt and --clock; `postcron status` says which."
        raise typer.BadParameter(message)
    if dry_run and not after_restore:
        raise typer.BadParameter("--dry-run goes with --after-restore only.")
    with how.home() as house:
        if after_restore:
            _after_restore(how, house, dry_run=dry_run)
            return failures.DONE
        (operations.adopt if adopt else operations.believe_the_clock)(house, actor=who())
        told = house.store.url_shown if adopt else str(house.state_dir / "clock")
    what = "store" if adopt else "clock"
    how.answer({"believed": what}, lambda: f"From now on the {what} is believed: {told}.")
    return failures.DONE


def _after_restore(how: How, house: House, *, dry_run: bool) -> None:
    from postcron.cli import documents, pages, render
    from postcron.operations.reconcile import after_restore as operation

    done = operation(house, actor=who(), dry_run=dry_run)
    here = render.Here.at(house)
    how.answer(documents.reconciled(done), lambda: pages.reconciled(done, here))

"""How what is live does: a command for cron, beside the phases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import failures, printing, signals
from postcron.cli.how import DryRun, How, command

if TYPE_CHECKING:
    from datetime import datetime

    from postcron.operations.house import House
    from postcron.operations.measure import Collected, Failed


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, measure)


def measure(
    how: How,
    *,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Ask about at most this many.", show_default="200"),
    ] = None,
    dry_run: DryRun = False,
) -> int:
    """Collect likes, comments and views of what is live.

    Each post is asked about daily for its first week, then weekly for 90 days.
    """
    from postcron.operations.measure import measure as operation
    from postcron.operations.settings import broken

    stop = signals.finish_when_asked()
    with how.home(stop) as house:
        invalid = broken(house)
        collected = operation(house, limit=limit, dry_run=dry_run)
        for error in invalid.values():
            printing.complain(error.message)
        _say(how, house, collected)
    if stop.is_set():
        return signals.INTERRUPTED
    if collected.failed:
        return failures.FAILED
    return failures.INVALID if invalid else failures.DONE


def _say(how: How, house: House, collected: Collected) -> None:
    from postcron.cli import documents

    now = house.clock.now()
    for one in collected.failed:
        printing.complain(_unmeasured(one, now))
    if how.json or how.verbose or collected.dry_run:
        how.answer(documents.collected(collected), lambda: _page(collected))


def _unmeasured(one: Failed, now: datetime) -> str:
    from postcron.rules.spans import until

    again = (
        "Not asked again." if one.again_at is None else f"Asked again {until(one.again_at, now)}."
    )
    return f"{one.delivery.ref} {one.delivery.account}: no numbers: {one.why} {again}"


def _page(collected: Collected) -> str:
    from postcron.cli.pages import told
    from postcron.cli.render import table

    if collected.dry_run:
        rows = [(one.ref, one.account, one.url or "") for one in collected.due]
        return table(("ID", "ACCOUNT", "WOULD BE ASKED ABOUT"), rows) if rows else "Nothing."
    rows = [(d.ref, d.account, told(dict(one.numbers))) for d, one in collected.measured]
    return table(("ID", "ACCOUNT", "NUMBERS"), rows) if rows else "Nothing."

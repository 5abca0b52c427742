"""Moving and withdrawing what is not out: by ids at once, by a filter after a look at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postcron.cli import failures, printing, saying
from postcron.cli.how import How, command
from postcron.cli.people import who
from postcron.cli.sought import Chosen
from postcron.cli.visible import visible
from postcron.errors import Invalid

if TYPE_CHECKING:
    from postcron.cli.render import Here
    from postcron.operations.bulk import Bulk, Line

#: of what cannot be changed, so many are told in words
TOLD = 20
MOVED = ("ID", "ACCOUNT", "STATE", "DUE", "NEW", "REASON")

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Posts (12) or deliveries (12.1); or give a filter."),
]
Posts = Annotated[
    list[str] | None, typer.Argument(metavar="[ID]...", help="Posts, like 12; or give a filter.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do it to all that fits; without it, only look.")]


def register(app: typer.Typer) -> None:
    """Add the commands that move and withdraw."""
    for function in (reschedule, cancel, delete):
        command(app, function)


def reschedule(
    how: How,
    *,
    by: Annotated[
        str | None, typer.Option(metavar="SPAN", help="So much later: +2h; or earlier: -30m.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="The first of them then: tomorrow 9am, 2h30m, now."),
    ] = None,
    tz: saying.Zone = None,
    every: Annotated[
        str | None, typer.Option(metavar="SPAN", help="With --at: at least so long between them.")
    ] = None,
    exact: saying.Exact = False,
    chosen: Chosen,
    yes: Yes = False,
) -> int:
    """Give all that fits a filter another time.

    As the rules of each account let it. What would change is shown first; all of it changes, or nothing.
    """
    from postcron.operations.bulk import NewTimes
    from postcron.operations.bulk import reschedule as operation
    from postcron.rules.spans import duration, signed

    times = NewTimes(
        by=None if by is None else signed(by),
        at=at,
        zone=tz,
        every=None if every is None else duration(every),
        exact=exact,
    )
    return _done(how, "rescheduled", chosen, partial(operation, times=times), yes=yes)


def cancel(how: How, ids: Ids = None, *, chosen: Chosen, yes: Yes = False) -> int:
    """Withdraw what is not out, by ids or by a filter.

    Of ids none, if one is out. What fits is shown first; all of it is withdrawn, or nothing.
    """
    from postcron.operations import bulk
    from postcron.operations.cancel import cancel as by_ids

    if ids:
        return _by_ids(how, by_ids, ids, chosen)
    return _done(how, "cancelled", chosen, bulk.cancel, yes=yes)


def delete(how: How, ids: Posts = None, *, chosen: Chosen, yes: Yes = False) -> int:
    """Take posts that are not out from the lists.

    By ids, or all that fit a filter.

    Their deliveries are cancelled; the ledger keeps them.
    """
    from postcron.operations import bulk
    from postcron.operations.cancel import delete as by_ids

    if ids:
        return _by_ids(how, by_ids, ids, chosen)
    return _done(how, "deleted", chosen, bulk.delete, yes=yes)


def _by_ids(how: How, operation: Callable[..., Any], ids: list[str], chosen: Chosen) -> int:
    from postcron.cli import documents, render

    if chosen:
        raise Invalid("Ids and a filter say two different things: give one.", code="usage")
    return how.carry_out(
        lambda house: operation(house, ids, actor=who()), documents.deliveries, render.deliveries
    )


def _done(how: How, verb: str, chosen: Chosen, operation: Callable[..., Bulk], *, yes: bool) -> int:
    """Show what would change, and change it if a person says so; else exit 2."""
    from postcron.cli import render

    with how.home() as house:
        wanted, here = chosen.filter(house), render.Here.at(house)
        found = operation(house, wanted, actor=who(), preview=not yes)
        if found.lines and not yes and not how.json and _agreed(found, verb, here):
            found = operation(house, wanted, actor=who(), preview=False)
    how.answer(_document(found, verb), lambda: _page(found, verb, here))
    return failures.INVALID if found.preview and found.lines else failures.DONE


def _agreed(found: Bulk, verb: str, here: Here) -> bool:
    """Ask the person at the terminal; nobody there says no."""
    if sys.stdin is None or not sys.stdin.isatty():
        return False
    printing.ask(_page(found, verb, here))
    printing.ask("Do it? [y/N] ")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _page(one: Bulk, verb: str, here: Here) -> str:
    return "\n".join(_lines(one, verb, here))


def _lines(one: Bulk, verb: str, here: Here) -> Iterator[str]:
    from postcron.cli.render import deliveries, table

    if any(line.placed for line in one.lines):
        yield table(MOVED, [_moved(line, here) for line in one.lines], colours=2)
    elif one.lines:
        yield deliveries([line.delivery for line in one.lines], here)
    for _, why in one.stuck[:TOLD]:
        yield visible(f"Left as it is: {why}")
    if (more := len(one.stuck) - TOLD) > 0:
        yield f"Left as they are: {more} more."
    count = f"{len(one.lines)} {'delivery' if len(one.lines) == 1 else 'deliveries'}"
    if one.preview and one.lines:
        yield f"{count} would be {verb}. Nothing is changed yet: --yes does it."
    else:
        yield f"{count} {verb}."


def _moved(line: Line, here: Here) -> tuple[str, ...]:
    one, placed = line.delivery, line.placed
    new, reason = ("", "") if placed is None else (here.when(placed.at), placed.reason)
    return one.ref, one.account, str(one.state), here.when(one.due_at), new, reason


def _document(one: Bulk, verb: str) -> dict[str, Any]:
    from postcron.cli import documents

    return {
        "preview": one.preview,
        verb: [
            documents.delivery(line.delivery)
            | ({} if line.placed is None else {"new_due_at": documents.moment(line.placed.at)})
            for line in one.lines
        ],
        "left": [
            {"id": each.ref, "account": each.account, "state": str(each.state), "why": why}
            for each, why in one.stuck
        ],
    }

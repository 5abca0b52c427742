"""The commands of a crontab: silent when all is well, one line on stderr for each that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import failures, printing, signals
from postcron.cli.how import DryRun, How, command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import timedelta

    from postcron.errors import Invalid
    from postcron.model import Delivery
    from postcron.operations.breaking import Opening
    from postcron.operations.house import House
    from postcron.operations.report import Report

Limit = Annotated[
    int | None,
    typer.Option(min=1, help="Take on at most this many deliveries.", show_default="50; stuck 20"),
]


def register(app: typer.Typer) -> None:
    """Add the phases, in the order a delivery goes through them."""
    command(app, pre_upload, "pre-upload")
    for phase in (tick, publish, retry, run):
        command(app, phase)


def pre_upload(
    how: How,
    *,
    lead: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN",
            help="Take what is due within this, like 3h, instead of each account's lead.",
        ),
    ] = None,
    limit: Limit = None,
    dry_run: DryRun = False,
) -> int:
    """Carry media to the platforms early; publish nothing."""
    from postcron.operations.pre_upload import pre_upload as operation

    span = _span(lead)
    return _phase(how, lambda house: operation(house, lead=span, limit=limit, dry_run=dry_run))


def tick(how: How, *, limit: Limit = None, dry_run: DryRun = False) -> int:
    """Decide what is due: queue it, or call it late."""
    from postcron.operations.tick import tick as operation

    return _phase(how, lambda house: operation(house, limit=limit, dry_run=dry_run))


def publish(
    how: How,
    *,
    ahead: Annotated[
        str | None,
        typer.Option(metavar="SPAN", help="Wait for what is due within this.", show_default="60s"),
    ] = None,
    limit: Limit = None,
    dry_run: DryRun = False,
) -> int:
    """Put live what is due, each at its second.

    Then look at the platforms for what is uncertain: nothing is sent twice.
    """
    from postcron.operations.publish import publish as operation

    span = _span(ahead)
    return _phase(how, lambda house: operation(house, ahead=span, limit=limit, dry_run=dry_run))


def retry(
    how: How,
    *,
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...",
            help="Posts (12) or deliveries (12.1) to send now, also late ones. "
            "Without: what failed and whose wait is over.",
        ),
    ] = None,
    limit: Limit = None,
    dry_run: DryRun = False,
) -> int:
    """Give what failed another chance."""
    from postcron.operations.retry import retry as operation

    if ids:
        return _retry_now(how, ids, dry_run=dry_run)
    return _phase(how, lambda house: operation(house, limit=limit, dry_run=dry_run))


def run(how: How, *, limit: Limit = None, dry_run: DryRun = False) -> int:
    """Do all phases in one process: for a crontab of one line."""
    from postcron.operations.run import run as operation

    return _phase(how, lambda house: operation(house, limit=limit, dry_run=dry_run))


def _retry_now(how: How, ids: list[str], *, dry_run: bool) -> int:
    from postcron.cli import documents, render
    from postcron.cli.people import who
    from postcron.operations.retry import retry_now

    if dry_run:
        message = "--dry-run does not go with IDs; `postcron show ID` says what is possible."
        raise typer.BadParameter(message)
    return how.carry_out(
        lambda house: retry_now(house, ids, actor=who()), documents.deliveries, render.deliveries
    )


def _span(text: str | None) -> timedelta | None:
    from postcron.rules.spans import duration

    return None if text is None else duration(text)


def _phase(how: How, operation: Callable[[House], Report]) -> int:
    from postcron.operations import telling
    from postcron.operations.settings import broken

    stop = signals.finish_when_asked()
    with how.home(stop) as house:
        invalid = broken(house)
        report = operation(house)
        if not report.dry_run:
            telling.recall(house, report)
        openings = _say(how, house, report, invalid.values())
        if not report.dry_run:
            telling.told(house, report)
    if stop.is_set():
        return signals.INTERRUPTED
    code = _exit_code(report) or (failures.FAILED if openings else failures.DONE)
    unusable = invalid or report.series.stalled
    return code or (failures.INVALID if unusable else failures.DONE)


def _say(how: How, house: House, report: Report, invalid: Iterable[Invalid]) -> Sequence[Opening]:
    """Print what people have to know; return the openings that were said."""
    from postcron.cli import documents, render
    from postcron.operations.accounts import unusable

    here = render.Here.at(house)
    held = unusable(house) if report.late else frozenset()
    openings = house.openings.in_force(here.now)
    for error in invalid:
        printing.complain(error.message)
    for opening in openings:
        printing.complain(opening.told(here.now))
    for line in [*render.troubles(_troubled(report), held, here.now), *render.gaps(report)]:
        printing.complain(line)
    if how.json or how.verbose or report.dry_run:
        how.answer(documents.report(report), lambda: render.report(report, here))
    return openings


def _troubled(report: Report) -> list[Delivery]:
    told = [*report.failed, *report.late, *report.unknown, *report.skipped]
    return [] if report.dry_run else told


def _exit_code(report: Report) -> int:
    if any(delivery.wake_at is None for delivery in report.unknown):
        return failures.UNKNOWN
    bad = report.failed or report.late or report.series.left_out
    return failures.FAILED if bad else failures.DONE

"""Looking: how things stand, what there is, what became of it. Nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from postcron import lane
from postcron.cli import failures, printing, sought, watching
from postcron.cli.how import How, command

if TYPE_CHECKING:
    from postcron.model import Page
    from postcron.operations.house import House

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Show at most this many.")]


def register(app: typer.Typer) -> None:
    """Add the commands that only read."""
    command(app, status)
    command(app, list_, "list")
    command(app, show)
    command(app, log)


def status(
    how: How,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until interrupted.")] = False,
    every: watching.Every = "2s",
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Say only what is wrong, a line each: exit 1, or 4 if unknown."
        ),
    ] = False,
) -> int:
    """Say how things stand, what comes next, what needs you."""
    if check and watch:
        raise typer.BadParameter("--check looks once; it does not go with --watch.")
    if check:
        return _check(how)
    if watch:
        return watching.watch(how, every, _status)
    with how.home() as house:
        view = _status(house)
    how.answer(view.document, view.text)
    return failures.DONE


def _idle(house: House) -> dict[str, datetime]:
    beats = lane.idle_beats(str(house.config.path), house.environ)
    return {phase: datetime.fromtimestamp(at, UTC) for phase, at in beats.items()}


def _check(how: How) -> int:
    from postcron.cli import installation
    from postcron.cli.visible import visible
    from postcron.operations.checking import findings

    with how.home() as house:
        found = findings(house, _idle(house))
    if how.json:
        printing.document(installation.findings(found))
    else:
        for one in found:
            printing.say(visible(one.message))
    if any(one.unknown for one in found):
        return failures.UNKNOWN
    return failures.FAILED if found else failures.DONE


def _status(house: House) -> watching.View:
    from postcron.cli import installation, pages, render
    from postcron.operations.reading import status as operation

    found, idle, here = operation(house), _idle(house), render.Here.at(house)
    return watching.View(installation.status(found, idle), lambda: pages.status(found, idle, here))


@dataclass(frozen=True)
class Wanted:
    """Which deliveries a list is to have, and in which order."""

    state: sought.States = None
    account: sought.Account = None
    platform: sought.Platform = None
    campaign: sought.Campaign = None
    batch: sought.Batch = None
    label: sought.Label = None
    created_by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Written down by this user.")
    ] = None
    approval: Annotated[
        Literal["pending", "approved", "rejected"] | None,
        typer.Option(metavar="WORD", help="Pending, approved or rejected."),
    ] = None
    archived: Annotated[
        bool, typer.Option("--archived", help="What is archived, and nothing else.")
    ] = False
    media: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Made from this file: its path, or how its SHA-256 begins."
        ),
    ] = None
    since: sought.Since = None
    until: sought.Until = None
    limit: Limit = 50
    after: Annotated[
        str | None, typer.Option(metavar="CURSOR", help="Go on where a list ended.")
    ] = None
    order: Annotated[
        Literal["due", "created"], typer.Option(metavar="ORDER", help="By due or created.")
    ] = "due"
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Turn it round.")] = False

    def page(self, house: House) -> Page:
        from postcron.model import Approval, Filter
        from postcron.operations.listing import checksum, deliveries, edge

        wanted = Filter(
            states=frozenset(self.state) if self.state else None,
            account=sought.account_of(house, self.account),
            platform=self.platform,
            campaign=self.campaign,
            batch=sought.batch_of(house, self.batch),
            label=self.label,
            created_by=self.created_by,
            approval=None if self.approval is None else Approval(self.approval),
            archived=self.archived,
            media=None if self.media is None else checksum(house, self.media),
            since=edge(house, self.since),
            before=edge(house, self.until),
        )
        return deliveries(
            house,
            wanted,
            order=self.order,
            newest_first=not self.oldest_first,
            limit=self.limit,
            after=self.after,
        )


def list_(how: How, *, wanted: Wanted) -> int:
    """List deliveries, newest first."""
    from postcron.cli import documents, render

    return how.carry_out(wanted.page, documents.page, render.page)


def show(
    how: How,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="A post (12) or a delivery (12.1).")],
) -> int:
    """Tell all about a post, and what is safe to do next."""
    from postcron.cli import documents, pages
    from postcron.operations.reading import show as operation

    return how.carry_out(lambda house: operation(house, id), documents.shown, pages.shown)


def log(
    how: How,
    *,
    post: Annotated[str | None, typer.Option(metavar="ID", help="Of this post.")] = None,
    kind: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Of this kind. May be repeated.")
    ] = None,
    day: Annotated[str | None, typer.Option(metavar="DAY", help="Of this day: 2026-11-20.")] = None,
    since: sought.Since = None,
    until: sought.Until = None,
    limit: Limit = 50,
) -> int:
    """Read the ledger of all that happened, newest last."""
    from postcron.cli import documents, pages
    from postcron.operations.listing import ledger as operation

    kinds = frozenset(each.replace("-", "_") for each in kind) if kind else None
    return how.carry_out(
        lambda house: operation(
            house, post=post, kinds=kinds, day=day, since=since, until=until, limit=limit
        ),
        documents.ledger,
        pages.ledger,
    )

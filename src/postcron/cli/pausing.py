"""Holding back what has not gone out, and letting it go again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from postcron.cli import failures
from postcron.cli.how import How, command
from postcron.cli.people import who
from postcron.errors import Invalid

if TYPE_CHECKING:
    from postcron.model import Scope

Account = Annotated[str | None, typer.Option(metavar="NAME", help="Only this account.")]
Campaign = Annotated[str | None, typer.Option(metavar="NAME", help="Only this campaign.")]
Batch = Annotated[str | None, typer.Option(metavar="NAME", help="Only this batch.")]
Why = Annotated[str | None, typer.Option(metavar="TEXT", help="The reason: who looks will see it.")]
Late = Annotated[
    Literal["publish", "skip", "ask"] | None,
    typer.Option(
        metavar="CHOICE",
        help="What became late meanwhile: publish it now, skip it, or ask (leave it to you).",
        show_default="what its account says",
    ),
]
Shift = Annotated[
    bool, typer.Option("--shift", help="What was due meanwhile: later, by the pause's length.")
]


def register(app: typer.Typer) -> None:
    """Add the commands that stop the clock and start it again."""
    command(app, pause)
    command(app, resume)


def pause(
    how: How,
    *,
    account: Account = None,
    campaign: Campaign = None,
    batch: Batch = None,
    why: Why = None,
) -> int:
    """Hold everything back, or one account, campaign or batch.

    Nothing new is sent once this has returned. What is due meanwhile becomes late after its grace.
    """
    from postcron.cli import documents, pages, render
    from postcron.operations.pausing import pause as operation

    scope, name = _what(account, campaign, batch)
    with how.home() as house:
        paused = operation(house, scope, name, why=why, actor=who())
        here = render.Here.at(house)
    how.answer(documents.paused(paused), lambda: pages.paused(paused, here))
    return failures.DONE


def resume(
    how: How,
    *,
    account: Account = None,
    campaign: Campaign = None,
    batch: Batch = None,
    late: Late = None,
    shift: Shift = False,
) -> int:
    """End a pause, and say what it made late."""
    from postcron.cli import documents, pages, render
    from postcron.operations.pausing import resume as operation

    scope, name = _what(account, campaign, batch)
    with how.home() as house:
        resumed = operation(house, scope, name, late=late, shift=shift, actor=who())
        here = render.Here.at(house)
    how.answer(documents.resumed(resumed), lambda: pages.resumed(resumed, here))
    return failures.DONE


def _what(account: str | None, campaign: str | None, batch: str | None) -> tuple[Scope, str]:
    from postcron.model import Scope

    named = {Scope.ACCOUNT: account, Scope.CAMPAIGN: campaign, Scope.BATCH: batch}
    given = [(scope, name) for scope, name in named.items() if name is not None]
    if len(given) > 1:
        raise Invalid(
            "Name one of --account, --campaign and --batch, or none for all.", code="usage"
        )
    return given[0] if given else (Scope.ALL, "")

"""Holding back what has not gone out, and letting it go again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from postcron.cli.how import How, command
from postcron.cli.people import who
from postcron.errors import Invalid

if TYPE_CHECKING:
    from postcron.model import Scope

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


@dataclass(frozen=True)
class What:
    """What is held back: everything, if none is named."""

    account: Annotated[str | None, typer.Option(metavar="NAME", help="Only this account.")] = None
    campaign: Annotated[str | None, typer.Option(metavar="NAME", help="Only this campaign.")] = None
    batch: Annotated[str | None, typer.Option(metavar="NAME", help="Only this batch.")] = None

    def held(self) -> tuple[Scope, str]:
        from postcron.model import Scope

        given = [(Scope(word), name) for word, name in vars(self).items() if name is not None]
        if len(given) > 1:
            raise Invalid(
                "Name one of --account, --campaign and --batch, or none for all.", code="usage"
            )
        return given[0] if given else (Scope.ALL, "")


def pause(how: How, *, what: What, why: Why = None) -> int:
    """Hold everything back, or one account, campaign or batch.

    Nothing new is sent once this has returned. What is due meanwhile becomes late after its grace.
    """
    from postcron.cli import documents, pages
    from postcron.operations.pausing import pause as operation

    scope, name = what.held()
    return how.carry_out(
        lambda house: operation(house, scope, name, why=why, actor=who()),
        documents.paused,
        pages.paused,
    )


def resume(how: How, *, what: What, late: Late = None, shift: Shift = False) -> int:
    """End a pause, and say what it made late."""
    from postcron.cli import documents, pages
    from postcron.operations.pausing import resume as operation

    scope, name = what.held()
    return how.carry_out(
        lambda house: operation(house, scope, name, late=late, shift=shift, actor=who()),
        documents.resumed,
        pages.resumed,
    )

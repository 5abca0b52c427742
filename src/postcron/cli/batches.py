"""Batches: many posts at once, to go out one after the other or each alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from postcron.cli import failures, pausing, saying, watching, words
from postcron.cli.groups import alone_means
from postcron.cli.how import DryRun, How, command
from postcron.cli.people import who

if TYPE_CHECKING:
    from postcron.operations.add_batch import Order
    from postcron.operations.batches import Shown
    from postcron.operations.house import House
    from postcron.operations.wishes import Wish

Name = Annotated[str, typer.Argument(metavar="NAME", help="The batch.")]


def register(app: typer.Typer) -> None:
    """Add `batch`, which alone means `batch list`."""
    group = typer.Typer(rich_markup_mode=None, help="Many posts at once, in order or each alone.")
    command(group, add)
    command(group, list_, "list")
    command(group, show)
    command(group, pause)
    command(group, resume)
    app.add_typer(group, name="batch", cls=alone_means("list"))


@dataclass(frozen=True)
class Asked:
    """What a batch is asked to be."""

    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Its name and key: the same again changes nothing."),
    ]
    to: saying.To = None
    media: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE", help="A post of its own: a path, https:// or s3://. May be repeated."
        ),
    ] = None
    alt: saying.Alt = None
    text: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="What to say: one for all media or one for each; without media, one post each.",
        ),
    ] = None
    kind: saying.Kind = None
    mode: Annotated[
        Literal["now", "scheduled", "best"],
        typer.Option(
            metavar="MODE",
            help="now; scheduled (from --at on); or best: spread over the best times.",
        ),
    ] = "scheduled"
    at: saying.At = None
    tz: saying.Zone = None
    every: Annotated[
        str | None, typer.Option(metavar="SPAN", help="At least so long between them, like 30m.")
    ] = None
    in_order: Annotated[
        bool,
        typer.Option(
            "--in-order/--independent",
            help="The next only once the platform has confirmed the one before; or each alone.",
        ),
    ] = True
    on_failure: Annotated[
        Literal["continue", "stop"],
        typer.Option(
            metavar="CHOICE",
            help="After one that certainly did not go out: continue, or stop and wait for you.",
        ),
    ] = "continue"
    campaign: saying.Campaign = None
    notes: saying.Notes = None
    label: saying.Labels = None
    priority: saying.Priority = None
    approval: saying.Approval = False
    by: saying.By = "manual"
    option: saying.Options = None

    def order(self) -> Order:
        from postcron.model import Mode
        from postcron.operations.add_batch import Order

        return Order(
            name=self.name,
            mode=Mode(self.mode),
            common=self._common(),
            media=self.media or [],
            alts=self.alt or [],
            texts=self.text or [],
            in_order=self.in_order,
            stop_on_failure=self.on_failure == "stop",
        )

    def _common(self) -> Wish:
        """Return what all posts of it share."""
        from postcron.model import PostType
        from postcron.operations.wishes import Wish
        from postcron.rules.spans import duration

        return Wish(
            text=None,
            accounts=self.to or [],
            at=self.at,
            zone=self.tz,
            type=PostType(self.kind or "post"),
            every=None if self.every is None else duration(self.every),
            campaign=self.campaign,
            notes=self.notes,
            labels=words.labels_of(self.label),
            priority=self.priority or 0,
            approval=self.approval,
            scheduled_by=self.by,
            options=words.options_of(self.option),
        )


def add(how: How, *, asked: Asked, dry_run: DryRun = False) -> int:
    """Write many posts down at once: all of them are checked first, and all or none are kept."""
    from postcron.cli import batch_pages
    from postcron.operations.add_batch import add as operation

    order = asked.order()
    return how.carry_out(
        lambda house: operation(house, order, actor=who(), dry_run=dry_run),
        batch_pages.added_document,
        batch_pages.added,
    )


def list_(
    how: How,
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that are completed as well.")] = False,
) -> int:
    """List the batches that are not completed, the newest first."""
    from postcron.cli import batch_pages
    from postcron.operations.batches import listed

    return how.carry_out(
        lambda house: listed(house, every=every),
        lambda found: {"batches": [batch_pages.document(one) for one in found]},
        batch_pages.listed,
    )


def show(
    how: How,
    *,
    name: Name,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on until nothing moves by itself any more.")
    ] = False,
    every: watching.Every = "2s",
) -> int:
    """Show how a batch stands, with all its posts."""
    from postcron.operations.batches import show as operation

    if watch:
        return watching.watch(how, every, lambda house: _view(house, operation(house, name)))
    with how.home() as house:
        view = _view(house, operation(house, name))
    how.answer(view.document, view.text)
    return failures.DONE


def _view(house: House, shown: Shown) -> watching.View:
    from postcron.cli import batch_pages, render
    from postcron.rules.batches import Standing

    here = render.Here.at(house)
    ends = {
        Standing.COMPLETED: failures.DONE,
        Standing.FAILED: failures.UNKNOWN if shown.uncertain else failures.FAILED,
    }
    return watching.View(
        batch_pages.shown_document(shown),
        lambda: batch_pages.shown(shown, here),
        ends.get(shown.listed.standing),
    )


def pause(how: How, *, name: Name, why: pausing.Why = None) -> int:
    """Hold a batch back: nothing new of it is sent once this has returned."""
    from postcron.operations.batches import pause as operation

    with how.home() as house:
        view = _view(house, operation(house, name, why=why, actor=who()))
    how.answer(view.document, view.text)
    return failures.DONE


def resume(how: How, *, name: Name, late: pausing.Late = None, shift: pausing.Shift = False) -> int:
    """End the pause of a batch; or let it go on past what did not go out."""
    from postcron.operations.batches import resume as operation

    with how.home() as house:
        view = _view(house, operation(house, name, late=late, shift=shift, actor=who()))
    how.answer(view.document, view.text)
    return failures.DONE

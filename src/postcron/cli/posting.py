"""Writing posts down, and changing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import repeating, saying, words
from postcron.cli.how import DryRun, How, command
from postcron.cli.people import who
from postcron.errors import Invalid

if TYPE_CHECKING:
    from postcron.operations.edit import Change
    from postcron.operations.wishes import Wish


def register(app: typer.Typer) -> None:
    """Add the commands about what is to be said."""
    for function in (schedule, edit):
        command(app, function)


@dataclass(frozen=True)
class Asked:
    """What a post is asked to be."""

    text: saying.Text = None
    text_file: saying.TextFile = None
    to: saying.To = None
    at: saying.At = None
    tz: saying.Zone = None
    now: Annotated[
        bool, typer.Option("--now", help="At once, whatever its account's rules say.")
    ] = False
    exact: saying.Exact = False
    window_end: saying.WindowEnd = None
    draft: Annotated[bool, typer.Option("--draft", help="Keep it; nothing goes out.")] = False
    approval: saying.Approval = False
    media: saying.Media = None
    alt: saying.Alt = None
    kind: saying.Kind = None
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Your name for it: the same key again changes nothing."),
    ] = None
    campaign: saying.Campaign = None
    notes: saying.Notes = None
    label: saying.Labels = None
    priority: saying.Priority = None
    by: saying.By = "manual"
    text_for: saying.TextFor = None
    option: saying.Options = None
    then: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="The next part of a thread, where there are threads. May be repeated.",
        ),
    ] = None

    def wish(self) -> Wish:
        from postcron.model import PostType
        from postcron.operations.wishes import Wish

        return Wish(
            text=words.text_of(self.text, self.text_file),
            accounts=self.to or [],
            at=words.moment(self.at, now=self.now, exact=self.exact),
            zone=self.tz,
            exact=self.exact,
            window_end=self.window_end,
            media=self.media or [],
            alts=self.alt or [],
            draft=self.draft,
            approval=self.approval,
            type=PostType(self.kind or "post"),
            key=words.key_of(self.key),
            campaign=self.campaign,
            notes=self.notes,
            labels=words.labels_of(self.label),
            priority=self.priority or 0,
            scheduled_by=self.by,
            texts=words.texts_of(self.text_for),
            options=words.options_of(self.option),
            then=self.then or [],
        )


def schedule(
    how: How,
    *,
    asked: Asked,
    again: repeating.Given,
    variation: repeating.Variation = None,
    variables: saying.Variables = None,
    dry_run: DryRun = False,
) -> int:
    """Write a post down: checked and kept here, nowhere else yet."""
    from postcron.cli import documents, render
    from postcron.operations.filling import filled
    from postcron.operations.schedule import schedule as operation

    wish = filled(asked.wish(), words.variables_of(variables))
    if again.repeats(variation):
        return _begin(how, wish, again, variation, dry_run=dry_run)
    return how.carry_out(
        lambda house: operation(house, wish, actor=who(), dry_run=dry_run),
        documents.scheduled,
        render.scheduled,
    )


def _begin(
    how: How, wish: Wish, again: repeating.Given, texts: list[str] | None, *, dry_run: bool
) -> int:
    from postcron.cli import recurring
    from postcron.operations.series_beginning import begin

    repeat = again.repeat()
    return how.carry_out(
        lambda house: begin(house, wish, repeat, texts or (), actor=who(), dry_run=dry_run),
        recurring.answer,
        recurring.page,
    )


@dataclass(frozen=True)
class Other:
    """What is to be different about a post."""

    text: saying.NewText = None
    text_file: saying.TextFile = None
    at: saying.At = None
    tz: saying.Zone = None
    exact: saying.Exact = False
    window_end: saying.WindowEnd = None
    media: saying.Media = None
    alt: saying.Alt = None
    kind: saying.Kind = None
    campaign: saying.Campaign = None
    notes: saying.Notes = None
    label: saying.Labels = None
    priority: saying.Priority = None
    text_for: saying.TextFor = None
    option: saying.Options = None

    def change(self) -> Change:
        from postcron.model import PostType
        from postcron.operations.edit import Change

        change = Change(
            text=words.text_of(self.text, self.text_file),
            texts=words.texts_of(self.text_for),
            options=words.options_of(self.option),
            at=words.moment(self.at, exact=self.exact),
            zone=self.tz,
            exact=self.exact,
            window_end=self.window_end,
            media=self.media,
            alts=self.alt or [],
            type=None if self.kind is None else PostType(self.kind),
            campaign=self.campaign,
            notes=self.notes,
            labels=None if self.label is None else words.labels_of(self.label),
            priority=self.priority,
        )
        if change == Change(zone=self.tz, alts=self.alt or [], exact=self.exact):
            raise Invalid("Nothing to change: name what shall be different, like --at or --text.")
        return change


def edit(
    how: How,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="A post (12) or a delivery (12.1).")],
    other: Other,
) -> int:
    """Change what is not out yet: only what you name."""
    from postcron.cli import documents, render
    from postcron.operations.edit import edit as operation

    change = other.change()
    return how.carry_out(
        lambda house: operation(house, id, change, actor=who()), documents.edited, render.noted
    )

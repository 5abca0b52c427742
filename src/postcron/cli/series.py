"""Recurring posts: what comes next, and changing all that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import repeating, saying, words
from postcron.cli.groups import alone_means
from postcron.cli.how import How, command
from postcron.cli.people import who
from postcron.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from postcron.operations.house import House
    from postcron.operations.series import Told
    from postcron.operations.series_changes import Change

Id = Annotated[str, typer.Argument(metavar="ID", help="A series, like 3.")]


def register(app: typer.Typer) -> None:
    """Add `series list` (which `series` alone means), show, edit, skip and end."""
    group = typer.Typer(
        cls=alone_means("list"), rich_markup_mode=None, help="Posts that come again and again."
    )
    command(group, all_series, "list")
    for function in (show, edit, skip, end):
        command(group, function)
    app.add_typer(group, name="series")


def all_series(how: How) -> int:
    """List the series, the one that comes first in front."""
    from postcron.cli import recurring
    from postcron.operations.series import every

    return how.carry_out(
        every,
        lambda found: {"series": [recurring.document(one) for one in found]},
        recurring.table,
    )


def show(how: How, *, id: Id) -> int:
    """Show a series: its rule, what its posts say, and its next moments."""
    from postcron.operations.series import show as operation

    return _told(how, lambda house: operation(house, id))


@dataclass(frozen=True, kw_only=True)
class Other:
    """What is to be different about a series."""

    text: saying.NewText = None
    text_file: saying.TextFile = None
    variation: repeating.Variation = None
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="ACCOUNT", help="Where to, all of it. May be repeated."),
    ] = None
    again: repeating.Given
    tz: saying.Zone = None
    media: saying.Media = None
    alt: saying.Alt = None
    kind: saying.Kind = None
    campaign: saying.Campaign = None
    notes: saying.Notes = None
    text_for: saying.TextFor = None
    option: saying.Options = None

    def change(self) -> Change:
        from postcron.model import PostType
        from postcron.operations.series_changes import Change

        change = Change(
            repeat=self.again.repeat(),
            zone=self.tz,
            text=words.text_of(self.text, self.text_file),
            variations=self.variation,
            accounts=self.to,
            texts=words.texts_of(self.text_for),
            options=words.options_of(self.option),
            media=self.media,
            alts=self.alt or [],
            type=None if self.kind is None else PostType(self.kind),
            campaign=self.campaign,
            notes=self.notes,
        )
        if change == Change(alts=self.alt or []):
            raise Invalid(
                "Nothing to change: name what shall be different, like --every or --text."
            )
        return change


def edit(
    how: How,
    *,
    id: Id,
    following: Annotated[
        bool, typer.Option("--following", help="Change all that follow from now on.")
    ] = False,
    other: Other,
) -> int:
    """Change all that follow from now on: only what you name.

    What was made ahead and has not begun is made anew. A single post of a series is changed like
    any other: `postcron edit`.
    """
    from postcron.operations.series_changes import change_following

    if not following:
        message = (
            "Say --following to change all that follow from now on; one post of a series is "
            "changed by `postcron edit ID`, and `postcron series show` names them."
        )
        raise Invalid(message, code="usage")
    change = other.change()
    return _told(how, lambda house: change_following(house, id, change, actor=who()))


def skip(
    how: How,
    *,
    id: Id,
    day: Annotated[str, typer.Argument(metavar="DAY", help="Like 2026-12-24 or friday.")],
) -> int:
    """Leave out one day; a post that was made for it is withdrawn."""
    from postcron.operations.series_changes import skip as operation

    return _told(how, lambda house: operation(house, id, day, actor=who()))


def end(how: How, *, id: Id) -> int:
    """Let nothing more of it go out but what has begun."""
    from postcron.operations.series_changes import end as operation

    return _told(how, lambda house: operation(house, id, actor=who()))


def _told(how: How, operation: Callable[[House], Told]) -> int:
    from postcron.cli import recurring

    return how.carry_out(operation, recurring.answer, recurring.page)

"""Recurring posts: what comes next, and changing all that follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from postcron.cli import failures, words
from postcron.cli.groups import alone_means
from postcron.cli.how import How, command
from postcron.cli.people import who
from postcron.cli.posting import Alt, Campaign, Kind, Media, Notes, Options, TextFile, TextFor, Zone
from postcron.cli.repeating import (
    Every,
    Except,
    Given,
    Rrule,
    Starting,
    Times,
    Until,
    Variation,
)
from postcron.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from postcron.operations.house import House
    from postcron.operations.series import Told

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
    from postcron.cli import recurring, render
    from postcron.operations.series import every

    with how.home() as house:
        found = every(house)
        here = render.Here.at(house)
    how.answer(
        {"series": [recurring.document(one) for one in found]},
        lambda: recurring.table(found, here.now),
    )
    return failures.DONE


def show(how: How, *, id: Id) -> int:
    """Show a series: its rule, what its posts say, and its next moments."""
    from postcron.operations.series import show as operation

    return _told(how, lambda house: operation(house, id))


def edit(
    how: How,
    *,
    id: Id,
    following: Annotated[
        bool, typer.Option("--following", help="Change all that follow from now on.")
    ] = False,
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The new text; - reads standard input.")
    ] = None,
    text_file: TextFile = None,
    variation: Variation = None,
    to: Annotated[
        list[str] | None,
        typer.Option(metavar="ACCOUNT", help="Where to, all of it. May be repeated."),
    ] = None,
    every: Every = None,
    rrule: Rrule = None,
    starting: Starting = None,
    until: Until = None,
    times: Times = None,
    without: Except = None,
    tz: Zone = None,
    media: Media = None,
    alt: Alt = None,
    kind: Kind = None,
    campaign: Campaign = None,
    notes: Notes = None,
    text_for: TextFor = None,
    option: Options = None,
) -> int:
    """Change all that follow from now on: only what you name.

    What was made ahead and has not begun is made anew. A single post of a series is changed like
    any other: `postcron edit`.
    """
    from postcron.model import PostType
    from postcron.operations.series_changes import Change, change_following

    if not following:
        message = (
            "Say --following to change all that follow from now on; one post of a series is "
            "changed by `postcron edit ID`, and `postcron series show` names them."
        )
        raise Invalid(message, code="usage")
    given = Given(every, rrule, starting, until, times, without, None)
    change = Change(
        repeat=given.repeat(),
        zone=tz,
        text=words.text_of(text, text_file),
        variations=variation,
        accounts=to,
        texts=words.texts_of(text_for or []),
        options=words.options_of(option or []),
        media=media,
        alts=alt or [],
        type=None if kind is None else PostType(kind),
        campaign=campaign,
        notes=notes,
    )
    if change == Change(alts=alt or []):
        raise Invalid("Nothing to change: name what shall be different, like --every or --text.")
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

    with how.home() as house:
        told, now = operation(house), house.clock.now()
    how.answer(recurring.answer(told), lambda: recurring.page(told, now))
    return failures.DONE

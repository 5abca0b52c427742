"""Writing posts down, changing them, withdrawing them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from postcron.cli import failures, words
from postcron.cli.how import DryRun, How, command
from postcron.cli.people import who
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
    from postcron.operations.wishes import Wish

Text = Annotated[
    str | None,
    typer.Argument(metavar="[TEXT]", help="What to say; - reads it from standard input."),
]
TextFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Read the text from a file (UTF-8).")
]
Media = Annotated[
    list[str] | None,
    typer.Option(metavar="SOURCE", help="A path, https:// or s3:// address. May be repeated."),
]
Alt = Annotated[
    list[str] | None,
    typer.Option(metavar="TEXT", help="Alt text of the media, in the same order. May be repeated."),
]
At = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="When: 2026-11-20T18:00, tomorrow 9am, friday 18:30, 2h30m; next (the account's next "
        "free slot) or best (its best time).",
    ),
]
Zone = Annotated[
    str | None, typer.Option("--tz", metavar="ZONE", help="The zone of --at, like Europe/Rome.")
]
Exact = Annotated[
    bool, typer.Option("--exact", help="At that very moment, or not at all: move it for no rule.")
]
WindowEnd = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Refuse it if its account's rules move it beyond this."),
]
Kind = Annotated[
    Literal["post", "reel", "story"] | None,
    typer.Option("--type", metavar="TYPE", help="post, reel or story."),
]
Campaign = Annotated[str | None, typer.Option(metavar="NAME", help="The campaign it belongs to.")]
Notes = Annotated[str | None, typer.Option(metavar="TEXT", help="For yourselves; never published.")]
By = Annotated[str, typer.Option(metavar="LABEL", help="Who or what schedules it.")]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="LABEL", help="A label. May be repeated.")
]
Priority = Annotated[
    int | None,
    typer.Option(
        min=-1000,
        max=1000,
        metavar="N",
        help="Of what is due at once the highest goes first.",
        show_default="0",
    ),
]
Approval = Annotated[
    bool, typer.Option("--approval", help="It goes out only if somebody approves it.")
]
TextFor = Annotated[
    list[str] | None,
    typer.Option(metavar="ACCOUNT=TEXT", help="Another text for one account. May be repeated."),
]
Options = Annotated[
    list[str] | None,
    typer.Option(
        "--option", metavar="ACCOUNT.NAME=VALUE", help="A platform's option. May be repeated."
    ),
]
Variables = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Texts are templates: what {NAME} stands for. May be repeated.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands about what is to be said."""
    for function in (schedule, edit):
        command(app, function)


def schedule(
    how: How,
    *,
    text: Text = None,
    text_file: TextFile = None,
    to: Annotated[
        list[str] | None, typer.Option(metavar="ACCOUNT", help="Where to. May be repeated.")
    ] = None,
    at: At = None,
    tz: Zone = None,
    now: Annotated[
        bool, typer.Option("--now", help="At once, whatever its account's rules say.")
    ] = False,
    exact: Exact = False,
    window_end: WindowEnd = None,
    draft: Annotated[bool, typer.Option("--draft", help="Keep it; nothing goes out.")] = False,
    approval: Approval = False,
    media: Media = None,
    alt: Alt = None,
    kind: Kind = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Your name for it: the same key again changes nothing."),
    ] = None,
    campaign: Campaign = None,
    notes: Notes = None,
    label: Labels = None,
    priority: Priority = None,
    by: By = "manual",
    text_for: TextFor = None,
    option: Options = None,
    then: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TEXT",
            help="The next part of a thread, where there are threads. May be repeated.",
        ),
    ] = None,
    every: Every = None,
    rrule: Rrule = None,
    starting: Starting = None,
    until: Until = None,
    times: Times = None,
    without: Except = None,
    variation: Variation = None,
    variables: Variables = None,
    dry_run: DryRun = False,
) -> int:
    """Write a post down: checked and kept here, nowhere else yet."""
    from postcron.cli import documents, render
    from postcron.model import PostType
    from postcron.operations.filling import filled
    from postcron.operations.schedule import schedule as operation
    from postcron.operations.wishes import Wish

    wish = Wish(
        text=words.text_of(text, text_file),
        accounts=to or [],
        at=words.moment(at, now=now, exact=exact),
        zone=tz,
        exact=exact,
        window_end=window_end,
        media=media or [],
        alts=alt or [],
        draft=draft,
        approval=approval,
        type=PostType(kind or "post"),
        key=words.key_of(key),
        campaign=campaign,
        notes=notes,
        labels=words.labels_of(label or []),
        priority=priority or 0,
        scheduled_by=by,
        texts=words.texts_of(text_for or []),
        options=words.options_of(option or []),
        then=then or [],
    )
    wish = filled(wish, words.variables_of(variables or []))
    given = Given(every, rrule, starting, until, times, without, variation)
    if given.repeats():
        return _begin(how, wish, given, dry_run=dry_run)
    with how.home() as house:
        answer = operation(house, wish, actor=who(), dry_run=dry_run)
        here = render.Here.at(house)
    how.answer(documents.scheduled(answer), lambda: render.scheduled(answer, here))
    return failures.DONE


def _begin(how: How, wish: Wish, given: Given, *, dry_run: bool) -> int:
    from postcron.cli import recurring
    from postcron.operations.repeat import begin

    with how.home() as house:
        told = begin(
            house, wish, given.repeat(), given.variations or (), actor=who(), dry_run=dry_run
        )
        now = house.clock.now()
    how.answer(recurring.answer(told), lambda: recurring.page(told, now))
    return failures.DONE


def edit(
    how: How,
    *,
    id: Annotated[str, typer.Argument(metavar="ID", help="A post (12) or a delivery (12.1).")],
    text: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The new text; - reads standard input.")
    ] = None,
    text_file: TextFile = None,
    at: At = None,
    tz: Zone = None,
    exact: Exact = False,
    window_end: WindowEnd = None,
    media: Media = None,
    alt: Alt = None,
    kind: Kind = None,
    campaign: Campaign = None,
    notes: Notes = None,
    label: Labels = None,
    priority: Priority = None,
    text_for: TextFor = None,
    option: Options = None,
) -> int:
    """Change what is not out yet: only what you name."""
    from postcron.cli import documents, render
    from postcron.model import PostType
    from postcron.operations.edit import Change
    from postcron.operations.edit import edit as operation

    change = Change(
        text=words.text_of(text, text_file),
        texts=words.texts_of(text_for or []),
        options=words.options_of(option or []),
        at=words.moment(at, exact=exact),
        zone=tz,
        exact=exact,
        window_end=window_end,
        media=media,
        alts=alt or [],
        type=None if kind is None else PostType(kind),
        campaign=campaign,
        notes=notes,
        labels=None if label is None else words.labels_of(label),
        priority=priority,
    )
    if change == Change(zone=tz, alts=alt or [], exact=exact):
        raise Invalid("Nothing to change: name what shall be different, like --at or --text.")
    with how.home() as house:
        edited = operation(house, id, change, actor=who())
        here = render.Here.at(house)
    how.answer(documents.edited(edited), lambda: render.noted(edited, here))
    return failures.DONE

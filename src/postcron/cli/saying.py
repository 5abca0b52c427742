"""The options that say what a post says, where it goes and when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Text = Annotated[
    str | None,
    typer.Argument(metavar="[TEXT]", help="What to say; - reads it from standard input."),
]
NewText = Annotated[
    str | None, typer.Option(metavar="TEXT", help="The new text; - reads standard input.")
]
TextFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Read the text from a file (UTF-8).")
]
To = Annotated[list[str] | None, typer.Option(metavar="ACCOUNT", help="Where to. May be repeated.")]
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

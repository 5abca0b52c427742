"""The platforms: what can be written to, and what each takes."""

from __future__ import annotations

from typing import Annotated

import typer

from postcron.cli import failures
from postcron.cli.how import How, command


def register(app: typer.Typer) -> None:
    """Add `platforms`."""
    command(app, platforms)


def platforms(
    how: How,
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="These, in full; without, all.")
    ] = None,
) -> int:
    """Say what each platform takes and can do."""
    from postcron.cli import shelf
    from postcron.operations.catalogue import catalogue

    found = catalogue(names or [])
    document = {"platforms": [shelf.document(one) for one in found]}
    how.answer(document, lambda: shelf.details(found) if names else shelf.overview(found))
    return failures.DONE

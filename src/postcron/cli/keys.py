"""The key that seals kept logins: another one in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from postcron.cli import failures, printing
from postcron.cli.how import How, command

if TYPE_CHECKING:
    from postcron.operations.keys import Rotated


def register(app: typer.Typer) -> None:
    """Add `keys make` and `keys rotate`."""
    group = typer.Typer(
        rich_markup_mode=None, no_args_is_help=True, help="The key that seals kept logins."
    )
    command(group, make)
    command(group, rotate)
    app.add_typer(group, name="keys")


def make(how: How) -> int:
    """Print a new key, to be put where the seal key is kept; nothing else changes."""
    from postcron.secrets import new_key

    key = new_key()
    how.answer({"key": key}, lambda: key)
    return failures.DONE


def rotate(how: How) -> int:
    """Seal every kept login with the newest key, and take the older ones away."""
    from postcron.operations.keys import rotate as operation

    with how.home() as house:
        done = operation(house)
    document = {
        "resealed": done.resealed,
        "foreign": done.foreign,
        "path": None if done.path is None else str(done.path),
    }
    how.answer(document, lambda: _told(done))
    if done.foreign:
        printing.complain(
            f"postcron: {done.foreign} kept logins are sealed with a key that is not here; they stay as they are."
        )
    return failures.DONE


def _told(done: Rotated) -> str:
    logins = f"{done.resealed} kept login{'' if done.resealed == 1 else 's'}"
    if done.path is None:
        return f"{logins} sealed with the first key: the others can be taken away."
    return f"{logins} sealed with a new key, in {done.path}."

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
    """Seal every kept login with a new key; the one before it stays until the next time."""
    from postcron.operations.keys import rotate as operation

    with how.home() as house:
        done = operation(house)
    document = {
        "resealed": done.resealed,
        "foreign": done.foreign,
        "path": None if done.path is None else str(done.path),
        "made": done.made,
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
        return f"{logins} sealed with the first key; none was made. Keep the second until the next time."
    if not done.made:
        return (
            f"{logins} sealed with the first key in {done.path}: the last rotation had not ended."
        )
    return (
        f"{logins} sealed with a new key, in {done.path}; the one before stays until the next time."
    )

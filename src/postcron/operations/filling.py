"""Filling in: the variables of a wish's texts, where some are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from postcron.operations.wishes import Wish
from postcron.rules.templates import fill


def filled(wish: Wish, variables: Mapping[str, str]) -> Wish:
    """Return the wish with its variables put in; raises `Invalid` for one without a value.

    Without any variables a text is no template, and braces in it are braces.
    """
    if not variables:
        return wish
    return replace(
        wish,
        text=None if wish.text is None else fill(wish.text, variables),
        texts={name: fill(text, variables) for name, text in wish.texts.items()},
        then=[fill(text, variables) for text in wish.then],
        alts=[fill(alt, variables) for alt in wish.alts],
        options={
            account: {name: fill(value, variables) for name, value in options.items()}
            for account, options in wish.options.items()
        },
    )

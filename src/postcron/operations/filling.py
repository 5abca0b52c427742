"""Filling in: the variables of a wish's texts, where some are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from postcron.operations.wishes import Wish
from postcron.rules.variables import fill


def filled(wish: Wish, variables: Mapping[str, str]) -> Wish:
    """Return the wish with its variables put in; raises `Invalid` for one without a value.

    Without any variables a text is no template, and braces in it are braces.
    """
    return with_texts(wish, lambda _, text: fill(text, variables)) if variables else wish


def with_texts(wish: Wish, made: Callable[[str, str], str]) -> Wish:
    """Return the wish with each text as it is `made` of the key it stands under and what it says."""
    return replace(
        wish,
        text=None if wish.text is None else made("text", wish.text),
        texts={name: made("texts", text) for name, text in wish.texts.items()},
        then=[made("then", text) for text in wish.then],
        alts=[made("alt", alt) for alt in wish.alts],
        options={
            account: {name: made("options", value) for name, value in options.items()}
            for account, options in wish.options.items()
        },
    )

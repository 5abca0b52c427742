"""Texts with variables: `{version}` and nothing more. Whatever else stands in braces is a mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from postcron.errors import Invalid
from postcron.rules.nearest import nearest

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# Doubled braces are read first, so that `{{name}}` is the word in braces and no variable.
_PLACE: Final = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}\n]*)\}|[{}]")


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Return the text with its variables put in, once: what a value holds is never read again.

    `{{` and `}}` are plain braces. Raises `Invalid` for a name nobody gave a value.
    """

    def put(match: re.Match[str]) -> str:
        if match[0] in {"{{", "}}"}:
            return match[0][0]
        return _value(match["name"], match[0], variables)

    return _PLACE.sub(put, text)


def _value(name: str | None, written: str, variables: Mapping[str, str]) -> str:
    if name is None:
        raise Invalid(f"a brace stands alone: write {written}{written} for a plain one.")
    if not NAME.fullmatch(name):
        raise Invalid(f"{written[:60]} is no variable: write {{name}}, or {{{{…}}}} for braces.")
    if name not in variables:
        hint = nearest(name, variables) if variables else "none is set."
        raise Invalid(f"{written} has no value: give --set {name}=…; {hint}")
    return variables[name]

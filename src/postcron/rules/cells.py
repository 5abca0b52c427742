"""Cells that a spreadsheet would take for a formula: written so that it does not, read back exactly."""

from __future__ import annotations

import re
from typing import Final

# What spreadsheets run, as far as OWASP knows them: also behind spaces, and in full width.
# https://owasp.org/www-community/attacks/CSV_Injection
_RUNS: Final = re.compile(r"'*(?:[\t\r]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_GUARDED: Final = re.compile(rf"'{_RUNS.pattern}")


def guarded(text: str) -> str:
    """Return a cell that every spreadsheet shows as text: with an apostrophe before what it might run."""
    return f"'{text}" if _RUNS.match(text) else text


def unguarded(text: str) -> str:
    """Return what `guarded` was given."""
    return text[1:] if _GUARDED.match(text) else text

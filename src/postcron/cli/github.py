"""In a GitHub Actions job: problems as annotations on the files, and a page about what was done."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

_PLACE: Final = re.compile(r"(?P<file>[^\n:]+\.[A-Za-z0-9]+):(?P<line>[0-9]+)(?::|$)")


def is_here() -> bool:
    """Say whether this runs in a job of GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def annotation(where: str, message: str, *, level: str = "error") -> str:
    """Return the workflow command that shows a message at its file and line."""
    match = _PLACE.match(where)
    if match is None:
        return f"::{level}::{_value(message)}"
    file = _property(_inside(match["file"]))
    return f"::{level} file={file},line={match['line']}::{_value(message)}"


def _inside(file: str) -> str:
    """Return the path as GitHub knows it: from the root of the checkout."""
    root = os.environ.get("GITHUB_WORKSPACE")
    path = Path(file).absolute()
    return str(path.relative_to(root)) if root and path.is_relative_to(root) else file


def _value(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _value(text).replace(":", "%3A").replace(",", "%2C")


def summary(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Add a table to the page of this step; without one, or on a full disk, nothing is lost."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if not is_here() or not page:
        return
    lines = [f"### {title}", "", _row(heads), _row(["---"] * len(heads)), *map(_row, rows), ""]
    try:
        with Path(page).open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError:
        return


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    plain = " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
    return plain.replace("<", "&lt;").replace("`", "\\`")

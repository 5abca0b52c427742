"""One seeded defect: what is changed, and which test must not stand for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class AnchorGone(Exception):
    """The sources have moved on: the defect has to be written anew for them."""


@dataclass(frozen=True)
class Change:
    """One piece of a file under `src/postcron`, and what stands there instead."""

    path: str
    old: str
    new: str

    def made_in(self, text: str) -> str:
        """Return the changed text of the file; raises `AnchorGone` unless it can be only there."""
        if (found := text.count(self.old)) != 1:
            where = "nowhere" if not found else f"{found} times"
            raise AnchorGone(f"{self.path} has {self.old!r} {where}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Defect:
    """A mistake that others have made in earnest."""

    number: int
    name: str
    changes: tuple[Change, ...]
    #: what has to turn red, as pytest names it below `tests/`; without parameters any case of it
    test: str

    def files(self, root: Path) -> dict[Path, str]:
        """Return the text of each changed file; raises `AnchorGone`."""
        changed: dict[Path, str] = {}
        for change in self.changes:
            path = root / "src/postcron" / change.path
            text = changed.get(path) or path.read_text(encoding="utf-8")
            changed[path] = change.made_in(text)
        return changed

"""Templates: what the posts of a series are made from, as the store keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Final

from postcron.errors import Invalid
from postcron.model import Attachment, Json, PostType, Series
from postcron.operations.house import House
from postcron.operations.wishes import Wish

#: what a wish says of one post and not of all in a series
_OF_ONE: Final = frozenset(
    {
        *("at", "ats", "zone", "every", "exact", "window_end", "media", "alts", "names"),
        *("key", "number", "source", "applied"),
    }
)


@dataclass(frozen=True)
class Template:
    """What each post of a series says, and where."""

    #: the rule in its author's words
    said: str
    wish: Wish
    #: its texts, taken in turn
    texts: tuple[str, ...]
    files: tuple[Attachment, ...]

    @classmethod
    def of(cls, house: House, one: Series) -> Template:
        """Return the template of a series; raises `Invalid` if the store lacks one of its files."""
        kept = dict(one.template)
        known = {field.name for field in fields(Wish)}
        wish = Wish(**{name: value for name, value in kept["wish"].items() if name in known})
        files = tuple(_attachment(house, *each) for each in kept["files"])
        texts = tuple(kept["texts"])
        return cls(kept["said"], replace(wish, type=PostType(wish.type)), texts, files)

    def document(self) -> Json:
        """Return it as plain values."""
        wish = {name: value for name, value in asdict(self.wish).items() if name not in _OF_ONE}
        files = [[one.file.sha256, one.name, one.alt] for one in self.files]
        return {"said": self.said, "wish": wish, "texts": list(self.texts), "files": files}

    def turn(self, number: int) -> Wish:
        """Return what the post with this number says, counted from 0."""
        return replace(self.wish, text=self.texts[number % len(self.texts)])

    def files_of(self, parts: Sequence[Wish]) -> list[tuple[Attachment, ...]]:
        """Return the media of each part of a post: all of them go with the first."""
        return [self.files, *([()] * (len(parts) - 1))]


def texts_of(text: str | None, variations: Sequence[str]) -> tuple[str, ...]:
    """Return the texts that posts take in turn: the first, then its variations."""
    return (text or "", *variations)


def _attachment(house: House, sha256: str, name: str, alt: str) -> Attachment:
    file = house.store.media_file(sha256)
    if file is None:
        raise Invalid(f"The store knows nothing of {name} any more: give it again with --media.")
    return Attachment(file, name, alt)

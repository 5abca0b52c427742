"""What is live: the sandbox's own ledger of what the world can see, and since when."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from postcron.sandbox.folder import Folder


@dataclass(frozen=True)
class Shown:
    """One file as a live post shows it."""

    file: str
    mime: str
    alt: str


@dataclass(frozen=True)
class Live:
    """One post on one account, visible to everybody."""

    #: when it went live, RFC 3339
    at: str
    id: int
    uuid: str
    account: str
    network: str
    type: str
    text: str
    media: tuple[Shown, ...]


class Ledger:
    """Everything that ever went live, in order: only ever added to."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._entries = [_live(entry) for entry in folder.entries()]

    def add(self, live: Live) -> None:
        """Note that a post went live, unless a former life of this sandbox already did."""
        if not any((old.uuid, old.account) == (live.uuid, live.account) for old in self._entries):
            self._folder.append(asdict(live))
            self._entries.append(live)

    def all(self) -> list[Live]:
        return list(self._entries)


def _live(entry: dict[str, Any]) -> Live:
    return Live(**{**entry, "media": tuple(Shown(**each) for each in entry["media"])})

"""A platform of the simulation that is given posts ahead: it keeps them until they are due.

Until shortly before that it gives them back. What it was asked, and what it answered, gets lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from postcron.errors import Code, Permanent
from postcron.model import Accepted, Act, Draft, Sight, Sighting

if TYPE_CHECKING:
    from tests.proof.network import Entry, Network

#: what a platform is called that keeps posts, and how long before they are due it is given them
KEEPER: Final = "keeper"
AHEAD: Final = timedelta(minutes=20)
#: so near to its moment nothing is given back
NEAR: Final = timedelta(seconds=30)
#: how it goes wrong when something is to be given back
WITHDRAWALS: Final = {"not_sent": 3, "trouble": 2, "lost": 4}


@dataclass
class Planner:
    """What the platform keeps, and shows when its moment has come."""

    network: Network
    entries: dict[str, Entry] = field(default_factory=dict)
    #: how the next of them go wrong, before any is drawn
    script: list[str] = field(default_factory=list)
    withdrawn: int = 0

    act: ClassVar[Act] = Act.READBACK

    def of(self, key: str) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.key == key]

    def given(self, entry: Entry, due_at: datetime, what: str) -> Accepted:
        """Take a post as `what` says: the call has left."""
        network = self.network
        network.passes(0.05, 2)
        network.seam("in publish")
        if what == "late":
            span = timedelta(seconds=network.random.uniform(0, 190))
            network.turns.after(span, lambda: self._keep(entry, due_at))
            raise network.error("lost")
        if what == "dropped" or (what == "hangs" and network.random.random() < 0.5):
            network.passes(0.1, 43 if what == "hangs" else 3)
            raise network.error("lost")
        self._keep(entry, due_at)
        network.passes(0.05, 43 if what == "hangs" else 2)
        network.seam("after publish")
        if what in {"lost", "hangs", "no_id"}:
            raise network.error("lost")
        if what == "published_but_500":
            raise network.error("trouble")
        return Accepted(entry.handle, timedelta(seconds=2))

    def _keep(self, entry: Entry, due_at: datetime) -> None:
        entry.at = max(due_at, self.network.turns.now)
        self.entries[entry.handle] = entry
        self.network.turns.at(entry.at, lambda: self._appears(entry))

    def _appears(self, entry: Entry) -> None:
        if self.entries.get(entry.handle) is not entry:
            return
        del self.entries[entry.handle]
        if (why := self.network.why_not(entry.text)) is not None:
            self.network.wrong.append(f"{entry.text!r} appeared, and {why}")
        self.network.show(entry, self.act)

    def sighting(self, draft: Draft) -> Iterator[Sighting]:
        """Yield what it shows of a post whose moment is to come, or nothing."""
        ours = self.of(draft.key)
        if len(ours) > 1:
            yield Sighting(Sight.UNCLEAR, "Several posts fit.")
        for entry in ours:
            yield Sighting(Sight.WORKING, "It is planned.", expected_at=entry.at)

    def withdraw(self, draft: Draft) -> None:
        network = self.network
        network.seam("before withdraw")
        network.passes(0.05, 3)
        what = self.script.pop(0) if self.script else network.drawn(WITHDRAWALS)
        if what == "not_sent":
            raise network.error(what)
        ours = self.of(draft.key)
        if len(ours) != 1 or ours[0].at - network.turns.now < NEAR:
            raise Permanent("It is too late for that.", code=Code.HANDLE_GONE)
        if what == "trouble":
            raise network.error(what)
        del self.entries[ours[0].handle]
        self.withdrawn += 1
        network.seam("in withdraw")
        network.passes(0.05, 3)
        if what == "lost":
            raise network.error(what)
        network.seam("after withdraw")

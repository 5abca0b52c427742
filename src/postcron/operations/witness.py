"""The witness: how far this machine saw the store come, kept outside of it.

A backup that is put back, and a standby that takes over, have forgotten posts that are out; to them
those look due. Only a memory beside the store can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from postcron.errors import CannotWork
from postcron.operations.notes import Note

if TYPE_CHECKING:
    from postcron.store import Papers, Store

RECONCILE = "`postcron reconcile --after-restore`"


@dataclass
class Witness:
    """The mark of one store, by its uuid; it only goes up, but for `renew`."""

    note: Note
    #: the store's address, as it may be shown
    shown: str
    _unsynced: bool = False

    @classmethod
    def of(cls, state_dir: Path, papers: Papers, shown: str) -> Witness:
        return cls(Note(state_dir / "witness" / papers.uuid), shown)

    def mark(self) -> tuple[int, int] | None:
        """Return the highest mark seen; None if this machine has not met the store yet."""
        words = self.note.read()
        if not words:
            return None
        try:
            restored, attempt = map(int, words)
        except ValueError:
            message = (
                f"{self.note.path} is damaged, so nobody can say whether the store {self.shown} has "
                f"forgotten anything: nothing is sent. If it may be a backup, {RECONCILE}; if it "
                f"certainly is not, remove that file."
            )
            raise CannotWork(message, code="witness_damaged") from None
        return restored, attempt

    def objection(self, store: Store) -> CannotWork | None:
        """Return why a store must not be used: it has forgotten something.

        Remembered first, asked afterwards: another run of this machine may write both meanwhile.
        """
        return self._objection(self.mark(), store.mark())

    def _objection(self, seen: tuple[int, int] | None, mark: tuple[int, int]) -> CannotWork | None:
        if seen is None or seen <= mark:
            return None
        message = (
            f"The store {self.shown} is older than what was sent from it (it ends at attempt "
            f"{mark[1]}, this machine saw {seen[1]}): a backup was put back, so nothing is sent. "
            f"What is due may be out already: {RECONCILE} looks for it."
        )
        return CannotWork(message, code="store_restored")

    def move_on(self, store: Store) -> None:
        """Remember how far a store has come; raises `CannotWork` if it has gone back.

        Not synced each time: a power cut and a restored backup in the same minute are two accidents.
        """
        seen, mark = self.mark(), store.mark()
        if objection := self._objection(seen, mark):
            raise objection
        if seen != mark:
            self.note.write(*mark)
            self._unsynced = True

    def keep(self) -> None:
        """Make durable what was remembered: once, at the end of a run."""
        if self._unsynced:
            self.note.sync()
            self._unsynced = False

    def renew(self, mark: tuple[int, int]) -> None:
        """Remember this mark, durably, whatever was seen before."""
        self.note.write(*mark)
        self.note.sync()

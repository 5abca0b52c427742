"""A process that can die: before and after every durable write, and around every call to a platform."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from postcron.errors import StoreUnavailable
from postcron.store import Store
from postcron.store.database import Database, Passage

T = TypeVar("T")


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


@dataclass
class Death:
    """Counts the points at which a process can die, and kills it at some of them."""

    at: frozenset[int] = frozenset()
    points: list[str] = field(default_factory=list)

    def reach(self, name: str) -> None:
        self.points.append(name)
        if len(self.points) - 1 in self.at:
            raise Killed(name)

    def around(self, name: str, work: Callable[..., T]) -> Callable[..., T]:
        """Return the same work with a point before and after it, however it ends."""

        def mortal(*args: Any, **kwargs: Any) -> T:
            self.reach(f"before {name}")
            try:
                result = work(*args, **kwargs)
            except Exception:
                self.reach(f"after {name}")
                raise
            self.reach(f"after {name}")
            return result

        return mortal


class MortalDatabase(Database):
    """The one door of every durable write, with a point on each side of it.

    Each is named for the function of the store that wrote: no list of them can go stale.
    """

    def __init__(self, database: Database, death: Death) -> None:
        super().__init__(
            database.engine, database.shown, database.now, database.workspace, database.file
        )
        self._death = death
        #: says of each write whether it finds the store away
        self.away: Callable[[str], bool] = lambda name: False

    def write(self, work: Callable[[Connection], T], passage: Passage | None = None) -> T:
        name = work.__qualname__.partition(".<locals>")[0]
        if self.away(name):
            raise StoreUnavailable("The store is away.")
        written: T = self._death.around(name, super().write)(work, passage)
        return written


def mortal(store: Store, death: Death) -> Store:
    """Return the same store, used by a process that can die."""
    return Store(MortalDatabase(store._database, death))

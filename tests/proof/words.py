"""What people have said in a game, as they themselves remember it: the store may know it otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from postcron.model import Delivery, Post, Scope
from postcron.operations.wishes import Wish
from tests.oracle import Chain, Hold


@dataclass
class Words:
    """What may not go out now, what goes after what, and what was asked for."""

    #: what holds, by scope and name, since which event
    pauses: dict[tuple[Scope, str], int] = field(default_factory=dict)
    #: since when, and what the pause itself said may go out all the same
    named: dict[tuple[Scope, str], tuple[datetime, set[str]]] = field(default_factory=dict)
    #: texts that somebody has to approve; and those of them that nobody has, by now
    asked: set[str] = field(default_factory=set)
    unapproved: set[str] = field(default_factory=set)
    #: posts that were put aside, and their texts
    archived: dict[int, set[str]] = field(default_factory=dict)
    #: batches in order, by name
    chains: dict[str, Chain] = field(default_factory=dict)
    #: single posts, by their keys
    wishes: dict[str, Wish] = field(default_factory=dict)

    def why_not(self, text: str) -> str | None:
        """Return why no call may carry a text now."""
        if text in self.unapproved:
            return "nobody has approved it"
        return "its post is archived" if any(text in of for of in self.archived.values()) else None

    def ask_for(self, texts: Iterable[str]) -> None:
        """Let nothing of a post out until somebody approves it."""
        self.asked.update(texts)
        self.unapproved.update(texts)

    def hold(self, scope: Scope, name: str, since: int, at: datetime, named: set[str]) -> None:
        """Remember a pause, or that it was said again."""
        if (scope, name) not in self.pauses:
            self.pauses[scope, name], self.named[scope, name] = since, (at, set())
        if (scope, name) in self.named:
            self.named[scope, name][1].update(named)

    def holds(self) -> Iterator[Hold]:
        for (scope, name), since in self.pauses.items():
            hold = _hold(scope, name, since, self.chains)
            at, named = self.named.get((scope, name), (None, set()))
            yield replace(hold, at=at, named=frozenset(named))


def _hold(scope: Scope, name: str, since: int, chains: dict[str, Chain]) -> Hold:
    def covers(delivery: Delivery, post: Post) -> bool:
        match scope:
            case Scope.ACCOUNT:
                return delivery.account == name
            case Scope.CAMPAIGN:
                return post.campaign == name
            case Scope.BATCH:
                return delivery.ref in chains[name].parts
        return True

    return Hold(f"{scope} {name}".strip() + " is paused", since, covers)

"""The platforms of one simulation, one of each class of act, and a network that loses things.

The ledger `shown` is the platforms' own: what the world can see, and from when on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import ClassVar

from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.model import (
    Accepted,
    Act,
    Draft,
    Identity,
    Limits,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms.base import Key, Login, Option
from postcron.web import Api
from tests.oracle import Shown
from tests.proof.keeping import AHEAD, KEEPER, Planner
from tests.proof.turns import Turns

#: what was on its way has arrived after this; gateways and moderation take longer than a cable
SETTLE = {act: timedelta(minutes=3 if act is Act.READBACK else 0, seconds=10) for act in Act}
#: how publish calls end that do not end well, and how often beside each other
FAULTS = {
    "lost": 4,
    "dropped": 4,
    "late": 4,
    "published_but_500": 2,
    "hangs": 2,
    "no_id": 1,
    "not_sent": 4,
    "busy": 3,
    "refused": 1,
    "bad_token": 1,
    "accepted": 3,
    "handle_gone": 1,
}
#: and calls that only prepare or read
HARMLESS = {"not_sent": 3, "trouble": 3, "busy": 1}


@dataclass
class Entry:
    """One post of a platform's ledger."""

    account: str
    text: str
    key: str
    handle: str
    remote_id: str
    #: by the clock of the host that called: it cannot know better
    at: datetime
    listed_at: datetime


@dataclass
class Network:
    """The wire and what is at its other end. Whoever calls may find a fault there."""

    turns: Turns
    random: Random
    #: how often a call goes wrong
    rate: float
    #: called before, within and after each call
    seam: Callable[[str], None]
    host_now: Callable[[], datetime]
    shown: list[Entry] = field(default_factory=list)
    #: what a platform has taken and works on: handle -> the moment it decides
    working: dict[str, datetime] = field(default_factory=dict)
    given_up: set[str] = field(default_factory=set)
    down_until: datetime | None = None
    #: whether a handle used twice is refused, or answered with the post it made
    forgets_handles: bool = False
    faults: int = 0
    handles: int = 0
    #: what no caller of ours may ever do
    wrong: list[str] = field(default_factory=list)
    #: why no call may carry a text now, as people have said; None: it may
    why_not: Callable[[str], str | None] = lambda text: None
    #: faults to come first, before any is drawn
    script: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.planner = Planner(self)

    def error(self, what: str) -> PlatformError:
        return _error(what, self.random)

    def live(self) -> list[Shown]:
        return [Shown(one.account, one.text, one.at, one.remote_id) for one in self.shown]

    def is_down(self) -> bool:
        return self.down_until is not None and self.turns.now < self.down_until

    def drawn(self, kinds: Mapping[str, int]) -> str:
        """Return how this call goes."""
        if self.is_down():
            return self.random.choice(["not_sent", "dropped" if kinds is FAULTS else "trouble"])
        if self.script and kinds is FAULTS:
            self.faults += 1
            return self.script.pop(0)
        if self.random.random() >= self.rate:
            return "ok"
        self.faults += 1
        return self.random.choices(list(kinds), list(kinds.values()))[0]

    def passes(self, least: float, most: float) -> None:
        """Let a part of a call take its time."""
        process = self.turns.current
        assert process is not None, "only processes call"
        process.wait(self.turns.now + timedelta(seconds=self.random.uniform(least, most)))

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, save: SaveTicket) -> Ticket:
        self.seam("before prepare")
        self.passes(0.1, 4)
        if (what := self.drawn(HARMLESS)) != "ok":
            raise self.error(what)
        self.handles += 1
        made = {"handle": f"h-{self.handles}", "revision": draft.revision}
        save(Ticket(made))
        self.seam("in prepare")
        if self.random.random() < self.rate / 4:
            return Ticket(made, check_after=timedelta(seconds=self.random.randint(1, 90)))
        return Ticket(made, ready=True)

    # --- the one call ------------------------------------------------------------------------

    def publish(
        self, account: str, act: Act, draft: Draft, ticket: Ticket, *, keeps: bool
    ) -> Receipt | Accepted:
        if ticket.data.get("revision") != draft.revision:
            self.wrong.append(f"{draft.text!r} was called for with what was made for another text")
        if (why := self.why_not(draft.text)) is not None:
            self.wrong.append(f"{draft.text!r} was called for, and {why}")
        self.seam("before publish")
        what = self.drawn(FAULTS)
        if what in {"not_sent", "busy", "refused", "bad_token"}:
            self.passes(0.05, 3)
            raise self.error(what)
        handle = str(ticket.data["handle"])
        if what == "handle_gone" or (handle in self.given_up and act is Act.HANDLE):
            self.given_up.add(handle)
            raise self.error("handle_gone")
        at = self.host_now()
        entry = Entry(account, draft.text, draft.key, handle, remote_id="", at=at, listed_at=at)
        if keeps and draft.due_at > self.turns.now:
            return self.planner.given(entry, draft.due_at, what)
        return self._arrived(entry, act, what)

    def _arrived(self, entry: Entry, act: Act, what: str) -> Receipt | Accepted:
        self.passes(0.05, 2)
        self.seam("in publish")
        if what == "late":
            late = timedelta(seconds=self.random.uniform(0, SETTLE[act].total_seconds()))
            self.turns.after(late, lambda: self.show(entry, act))
            raise self.error("lost")
        if what == "accepted":
            return self._takes(entry, act)
        if what == "dropped" or (what == "hangs" and self.random.random() < 0.5):
            self.passes(0.1, 43 if what == "hangs" else 3)
            raise self.error("lost")
        made = self.show(entry, act)
        self.passes(0.05, 43 if what == "hangs" else 2)
        self.seam("after publish")
        if what in {"lost", "hangs"}:
            raise self.error("lost")
        if what == "published_but_500":
            raise self.error("trouble")
        if made is None:
            raise self.error("handle_gone")
        return Receipt("" if what == "no_id" else made.remote_id)

    def _takes(self, entry: Entry, act: Act) -> Accepted:
        """Work on it for a while; then show it, or give it up."""
        decides = timedelta(seconds=self.random.choice([1, 5, 40, 300, 4000]))
        self.working[entry.handle] = self.turns.now + decides
        if self.random.random() < 0.8:
            self.turns.after(decides, lambda: self.show(entry, act))
        else:
            self.turns.after(decides, lambda: self.given_up.add(entry.handle))
        return Accepted(entry.handle, timedelta(seconds=2))

    def show(self, entry: Entry, act: Act) -> Entry | None:
        """Put a post into the ledger, unless its class of act makes it the same post again."""
        entry.listed_at = self.turns.now
        same = [
            one
            for one in self.shown
            if (act is Act.REPEATABLE and one.key == entry.key)
            or (act is Act.HANDLE and one.handle == entry.handle)
        ]
        if same:
            return None if act is Act.HANDLE and self.forgets_handles else same[0]
        if entry.handle in self.given_up and act is Act.HANDLE:
            return None
        entry.remote_id = f"remote-{len(self.shown) + 1}"
        self.shown.append(entry)
        return entry

    # --- looking -----------------------------------------------------------------------------

    def look(self, account: str, act: Act, draft: Draft, ticket: Ticket) -> Sighting:
        self.seam("before look")
        self.passes(0.05, 2)
        if act is Act.BLIND:
            return Sighting(Sight.UNCLEAR, "This platform shows nothing.")
        if (what := self.drawn(HARMLESS)) != "ok":
            raise self.error(what)
        found = [one for one in self.shown if one.account == account and one.key == draft.key]
        if len(found) > 1:
            return Sighting(Sight.UNCLEAR, "Several posts fit.")
        if found:
            return Sighting(Sight.LIVE, "It is live.", Receipt(found[0].remote_id))
        for sighting in self.planner.sighting(draft):
            return sighting
        handle = str(ticket.data.get("handle"))
        if self.working.get(handle, self.turns.now) > self.turns.now:
            return Sighting(Sight.WORKING, "Still working.")
        if handle in self.given_up and act is not Act.READBACK:
            return Sighting(Sight.GONE, "The platform gave it up.")
        return Sighting(Sight.ABSENT, "It is not there.", safe_to_repeat=act is Act.HANDLE)


def _error(what: str, random: Random) -> PlatformError:
    pause = timedelta(seconds=random.choice([1, 7, 90, 1800]))
    errors: dict[str, PlatformError] = {
        "lost": OutcomeUnknown("The answer was lost.", code=Code.ANSWER_LOST),
        "trouble": Temporary("503.", code=Code.SERVER_TROUBLE),
        "not_sent": Temporary("No route.", code=Code.NOT_REACHABLE, evidence=Evidence.NOT_SENT),
        "busy": Temporary(
            "429.", code=Code.RATE_LIMITED, evidence=Evidence.REFUSED, retry_after=pause
        ),
        "refused": Permanent("Bad.", code=Code.CONTENT_REFUSED, evidence=Evidence.REFUSED),
        "bad_token": Permanent("Bad.", code=Code.TOKEN_REFUSED, evidence=Evidence.REFUSED),
        "handle_gone": Temporary("Gone.", code=Code.HANDLE_GONE, evidence=Evidence.REFUSED),
    }
    return errors[what]


def platforms(network: Network) -> dict[str, type]:
    """Return the platform classes, by name: one of each class of act, and one that is given posts ahead."""
    found = {act.value: _platform(network, act) for act in Act}

    class Keeping(_platform(network, Planner.act, keeps=True)):  # type: ignore[misc]
        name: ClassVar[str] = KEEPER

        @classmethod
        def ahead(cls, settings: Mapping[str, str]) -> timedelta:
            return AHEAD

        def withdraw(self, draft: Draft, ticket: Ticket) -> None:
            network.planner.withdraw(draft)

    return {**found, KEEPER: Keeping}


def _platform(network: Network, kind: Act, *, keeps: bool = False) -> type:

    class Simulated:
        name: ClassVar[str] = kind.value
        act: ClassVar[Act] = kind
        keys: ClassVar[tuple[Key, ...]] = ()
        options: ClassVar[tuple[Option, ...]] = ()
        ticket_life: ClassVar[timedelta | None] = timedelta(hours=24)
        max_lead: ClassVar[timedelta | None] = None
        settle: ClassVar[timedelta] = SETTLE[kind]

        def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
            self.account = login.account

        @classmethod
        def limits(cls, settings: Mapping[str, str]) -> Limits:
            return Limits(
                source="tests",
                as_of="2026-11-21",
                text_max=60,
                media={},
                max_attachments=0,
                alt_max=0,
            )

        def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
            if ticket.data.get("revision") == draft.revision and not ticket.ready:
                return Ticket(ticket.data, ready=True)
            return network.prepare(draft, save)

        def publish(self, draft: Draft, ticket: Ticket) -> Receipt | Accepted:
            return network.publish(self.account, kind, draft, ticket, keeps=keeps)

        def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
            return network.look(self.account, kind, draft, ticket)

        def whoami(self) -> Identity:
            return Identity("r-1", "Acme")

    return Simulated

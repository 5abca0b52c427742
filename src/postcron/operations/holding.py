"""What one run of publish holds in its hands, and the steps it records of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from postcron.errors import Code, Evidence, PlatformError
from postcron.model import Delivery, Move, Post, Run, Ticket
from postcron.operations.accounts import Standing, standing
from postcron.operations.ahead import span
from postcron.operations.breaking import learn, went_well
from postcron.operations.house import House
from postcron.platforms.base import Platform
from postcron.states import Step


class Stage(Enum):
    """Where a delivery stands within this run."""

    #: phase 2 (if needed) and the account's session, in a worker
    PREPARING = auto()
    #: prepared; its intent is not written yet
    PREPARED = auto()
    #: intent durable; the call leaves at the due second
    INTENDED = auto()
    #: the call is on the wire, in a worker
    CALLING = auto()
    #: failed for now, or uncertain: something happens at `wake_at`
    RESTING = auto()
    #: being looked at, in a worker
    LOOKING = auto()


@dataclass
class Held:
    """One delivery in the hands of this run."""

    delivery: Delivery
    post: Post
    stage: Stage
    ticket: Ticket
    #: in seconds of CLOCK_BOOTTIME: from then on another run may take it
    lease_ends: float
    #: opened by phase 2: the session is fresh and the identity known before the second comes
    platform: Platform | None = None
    #: so long before it is due the platform is given it
    ahead: timedelta = timedelta()
    #: the platform said so: it has to be renewed before the next try
    session_over: bool = False

    @property
    def moment(self) -> datetime:
        """When its publish call is to leave."""
        return (self.delivery.due_at or self.delivery.created_at) - self.ahead


@dataclass
class Holding:
    """The deliveries of one run. Who loses one to another run lets it go and repairs nothing."""

    house: House
    run: Run
    _held: dict[int, Held] = field(default_factory=dict)
    #: ids of everything this run had to do with, in order
    touched: dict[int, None] = field(default_factory=dict)
    #: which accounts must not be used, as last read
    standing: Standing = field(default_factory=Standing)

    def __bool__(self) -> bool:
        return bool(self._held)

    def __contains__(self, delivery: Delivery) -> bool:
        return delivery.id in self._held

    def all(self) -> list[Held]:
        return list(self._held.values())

    def at(self, *stages: Stage) -> list[Held]:
        """Return what stands at one of these stages."""
        return [held for held in self._held.values() if held.stage in stages]

    def take(self, deliveries: list[Delivery], stage: Stage) -> list[Held]:
        """Take deliveries this run has claimed, or will only look at."""
        posts = self.house.store.posts({delivery.post_id for delivery in deliveries})
        self.touch(deliveries)
        taken = [
            Held(d, posts[d.post_id], stage, d.ticket, self.lease_end(d), ahead=by)
            for d in deliveries
            for by in [span(self.house, d.account)]
        ]
        self._held.update((held.delivery.id, held) for held in taken)
        return taken

    def let_go(self, held: Held) -> None:
        if self._held.get(held.delivery.id) is held:
            del self._held[held.delivery.id]

    def touch(self, deliveries: Iterable[Delivery]) -> None:
        self.touched.update((delivery.id, None) for delivery in deliveries)

    def ask_accounts(self) -> None:
        """Read again which accounts must not be used now."""
        self.standing = standing(self.house)

    @property
    def unusable(self) -> frozenset[str]:
        return self.standing.unusable

    def one_at_a_time(self, some: list[Held]) -> list[Held]:
        """Return those that may have a call now: of an account on trial one, if none is under way."""
        busy = {held.delivery.account for held in self.at(Stage.INTENDED, Stage.CALLING)}
        free: list[Held] = []
        for held in some:
            account = held.delivery.account
            if account not in self.standing.on_trial or account not in busy:
                free.append(held)
            busy.add(account)
        return free

    def learn(self, held: Held, error: PlatformError) -> None:
        """Keep what an error of the call says about the account, for this run and the others."""
        ref = held.delivery.ref
        if error.evidence is Evidence.UNCLEAR:
            ref = f"{ref}/{held.delivery.fence}"  # a lost answer is a trouble of its own each time
        learn(self.house, held.delivery.account, error, ref=ref)
        self.heard(held, error)

    def heard(self, held: Held, error: PlatformError) -> None:
        """Take in what a worker has learnt already."""
        self.ask_accounts()
        held.session_over = error.code == Code.TOKEN_EXPIRED

    def answered_well(self, held: Held) -> None:
        """Use an account freely again that was on trial."""
        if held.delivery.account in self.standing.on_trial:
            went_well(self.house, held.delivery.account)
            self.ask_accounts()

    def lease_end(self, delivery: Delivery) -> float:
        """Return when a lease ends, by a clock that cannot be set back."""
        if delivery.lease_until is None:
            return float("inf")
        left = delivery.lease_until - self.house.store.now()
        return self.house.clock.boottime() + left.total_seconds()

    def record(self, moves: Iterable[Move]) -> list[Delivery | None]:
        """Record steps in one commit; None stands for one that another run was first with."""
        moves = list(moves)
        self.touch(move.delivery for move in moves)
        return self.house.record(moves, run=self.run)

    def step(
        self,
        held: Held,
        step: Step,
        *,
        wake_at: datetime | None,
        changes: Mapping[str, Any] | None = None,
        lease_until: datetime | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> bool:
        """Record one step of a held delivery; without a lease it is given back. False: it was lost."""
        move = Move(held.delivery, step, wake_at, changes or {}, lease_until, detail=detail or {})
        delivery = self.record([move])[0]
        if delivery is None:
            self.let_go(held)
            return False
        held.delivery = delivery
        if lease_until is None:
            self.let_go(held)
        return True

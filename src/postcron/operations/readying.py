"""Phase 2 as far as it is missing when the second is near, and the session the call will need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from postcron.errors import Code, PlatformError, Temporary
from postcron.model import Delivery, Move, Ticket
from postcron.operations.breaking import learning
from postcron.operations.doors import Doors
from postcron.operations.holding import Held, Holding, Stage
from postcron.operations.house import House
from postcron.operations.preparing import LeaseLost, Preparation, as_platform_error, draft
from postcron.operations.protocol import failure
from postcron.platforms.base import Starts
from postcron.states import Step
from postcron.web import warm


@dataclass
class Readying:
    """Makes claimed deliveries ready for their call, and records what phase 2 has completed."""

    house: House
    doors: Doors
    holding: Holding
    until: datetime
    #: phase 2 is complete for these, and it is not recorded yet
    _uploaded: list[tuple[Held, Ticket]] = field(default_factory=list)

    def of(self, held: Held) -> Callable[[], Ticket]:
        """Return the work that makes one delivery ready; for a worker."""

        def prepare() -> Ticket:
            warm()
            account = self.house.account(held.delivery.account)
            if held.session_over and held.platform is not None:
                self.doors.forget(account, held.platform)
                held.session_over = False
            ticket = held.ticket if self._is_prepared(held) else self._phase_two(held)
            with learning(self.house, account.name, ref=held.delivery.ref):
                held.platform = platform = self.doors.open(account)
                if ticket.ready and isinstance(platform, Starts):
                    return platform.before_publish(
                        draft(self.house, held.delivery, held.post), ticket
                    )
            return ticket

        return prepare

    def _phase_two(self, held: Held) -> Ticket:
        run = self.holding.run
        return Preparation(
            self.house, self.doors, run, held.delivery, held.post, self.until, held.ahead
        )()

    def _is_prepared(self, held: Held) -> bool:
        ready_at = held.delivery.ready_at
        if ready_at is None or not held.ticket.ready:
            return False
        life = self.house.platform_class(self.house.account(held.delivery.account)).ticket_life
        return life is None or max(held.moment, self.house.clock.now()) < ready_at + life

    def done(self, held: Held, result: Ticket | Exception) -> None:
        """Take in what the worker brought back."""
        if isinstance(result, LeaseLost):
            self.holding.let_go(held)
        elif isinstance(result, Exception):
            self._failed(held, as_platform_error(result))
        elif not result.ready:
            again = self.house.clock.now() + (result.check_after or timedelta(seconds=30))
            changes = {"ticket": result}
            self.holding.step(held, Step.UPLOAD_POSTPONED, wake_at=again, changes=changes)
        elif self._is_prepared(held):
            held.ticket, held.stage = result, Stage.PREPARED
        else:
            self._uploaded.append((held, result))

    def moves(self) -> list[Move]:
        """Return the steps that record what phase 2 has just completed."""
        return [self._upload(held, ticket) for held, ticket in self._uploaded]

    def written(self, written: Sequence[Delivery | None]) -> None:
        """Take in what became of those steps."""
        uploaded, self._uploaded = self._uploaded, []
        for (held, ticket), delivery in zip(uploaded, written, strict=True):
            if delivery is None:
                self.holding.let_go(held)
            else:
                held.delivery, held.ticket, held.stage = delivery, ticket, Stage.PREPARED
                held.lease_ends = self.holding.lease_end(delivery)

    def _upload(self, held: Held, ticket: Ticket) -> Move:
        # An upload may have outlasted the moment: the call needs a whole lease from now on.
        lease = max(self.house.store.now(), held.moment) + self.house.config.run.lease
        changes = {"ticket": ticket, "ready_at": self.house.clock.now()}
        return Move(held.delivery, Step.UPLOADED, lease, changes, lease_until=lease)

    def _failed(self, held: Held, error: PlatformError) -> None:
        self.holding.heard(held, error)
        if error.code == Code.LEFT_ALONE:
            self.holding.step(held, Step.RELEASED, wake_at=self.house.store.now())
            return
        rules = self.house.policy(held.delivery.account)
        wake_at, changes = failure(held.delivery, error, at=self.house.clock.now(), policy=rules)
        again = isinstance(error, Temporary) and wake_at is not None
        self.holding.step(
            held,
            Step.UPLOAD_POSTPONED if again else Step.UPLOAD_REFUSED,
            wake_at=wake_at,
            changes=changes,
            detail={"code": error.code, "message": error.message},
        )

"""The answers of publish calls that have come back, until the store has them."""

from __future__ import annotations

from dataclasses import dataclass, field

from postcron.errors import Code, PlatformError
from postcron.model import Delivery, Move, Outcome
from postcron.operations.fence import Fence
from postcron.operations.holding import Held, Holding, Stage
from postcron.operations.house import House
from postcron.operations.protocol import Verdict, doubtful, outcome
from postcron.states import Step


@dataclass
class Outcomes:
    """Records how calls ended, as many as there are in one commit; loses none while it cannot."""

    house: House
    holding: Holding
    #: calls that have come back and are not recorded yet
    _ended: list[tuple[Held, Verdict]] = field(default_factory=list)

    def add(self, held: Held, verdict: Verdict) -> None:
        self._ended.append((held, verdict))

    def returned(self, held: Held, result: Verdict | Exception) -> None:
        """Take in what the worker of a call brought back."""
        if isinstance(result, Exception):
            raise result
        self.add(held, result)

    def are_owed(self) -> bool:
        """Say whether calls are out, or answered and not written, whose lease still gives time.

        For them it is worth waiting until the store is back: unwritten, they must be looked up.
        """
        owed = [held for held, _ in self._ended] + self.holding.at(Stage.INTENDED, Stage.CALLING)
        ends = max((held.lease_ends for held in owed), default=0.0)
        return ends - Fence.MARGIN > self.house.clock.boottime()

    def write(self) -> list[tuple[Held, Delivery | None]]:
        """Record every call that has ended, in one commit; only then anything else."""
        written = self.holding.record(self._move(held, verdict) for held, verdict in self._ended)
        ended, self._ended = self._ended, []  # not before: a store that is away loses no answer
        return [
            (held, self._settled(held, verdict, delivery))
            for (held, verdict), delivery in zip(ended, written, strict=True)
        ]

    def _settled(self, held: Held, verdict: Verdict, delivery: Delivery | None) -> Delivery | None:
        if verdict.error is not None:
            self.holding.learn(held, verdict.error)
        if delivery is None and verdict.receipt is not None:
            return self._doubtful_receipt(held)
        return delivery

    def _doubtful_receipt(self, held: Held) -> Delivery | None:
        """Record as unknown an answer whose id is another delivery's receipt already, if it is that."""
        error = PlatformError("The platform answered with a post that proves another delivery.")
        now = self.house.clock.now()
        lost = Verdict(Step.LOST, now, now, error=error)
        return self.holding.record([self._move(held, lost)])[0]

    def _move(self, held: Held, verdict: Verdict) -> Move:
        gone = verdict.error is not None and verdict.error.code == Code.HANDLE_GONE
        if gone and verdict.step is Step.REFUSED and self._was_repeated(held):
            # An earlier call may have used the handle up: look for it, and never make a new one.
            verdict = doubtful(verdict)
        return outcome(held.delivery, verdict, policy=self.house.policy(held.delivery.account))

    def _was_repeated(self, held: Held) -> bool:
        attempts = self.house.store.attempts(held.delivery.id)
        return any(attempt.outcome is Outcome.SUPERSEDED for attempt in attempts)

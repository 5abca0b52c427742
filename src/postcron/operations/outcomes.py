"""The answers of publish calls that have come back, until the store has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from postcron.errors import CannotWork, PlatformError
from postcron.model import Delivery, Move, Outcome
from postcron.operations.fence import Fence
from postcron.operations.holding import Held, Holding, Stage
from postcron.operations.house import House
from postcron.operations.journal import Journal, Line
from postcron.operations.protocol import Verdict, moment_passed, outcome
from postcron.operations.seeing import first_visit
from postcron.operations.unstored import document, in_words
from postcron.states import Step

#: seconds before the fence: more than one last try with the store may take
LAST_WORDS = 15.0


@dataclass
class Outcomes:
    """Records how calls ended, as many as there are in one commit.

    While the store cannot take them, the emergency journal of this host has them.
    """

    house: House
    holding: Holding
    #: calls that have come back and are not recorded yet
    _ended: list[tuple[Held, Verdict]] = field(default_factory=list)
    #: what the journal has of them, by delivery
    _lines: dict[int, Line] = field(default_factory=dict)
    #: why the journal does not have the others
    _refused: OSError | None = None

    def __post_init__(self) -> None:
        self.journal = Journal(self.house.state_dir)

    def add(self, held: Held, verdict: Verdict) -> None:
        self._ended.append((held, verdict))

    def returned(self, held: Held, result: Verdict | Exception) -> None:
        """Take in what the worker of a call brought back."""
        if isinstance(result, Exception):
            raise result
        self.add(held, result)

    def teach(self) -> bool:
        """Say whether one of the calls that have ended shows something about its account."""
        return any(verdict.error is not None for _, verdict in self._ended)

    def moves(self) -> list[Move]:
        """Return the steps that record every call that has ended; only then anything else."""
        if self._lines:
            self.keep()  # the store was away a moment ago: asking it again may take long
        return [ending(self.house, held.delivery, verdict) for held, verdict in self._ended]

    def written(self, written: Sequence[Delivery | None]) -> Iterator[tuple[Held, Delivery | None]]:
        """Take in what became of those steps."""
        ended, self._ended = self._ended, []  # not before: a store that is away loses no answer
        for held, _ in ended:
            held.stage = Stage.RESTING  # it is not on the wire any more, whatever happens below
        self._forget()
        for (held, verdict), delivery in zip(ended, written, strict=True):
            yield held, self._settled(held, verdict, delivery)

    def _settled(self, held: Held, verdict: Verdict, delivery: Delivery | None) -> Delivery | None:
        # The end of the call is stored; what it taught beside that, the next call teaches again.
        with suppress(CannotWork):
            if verdict.error is not None:
                self.holding.learn(held, verdict.error)
            else:
                self.holding.answered_well(held)
            if delivery is None and verdict.receipt is not None:
                return self._doubtful_receipt(held)
        return delivery

    def _doubtful_receipt(self, held: Held) -> Delivery | None:
        """Record as unknown an answer whose id is another delivery's receipt already, if it is that."""
        error = PlatformError("The platform answered with a post that proves another delivery.")
        now = self.house.clock.now()
        lost = Verdict(Step.LOST, now, now, error=error)
        return self.holding.record([ending(self.house, held.delivery, lost)])[0]

    # --- while the store cannot be written ---------------------------------------------------

    def may_wait(self) -> bool:
        """Say whether answers are owed, and the first lease they were sent under still gives time.

        For them it is worth waiting until the store is back, but not when we are asked to stop.
        """
        owed = self.holding.at(Stage.INTENDED, Stage.CALLING)
        ends = min((held.lease_ends for held in owed), default=0.0) - Fence.MARGIN - LAST_WORDS
        return ends > self.house.clock.boottime() and not self.house.stop.is_set()

    def on_the_wire(self) -> list[Held]:
        ended = {held.delivery.id for held, _ in self._ended}
        return [held for held in self.holding.at(Stage.CALLING) if held.delivery.id not in ended]

    def give_up_intended(self) -> None:
        """Take what was intended for certainly not sent: its call will not be made any more."""
        for held in self.holding.at(Stage.INTENDED):
            held.stage = Stage.CALLING
            self.add(held, moment_passed(self.house.clock))

    def keep(self) -> None:
        """Write down in the journal what the store has not taken; at once, for we may be killed."""
        fresh = [(h, verdict) for h, verdict in self._ended if h.delivery.id not in self._lines]
        run, redact = self.holding.run.id, self.house.secrets.redact
        documents = [document(held.delivery, run, verdict, redact) for held, verdict in fresh]
        try:
            lines = self.journal.append(documents) if documents else []
        except OSError as error:
            self._refused = error
            return
        kept = zip(fresh, lines, strict=True)
        self._lines.update((held.delivery.id, line) for (held, _), line in kept)

    def _forget(self) -> None:
        if not self._lines:
            return
        # A line that stays behind is harmless: it is about an attempt that has ended.
        with suppress(OSError):
            self.journal.forget(list(self._lines.values()))
        self._lines = {}

    def told(self, trouble: CannotWork) -> CannotWork:
        """Return the trouble with the place where the answers are."""
        kept = ", ".join(h.delivery.ref for h, _ in self._ended if h.delivery.id in self._lines)
        lost = "; ".join(
            in_words(held.delivery.ref, verdict)
            for held, verdict in self._ended
            if held.delivery.id not in self._lines
        )
        words = [trouble.message]
        if kept:
            words.append(
                f"How {kept} ended is kept in {self.journal.path}; the next run on this host stores it."
            )
        if lost and self._refused is not None:
            why = f"{self.journal.path} cannot be written either ({self._refused.strerror})"
            words.append(f"{why}; note this down: {lost}.")
        return type(trouble)(" ".join(words), code=trouble.code)


def ending(house: House, delivery: Delivery, verdict: Verdict) -> Move:
    """Return the step that records how the call of a delivery ended."""
    if verdict.step in {Step.REFUSED, Step.NOT_SENT} and _was_repeated(house, delivery):
        # It was repeated because that is safe, not because the call before it is known to have
        # failed: nothing that this one hears says that the other is not live.
        verdict = replace(verdict, step=Step.LOST)
    move = outcome(delivery, verdict, policy=house.policy(delivery.account))
    if move.step is Step.LANDED:
        return replace(move, wake_at=first_visit(house, delivery, verdict.ended_at))
    return move


def _was_repeated(house: House, delivery: Delivery) -> bool:
    attempts = house.store.attempts(delivery.id)
    return any(attempt.outcome is Outcome.SUPERSEDED for attempt in attempts)

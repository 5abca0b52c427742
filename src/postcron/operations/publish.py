"""Publish: claim what is due within the minute, make the calls at their second, find out the rest.

One thread, this one, records steps; it gathers what is waiting and commits it together. Calls to
platforms run in worker threads and come back as results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from postcron.errors import CannotWork
from postcron.model import UNAPPROVED, Delivery, Move, Phase, Run
from postcron.operations import under_pause
from postcron.operations.ahead import coming, spans
from postcron.operations.doors import Doors
from postcron.operations.fence import Fence
from postcron.operations.holding import Held, Holding, Stage
from postcron.operations.house import House
from postcron.operations.looking import look, taken
from postcron.operations.occurrences import make_due, would_make
from postcron.operations.outcomes import Outcomes
from postcron.operations.preflight import preflight, sign_off
from postcron.operations.preparing import draft
from postcron.operations.protocol import Verdict, call, intent, moment_passed
from postcron.operations.readying import Readying
from postcron.operations.recover import recover
from postcron.operations.report import Report
from postcron.operations.retry import queue_again
from postcron.operations.seeing import see
from postcron.operations.tick import decide, is_late, misses
from postcron.operations.workers import Workers
from postcron.rules.backoff import BETWEEN_PARTS, IN_RUN
from postcron.rules.sequence import lets_go
from postcron.states import State, Step

#: an intent is durable this long before its moment: long enough to commit, short enough that few
#: deliveries become unknown if the run dies in between
INTENT_AHEAD = timedelta(milliseconds=250)
#: the store is asked for more work at most this often
ASK_EVERY = timedelta(seconds=1)
#: what this run began it follows this much longer: the last pause between its tries is 20 s
PATIENCE = sum(IN_RUN, timedelta(seconds=5))
#: states in which something more may happen within the same run
UNFINISHED = frozenset({State.FAILED, State.CONFIRMING, State.UNKNOWN})


def publish(
    house: House,
    *,
    limit: int | None = None,
    ahead: timedelta | None = None,
    dry_run: bool = False,
) -> Report:
    """Publish what is due, each at its second; with `dry_run` only say what would be touched."""
    ahead = house.config.run.ahead if ahead is None else ahead
    limit = limit or house.config.run.due_limit
    now = house.clock.now()
    if dry_run:
        report = Report(Phase.PUBLISH, dry_run=True)
        found = coming(house, Phase.PUBLISH, now=now, end=now + ahead, limit=limit)
        report.add(found, done=frozenset(State))
        report.series = would_make(house, limit)
        return report
    run = preflight(house, Phase.PUBLISH)
    with _pool(house) as calls, _pool(house) as others:
        workers = Workers(calls, others, house.clock)
        return Shift(house, run, workers, limit, now + ahead).work()


@contextmanager
def _pool(house: House) -> Iterator[Executor]:
    pool = house.executor(house.config.run.workers)
    try:
        yield pool
    finally:
        # After an error nothing that has not begun may still be sent.
        pool.shutdown(wait=True, cancel_futures=True)


def _order(held: Held) -> tuple[datetime, int]:
    return held.moment, -held.delivery.priority


@dataclass
class Shift:
    """One run of publish: about a minute, from the first claim to the last outcome."""

    house: House
    run: Run
    workers: Workers
    limit: int
    #: nothing due after this moment is claimed
    until: datetime
    claimed: int = 0

    def __post_init__(self) -> None:
        self.clock = self.house.clock
        self.store = self.house.store
        self.doors = Doors(self.house)
        self.fence = Fence(self.clock)
        self.holding = Holding(self.house, self.run)
        self.readying = Readying(self.house, self.doors, self.holding, self.until)
        self.outcomes = Outcomes(self.house, self.holding)
        self.started = self.asked_at = self.followed_until = self.clock.now()
        self.witnessed = True

    def work(self) -> Report:
        """Run until nothing is left to do in this shift; return what became of everything."""
        self.outcomes.journal.prepare()
        self.holding.touch(recover(self.house, self.run))
        self._take_more()
        while self.holding or self._expects_the_next_part():
            try:
                self._turn()
            except CannotWork as trouble:
                self.outcomes.keep()
                if not self.outcomes.may_wait():
                    self._finish_calls()
                    raise self.outcomes.told(trouble) from trouble
                self.clock.sleep_until(self.clock.now() + ASK_EVERY)
            except Exception:
                self._finish_calls()  # a mistake of ours must not cost the answers still to come
                raise
        self.fence.cover(())
        report = Report(Phase.PUBLISH)
        report.add(self.store.reload(list(self.holding.touched)), done=frozenset({State.PUBLISHED}))
        sign_off(self.house, self.run, report, begun=self.started)
        self.house.witness.keep()
        if (
            not self.house.stop.is_set()
        ):  # last: it is for the days to come, and no second waits for it
            report.series = make_due(self.house, self.run, limit=self.limit)
        return report

    def _turn(self) -> None:
        self.workers.collect()
        self._heed()
        self._write(self._near())
        self._witness()
        at_risk = self.holding.at(Stage.INTENDED, Stage.CALLING)
        self.fence.cover(held.lease_ends for held in at_risk)
        self._call()
        self._wake()
        if self.holding:
            self._wait()
        elif self._expects_the_next_part():
            self.clock.sleep_until(self.asked_at + ASK_EVERY)

    def _expects_the_next_part(self) -> bool:
        """Say whether one has just gone out, or failed, that the next follows in this shift."""
        return self.clock.now() < self.followed_until and not self.house.stop.is_set()

    def _finish_calls(self) -> None:
        """Wait for the calls on the wire and keep how they ended; send nothing more."""
        self.outcomes.give_up_intended()
        while calling := self.outcomes.on_the_wire():
            self.fence.cover(held.lease_ends for held in calling)
            with suppress(Exception):  # of the other work that comes back meanwhile
                self.workers.wait(self.clock.now() + ASK_EVERY)
            self.outcomes.keep()
        self.outcomes.keep()
        self.fence.cover(())

    # --- taking work -------------------------------------------------------------------------

    def _ask(self) -> None:
        """Take more if there is more: read first, because a write would hold up other runs."""
        self.asked_at = now = self.clock.now()
        self.holding.ask_accounts()
        if self.store.due.waiting(
            Phase.PUBLISH, now=now, until=self.until, limit=1, skip=self.holding.unusable
        ):
            self._write([])  # taking many takes long
            self._take_more()

    def _take_more(self) -> None:
        """Queue, claim what is due before the shift ends, and pick up what has to be looked at."""
        queue_again(self.house, self.run, limit=self.house.config.run.stuck_limit)
        decided = decide(self.house, self.run, limit=self.limit, until=self.until)
        self.holding.touch(d for d in decided if d.state in {State.LATE, State.CANCELLED})
        self._claim()
        looks = self.store.due.looks(self.house.config.run.stuck_limit)
        self.holding.take([d for d in looks if self._may_look(d)], Stage.RESTING)

    def _may_look(self, delivery: Delivery) -> bool:
        """Say whether to look now: what is published can wait until its account is used again."""
        waits = delivery.state is State.PUBLISHED and delivery.account in self.holding.unusable
        return not waits and delivery not in self.holding

    def _claim(self) -> None:
        if self.limit <= self.claimed or self.house.stop.is_set():
            return
        self.holding.ask_accounts()
        claimed = self._taken(skip=self.holding.unusable)
        for name, by in spans(self.house).items():
            if name not in self.holding.unusable and self.claimed < self.limit:
                claimed += self._taken(only={name}, ahead=by)
        for held in self.holding.take(claimed, Stage.PREPARING):
            if self._is_late(held):
                self._give_back(held)
            else:
                self._start(held, Stage.PREPARING, self.readying.of(held), self.readying.done)

    def _taken(self, **which: Any) -> list[Delivery]:
        lease, room = self.house.config.run.lease, self.limit - self.claimed
        taken = self.store.claims.take_queued(
            self.run, until=self.until, lease=lease, limit=room, **which
        )
        self.claimed += len(taken)
        return taken

    # --- by the clock ------------------------------------------------------------------------

    def _heed(self) -> None:
        """Take in first what may forbid the next calls: a signal, an error, a person's pause."""
        if self.house.stop.is_set():
            self._write([])
            self.asked_at = self.clock.now()
            self._put_back()
            return
        if self.outcomes.teach():
            self._write([])
        if self.clock.now() - self.asked_at >= ASK_EVERY:
            self._ask()

    def _put_back(self) -> None:
        """Give back what has not begun; what is intended or on the wire is finished."""
        for held in self.holding.at(Stage.PREPARED):
            self.holding.step(held, Step.RELEASED, wake_at=self.store.now())
        for held in self.holding.at(Stage.RESTING):
            self.holding.let_go(held)

    def _wake(self) -> None:
        for held in self.holding.at(Stage.RESTING):
            if self._moment(held) <= self.clock.now():
                if (
                    held.delivery.state is State.FAILED
                    and held.delivery.account in self.holding.unusable
                ):
                    self.holding.let_go(held)
                elif held.delivery.state is State.FAILED:
                    self._try_again(held)
                else:
                    self._start(held, Stage.LOOKING, self._look(held), self._looked)

    def _try_again(self, held: Held) -> None:
        lease = self.store.now() + self.house.config.run.lease
        if self.holding.step(held, Step.RETRIED, wake_at=lease, lease_until=lease):
            held.lease_ends = self.holding.lease_end(held.delivery)
            self._start(held, Stage.PREPARING, self.readying.of(held), self.readying.done)

    def _write(self, near: Sequence[Held]) -> None:
        """Record in one commit how calls ended, what phase 2 has completed, and what goes out next."""
        self.workers.ready(len(near))
        endings, uploads = self.outcomes.moves(), self.readying.moves()
        intents = [intent(held.delivery, held.ticket) for held in near]
        written = iter(self.holding.record([*endings, *uploads, *intents]))
        ended = list(islice(written, len(endings)))
        self.readying.written(list(islice(written, len(uploads))))
        for held, delivery in zip(near, written, strict=True):
            if delivery is None:
                self._stopped(held)
            else:
                held.delivery, held.stage = delivery, Stage.INTENDED
                self.witnessed = False
        for held, delivery in self.outcomes.written(ended):
            self._rest(held, delivery)

    def _stopped(self, held: Held) -> None:
        """Give back what people have stopped at its intent; what another run has is let go."""
        pause = self.store.pauses.over([held.delivery.id]).get(held.delivery.id)
        if pause is not None:
            back = Move(held.delivery, Step.RELEASED, wake_at=self.store.now())
            if self.holding.record([under_pause.held(self.house, held.delivery, pause)]) == [None]:
                self.holding.record([back])  # the pause has just ended
        elif self._is_unapproved(held):
            self._wait_for_approval(held)
        self.holding.let_go(held)

    def _wait_for_approval(self, held: Held) -> None:
        """Let what was absent wait with its handle: meanwhile its post was changed for others."""
        until, why = under_pause.late_at(self.house, held.delivery), "Its post is not approved."
        [waiting] = self.holding.record(
            [Move(held.delivery, Step.RELEASED, until, detail={"why": why})]
        )
        if waiting is not None and not self._is_unapproved(held):  # somebody just has
            self.holding.record([Move(waiting, Step.RELEASED, wake_at=self.store.now())])

    def _is_unapproved(self, held: Held) -> bool:
        post = self.store.post(held.delivery.post_id)
        return post is not None and post.approval in UNAPPROVED

    def _witness(self) -> None:
        """Remember the newest intents beside the store, before any of their calls can leave."""
        if not self.witnessed:
            self.house.witness.move_on(self.store)
            self.witnessed = True

    def _near(self) -> list[Held]:
        """Return what is to be made durable now, as many as the workers can take up soon."""
        room = self._room()
        if not room:
            return []
        now = self.clock.now()
        near = [held for held in self.holding.at(Stage.PREPARED) if self._moment(held) <= now]
        near = self.holding.one_at_a_time(sorted(near, key=_order))[:room]
        for held in near:
            if not self._may_still_go(held):
                self._give_back(held)
        return [held for held in near if held.delivery in self.holding]

    def _room(self) -> int:
        """Return how many more calls the workers can take up soon."""
        under_way = len(self.holding.at(Stage.INTENDED)) + len(self.outcomes.on_the_wire())
        return max(2 * self.house.config.run.workers - under_way, 0)

    def _may_still_go(self, held: Held) -> bool:
        """Check under the claim: account usable, not late, and time enough for the call."""
        enough = self.house.config.run.deadline.total_seconds() + Fence.MARGIN
        return (
            held.delivery.account not in self.holding.unusable
            and not self._is_late(held)
            and held.lease_ends - self.clock.boottime() > enough
        )

    def _is_late(self, held: Held) -> bool:
        return is_late(held.delivery, self.clock.now(), self.house.policy(held.delivery.account))

    def _give_back(self, held: Held) -> None:
        now = self.clock.now()
        if self._is_late(held):
            self.holding.record(misses(self.house, [held.delivery], now))
            self.holding.let_go(held)
        else:
            self.holding.step(held, Step.RELEASED, wake_at=self.store.now())

    # --- the call, and what comes after ------------------------------------------------------

    def _call(self) -> None:
        for held in self.holding.at(Stage.INTENDED):
            if held.moment > self.clock.now():
                continue
            if self._may_still_go(held):
                self._start(held, Stage.CALLING, self._the_call(held), self.outcomes.returned)
            else:  # the machine slept, or a commit took long, between the intent and now
                held.stage = Stage.CALLING
                self.outcomes.add(held, moment_passed(self.clock))

    def _the_call(self, held: Held) -> Callable[[], Verdict]:
        platform, asked = held.platform, draft(self.house, held.delivery, held.post)
        assert platform is not None, "nothing is intended before its platform is open"  # noqa: S101
        return lambda: call(platform, asked, held.ticket, self.clock)

    def _look(self, held: Held) -> Callable[[], Move]:
        if held.delivery.state is State.PUBLISHED:
            return lambda: see(self.house, self.doors, held.delivery)
        return lambda: look(self.house, self.doors, self.run, held.delivery, held.post)

    def _looked(self, held: Held, result: Move | Exception) -> None:
        if isinstance(result, Exception):
            raise result
        delivery = self.holding.record([result])[0]
        if delivery is None and result.step is Step.FOUND:
            other = taken(self.house, self.run, held.delivery)
            delivery = self.holding.record([other])[0]
        self._rest(held, delivery)

    def _rest(self, held: Held, delivery: Delivery | None) -> None:
        """Keep a delivery that has something to do before the shift ends; let the others go."""
        if delivery is not None and delivery.followed and lets_go(delivery):
            self.followed_until = min(self.until, self.clock.now() + BETWEEN_PARTS + ASK_EVERY)
        if delivery is not None and self._follows(delivery):
            held.delivery, held.ticket, held.stage = delivery, delivery.ticket, Stage.RESTING
            return
        self.holding.let_go(held)
        if delivery is not None and delivery.state is State.QUEUED:
            self._claim()  # looked up, certainly absent: it may go once more, under a new claim

    def _follows(self, delivery: Delivery) -> bool:
        return (
            delivery.state in UNFINISHED
            and delivery.wake_at is not None
            and delivery.wake_at <= self.until + PATIENCE
            and not self.house.stop.is_set()
        )

    # --- waiting -----------------------------------------------------------------------------

    def _wait(self) -> None:
        """Sleep to the next moment, or until a worker comes back."""
        self.workers.wait(min([*self._moments(), self.asked_at + ASK_EVERY]))

    def _moments(self) -> Sequence[datetime]:
        waiting = self.holding.at(Stage.INTENDED, Stage.RESTING)
        if self._room():  # else only a call that ends makes room
            waiting += self.holding.one_at_a_time(self.holding.at(Stage.PREPARED))
        return [self._moment(held) for held in waiting]

    def _moment(self, held: Held) -> datetime:
        """Return when something has to happen to a delivery that no worker has."""
        if held.stage is Stage.RESTING:
            return held.delivery.wake_at or self.clock.now()
        return held.moment - INTENT_AHEAD if held.stage is Stage.PREPARED else held.moment

    def _start(
        self, held: Held, stage: Stage, work: Callable[[], Any], then: Callable[[Held, Any], None]
    ) -> None:
        def back(result: Any) -> None:
            try:
                then(held, result)
            except CannotWork:
                self.holding.let_go(held)  # nothing was sent for it: a later run takes it up
                raise

        held.stage = stage
        self.workers.start(work, back, call=stage is Stage.CALLING)

"""A model that Hypothesis plays against: whatever is done in whatever order, the oracle holds.

Rules are what people type, what cron starts on some host, and what goes wrong there. After each step
the oracle judges; at the end time goes on until nothing wakes, and it judges once more.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from postcron.errors import CannotWork, Invalid
from postcron.model import Delivery, Mode
from postcron.operations.accounts import check
from postcron.operations.batches import resume
from postcron.operations.batching import Order, add
from postcron.operations.cancel import cancel, delete
from postcron.operations.checking import findings
from postcron.operations.edit import Change, edit
from postcron.operations.house import House
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.reconcile import after_restore
from postcron.operations.report import Report
from postcron.operations.resolve import drop, landed, resend
from postcron.operations.retry import retry, retry_now
from postcron.operations.run import run
from postcron.operations.schedule import schedule
from postcron.operations.tick import tick
from postcron.operations.wishes import Wish
from postcron.states import State
from tests import memory
from tests.oracle import breaches
from tests.proof.figures import Figures
from tests.proof.network import FAULTS
from tests.proof.turns import Process
from tests.proof.world import Host, World

ACCOUNTS = ("same", "handle", "listed", "again", "blind")
PHASES: list[Callable[[House], Report]] = [run, publish, tick, pre_upload, retry]
#: a run reaches about so many seams
SEAMS = 60
#: a step of the end; and so many of them are more than enough
AT_THE_END = timedelta(minutes=5)
STEPS_AT_THE_END = 600
#: so often somebody repeats a command
PATIENCE = 50
#: after so many of them somebody reads what the monitor says
SELDOM = 12
#: games of one seed: so few that they can be played again while one waits
GAMES = 50
NewStore = Callable[[Path], str]


class Breach(AssertionError):
    """What the oracle found in a game."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("\n".join(found))
        self.found = found


class Machine(RuleBasedStateMachine):
    """Two hosts, one store, five accounts of four classes of act."""

    #: how a store is made; None: the copy of an empty SQLite file
    new_store: NewStore | None = None
    #: where games that came to a good end are counted
    figures: ClassVar[Figures] = Figures("machine")

    hosts: Bundle[Host] = Bundle("hosts")
    deliveries: Bundle[str] = Bundle("deliveries")

    def __init__(self) -> None:
        super().__init__()
        self.room = tempfile.TemporaryDirectory(dir=memory.folder())
        self.world = World(Path(self.room.name), seed=1, new_store=self.new_store)
        self.texts = 0
        self.batches: list[str] = []
        self.rows: dict[str, int] = {}

    @initialize(target=hosts)
    def two_hosts(self) -> Any:
        return multiple(*self.world.hosts)

    # --- people ------------------------------------------------------------------------------

    def _typed(self, command: Callable[[House], Any]) -> Any:
        """Let a person type a command to its end; what it refuses, it refuses."""
        answers: list[Any] = []

        def work(house: House) -> None:
            with suppress(Invalid, CannotWork):
                answers.append(command(house))

        self.world.finish(self.world.begin(self.world.hosts[0], work))
        return answers[0] if answers else None

    def _text(self) -> str:
        self.texts += 1
        return f"text {self.texts}"

    def _moment(self, minutes: int) -> str:
        return (self.world.turns.now + timedelta(minutes=minutes)).isoformat()

    @rule(
        target=deliveries,
        accounts=st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=2, unique=True),
        minutes=st.integers(0, 90),
    )
    def schedules(self, accounts: list[str], minutes: int) -> Any:
        wish = Wish(text=self._text(), accounts=accounts, at=self._moment(minutes))
        saved = self._typed(lambda house: schedule(house, wish, actor="me"))
        kept = [] if saved is None else saved.deliveries
        return multiple(*(one.ref for one in kept if isinstance(one, Delivery)))

    @rule(
        target=deliveries,
        account=st.sampled_from(ACCOUNTS),
        count=st.integers(2, 3),
        minutes=st.none() | st.integers(0, 30),
        stop=st.booleans(),
    )
    def adds_a_batch(self, account: str, count: int, minutes: int | None, *, stop: bool) -> Any:
        """A few posts in order, at once or five minutes apart."""
        texts = [self._text() for _ in range(count)]
        mode = Mode.NOW if minutes is None else Mode.SCHEDULED
        at, every = None, None
        if minutes is not None:
            at, every = self._moment(minutes), timedelta(minutes=5)
        common = Wish(text=None, accounts=[account], at=at, every=every)
        order = Order(texts[0], mode, common, texts=texts, stop_on_failure=stop)
        added = self._typed(lambda house: add(house, order, actor="me"))
        self.batches += [] if added is None else [order.name]
        parts = [] if added is None else added.shown.parts
        return multiple(*(part.delivery.ref for part in parts))

    @rule(which=st.integers(0))
    def resumes_a_batch(self, which: int) -> None:
        if not self.batches:
            return
        self._outdates_the_backup()
        name = self.batches[which % len(self.batches)]
        self._typed(lambda house: resume(house, name, actor="me"))

    def _outdates_the_backup(self) -> None:
        """Who moves a post himself has to do so again after a restore: it cannot be known there."""
        self.world.backup.unlink(missing_ok=True)

    @rule(ref=deliveries, content=st.booleans(), minutes=st.none() | st.integers(1, 90))
    def edits(self, ref: str, content: bool, minutes: int | None) -> None:
        self._outdates_the_backup()
        change = Change(
            text=self._text() if content else None,
            at=None if minutes is None else self._moment(minutes),
        )
        self._typed(lambda house: edit(house, ref, change, actor="me"))

    @rule(ref=consumes(deliveries))
    def cancels(self, ref: str) -> None:
        self._typed(lambda house: cancel(house, [ref], actor="me"))

    @rule(ref=consumes(deliveries))
    def deletes(self, ref: str) -> None:
        self._typed(lambda house: delete(house, [ref.partition(".")[0]], actor="me"))

    @rule(ref=deliveries)
    def asks_for_a_retry(self, ref: str) -> None:
        self._outdates_the_backup()
        self._typed(lambda house: retry_now(house, [ref], actor="me"))

    @rule(account=st.sampled_from(ACCOUNTS))
    def checks_an_account(self, account: str) -> None:
        self._typed(lambda house: check(house, [account]))

    @rule(ref=deliveries, again=st.booleans())
    def resolves(self, ref: str, again: bool) -> None:
        """An honest person: says *landed* of what is live, and nothing else of it."""
        found = [d for d in self.world.deliveries() if d.ref == ref]
        if not found or found[0].state not in {State.UNKNOWN, State.CONFIRMING}:
            return
        self._outdates_the_backup()
        shown = [one for one in self.world.network.shown if one.key == found[0].key]
        if shown:
            self._typed(partial(landed, id=ref, address=shown[0].remote_id, actor="me"))
        elif again:
            self._typed(partial(resend, id=ref, confirmed=ref, actor="me"))
        else:
            self._typed(partial(drop, id=ref, actor="me"))

    @rule()
    def backs_up(self) -> None:
        self.world.backs_up()

    @rule(host=hosts, point=st.none() | st.integers(1, SEAMS))
    def puts_the_backup_back(self, host: Host, point: int | None) -> None:
        """Cron may start before somebody says that the store is older; he repeats it if it dies."""
        if not self.world.backup.exists():
            return
        self.world.puts_back()
        self.rows = {}
        if self.world.has_seen_more(host):
            self.world.finish(self._starts(host, run))
        for dies in [point] + [None] * PATIENCE:
            self.world.dies_at = None if dies is None else self.world.seams + dies
            believed = self._typed(partial(after_restore, actor="me"))
            self.world.dies_at = None
            if believed is not None:
                return
        raise Breach(["2 never stuck: the store that was put back is never believed"])

    def _reads_the_alarms(self) -> None:
        """Mend the accounts that `status --check` names: what is late there may wait for nothing else."""
        found = self._typed(lambda house: findings(house, idle={})) or []
        if blocked := [one.account for one in found if one.code == "blocked"]:
            self._typed(lambda house: check(house, blocked))

    # --- cron, and what goes wrong -----------------------------------------------------------

    def _starts(self, host: Host, phase: Callable[[House], Report]) -> Process:
        return self.world.begin(host, phase)

    @rule(host=hosts, phase=st.sampled_from(PHASES))
    def cron_starts(self, host: Host, phase: Callable[[House], Report]) -> None:
        self.world.finish(self._starts(host, phase))

    @rule(host=hosts, phase=st.sampled_from(PHASES), point=st.integers(1, SEAMS))
    def a_run_dies(self, host: Host, phase: Callable[[House], Report], point: int) -> None:
        self.world.dies_at = self.world.seams + point
        self.world.finish(self._starts(host, phase))
        self.world.dies_at = None

    @rule(host=hosts, phase=st.sampled_from(PHASES), point=st.integers(1, SEAMS))
    def a_run_is_stopped(self, host: Host, phase: Callable[[House], Report], point: int) -> None:
        """It stands still beyond its lease, and is woken by time going on."""
        self.world.stops_at = self.world.seams + point
        process = self._starts(host, phase)
        while not process.over and self.world.seams < self.world.stops_at:
            self.world.turns.play(until=process.wakes)
        self.world.stops_at = None

    @rule(one=hosts, other=hosts)
    def two_runs_at_once(self, one: Host, other: Host) -> None:
        first, second = self._starts(one, publish), self._starts(other, run)
        self.world.finish(first)
        self.world.finish(second)

    @rule(what=st.sampled_from(sorted(FAULTS)))
    def the_next_call_goes_wrong(self, what: str) -> None:
        self.world.network.script.append(what)

    @rule(when=st.sampled_from(["before", "after"]))
    def the_next_commit_is_lost(self, when: str) -> None:
        self.world.lost_commits.append(when)

    @rule(minutes=st.sampled_from([1, 3, 10, 60, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.world.turns.play(until=self.world.turns.now + timedelta(minutes=minutes))

    @rule()
    def the_next_moment_comes(self) -> None:
        wake = self.world.next_wake()
        if wake is not None:
            self.world.turns.play(until=max(wake - timedelta(seconds=8), self.world.turns.now))

    # --- what always holds -------------------------------------------------------------------

    @invariant()
    def the_oracle_is_content(self) -> None:
        self._judge()

    def _judge(self, **more: Any) -> None:
        evidence = self.world.evidence(before=self.rows, **more)
        found = breaches(evidence) + self.world.network.wrong
        self.rows = evidence.rows()
        found += map(repr, self.world.turns.crashes)
        if found:
            raise Breach(found)

    def teardown(self) -> None:
        try:
            if not isinstance(sys.exc_info()[1], Breach | KeyboardInterrupt):
                self.comes_to_its_end()
        finally:
            self.world.close()
            self.room.cleanup()

    def comes_to_its_end(self) -> None:
        self._let_time_go_on()
        self._judge(told=self.world.said(), over=True)
        self.figures.counted["faults"] += self.world.network.faults + self.world.faults
        self.figures.add("", [])

    def _let_time_go_on(self) -> None:
        self.world.turns.play()
        for number in range(STEPS_AT_THE_END):
            if (wake := self.world.next_wake()) is None:
                return
            if number % SELDOM == SELDOM - 1:
                self._reads_the_alarms()
            now = self.world.turns.now
            self.world.turns.play(until=wake if wake > now else now + AT_THE_END)
            for host in self.world.hosts:
                self.world.finish(self._starts(host, run))


def quickly(examples: int, steps: int, **more: Any) -> settings:
    """Return how a bounded machine is played."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=checks,
        **more,
    )


def play(number: int, games: int) -> None:
    """Play the games of one seed; raises what breaks the first, with its steps as notes."""
    chosen = quickly(games, 50, phases=[Phase.generate], report_multiple_bugs=False)
    run_state_machine_as_test(seed(number)(Machine), settings=chosen)


def sweep(figures: Figures, number: int, count: int, folder: Path) -> None:
    """Play `count` games of fifty steps, of as many seeds as it takes; a breach ends those of its seed."""
    Machine.figures = figures
    for first in range(0, count, GAMES):
        chosen, games = number + first // GAMES, min(GAMES, count - first)
        begun = figures.runs
        try:
            play(chosen, games)
        except Exception as error:
            found = error.found if isinstance(error, Breach) else [f"0 {error!r}"]
            again = f"--only machine --seed {chosen} --count {games}"
            figures.add(f"game {figures.runs - begun + 1} of {again}", found)
            print(*getattr(error, "__notes__", []), sep="\n", file=sys.stderr, flush=True)

"""A model that Hypothesis plays against: whatever is done in whatever order, the oracle holds.

Rules are what people type, what cron starts on some host, and what goes wrong there. After each step
the oracle judges; at the end time goes on until nothing wakes, and it judges once more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from postcron.operations.accounts import check
from postcron.operations.checking import findings
from postcron.operations.house import House
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.reconcile import after_restore
from postcron.operations.report import Report
from postcron.operations.retry import retry
from postcron.operations.run import run
from postcron.operations.tick import tick
from tests.oracle import breaches
from tests.proof.figures import Figures
from tests.proof.network import FAULTS
from tests.proof.planning import Planning
from tests.proof.turns import Process
from tests.proof.world import Host

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


class Breach(AssertionError):
    """What the oracle found in a game."""

    def __init__(self, found: list[str]) -> None:
        super().__init__("\n".join(found))
        self.found = found


class Machine(Planning):
    """Two hosts, one store, six accounts: of four classes of act, and one that is given posts ahead."""

    #: where games that came to a good end are counted
    figures: ClassVar[Figures] = Figures("machine")

    hosts: Bundle[Host] = Bundle("hosts")

    def __init__(self) -> None:
        super().__init__()
        self.words_then = self.words
        self.rows: dict[str, int] = {}

    @initialize(target=hosts)
    def two_hosts(self) -> Any:
        return multiple(*self.world.hosts)

    # --- the store that was put back ---------------------------------------------------------

    @rule()
    def backs_up(self) -> None:
        self.world.backs_up()
        self.words_then = deepcopy(self.words)

    @rule(host=hosts, point=st.none() | st.integers(1, SEAMS))
    def puts_the_backup_back(self, host: Host, point: int | None) -> None:
        """Cron may start before somebody says that the store is older; he repeats it if it dies."""
        if not self.world.backup.exists():
            return
        self.world.puts_back()
        self.rows, self.words = {}, deepcopy(self.words_then)
        self.words.pauses = dict.fromkeys(self.words.pauses, self.world.last_event())
        self.words.named = {}  # what was given since is doubted
        if self.world.has_seen_more(host):
            self.world.finish(self._starts(host, run))
        for dies in [point] + [None] * PATIENCE:
            self.dies_after = dies
            if self._typed(partial(after_restore, actor="me")) is not None:
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

    @rule(minutes=st.sampled_from([1, 1, 3, 3, 10, 10, 60, 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.world.turns.play(until=self.world.turns.now + timedelta(minutes=minutes))

    @rule()
    def the_next_moment_comes(self) -> None:
        wake = self.world.next_wake()
        if wake is not None:
            early = wake - timedelta(seconds=8)
            self.world.turns.play(until=early if early > self.world.turns.now else wake)

    @rule(times=st.integers(1, 5))
    def cron_goes_on(self, times: int) -> None:
        """Nothing happens but what is to happen."""
        for number in range(times):
            self.the_next_moment_comes()
            self.cron_starts(self.world.hosts[number % 2], run)

    # --- what always holds -------------------------------------------------------------------

    @invariant()
    def the_oracle_is_content(self) -> None:
        self._judge()

    def _judge(self, **more: Any) -> None:
        chains, holds = list(self.words.chains.values()), list(self.words.holds())
        evidence = self.world.evidence(before=self.rows, chains=chains, holds=holds, **more)
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
            self.close()

    def comes_to_its_end(self) -> None:
        self._let_time_go_on()
        self._judge(told=self.world.said(), over=True)
        if self._ends_every_pause():
            self._let_time_go_on()
            self._judge(told=self.world.said(), over=True)
        self.figures.counted["faults"] += self.world.network.faults + self.world.faults
        self.figures.counted["given back"] += self.world.network.planner.withdrawn
        self.figures.add("", [])

    def _ends_every_pause(self) -> bool:
        """End them all, and say whether there were any."""
        for number in range(PATIENCE):
            if not (there := self.world.store.pauses.every()):
                return number > 0
            for one in there:
                self._ends(one, None)
        raise Breach(["2 never stuck: a pause cannot be ended"])

    def _let_time_go_on(self) -> None:
        self.world.turns.play()
        for number in range(STEPS_AT_THE_END):
            if (wake := self.world.next_wake()) is None:
                return
            if number % SELDOM == SELDOM - 1:
                self._reads_the_alarms()
            now = self.world.turns.now
            self.world.turns.play(until=wake if wake > now else now + AT_THE_END)
            self.world.finish(self._starts(self.world.hosts[number % 2], run))


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

"""The emergency journal: how a call ended is not forgotten because the store cannot be written."""

from __future__ import annotations

import json
import stat
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import CannotWork, DiskFull, StoreUnavailable
from postcron.model import Act, Outcome, Run
from postcron.operations.house import House
from postcron.operations.journal import SIZE, Journal
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.operations.tick import tick
from postcron.states import State
from postcron.store import Store
from postcron.store.due import DueShelf
from tests.operations.stage import START, Cluster, Stage, build
from tests.proof.death import Death, Killed, mortal

ALMOST = {"minutes": 59, "seconds": 30}
ENDS = {"landed", "accepted", "refused", "not_sent", "lost"}


@dataclass
class Refusing:
    """A store that takes everything but how a call ended, so many times."""

    store: Store
    trouble: CannotWork
    times: int = 1_000_000

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def record(self, moves: Any, *, run: Run) -> Any:
        if self.times and any(move.step in ENDS for move in moves):
            self.times -= 1
            raise self.trouble
        return self.store.record(moves, run=run)


AWAY = StoreUnavailable("The store is away.")
FULL = DiskFull("The disk of the store is full.")


def journal(stage: Stage) -> Journal:
    return Journal(stage.house.state_dir)


def unstored(stage: Stage, answer: str = "ok", trouble: CannotWork = AWAY) -> str:
    """Publish one post whose end the store does not take; return what the run says of it."""
    store = stage.house.store
    stage.remote.script.append(answer)
    stage.house.store = Refusing(store, trouble)  # type: ignore[assignment]
    with pytest.raises(CannotWork) as raised:
        publish(stage.house)
    stage.house.store = store
    return raised.value.message


def elsewhere(stage: Stage) -> House:
    """Return the same installation on another host: the same store, another state folder."""
    other = replace(stage.house, state_dir=stage.house.state_dir.with_name("elsewhere"))
    other.store = stage.house.store
    return other


# --- written while the store is away -------------------------------------------------------------


@pytest.mark.fault("F19")
@pytest.mark.parametrize("trouble", [AWAY, FULL])
@pytest.mark.parametrize(
    ("answer", "state", "live"),
    [
        ("ok", State.PUBLISHED, 1),
        ("accepted", State.PUBLISHED, 1),
        ("dropped", State.PUBLISHED, 1),
        ("refused", State.FAILED, 0),
        ("not_sent", State.PUBLISHED, 1),
    ],
)
def test_an_end_the_store_cannot_take_is_stored_by_the_next_run(
    stage: Stage, trouble: CannotWork, answer: str, state: State, live: int
) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    told = unstored(stage, answer, trouble)
    assert (delivery.ref in told, str(journal(stage).path) in told) == (True, True)
    assert stage.now(delivery).state is State.PUBLISHING
    for _ in range(3):
        run(stage.house)
        stage.pass_time(seconds=40)
    assert (stage.now(delivery).state, len(stage.remote.live)) == (state, live)
    assert journal(stage).lines() == []


def test_what_the_journal_knows_does_not_become_unknown_first(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage)
    stage.pass_time(minutes=10)
    assert tick(stage.house).unknown == []
    assert stage.kinds(delivery)[-2:] == ["intended", "landed"]
    assert stage.now(delivery).remote_id == "remote-1"


def test_the_run_waits_for_the_store_as_long_as_its_lease_allows(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    began = stage.clock.now()
    unstored(stage)
    assert 60 < (stage.clock.now() - began).total_seconds() < 130


@pytest.mark.fault("F87")
def test_a_run_asked_to_stop_does_not_wait_for_the_store(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    before = stage.remote.publish

    def asked_during_the_call(*given: Any) -> Any:
        stage.house.stop.set()
        return before(*given)

    stage.remote.publish = asked_during_the_call  # type: ignore[assignment, method-assign]
    unstored(stage)
    assert (stage.clock.now() - stage.now(delivery).due_at).total_seconds() < 3  # type: ignore[operator]
    assert len(journal(stage).lines()) == 1


class Mistaken(DueShelf):
    """Questions that meet a mistake of ours once a call is on the wire."""

    on_the_wire: threading.Event

    def waiting(self, *given: Any, **more: Any) -> Any:
        if self.on_the_wire.is_set():
            raise ZeroDivisionError
        return super().waiting(*given, **more)


def test_a_mistake_of_ours_costs_no_answer_that_is_on_its_way(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    store, before = stage.house.store, stage.remote.publish
    right, store.due = store.due, (mistaken := Mistaken(store._database))
    mistaken.on_the_wire = threading.Event()

    def slow(*given: Any) -> Any:
        mistaken.on_the_wire.set()
        stage.pass_time(seconds=2)
        time.sleep(0.3)
        return before(*given)

    stage.remote.publish = slow  # type: ignore[assignment, method-assign]
    stage.house.executor = ThreadPoolExecutor
    with pytest.raises(ZeroDivisionError):
        publish(stage.house)
    store.due = right
    tick(stage.house)
    assert stage.kinds(delivery)[-2:] == ["intended", "landed"]


def test_a_store_that_comes_back_in_time_leaves_the_journal_empty(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.house.store = Refusing(stage.house.store, AWAY, times=5)  # type: ignore[assignment]
    publish(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED
    assert journal(stage).lines() == []


@pytest.mark.fault("F19")
def test_without_a_journal_the_last_words_say_how_each_call_ended(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    journal(stage).path.mkdir(parents=True)
    with pytest.raises(CannotWork, match="cannot be read"):
        publish(stage.house)  # nobody may send who could not write the end down
    assert stage.remote.calls == []
    journal(stage).path.rmdir()
    before = stage.remote.publish

    def then_it_breaks(*given: Any) -> Any:
        journal(stage).path.unlink()
        return before(*given)

    stage.remote.publish = then_it_breaks  # type: ignore[assignment, method-assign]
    told = unstored(stage)
    assert f"note this down: {delivery.ref} is live as remote-1" in told


def test_the_journal_is_ours_alone_and_holds_no_secret(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, account="token = { env = 'ACME_TOKEN' }")
    stage.house.environ = {"ACME_TOKEN": "s3cr3t-t0ken"}
    stage.house.secrets.remember("s3cr3t-t0ken")
    stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage, "says_the_token")
    path = journal(stage).path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == SIZE, "its room is taken before anything is wrong"
    assert b"Who is" in path.read_bytes()
    assert b"s3cr3t" not in path.read_bytes()


# --- read by a later run -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "words", "state"),
    [
        ("ok", ["lost", "found"], State.PUBLISHED),
        ("accepted", ["lost", "accepted"], State.CONFIRMING),
        ("refused", ["lost", "denied"], State.FAILED),
        ("dropped", ["intended", "lost"], State.UNKNOWN),
    ],
)
def test_what_another_host_gave_up_for_unknown_is_settled_by_the_journal(
    stage: Stage, answer: str, words: list[str], state: State
) -> None:
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage, answer)
    stage.pass_time(minutes=10)
    tick(elsewhere(stage))
    assert stage.now(delivery).state is State.UNKNOWN
    tick(stage.house)
    assert stage.kinds(delivery)[-2:] == words
    assert stage.now(delivery).state is state
    assert journal(stage).lines() == []


@pytest.mark.parametrize("answer", ["ok", "accepted", "refused", "not_sent"])
def test_importing_the_same_lines_again_changes_nothing(stage: Stage, answer: str) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage, answer)
    kept = journal(stage).path.read_bytes()
    tick(stage.house)
    before = stage.kinds(delivery)
    journal(stage).path.write_bytes(kept)
    tick(stage.house)
    assert stage.kinds(delivery) == before
    assert journal(stage).lines() == []


def test_a_line_of_an_earlier_attempt_says_nothing_about_a_later_one(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage, "not_sent")
    kept = journal(stage).path.read_bytes()
    tick(stage.house)
    stage.pass_time(seconds=30)
    stage.remote.script.append("dropped")
    stage.remote.unreadable = True
    run(stage.house)
    assert stage.now(delivery).state is State.UNKNOWN
    journal(stage).path.write_bytes(kept)
    tick(stage.house)
    assert stage.now(delivery).state is State.UNKNOWN


def test_lines_of_another_store_are_left_to_it(stage: Stage, tmp_path: Path) -> None:
    stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage)
    (tmp_path / "other").mkdir()
    other = build(tmp_path / "other", at=stage.clock.now())
    other.schedule("something else", at="in 1h")
    other.house.state_dir = stage.house.state_dir
    tick(other.house)
    assert len(journal(stage).lines()) == 1
    tick(stage.house)
    assert journal(stage).lines() == []


# --- dying in between ----------------------------------------------------------------------------


def test_a_line_cut_short_anywhere_does_not_count(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage)
    path = journal(stage).path
    whole = path.read_bytes().rstrip(b"\0")
    end = len(whole) - 1  # the newline after it says nothing
    for length in [*range(0, end, 7), end - 1]:
        path.write_bytes(whole[:length] + bytes(SIZE - length))
        assert journal(stage).lines() == []
        journal(stage).append([{"delivery": 2}])
        assert [line.document for line in journal(stage).lines()] == [{"delivery": 2}]


@pytest.mark.fault("F19")
@pytest.mark.parametrize("act", [Act.HANDLE, Act.READBACK])
def test_dying_anywhere_while_importing_loses_and_doubles_nothing(tmp_path: Path, act: Act) -> None:
    for point in range(act is Act.READBACK, 8, 2):
        (tmp_path / str(point)).mkdir()
        stage = build(tmp_path / str(point), at=START, act=act)
        [delivery] = stage.schedule(at="in 1h")
        stage.pass_time(**ALMOST)
        unstored(stage)
        store = stage.house.store
        stage.house.store = mortal(store, Death(frozenset({point})))
        for died in _deaths(stage):
            stage.house.store = store if died else stage.house.store
        [attempt] = stage.house.store.attempts(delivery.id)
        assert attempt.outcome is Outcome.LANDED
        assert stage.kinds(delivery).count("landed") == 1
        assert (stage.now(delivery).state, len(stage.remote.live)) == (State.PUBLISHED, 1)
        assert journal(stage).lines() == []
        stage.house.close()


def _deaths(stage: Stage) -> Iterator[bool]:
    for _ in range(3):
        try:
            tick(stage.house)
        except Killed:
            yield True
        else:
            yield False
        stage.pass_time(minutes=1)


def test_forgetting_one_line_leaves_the_others(tmp_path: Path) -> None:
    kept = Journal(tmp_path)
    kept.prepare()
    first, second = kept.append([{"delivery": 1}, {"delivery": 2}])
    kept.forget([first])
    assert kept.lines() == [second]
    kept.forget([second])
    assert kept.path.read_bytes() == bytes(SIZE)


def test_a_journal_that_is_full_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    kept = Journal(tmp_path)
    kept.prepare()
    long = {"delivery": 1, "why": "x" * 1000}
    room = SIZE // (len(json.dumps(long)) + 11)
    kept.append([long] * room)
    with pytest.raises(OSError, match="No space left"):
        kept.append([long])
    assert len(kept.lines()) == room
    assert kept.path.stat().st_size == SIZE


def test_a_line_of_another_version_is_left_to_that_one(stage: Stage) -> None:
    tick(stage.house)
    journal(stage).prepare()
    journal(stage).append([{"delivery": 1, "key": "k", "step": "beamed"}])
    tick(stage.house)
    assert len(journal(stage).lines()) == 1

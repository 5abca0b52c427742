"""What must not happen when things go wrong at once: sent twice, sent late, never told, all stopped by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from postcron.errors import Code, Refused, StoreUnavailable
from postcron.model import Act, Delivery, Draft, Outcome, Sighting
from postcron.operations.cancel import cancel
from postcron.operations.doors import Doors
from postcron.operations.edit import Change, edit
from postcron.operations.looking import look
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.retry import retry_now
from postcron.operations.tick import tick
from postcron.platforms.base import Key
from postcron.states import State
from postcron.store import Store
from postcron.store.accounts import AccountShelf
from tests.fakes import FakeClock, SleepyClock
from tests.operations.stage import START, Stage, build

ALMOST = {"minutes": 59, "seconds": 30}


# --- never twice ---------------------------------------------------------------------------------


@pytest.mark.fault("F51")
def test_a_handle_used_up_by_a_lost_call_is_looked_for_and_never_made_anew(stage: Stage) -> None:
    """The look came too early, the repeat hears that the handle is gone."""
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.extend(["dropped", "handle_gone"])
    publish(stage.house)
    outcomes = [attempt.outcome for attempt in stage.house.store.attempts(delivery.id)]
    assert outcomes[:2] == [Outcome.SUPERSEDED, Outcome.SUPERSEDED]
    assert stage.remote.prepared == ["hello"], "one handle, whatever happened"
    assert len(stage.remote.live) == 1


@pytest.mark.parametrize("what", ["nothing", "empty_id"])
def test_an_answer_without_proof_is_unknown_and_then_found(stage: Stage, what: str) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append(what)
    publish(stage.house)
    assert stage.kinds(delivery)[-2:] == ["lost", "found"]
    assert stage.now(delivery).remote_id == "remote-1"


def test_an_answer_with_another_posts_id_proves_nothing(stage: Stage) -> None:
    [first] = stage.schedule("first", at="in 1h")
    [second] = stage.schedule("second", at="in 61m")
    stage.pass_time(**ALMOST)
    publish(stage.house)
    stage.remote.script.append("known_id")
    stage.pass_time(minutes=1)
    publish(stage.house)
    assert stage.now(first).remote_id == "remote-1"
    assert "lost" in stage.kinds(second)
    assert stage.now(second).remote_id != "remote-1"


def test_a_find_that_proves_another_delivery_ends_with_a_person(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, act=Act.READBACK)
    stage.schedule("same", at="in 1h")
    [second] = stage.schedule("same", at="in 61m")
    stage.pass_time(**ALMOST)
    publish(stage.house)
    stage.remote.finds = "remote-1"
    stage.remote.script.append("dropped")
    stage.cron(30, minutes=2)
    assert (stage.now(second).state, stage.now(second).wake_at) == (State.UNKNOWN, None)


def test_what_arrives_late_is_waited_for_before_absence_is_believed(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("dropped")
    arriving(stage, after=timedelta(seconds=8))
    publish(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(stage.remote.calls) == 1


def arriving(stage: Stage, *, after: timedelta) -> None:
    """Let the first call be carried out so long after its answer was lost."""
    remote, look = stage.remote, stage.remote.look

    def later(draft: Draft) -> Sighting:
        if remote.clock.now() >= remote.calls[0] + after:
            remote._show("acme", draft)
        return look(draft)

    remote.look = later  # type: ignore[method-assign]


@pytest.mark.parametrize(("author", "looks"), [("page", True), ("person", False)])
def test_the_class_of_act_may_depend_on_the_account(
    tmp_path: Path, author: str, looks: bool
) -> None:
    """One can be read back; of the other only a person knows, and hears of it at once."""
    stage = build(tmp_path, at=START, act=Act.BLIND, account=f'author = "{author}"')
    fake = stage.house.find_platform("fake")

    class Varied(fake):  # type: ignore[misc, valid-type]
        keys: ClassVar[tuple[Key, ...]] = (*fake.keys, Key("author"))

        @classmethod
        def act_for(cls, settings: Mapping[str, str]) -> Act:
            return Act.READBACK if settings["author"] == "page" else Act.BLIND

    stage.house.find_platform = lambda name: Varied
    [lost] = stage.schedule("lost", at="in 1h")
    [seen] = stage.schedule("seen", at="in 61m")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("dropped")
    stage.remote.unreadable = True
    publish(stage.house)
    assert (stage.now(lost).wake_at is not None) == looks
    stage.pass_time(minutes=1)
    publish(stage.house)
    assert (stage.now(seen).wake_at is not None) == looks


# --- never late or early -------------------------------------------------------------------------


@pytest.mark.fault("F78")
def test_a_machine_that_slept_between_intent_and_call_does_not_call(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    due = START + timedelta(hours=1)
    sleepy = SleepyClock(stage.clock.at, asleep_at=due)
    stage.house.clock = stage.remote.clock = sleepy
    publish(stage.house)
    assert stage.remote.calls == []
    assert stage.now(delivery).error_code == Code.TOO_LATE
    assert stage.now(delivery).wake_at is None, "a person was told"


@dataclass
class SetBack(FakeClock):
    """A machine whose clock is corrected once, while its time since boot goes on."""

    at_moment: datetime | None = None

    def sleep_until(self, moment: datetime) -> None:
        super().sleep_until(moment)
        if self.at_moment is not None and self.at >= self.at_moment:
            self.at_moment = None
            self.at -= timedelta(minutes=10)


def test_a_clock_that_is_set_back_prolongs_no_lease(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    due = START + timedelta(hours=1)
    stage.clock = SetBack(stage.clock.at, at_moment=due - timedelta(seconds=10))
    stage.house.clock = stage.remote.clock = stage.clock
    publish(stage.house)
    assert (stage.kinds(delivery)[-1], stage.remote.calls) == ("released", [])
    publish(stage.house)
    assert stage.remote.calls == [due]


def test_a_wider_ahead_is_waited_for(stage: Stage) -> None:
    stage.schedule(at="in 8m")
    publish(stage.house, ahead=timedelta(minutes=10))
    assert stage.remote.calls == [START + timedelta(minutes=8)]


def test_two_lines_are_enough_for_what_failed_in_passing(stage: Stage) -> None:
    """Publish does the queueing for itself."""
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.extend(["not_sent"] * 5)
    for _ in range(6):
        publish(stage.house)
        stage.pass_time(minutes=1)
    assert stage.now(delivery).state is State.PUBLISHED


# --- always told ---------------------------------------------------------------------------------


def test_a_platform_that_never_finishes_ends_with_a_person(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("accepted")
    stage.remote.working.add(delivery.key)
    publish(stage.house)
    stage.pass_time(hours=25)
    report = publish(stage.house)
    assert [d.id for d in report.unknown] == [delivery.id]
    assert stage.now(delivery).wake_at is None


@pytest.mark.parametrize("act", [Act.HANDLE, Act.READBACK])
def test_an_account_that_left_the_configuration_does_not_hide_its_unknown(
    tmp_path: Path, act: Act
) -> None:
    stage = build(tmp_path, at=START, act=act)
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("dropped")
    stage.remote.unreadable = True
    publish(stage.house)
    accounts = {n: a for n, a in stage.house.config.accounts.items() if n != "acme"}
    stage.house.config = replace(stage.house.config, accounts=accounts)
    stage.cron(20, minutes=3)
    assert (stage.now(delivery).state, stage.now(delivery).wake_at) == (State.UNKNOWN, None)


def test_what_a_policy_drops_is_told(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, account='late = "skip"')
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(days=1)
    report = tick(stage.house)
    assert [d.id for d in report.skipped] == [delivery.id]
    assert stage.now(delivery).state is State.CANCELLED


def test_a_long_grace_of_one_account_does_not_hide_what_another_missed(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, account='grace = "7d"')
    stage.remote.script.append("bad_token")
    stage.schedule("stuck", at="in 1h")
    stage.pass_time(**ALMOST)
    publish(stage.house)
    for number in range(3):
        stage.schedule(f"held {number}", at="in 1m")
    [other] = stage.schedule("other", at="in 2m", accounts=["other"])
    stage.pass_time(hours=2)
    tick(stage.house, limit=2)
    assert stage.now(other).state is State.LATE


# --- one bad thing does not stop the rest --------------------------------------------------------


def test_words_no_database_takes_are_made_harmless(stage: Stage) -> None:
    [bad] = stage.schedule("bad", at="in 1h")
    [good] = stage.schedule("good", at="in 1h", accounts=["other"])
    stage.pass_time(**ALMOST)
    stage.remote.script.append("odd_words")
    publish(stage.house)
    assert {stage.now(bad).state, stage.now(good).state} == {State.FAILED, State.PUBLISHED}
    failed = next(d for d in (stage.now(bad), stage.now(good)) if d.state is State.FAILED)
    assert failed.error == "cut ? here"


def test_a_dead_token_found_in_phase_2_leaves_the_others_of_the_account_unchanged(
    stage: Stage,
) -> None:
    """Its posts go late by the normal rule."""
    [first] = stage.schedule("first", at="in 1h")
    [second] = stage.schedule("second", at="in 61m")
    stage.pass_time(minutes=60)
    stage.remote.prepare_script.append("bad_token")
    publish(stage.house)
    assert {stage.now(first).state, stage.now(second).state} == {State.FAILED, State.QUEUED}
    assert stage.remote.calls == []


def test_an_account_whose_secret_is_missing_here_is_not_blocked_for_everybody(
    tmp_path: Path,
) -> None:
    stage = build(tmp_path, at=START, account="token = { env = 'NOT_SET' }")
    stage.remote.needs_token = True
    [delivery] = stage.schedule(at="in 1h")
    pre_upload(stage.house)
    assert stage.now(delivery).state is State.SCHEDULED
    assert stage.now(delivery).error_code == Code.NOT_CONFIGURED
    assert all(s.block_code is None for s in stage.house.store.accounts.every().values())


class Absent:
    """A store that is away for a while, just when an outcome is to be written."""

    def __init__(self, store: Store, times: int) -> None:
        self._store, self._times = store, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def record(self, moves: Any, *, run: Any) -> Any:
        if self._times and any(move.step == "landed" for move in moves):
            self._times -= 1
            raise StoreUnavailable("The store is away.")
        return self._store.record(moves, run=run)


def test_a_store_that_is_away_for_seconds_costs_no_answer(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.house.store = Absent(stage.house.store, 5)  # type: ignore[assignment]
    publish(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED
    assert "lost" not in stage.kinds(delivery)


class Forgetful(AccountShelf):
    """A shelf that takes no bad news about accounts, in a store that takes what becomes of deliveries."""

    def set(self, account: str, **columns: Any) -> None:
        if columns.get("block_code") is not None:
            raise StoreUnavailable("The store is away.")
        super().set(account, **columns)


@pytest.mark.fault("F14")
def test_how_a_call_ended_is_stored_before_anything_it_taught(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("bad_token")
    stage.house.store.accounts = Forgetful(stage.house.store._database)
    publish(stage.house)
    assert stage.now(delivery).error_code == Code.TOKEN_REFUSED


# --- a platform that is behind itself --------------------------------------------------------------


def lost_and_not_shown_yet(stage: Stage, act: Act, *after: str) -> Delivery:
    """Lose the answer of a call that landed, with a platform whose reads do not show it for a while."""
    stage.remote.act = act
    stage.house.find_platform("fake").act = act
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.extend(["lost", *after])
    stage.remote.behind = 2
    publish(stage.house)
    return delivery


@pytest.mark.parametrize("act", [Act.HANDLE, Act.REPEATABLE])
@pytest.mark.parametrize("after", ["refused", "bad_token", "busy", "not_sent", "handle_gone"])
def test_what_a_repeat_hears_is_no_verdict_on_the_call_before_it(
    stage: Stage, act: Act, after: str
) -> None:
    delivery = lost_and_not_shown_yet(stage, act, after)
    assert stage.house.store.attempts(delivery.id)[0].outcome is (Outcome.SUPERSEDED)
    assert stage.now(delivery).state is not State.FAILED
    stage.house.store.accounts.set("acme", block_code=None, blocked_until=None)
    stage.cron(10, minutes=1)
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(stage.remote.live) == 1


def test_what_may_be_live_under_its_old_handle_is_neither_edited_nor_withdrawn(
    stage: Stage,
) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("lost")
    stage.remote.unreadable = True
    publish(stage.house)
    stage.remote.unreadable = False
    stage.remote.behind = 1
    stage.pass_time(minutes=1)
    lost, here = stage.now(delivery), stage.house.run("publish")
    post = stage.house.store.posts({lost.post_id})[lost.post_id]
    stage.house.record([look(stage.house, Doors(stage.house), here, lost, post)], run=here)
    assert stage.now(delivery).state is State.QUEUED, "about to be sent once more"
    with pytest.raises(Refused, match="sent once more"):
        edit(stage.house, delivery.ref, Change(text="other words"), actor="me")
    with pytest.raises(Refused, match="sent once more"):
        cancel(stage.house, [delivery.ref], actor="me")
    publish(stage.house)
    assert stage.remote.texts() == ["hello"]


def test_one_look_that_says_gone_is_not_believed(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("lost")
    stage.remote.gone.add(delivery.key)
    publish(stage.house)
    stage.remote.gone.clear()
    stage.cron(3, minutes=1)
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(stage.remote.live) == 1


@pytest.mark.parametrize("act", [Act.HANDLE, Act.REPEATABLE])
def test_past_its_grace_one_empty_look_does_not_say_that_it_is_not_live(
    stage: Stage, act: Act
) -> None:
    config = stage.house.config
    account = config.accounts["acme"]
    short = replace(account, policy=replace(account.policy, grace=timedelta(seconds=8)))
    stage.house.config = replace(config, accounts={**config.accounts, "acme": short})
    delivery = lost_and_not_shown_yet(stage, act)
    stage.cron(3, minutes=1)
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(stage.remote.live) == 1


# --- another chance ------------------------------------------------------------------------------


def test_a_denied_post_with_a_new_time_begins_with_phase_2(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("dropped")
    stage.remote.gone.add(delivery.key)
    stage.cron(3, minutes=1)
    stage.remote.gone.clear()
    edit(stage.house, delivery.ref, Change(at="in 5m"), actor="me")
    stage.cron(6, minutes=1)
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(stage.remote.prepared) == 2


def test_an_upload_refused_hours_before_is_retried_in_its_phase(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 5h")
    stage.remote.prepare_script.append("refused")
    pre_upload(stage.house, lead=timedelta(hours=6))
    retry_now(stage.house, [delivery.ref], actor="me")
    assert stage.now(delivery).state is State.SCHEDULED
    assert [d.state for d in pre_upload(stage.house).done] == [State.READY]


def test_a_new_time_beyond_what_phase_2_left_lasts_makes_it_anew(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    pre_upload(stage.house)
    edit(stage.house, delivery.ref, Change(at="in 3 days"), actor="me")
    assert (stage.now(delivery).state, stage.now(delivery).ready_at) == (State.SCHEDULED, None)

"""Platforms that are given posts ahead: the call is made early, and can be undone until the moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from postcron.errors import Invalid, Refused
from postcron.model import Act, Delivery, Filter, Mode, Outcome, Scope
from postcron.operations import batches, bulk
from postcron.operations.add_batch import Order, add
from postcron.operations.advice import advice
from postcron.operations.ahead import take_back
from postcron.operations.approving import approve, reject
from postcron.operations.cancel import cancel, delete
from postcron.operations.edit import Change, edit
from postcron.operations.pausing import Paused, pause, resume
from postcron.operations.publish import publish
from postcron.operations.reconcile import after_restore
from postcron.operations.report import Report
from postcron.operations.resolve import resend
from postcron.operations.run import run
from postcron.operations.tick import tick
from postcron.operations.wishes import Wish
from postcron.states import State
from postcron.store.peek import nothing_due
from tests.builders import NOW
from tests.operations.stage import Stage, build, fake_platform

AHEAD = timedelta(minutes=30)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = build(tmp_path, at=NOW)
    stage.remote.ahead = AHEAD
    return stage


def given(stage: Stage) -> Delivery:
    """Schedule a post in two hours, and let cron run until its platform has it."""
    [one] = stage.schedule()
    go_on(stage, 65)
    go_on(stage, 35)
    assert stage.now(one).state is State.CONFIRMING
    return stage.now(one)


def go_on(stage: Stage, minutes: int) -> list[Report]:
    """Let time pass, and cron run in its last minutes."""
    stage.pass_time(minutes=minutes - 4)
    return stage.cron(4, minutes=1)


def told(reports: Sequence[Report]) -> set[int]:
    """Return what people have been told to find out."""
    every = [one for report in reports for one in report.unknown]
    return {one.id for one in every if one.wake_at is None}


def test_a_post_is_given_ahead_and_found_live_at_its_moment(stage: Stage) -> None:
    [one] = stage.schedule()
    go_on(stage, 65)
    stage.cron(60, minutes=1)
    [call] = stage.remote.calls
    assert one.due_at is not None
    assert timedelta() <= call - (one.due_at - AHEAD) < timedelta(minutes=1)
    assert stage.now(one).state is State.PUBLISHED
    assert [live.at for live in stage.remote.live] == [one.due_at]
    assert stage.wrong() == []


def test_phases_of_their_own_make_the_call_to_the_second(stage: Stage) -> None:
    [one] = stage.schedule()
    assert one.due_at is not None
    stage.clock.at = one.due_at - AHEAD - timedelta(seconds=50)
    tick(stage.house)
    publish(stage.house)
    assert stage.remote.calls == [one.due_at - AHEAD]


def test_a_plan_says_what_the_phases_would_touch(stage: Stage) -> None:
    stage.schedule()
    stage.pass_time(hours=1, minutes=29)
    for phase in (tick, publish):
        assert phase(stage.house, dry_run=True).found == 1
    stage.pass_time(minutes=-5)
    assert tick(stage.house, dry_run=True).found == 0


def test_what_is_scheduled_shortly_before_is_given_at_once(stage: Stage) -> None:
    [one] = stage.schedule(at="in 10m")
    stage.cron(2, minutes=1)
    assert stage.now(one).state is State.CONFIRMING
    go_on(stage, 12)
    assert [live.at for live in stage.remote.live] == [one.due_at]


def test_nobody_wakes_between_the_call_and_the_moment(stage: Stage) -> None:
    one = given(stage)
    stage.cron(3, minutes=1)
    stage.house.store.close()
    assert one.due_at is not None
    for minute in range(1, 17):
        at = stage.clock.now() + timedelta(minutes=minute)
        assert nothing_due(str(stage.house.store.file), "run", at.timestamp())


@pytest.mark.parametrize("phase", ["tick", "publish"])
def test_an_idle_minute_sees_what_is_to_be_given(stage: Stage, phase: str) -> None:
    [one] = stage.schedule()
    go_on(stage, 63)
    assert stage.now(one).state is State.READY
    assert one.due_at is not None
    moment = one.due_at - AHEAD

    def sleeps() -> bool:
        return nothing_due(str(stage.house.store.file), phase, stage.clock.now().timestamp())

    assert sleeps()
    stage.clock.at = moment
    if phase == "publish":
        tick(stage.house)
    assert not sleeps()


def test_a_lost_answer_is_settled_long_before_the_moment(stage: Stage) -> None:
    stage.remote.script.append("lost")
    given(stage)
    go_on(stage, 25)
    assert len(stage.remote.calls) == len(stage.remote.live) == 1
    assert stage.wrong() == []


def test_the_lost_answer_wakes_publish_although_nothing_is_due(stage: Stage) -> None:
    stage.remote.script.append("lost")
    [one] = stage.schedule()
    stage.pass_time(hours=1, minutes=31)
    stage.remote.unreadable = True
    tick(stage.house)
    publish(stage.house)
    assert stage.now(one).state is State.UNKNOWN
    stage.pass_time(minutes=10)
    assert not nothing_due(str(stage.house.store.file), "publish", stage.clock.now().timestamp())


def test_a_run_that_dies_with_it_is_followed_by_the_next_one_in_minutes(stage: Stage) -> None:
    [one] = stage.schedule()
    stage.pass_time(hours=1, minutes=31)
    tick(stage.house)
    lease, now = stage.house.config.run.lease, stage.clock.now()
    [taken] = stage.house.store.claims.take_queued(
        stage.house.run("publish"), until=now, lease=lease, limit=9, only={"acme"}, ahead=AHEAD
    )
    assert taken.lease_until == now + lease
    stage.pass_time(seconds=lease.total_seconds() + 1)
    run(stage.house)
    assert stage.now(one).state is State.CONFIRMING


def test_a_look_says_what_a_person_can_still_do(stage: Stage) -> None:
    one = given(stage)
    said = advice(one, stage.clock.now())
    assert "publishes it in 19 min" in said
    assert f"postcron cancel {one.ref}" in said


def test_what_would_appear_far_too_late_is_told(stage: Stage) -> None:
    one = given(stage)
    key, (account, draft) = next(iter(stage.remote.kept.items()))
    stage.remote.kept[key] = (account, replace(draft, due_at=draft.due_at + timedelta(days=1)))
    reports = go_on(stage, 30)
    after = stage.now(one)
    assert after.state is State.CONFIRMING
    assert after.wake_at is None
    assert one.id in told(reports)


def edit_text(stage: Stage, one: Delivery) -> None:
    edit(stage.house, one.ref, Change(text="better"), actor="me")


def rejects(stage: Stage, one: Delivery) -> None:
    reject(stage.house, [str(one.post_id)], why="no", actor="me")


def test_what_somebody_takes_out_there_is_told_within_minutes_of_its_moment(stage: Stage) -> None:
    one = given(stage)
    stage.remote.kept.clear()
    stage.remote.missing.add(one.key)
    assert told(go_on(stage, 15)) == set()
    assert one.id in told(stage.cron(15, minutes=1))
    assert stage.remote.calls == stage.remote.calls[:1]
    assert stage.now(one).error == "Somebody took it out of the planner."
    assert stage.wrong() == []


def test_what_is_missing_once_is_looked_for_again(stage: Stage) -> None:
    one = given(stage)
    stage.remote.missing.add(one.key)
    stage.pass_time(minutes=20)
    stage.cron(1, minutes=1)
    stage.remote.missing.clear()
    stage.cron(8, minutes=1)
    assert stage.now(one).state is State.PUBLISHED


# --- having it back ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [cancel, delete])
def test_what_is_withdrawn_here_never_appears_there(stage: Stage, how: Callable[..., Any]) -> None:
    one = given(stage)
    [after] = how(stage.house, [one.ref.partition(".")[0]], actor="me")
    assert after.state is State.CANCELLED
    go_on(stage, 30)
    assert stage.remote.live == []
    assert stage.remote.withdrawn == ["hello"]
    [attempt] = stage.house.store.attempts(one.id)
    assert (attempt.outcome, attempt.code) == (Outcome.REFUSED, "taken_back")
    assert stage.wrong() == []


def test_what_is_edited_goes_there_anew_and_only_once(stage: Stage) -> None:
    one = given(stage)
    edit(stage.house, one.ref, Change(text="better"), actor="me")
    stage.cron(3, minutes=1)
    go_on(stage, 30)
    assert stage.remote.texts() == ["better"]
    assert stage.now(one).state is State.PUBLISHED
    assert stage.wrong() == []


def test_what_is_moved_is_given_ahead_of_its_new_moment(stage: Stage) -> None:
    one = given(stage)
    edit(stage.house, one.ref, Change(at="in 5h"), actor="me")
    go_on(stage, 60)
    assert stage.remote.live == []
    for minutes in (180, 32, 33):
        go_on(stage, minutes)
    assert stage.remote.texts() == ["hello"]


def test_a_note_leaves_it_where_it_is(stage: Stage) -> None:
    one = given(stage)
    edit(stage.house, one.ref, Change(notes="for the fair"), actor="me")
    assert stage.remote.withdrawn == []
    assert stage.now(one).state is State.CONFIRMING


@pytest.mark.parametrize(("scope", "name"), [(Scope.ALL, ""), (Scope.ACCOUNT, "acme")])
def test_a_pause_has_back_what_platforms_keep(stage: Stage, scope: Scope, name: str) -> None:
    one = given(stage)
    paused = pause(stage.house, scope, name, why=None, actor="me")
    assert (paused.under_way, paused.waiting) == ((), 1)
    go_on(stage, 28)
    assert stage.remote.live == []
    resume(stage.house, scope, name, late="publish", actor="me")
    stage.cron(3, minutes=1)
    assert stage.remote.texts() == ["hello"]
    assert stage.now(one).state is State.PUBLISHED
    assert stage.wrong() == []


def test_a_pause_of_another_account_leaves_it(stage: Stage) -> None:
    given(stage)
    pause(stage.house, Scope.ACCOUNT, "other", why=None, actor="me")
    assert stage.remote.withdrawn == []


def test_a_pause_says_what_it_could_not_have_back(stage: Stage) -> None:
    one = given(stage)
    stage.remote.withdraw_script.append("not_given_back")
    paused = pause(stage.house, Scope.ALL, "", why=None, actor="me")
    assert [each.id for each in paused.under_way] == [one.id]
    assert "too late for that" in paused.kept[0]


@pytest.mark.parametrize("again", [False, True])
def test_what_is_not_given_back_goes_out_and_is_found(stage: Stage, again: bool) -> None:
    one = given(stage)
    stage.remote.withdraw_script.append("not_given_back")
    with pytest.raises(Refused, match="could not be had back: It is too late for that"):
        cancel(stage.house, [one.ref], actor="me")
    if again:  # a run has looked meanwhile, and it is there still
        stage.cron(3, minutes=1)
        assert cancel(stage.house, [one.ref], actor="me")[0].state is State.CANCELLED
    go_on(stage, 30)
    assert len(stage.remote.live) == (not again)
    assert stage.now(one).state is (State.CANCELLED if again else State.PUBLISHED)
    assert stage.wrong() == []


@pytest.mark.parametrize("how", ["lost", "killed"])
def test_what_may_have_been_given_back_is_never_sent_again_unasked(stage: Stage, how: str) -> None:
    stage.remote.act = Act.READBACK
    one = given(stage)
    stage.remote.withdraw_script.append(how)
    with pytest.raises(KeyboardInterrupt if how == "killed" else Refused):
        edit(stage.house, one.ref, Change(text="better"), actor="me")
    assert stage.now(one).state is State.UNKNOWN
    reports = stage.cron(20, minutes=5)
    assert stage.remote.live == []
    after = stage.now(one)
    assert (after.state, after.wake_at) == (State.UNKNOWN, None)
    assert one.id in told(reports)
    assert stage.wrong() == []


def test_who_is_out_already_cannot_be_had_back(stage: Stage) -> None:
    one = given(stage)
    stage.pass_time(minutes=40)
    with pytest.raises(Refused, match="too late"):
        cancel(stage.house, [one.ref], actor="me")
    stage.cron(3, minutes=1)
    assert stage.now(one).state is State.PUBLISHED


def test_a_reader_may_look_while_it_is_had_back(stage: Stage) -> None:
    one = given(stage)
    given_back = stage.remote.withdraw

    def meanwhile(draft: Any) -> None:
        stage.pass_time(minutes=2)
        publish(stage.house)
        assert stage.now(one).state is State.CONFIRMING
        given_back(draft)

    stage.remote.withdraw = meanwhile  # type: ignore[method-assign]
    assert cancel(stage.house, [one.ref], actor="me")[0].state is State.CANCELLED


WRONG = {
    "too long": Change(text="x" * 50),
    "past": Change(at="2020-01-01 10:00"),
    "no such file": Change(media=["nothing.png"]),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_change_that_does_not_fit_leaves_it_where_it_is(stage: Stage, what: str) -> None:
    one = given(stage)
    with pytest.raises(Invalid):
        edit(stage.house, one.ref, WRONG[what], actor="me")
    assert stage.remote.withdrawn == []
    assert stage.now(one) == one


def test_a_run_leaves_what_was_had_back_to_the_command_that_wanted_it(stage: Stage) -> None:
    one = given(stage)
    [back] = take_back(stage.house, [one], actor="me")
    run(stage.house)
    assert stage.now(one) == back
    stage.cron(2, minutes=1)
    assert stage.now(one).state is State.CONFIRMING


@pytest.mark.parametrize("act", [Act.HANDLE, Act.REPEATABLE, Act.READBACK])
def test_what_a_platform_may_have_given_back_is_not_repeated(stage: Stage, act: Act) -> None:
    """Of any class of act: that it is not there is what somebody wanted."""
    stage.remote.act = act
    resends(stage)
    one = given(stage)
    stage.remote.withdraw_script.append("lost")
    with pytest.raises(Refused):
        cancel(stage.house, [one.ref], actor="me")
    reports = stage.cron(20, minutes=5)
    assert stage.remote.live == []
    assert one.id in told(reports)
    assert "asked to give it back" in advice(stage.now(one), stage.clock.now())


def resends(stage: Stage) -> None:
    config = stage.house.config
    acme = config.accounts["acme"]
    eager = replace(acme, policy=replace(acme.policy, resend="after_proof"))
    stage.house.config = replace(config, accounts={**config.accounts, "acme": eager})


def test_what_it_means_to_publish_too_soon_is_told(stage: Stage) -> None:
    stage.remote.moves = timedelta(minutes=-15)
    [one] = stage.schedule()
    stage.pass_time(hours=1, minutes=31)
    assert one.id in told(stage.cron(2, minutes=1))
    assert "at another moment" in advice(stage.now(one), stage.clock.now())


def test_what_it_has_for_another_day_is_not_sent_once_more(stage: Stage) -> None:
    one = given(stage)
    key, (account, draft) = next(iter(stage.remote.kept.items()))
    stage.remote.kept[key] = (account, replace(draft, due_at=draft.due_at + timedelta(days=1)))
    go_on(stage, 30)
    with pytest.raises(Refused, match="would publish it: `postcron cancel"):
        resend(stage.house, one.ref, confirmed=one.ref, actor="me")
    assert cancel(stage.house, [one.ref], actor="me")[0].state is State.CANCELLED
    assert stage.remote.kept == {}


def test_what_is_to_be_approved_once_more_is_had_back_for_every_account(stage: Stage) -> None:
    one, other = approved(stage)
    edit(stage.house, other.ref, Change(text="better"), actor="me")
    assert stage.remote.withdrawn == ["hello"]
    assert stage.states([one, other]) == [State.DRAFT, State.DRAFT]
    go_on(stage, 30)
    assert stage.remote.live == []


@pytest.mark.parametrize("how", [edit_text, rejects])
def test_nobody_is_made_to_wait_for_approval_while_another_may_be_given(
    stage: Stage, how: Callable[[Stage, Delivery], Any]
) -> None:
    """Its answer is being looked for: nobody could keep it from going out unapproved."""
    stage.remote.script.append("lost")
    stage.remote.unreadable = True
    one, other = approved(stage, State.UNKNOWN)
    with pytest.raises(Refused, match=f"{one.ref} is unknown"):
        how(stage, other)
    assert stage.now(other).state is State.SCHEDULED


def test_what_is_rejected_is_had_back(stage: Stage) -> None:
    one, other = approved(stage)
    reject(stage.house, [str(one.post_id)], why="no", actor="me")
    assert stage.remote.withdrawn == ["hello"]
    assert stage.states([one, other]) == [State.DRAFT, State.DRAFT]


def approved(stage: Stage, state: State = State.CONFIRMING) -> list[Delivery]:
    """Return two deliveries of an approved post: the first has been given, the second is later."""
    deliveries = stage.schedule(
        accounts=["acme", "other"], at=None, ats={"acme": "in 2h", "other": "in 9h"}, approval=True
    )
    approve(stage.house, [str(deliveries[0].post_id)], actor="me")
    go_on(stage, 65)
    go_on(stage, 35)
    assert stage.now(deliveries[0]).state is state
    return deliveries


@pytest.mark.parametrize("stays", [False, True])
def test_a_whole_campaign_is_cancelled_with_what_platforms_keep(stage: Stage, stays: bool) -> None:
    """What is not given back keeps the others from nothing."""
    one = given(stage)
    [another] = stage.schedule(at="in 5h")
    if stays:
        stage.remote.withdraw_script.append("not_given_back")
    everything = Filter(account="acme")
    looked_at = bulk.cancel(stage.house, everything, actor="me", preview=True)
    assert len(looked_at.lines) == 2
    assert stage.now(one) == one
    done = bulk.cancel(stage.house, everything, actor="me", preview=False)
    assert stage.now(another).state is State.CANCELLED
    assert [why for _, why in done.stuck if "too late" in why] == [ANY] * stays
    go_on(stage, 30)
    assert len(stage.remote.live) == stays


def test_a_pause_has_back_what_was_given_before_the_configuration_said_otherwise(
    stage: Stage,
) -> None:
    given(stage)
    stage.remote.ahead = timedelta()
    stage.house.find_platform = lambda name: fake_platform(stage.remote)
    stage.house.ahead = None
    pause(stage.house, Scope.ALL, "", why=None, actor="me")
    assert stage.remote.withdrawn == ["hello"]


@pytest.mark.parametrize("when", ["on the wire", "looked for"])
def test_a_pause_says_what_may_go_out_though_it_is_being_given_just_now(
    stage: Stage, when: str
) -> None:
    if when == "looked for":
        stage.remote.script.append("lost")
        stage.remote.unreadable = True
    [one] = stage.schedule()
    go_on(stage, 65)
    stage.pass_time(minutes=25)
    said: list[Paused] = []
    publishes = stage.remote.publish

    def meanwhile(account: str, draft: Any) -> Any:
        if when == "on the wire":
            said.append(pause(stage.house, Scope.ALL, "", why=None, actor="me"))
        return publishes(account, draft)

    stage.remote.publish = meanwhile  # type: ignore[method-assign]
    stage.cron(1, minutes=1)
    if when == "looked for":
        said.append(pause(stage.house, Scope.ALL, "", why=None, actor="me"))
    assert [each.id for each in said[0].under_way] == [one.id]
    assert "the same command again has it back" in said[0].kept[0]
    stage.remote.unreadable = False
    stage.cron(3, minutes=1)
    again = pause(stage.house, Scope.ALL, "", why=None, actor="me")
    assert (again.under_way, stage.remote.withdrawn) == ((), ["hello"])


def test_the_pause_of_a_batch_says_what_it_could_not_have_back(stage: Stage) -> None:
    common = Wish(None, ["acme"], at="in 2h", every=timedelta(hours=5))
    order = Order("b", Mode.SCHEDULED, common, texts=["hello", "again"])
    add(stage.house, order, actor="me")
    go_on(stage, 65)
    go_on(stage, 35)
    stage.remote.withdraw_script.append("not_given_back")
    shown = batches.pause(stage.house, "b", why=None, actor="me")
    assert "too late for that" in shown.kept[0]


@pytest.mark.parametrize("is_known", [False, True])
def test_a_store_from_before_the_giving_does_not_give_it_twice(
    stage: Stage, is_known: bool
) -> None:
    """Its moment is still to come, and its platform has it already."""
    [one] = stage.schedule()
    [later] = stage.schedule("much later", at="in 9h")
    go_on(stage, 65 if is_known else 5)
    backup = stage.house.store.file.read_bytes()  # type: ignore[union-attr]
    go_on(stage, 35 if is_known else 95)
    assert len(stage.remote.kept) == 1
    stage.house.store.close()
    stage.house.store.file.write_bytes(backup)  # type: ignore[union-attr]
    assert after_restore(stage.house, actor="me", dry_run=True).ahead == 1
    restored = after_restore(stage.house, actor="me")
    assert ([each.id for each in restored.doubted], restored.ahead) == ([one.id], 1)
    go_on(stage, 30)
    stage.remote.keep_going()
    assert stage.remote.texts() == ["hello"]
    assert stage.now(one).state is (State.PUBLISHED if is_known else State.UNKNOWN)
    assert stage.now(later).state is State.SCHEDULED


def test_a_call_whose_run_died_wakes_publish_although_nothing_is_due(stage: Stage) -> None:
    [one] = stage.schedule()
    stage.pass_time(hours=1, minutes=31)
    tick(stage.house)
    stage.remote.publish = dies  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        publish(stage.house)
    assert stage.now(one).state is State.PUBLISHING
    stage.pass_time(minutes=5)
    assert not nothing_due(str(stage.house.store.file), "publish", stage.clock.now().timestamp())


def dies(account: str, draft: Any) -> Any:
    raise KeyboardInterrupt


def test_nothing_is_asked_back_if_the_rest_cannot_be_withdrawn(stage: Stage) -> None:
    one, other = stage.schedule(accounts=["acme", "other"])
    stage.remote.script.extend(["ok", "lost"])
    stage.remote.unreadable = True
    go_on(stage, 65)
    go_on(stage, 33)
    assert {stage.now(one).state, stage.now(other).state} == {State.CONFIRMING, State.UNKNOWN}
    with pytest.raises(Refused):
        cancel(stage.house, [one.ref.partition(".")[0]], actor="me")
    assert stage.remote.withdrawn == []

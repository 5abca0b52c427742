"""Threads: parts in order, each with its own call, and none after one that is not certainly live."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postcron.errors import DoesNotFit, Invalid, Refused
from postcron.model import Act, Delivery
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit
from postcron.operations.publish import publish
from postcron.operations.resolve import drop, landed
from postcron.operations.retry import retry_now
from postcron.operations.run import run
from postcron.operations.schedule import schedule
from postcron.operations.wishes import Wish
from postcron.states import State
from tests.operations.stage import START, Stage


def thread(stage: Stage, at: str = "in 10s", **wish: str) -> list[Delivery]:
    return stage.schedule("one", at=at, then=["two", "three"], **wish)


def hours(stage: Stage) -> None:
    """Let cron run until nobody looks any more: rarely, which is all the same to a thread."""
    stage.cron(9, minutes=10)


def test_each_part_answers_the_one_before_in_order_seconds_apart(stage: Stage) -> None:
    parts = thread(stage)
    publish(stage.house)
    assert stage.states(parts) == [State.PUBLISHED] * 3
    shown = [(post.text, post.parent, post.root) for post in stage.remote.live]
    assert shown == [
        ("one", None, None),
        ("two", "remote-1", "remote-1"),
        ("three", "remote-2", "remote-1"),
    ]
    first, second, third = (post.at for post in stage.remote.live)
    assert second - first >= timedelta(seconds=5)
    assert third - second >= timedelta(seconds=5)
    assert stage.wrong() == []


def test_a_run_waits_for_a_next_part_and_for_nothing_else(stage: Stage) -> None:
    [alone] = stage.schedule("alone", at="in 10s")
    publish(stage.house)
    assert stage.now(alone).state is State.PUBLISHED
    assert stage.clock.now() == START + timedelta(seconds=10)


def test_nothing_of_a_part_is_touched_before_its_turn(stage: Stage) -> None:
    parts = thread(stage, at="in 30m")
    run(stage.house)
    assert stage.remote.prepared == ["one"]
    assert stage.states(parts) == [State.READY, State.SCHEDULED, State.SCHEDULED]


@pytest.mark.fault("F57")
def test_two_parts_wait_behind_an_unknown_one_and_follow_in_order_once_it_is_found(
    stage: Stage,
) -> None:
    stage.remote.unreadable = True
    parts = stage.schedule("1", at="in 10s", then=["2", "3", "4", "5"])
    stage.remote.script.extend(["ok", "ok", "lost"])
    hours(stage)
    waiting = [State.PUBLISHED, State.PUBLISHED, State.UNKNOWN, State.SCHEDULED, State.SCHEDULED]
    assert stage.states(parts) == waiting
    stage.remote.unreadable = False
    landed(stage.house, parts[2].ref, "remote-3", actor="me")
    stage.cron(3, minutes=1)
    assert stage.remote.texts() == ["1", "2", "3", "4", "5"]
    assert stage.wrong() == []


@pytest.mark.fault("F58")
@pytest.mark.parametrize("what", ["lost", "refused", "dropped", "not_sent"])
def test_a_thread_stops_at_a_part_that_is_not_certainly_live(stage: Stage, what: str) -> None:
    stage.remote.act = Act.BLIND
    stage.remote.unreadable = True
    parts = thread(stage)
    stage.remote.script.extend(["ok", *[what] * 20])
    hours(stage)
    assert [post.text for post in stage.remote.live if post.text == "three"] == []
    assert stage.states(parts)[2] is State.SCHEDULED
    assert stage.now(parts[2]).waits_its_turn
    assert stage.wrong() == []


def test_a_thread_goes_on_when_a_person_found_the_lost_part(stage: Stage) -> None:
    stage.remote.unreadable = True
    parts = thread(stage)
    stage.remote.script.extend(["ok", "lost"])
    hours(stage)
    assert stage.now(parts[1]).state is State.UNKNOWN
    stage.remote.unreadable = False
    landed(stage.house, parts[1].ref, "remote-2", actor="me")
    stage.pass_time(seconds=6)
    stage.cron(3, minutes=1)
    assert stage.states(parts) == [State.PUBLISHED] * 3
    # Long after the moment of the thread: its grace counts from when its turn came.
    assert stage.remote.live[2].parent == "remote-2"
    assert stage.wrong() == []


@pytest.mark.parametrize("how", ["drop", "cancel"])
def test_what_follows_a_part_that_is_given_up_is_withdrawn_with_it(stage: Stage, how: str) -> None:
    stage.remote.unreadable = True
    parts = thread(stage)
    if how == "drop":
        stage.remote.script.append("lost")
        hours(stage)
        drop(stage.house, parts[0].ref, actor="me")
    else:
        cancel(stage.house, [parts[0].ref], actor="me")
    assert stage.states(parts) == [State.CANCELLED] * 3
    assert stage.kinds(parts[2])[-1] == "cancelled"
    stage.cron(2, minutes=1)
    assert "two" not in stage.remote.texts()


def test_leaving_out_the_middle_leaves_out_the_rest(stage: Stage) -> None:
    parts = thread(stage)
    cancel(stage.house, [parts[1].ref], actor="me")
    stage.cron(3, minutes=1)
    assert stage.states(parts) == [State.PUBLISHED, State.CANCELLED, State.CANCELLED]


def test_a_part_can_be_edited_while_it_waits_and_still_waits(stage: Stage) -> None:
    parts = thread(stage)
    edit(stage.house, parts[1].ref, Change(text="2 of 3"), actor="me")
    edit(stage.house, parts[2].ref, Change(at="in 20s"), actor="me")
    assert stage.now(parts[1]).waits_its_turn
    assert stage.now(parts[2]).waits_its_turn
    stage.cron(3, minutes=1)
    assert stage.remote.texts() == ["one", "2 of 3", "three"]
    assert stage.wrong() == []


def test_a_part_that_is_moved_far_ahead_keeps_its_moment(stage: Stage) -> None:
    parts = thread(stage)
    edit(stage.house, parts[1].ref, Change(at="in 3h"), actor="me")
    stage.cron(5, minutes=1)
    assert stage.remote.texts() == ["one"]
    stage.pass_time(hours=3)
    stage.cron(3, minutes=1)
    assert stage.remote.texts() == ["one", "two", "three"]


def test_the_parts_of_a_draft_stay_drafts_until_each_has_a_time(stage: Stage) -> None:
    parts = stage.schedule("one", at=None, draft=True, then=["two", "three"])
    edit(stage.house, parts[0].ref, Change(at="in 10s"), actor="me")
    stage.cron(3, minutes=1)
    assert stage.states(parts) == [State.PUBLISHED, State.DRAFT, State.DRAFT]
    edit(stage.house, parts[1].ref, Change(at="in 10s"), actor="me")
    stage.cron(3, minutes=1)
    assert stage.remote.texts() == ["one", "two"]


def test_several_parts_are_withdrawn_together_with_what_else_is_named(stage: Stage) -> None:
    parts, other = thread(stage), stage.schedule("other", at="in 10s")
    withdrawn = cancel(stage.house, [parts[0].ref, parts[1].ref, other[0].ref], actor="me")
    assert {one.state for one in withdrawn} == {State.CANCELLED}
    stage.cron(2, minutes=1)
    assert stage.remote.texts() == []


def test_a_part_that_was_let_go_is_withdrawn_when_the_one_before_turns_out_not_to_be_live(
    stage: Stage,
) -> None:
    parts = thread(stage)
    edit(stage.house, parts[1].ref, Change(at="in 5h"), actor="me")
    stage.remote.script.append("ghost")
    hours(stage)
    assert stage.now(parts[0]).state is State.UNKNOWN, "said to be live, and not shown"
    drop(stage.house, parts[0].ref, actor="me")
    assert stage.states(parts) == [State.CANCELLED] * 3


def test_nothing_brings_back_a_part_whose_thread_ended_before_it(stage: Stage) -> None:
    parts = thread(stage)
    stage.remote.script.extend(["ok", *["refused"] * 3])
    stage.cron(3, minutes=1)
    assert stage.states(parts)[1] is State.FAILED
    forget = stage.house.store._database.engine
    with forget.begin() as connection:  # as if it had been withdrawn while this one was on the wire
        statement = f"UPDATE delivery SET state = 'cancelled' WHERE id = {parts[0].id}"
        connection.exec_driver_sql(statement)
    for again in (
        lambda: retry_now(stage.house, [parts[1].ref], actor="me"),
        lambda: edit(stage.house, parts[1].ref, Change(at="in 1h"), actor="me"),
    ):
        with pytest.raises(Refused, match="which was withdrawn"):
            again()


def test_a_post_that_is_there_does_not_hide_a_thread_under_its_key(stage: Stage) -> None:
    stage.schedule("one", at="in 1h", key="release")
    with pytest.raises(Invalid, match="already stands for 1 part, and you gave 3"):
        thread(stage, key="release")


def test_a_thread_is_saved_once_under_its_key_and_completely(stage: Stage) -> None:
    first = thread(stage, key="release")
    again = thread(stage, key="release")
    assert [d.ref for d in again] == [d.ref for d in first]
    with pytest.raises(Invalid, match="already stands for a thread"):
        stage.schedule("one", then=["two", "three"], key="release", accounts=["acme", "other"])


def test_too_many_parts_or_a_part_that_does_not_fit_are_found_before_anything_is_saved(
    stage: Stage,
) -> None:
    for then, said in (
        (list("23456"), "a thread of 6 parts does not fit fake: 5 do."),
        (["x" * 41], "acme, part 2: the text has 41 characters"),
    ):
        with pytest.raises(DoesNotFit) as raised:
            schedule(stage.house, Wish("one", ["acme"], at="in 1h", then=then), actor="me")
        assert said in str(raised.value)
    assert stage.house.store.counts() == {}

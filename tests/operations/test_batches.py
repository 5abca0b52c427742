"""Batches: many posts kept at once, in order, each after the one before; and what stops them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import DoesNotFit, Invalid, NotFound, Refused
from postcron.model import Act, Delivery, Mode, Scope, Sight
from postcron.operations import batches
from postcron.operations.add_batch import Batched, Order, add
from postcron.operations.approving import approve
from postcron.operations.cancel import cancel
from postcron.operations.pausing import pause, resume
from postcron.operations.publish import publish
from postcron.operations.resolve import drop, landed
from postcron.operations.retry import retry_now
from postcron.operations.wishes import Wish
from postcron.rules.batches import Standing
from postcron.states import State
from tests.operations.stage import START, Stage, build

HOUR = timedelta(hours=1)
FIVE = ["one", "two", "three", "four", "five"]

P, S, F, U, L = State.PUBLISHED, State.SCHEDULED, State.FAILED, State.UNKNOWN, State.LATE


def order(*texts: str, mode: Mode = Mode.NOW, **more: Any) -> Order:
    """Return what somebody asks for: a batch to go out at once, or as `more` says."""
    given: dict[str, Any] = {"accounts": ["acme"]}
    given |= {
        name: more.pop(name) for name in ("at", "every", "accounts", "approval") if name in more
    }
    asked: dict[str, Any] = {"name": "stories", "common": Wish(text=None, **given)}
    return Order(mode=mode, texts=texts, **(asked | more))


def batch(stage: Stage, *texts: str, **more: Any) -> list[Delivery]:
    answer = add(stage.house, order(*(texts or FIVE), **more), actor="me")
    assert answer.shown is not None
    return [part.delivery for part in answer.shown.parts]


def standing(stage: Stage) -> Standing:
    return batches.show(stage.house, "stories").listed.standing


# --- one after the other ---------------------------------------------------------------------


def test_each_goes_out_once_the_one_before_is_confirmed_and_answers_nothing(stage: Stage) -> None:
    """D2."""
    parts = batch(stage)
    publish(stage.house)
    assert stage.states(parts) == [P] * 5
    assert stage.remote.texts() == FIVE
    assert {post.parent for post in stage.remote.live} == {None}
    assert standing(stage) is Standing.COMPLETED
    assert stage.wrong() == []


def test_a_batch_of_five_goes_on_after_its_third_has_failed(stage: Stage) -> None:
    """D2."""
    stage.remote.script.extend(["ok", "ok", "refused"])
    parts = batch(stage)
    stage.cron(2, minutes=1)
    assert stage.states(parts) == [P, P, F, P, P]
    assert stage.remote.texts() == ["one", "two", "four", "five"]
    assert standing(stage) is Standing.FAILED
    assert batches.show(stage.house, "stories").position is None
    assert stage.wrong() == []


def test_a_batch_of_five_stops_at_its_third_until_a_person_lets_it_go_on(stage: Stage) -> None:
    """D2."""
    stage.remote.script.extend(["ok", "ok", "refused"])
    parts = batch(stage, stop_on_failure=True)
    stage.cron(4, minutes=20)
    assert stage.states(parts) == [P, P, F, S, S]
    assert standing(stage) is Standing.FAILED
    shown = batches.resume(stage.house, "stories", actor="me")
    assert shown.listed.standing is Standing.PROCESSING
    stage.cron(2, minutes=1)
    assert stage.remote.texts() == ["one", "two", "four", "five"]
    assert stage.wrong() == []


def test_what_had_stopped_goes_on_in_order_when_the_failed_one_is_sent_after_all(
    stage: Stage,
) -> None:
    stage.remote.script.extend(["ok", "ok", "refused"])
    parts = batch(stage, stop_on_failure=True)
    stage.cron(2, minutes=20)
    retry_now(stage.house, [parts[2].ref], actor="me")
    stage.cron(2, minutes=1)
    assert stage.remote.texts() == FIVE
    assert standing(stage) is Standing.COMPLETED
    assert stage.wrong() == []


@pytest.mark.parametrize("stop", [False, True])
def test_nothing_goes_past_one_whose_outcome_nobody_knows(stage: Stage, stop: bool) -> None:
    stage.remote.unreadable = True
    stage.remote.script.extend(["ok", "lost"])
    parts = batch(stage, stop_on_failure=stop)
    stage.cron(6, minutes=10)
    assert stage.states(parts) == [P, U, S, S, S]
    shown = batches.show(stage.house, "stories")
    assert (shown.listed.standing, shown.uncertain, shown.position) == (Standing.FAILED, True, 2)
    with pytest.raises(Refused, match="neither paused nor stopped"):
        batches.resume(stage.house, "stories", actor="me")
    stage.remote.unreadable = False
    landed(stage.house, parts[1].ref, "remote-2", actor="me")
    stage.cron(2, minutes=1)
    assert stage.remote.texts() == FIVE
    assert stage.wrong() == []


def test_a_dropped_unknown_lets_a_batch_go_on_that_is_to_go_on(stage: Stage) -> None:
    stage.remote.unreadable = True
    stage.remote.script.append("dropped")
    parts = batch(stage, "one", "two")
    stage.cron(6, minutes=10)
    drop(stage.house, parts[0].ref, actor="me")
    stage.cron(2, minutes=1)
    assert stage.remote.texts() == ["two"]
    assert stage.wrong() == []


def test_the_next_waits_while_the_platform_works_and_is_asked_for_every_two_seconds(
    stage: Stage,
) -> None:
    """D2."""
    stage.remote.script.append("accepted")
    parts = batch(stage, "one", "two")
    stage.remote.working.add(parts[0].key)
    publish(stage.house)
    assert stage.states(parts) == [State.CONFIRMING, S]
    looks = [e.at for e in _events(stage) if e.kind == "looked"]
    assert len(looks) > 20
    pauses = {later - sooner for sooner, later in pairwise(looks)}
    assert pauses == {timedelta(seconds=2)}
    stage.remote.working.clear()
    stage.cron(2, minutes=1)
    assert stage.remote.texts() == ["one", "two"]
    assert stage.remote.live[1].at > max(looks)


def _events(stage: Stage) -> list[Any]:
    from postcron.model import Filter

    return stage.house.store.events(Filter(), limit=1000, newest_first=False)


def test_after_sixty_questions_it_is_asked_more_and_more_seldom(stage: Stage) -> None:
    """D2."""
    stage.remote.script.append("accepted")
    parts = batch(stage, "one", "two")
    stage.remote.working.add(parts[0].key)
    stage.cron(4, minutes=1)
    stage.cron(5, minutes=10)
    looks = [e.at for e in _events(stage) if e.kind == "looked"]
    assert looks[60] - looks[0] < timedelta(minutes=5)
    assert looks[-1] - looks[-2] >= timedelta(minutes=4)
    sights = {e.detail["sight"] for e in _events(stage) if e.kind == "looked"}
    assert sights == {Sight.WORKING}


def test_each_account_has_its_own_order(stage: Stage) -> None:
    stage.remote.script.append("refused")
    parts = batch(stage, "one", "two", accounts=["acme", "other"], stop_on_failure=True)
    stage.cron(2, minutes=1)
    assert sorted(part.account for part in parts if stage.now(part).state is S) == ["acme"]
    assert [post.text for post in stage.remote.live if post.account == "other"] == ["one", "two"]


def test_independent_posts_do_not_wait_for_each_other(stage: Stage) -> None:
    stage.remote.unreadable = True
    stage.remote.script.append("lost")
    parts = batch(stage, "one", "two", in_order=False)
    stage.cron(2, minutes=1)
    assert stage.states(parts) == [U, P]


# --- going on, whoever runs ------------------------------------------------------------------


class Gone(BaseException):
    """The machine is switched off."""


@pytest.mark.parametrize("act", [Act.HANDLE, Act.REPEATABLE, Act.READBACK])
def test_the_shell_is_closed_midway_and_any_later_run_goes_on(tmp_path: Path, act: Act) -> None:
    """D3."""
    stage = build(tmp_path, at=START, act=act)
    parts = batch(stage)
    send, calls = stage.remote.publish, iter(range(9))

    def cut_off(*given: Any) -> Any:
        answer = send(*given)
        if next(calls) == 2:
            raise Gone
        return answer

    stage.remote.publish = cut_off  # type: ignore[assignment, method-assign]
    with pytest.raises(Gone):
        publish(stage.house)
    assert stage.states(parts) == [P, P, State.PUBLISHING, S, S]
    stage.cron(6, minutes=2)
    assert stage.remote.texts() == FIVE
    assert stage.wrong() == []


def test_a_batch_is_paused_for_a_day_and_goes_on_where_it_stopped(stage: Stage) -> None:
    parts = batch(stage, mode=Mode.SCHEDULED, at="in 30m", every=timedelta(minutes=30))
    stage.cron(7, minutes=10)
    assert stage.remote.texts() == ["one", "two"]
    shown = batches.pause(stage.house, "stories", why="a mistake in the third", actor="me")
    assert shown.listed.standing is Standing.PAUSED
    stage.cron(12, hours=2)
    assert stage.remote.texts() == ["one", "two"]
    assert stage.states(parts) == [P, P, L, S, S], "one is late; the others still wait for it"
    batches.resume(stage.house, "stories", actor="me")
    stage.cron(13, minutes=5)
    assert stage.remote.texts() == FIVE
    third, fourth, fifth = (post.at for post in stage.remote.live[2:])
    assert min(fourth - third, fifth - fourth) >= timedelta(minutes=30), "the gap is kept"
    assert stage.wrong() == []


@pytest.mark.parametrize(
    ("scope", "name"), [(Scope.BATCH, "stories"), (Scope.ACCOUNT, "acme"), (Scope.ALL, "")]
)
def test_whichever_pause_held_a_batch_it_goes_on_where_it_stopped(
    stage: Stage, scope: Scope, name: str
) -> None:
    batch(stage, mode=Mode.SCHEDULED, at="in 30m", every=timedelta(minutes=30))
    stage.cron(7, minutes=10)
    pause(stage.house, scope, name, why=None, actor="me")
    stage.cron(12, hours=2)
    resume(stage.house, scope, name, actor="me")
    stage.cron(13, minutes=5)
    assert stage.remote.texts() == FIVE
    assert stage.wrong() == []


def test_what_goes_alone_is_late_after_a_pause_as_its_account_says(stage: Stage) -> None:
    parts = batch(stage, "one", "two", mode=Mode.SCHEDULED, at="in 30m", in_order=False)
    pause(stage.house, Scope.BATCH, "stories", why=None, actor="me")
    stage.cron(2, hours=2)
    resume(stage.house, Scope.BATCH, "stories", actor="me")
    stage.cron(2, minutes=5)
    assert stage.states(parts) == [L, L]


def test_after_an_outage_nothing_is_fired_blindly(stage: Stage) -> None:
    parts = batch(stage, mode=Mode.SCHEDULED, at="in 1h", every=HOUR)
    stage.pass_time(hours=3, minutes=30)
    stage.cron(3, minutes=1)
    assert stage.states(parts)[:3] == [L, L, L]
    assert stage.remote.texts() == []
    assert stage.wrong() == []


def test_one_withdrawn_leaves_no_hole_where_a_batch_goes_on_and_stops_one_that_stops(
    stage: Stage,
) -> None:
    going_on = batch(stage, "1", "2", "3", name="going on")
    stopping = batch(stage, "a", "b", "c", name="stopping", stop_on_failure=True)
    cancel(stage.house, [going_on[1].ref, stopping[1].ref], actor="me")
    stage.cron(3, minutes=1)
    assert sorted(stage.remote.texts()) == ["1", "3", "a"]
    batches.resume(stage.house, "stopping", actor="me")
    stage.cron(2, minutes=1)
    assert sorted(stage.remote.texts()) == ["1", "3", "a", "c"]


def test_asking_twice_to_go_on_past_the_first_is_refused(stage: Stage) -> None:
    """The second has become the first: it follows nothing any more."""
    first, *_ = batch(stage, "a", "b", stop_on_failure=True)
    cancel(stage.house, [first.ref], actor="me")
    batches.resume(stage.house, "stories", actor="me")
    with pytest.raises(Refused, match="neither paused nor stopped"):
        batches.resume(stage.house, "stories", actor="me")
    stage.cron(1, minutes=1)
    assert stage.remote.texts() == ["b"]


# --- times -----------------------------------------------------------------------------------


def dues(parts: list[Delivery]) -> list[timedelta | None]:
    return [None if part.due_at is None else part.due_at - START for part in parts]


def test_scheduled_posts_come_so_far_apart_and_as_the_rules_of_their_account_let_them(
    tmp_path: Path,
) -> None:
    """D1, C1, C2."""
    stage = build(tmp_path, at=START, account='min_gap = "60m"\nwindow = "14:00-23:00"')
    parts = batch(
        stage, "one", "two", "three", mode=Mode.SCHEDULED, at="in 1h", every=timedelta(minutes=30)
    )
    assert dues(parts) == [3 * HOUR, 4 * HOUR, 5 * HOUR]
    apart = batch(stage, "four", "five", name="2", mode=Mode.SCHEDULED, at="in 7h", every=2 * HOUR)
    assert dues(apart) == [7 * HOUR, 9 * HOUR]


def test_the_first_goes_now_and_the_others_so_far_apart(stage: Stage) -> None:
    parts = batch(stage, "one", "two", "three", every=HOUR)
    assert dues(parts) == [timedelta(), HOUR, 2 * HOUR]
    assert stage.now(parts[1]).waits_its_turn
    stage.cron(13, minutes=10)
    first, second, third = (post.at for post in stage.remote.live)
    assert second - first >= HOUR - timedelta(minutes=1)
    assert third - START >= 2 * HOUR
    assert stage.wrong() == []


def test_what_has_to_be_approved_keeps_its_place_until_it_is(stage: Stage) -> None:
    """E7."""
    parts = batch(stage, "one", "two", "three", approval=True)
    approve(stage.house, [str(parts[0].post_id), str(parts[2].post_id)], actor="boss")
    stage.cron(2, minutes=1)
    assert stage.remote.texts() == ["one"]
    approve(stage.house, [str(parts[1].post_id)], actor="boss")
    stage.cron(2, minutes=1)
    assert stage.remote.texts() == ["one", "two", "three"]
    assert stage.wrong() == []


def test_what_nobody_approves_is_told_although_the_one_before_it_stopped_its_batch(
    stage: Stage,
) -> None:
    parts = batch(stage, "one", "two", approval=True, stop_on_failure=True)
    approve(stage.house, [str(parts[0].post_id)], actor="boss")
    stage.remote.script.extend(["refused"] * 4)
    stage.cron(20, minutes=1)
    assert stage.states(parts) == [F, L]
    assert stage.now(parts[1]).wake_at is None
    assert str(stage.now(parts[1]).error).endswith("Nobody has approved it.")


# --- all or nothing --------------------------------------------------------------------------


def test_one_that_does_not_fit_keeps_all_of_them_from_being_saved(stage: Stage) -> None:
    with pytest.raises(DoesNotFit) as raised:
        batch(stage, "one", "x" * 41, "y" * 50)
    assert [problem.where for problem in raised.value.problems] == ["post 2", "post 3"]
    assert stage.house.store.counts() == {}
    assert stage.house.store.batches.every() == []


def test_the_name_is_the_key_of_a_batch(stage: Stage) -> None:
    first = batch(stage)
    again = add(stage.house, order(*FIVE), actor="me")
    assert again.shown is not None
    assert [part.delivery.ref for part in again.shown.parts] == [one.ref for one in first]
    assert (again.created, again.notes) == (
        False,
        ("Batch stories was there already; nothing changed.",),
    )
    with pytest.raises(Invalid, match="has 5 posts already, and you gave 2: take another name"):
        batch(stage, "one", "two")


def test_a_rehearsal_keeps_nothing(stage: Stage) -> None:
    answer: Batched = add(stage.house, order(*FIVE), actor="me", dry_run=True)
    assert (answer.shown, answer.created, len(answer.rows)) == (None, False, 5)
    assert stage.house.store.batches.every() == []


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (order(name=" "), "needs a name"),
        (order(), "Nothing to send"),
        (order("a", "b", media=["1.png", "2.png", "3.png"]), "2 texts for 3 media"),
        (order(media=["1.png"], alts=["a", "b"]), "2 alt texts for 1 media"),
        (order("a", mode=Mode.SCHEDULED), "No time: say when the first goes with --at"),
        (order("a", at="in 1h"), "--mode now and --at say two different times"),
        (order("a", mode=Mode.BEST, at="in 1h"), "--mode best and --at say two different"),
        (order("a", mode=Mode.BEST, every=HOUR), "leave out --every"),
        (order("a", accounts=[]), "No account"),
        (order("a", accounts=["nobody"]), "There is no account 'nobody'"),
        (order("a", mode=Mode.SCHEDULED, at="yesterday"), "post 1: 'yesterday' is not a time"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_sentence(
    stage: Stage, asked: Order, said: str
) -> None:
    with pytest.raises(Invalid) as raised:
        add(stage.house, asked, actor="me")
    assert said in raised.value.message
    assert stage.house.store.batches.every() == []


def test_an_unknown_batch_is_named_with_the_nearest(stage: Stage) -> None:
    batch(stage)
    with pytest.raises(NotFound, match="no batch 'story': did you mean stories"):
        batches.show(stage.house, "story")


def test_completed_batches_are_listed_only_when_asked_for(stage: Stage) -> None:
    """D4."""
    batch(stage, "one", name="done")
    publish(stage.house)
    batch(stage, "two", name="to do", mode=Mode.SCHEDULED, at="in 1h")
    names = [one.batch.name for one in batches.listed(stage.house)]
    every = [one.batch.name for one in batches.listed(stage.house, every=True)]
    assert (names, every) == (["to do"], ["to do", "done"])

"""A pause: nothing goes out while it lasts, what was due meanwhile is told, and its end decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from postcron.errors import Invalid, NotFound
from postcron.model import Act, Delivery, Mode, Phase, Scope
from postcron.operations.add_batch import Order, add
from postcron.operations.approving import approve, reject
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit
from postcron.operations.pausing import pause, resume
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.reading import show, status
from postcron.operations.run import run
from postcron.operations.schedule import schedule
from postcron.operations.tick import tick
from postcron.operations.wishes import Wish
from postcron.states import State
from postcron.store.peek import nothing_due
from tests.builders import NOW
from tests.operations.stage import Stage, build

DAY = timedelta(days=1)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=NOW)


def pause_all(stage: Stage) -> None:
    pause(stage.house, Scope.ALL, "", why="a storm", actor="ada")


def resume_all(stage: Stage, **how: object) -> list[Delivery]:
    return list(resume(stage.house, Scope.ALL, "", actor="bob", **how).deliveries)  # type: ignore[arg-type]


def test_what_is_due_while_paused_is_not_sent_and_becomes_late_with_the_reason(
    stage: Stage,
) -> None:
    [due] = stage.schedule("rain", at="in 10m")
    [ahead] = stage.schedule("sun", at="in 3h")
    pause_all(stage)
    stage.pass_time(minutes=10)
    assert run(stage.house).found == 0
    stage.pass_time(minutes=16)
    [late] = run(stage.house).late
    assert stage.remote.calls == []
    assert (late.id, late.state, late.error_code) == (due.id, State.LATE, "paused")
    said = "It was paused by ada since 2026-11-21 11:00 (everything: a storm)."
    assert late.error == f"It was due 16 min ago, and its grace of 15 min is over. {said}"
    resume_all(stage)
    stage.pass_time(hours=2, minutes=34)
    publish(stage.house)
    assert stage.remote.texts() == ["sun"]
    assert stage.now(ahead).state is State.PUBLISHED


@pytest.mark.parametrize("end", ["cancelled", "rejected"])
def test_a_pause_ends_although_what_it_held_is_not_to_go_out_any_more(
    stage: Stage, end: str
) -> None:
    [gone] = stage.schedule("rain", at="in 5m", approval=True)
    approve(stage.house, ["1"], actor="bob")
    [kept] = stage.schedule("sun", at="in 5m")
    pause_all(stage)
    stage.pass_time(minutes=6)
    run(stage.house)
    if end == "cancelled":
        cancel(stage.house, ["1"], actor="ada")
    else:
        reject(stage.house, ["1"], why=None, actor="bob")
    before = stage.now(gone)
    assert [one.id for one in resume_all(stage)] == [kept.id]
    run(stage.house)
    assert stage.remote.texts() == ["sun"]
    assert stage.now(gone) == before


def test_what_leaves_the_campaign_that_is_paused_goes_out_in_its_time(stage: Stage) -> None:
    stage.schedule("rain", at="in 5m", campaign="storm")
    pause(stage.house, Scope.CAMPAIGN, "storm", why=None, actor="ada")
    stage.pass_time(minutes=6)
    run(stage.house)
    assert asleep(stage, Phase.RUN)
    edit(stage.house, "1", Change(campaign="sun"), actor="ada")
    assert not asleep(stage, Phase.RUN)
    run(stage.house)
    assert stage.remote.texts() == ["rain"]


def test_what_became_late_before_it_leaves_its_campaign_holds_up_no_batch(stage: Stage) -> None:
    wish = Wish(text=None, accounts=["acme"], campaign="storm")
    add(stage.house, Order("b", Mode.NOW, wish, texts=["one", "two"]), actor="ada")
    pause(stage.house, Scope.CAMPAIGN, "storm", why=None, actor="ada")
    stage.pass_time(minutes=16)
    run(stage.house)
    for id in ("1", "2"):
        edit(stage.house, id, Change(campaign="sun"), actor="ada")
    run(stage.house)
    [first], [second] = (stage.house.store.deliveries(id) for id in (1, 2))
    assert (first.state, first.error_code) == (State.LATE, "late")
    assert second.wake_at is not None or second.state is State.LATE


def test_what_waits_for_approval_leaves_a_paused_campaign_as_it_is(stage: Stage) -> None:
    stage.schedule("rain", at="in 5m", campaign="storm", approval=True)
    approve(stage.house, ["1"], actor="bob")
    pause(stage.house, Scope.CAMPAIGN, "storm", why=None, actor="ada")
    stage.pass_time(minutes=6)
    run(stage.house)
    edit(stage.house, "1", Change(text="mist"), actor="ada")
    edit(stage.house, "1", Change(campaign="sun"), actor="ada")
    [waiting] = stage.house.store.deliveries(1)
    assert waiting.state is State.DRAFT
    approve(stage.house, ["1"], actor="bob")
    run(stage.house)
    assert stage.remote.texts() == ["mist"]


def test_what_was_claimed_for_its_second_is_given_back_when_the_pause_comes(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 50s")
    # In the middle of the run: its intent is written a quarter of a second before it is due.
    stage.clock.plans.append((NOW + timedelta(seconds=30), lambda: pause_all(stage)))
    publish(stage.house)
    held = stage.now(delivery)
    assert (held.state, held.owner, held.error_code) == (State.QUEUED, None, "paused")
    assert stage.remote.calls == []
    assert stage.house.store.attempts(delivery.id) == []
    assert stage.kinds(delivery)[-2:] == ["uploaded", "held"]
    resume_all(stage)
    publish(stage.house)
    assert stage.remote.texts() == ["hello"]


def test_nothing_is_carried_to_a_platform_while_paused(stage: Stage) -> None:
    stage.schedule(at="in 30m")
    pause_all(stage)
    pre_upload(stage.house)
    assert stage.remote.prepared == []
    resume_all(stage)
    pre_upload(stage.house)
    assert stage.remote.prepared == ["hello"]


def test_a_paused_store_lets_the_idle_minute_sleep(stage: Stage) -> None:
    for minutes in (1, 20, 200):
        stage.schedule(at=f"in {minutes}m")
    pause_all(stage)
    stage.pass_time(minutes=2)
    run(stage.house)
    assert all(asleep(stage, phase) for phase in Phase)
    stage.pass_time(minutes=15)
    assert not asleep(stage, Phase.TICK), "the first is late now, and somebody is told"
    run(stage.house)
    stage.house.store.tell(stage.house.store.untold(9))
    assert all(asleep(stage, phase) for phase in Phase)
    resume_all(stage)
    assert not asleep(stage, Phase.PRE_UPLOAD), "what was held back is taken up at once"


def asleep(stage: Stage, phase: Phase) -> bool:
    return nothing_due(str(stage.house.store.file), phase, stage.clock.now().timestamp())


@pytest.mark.parametrize("policy", ["publish", "skip"])
def test_what_a_pause_made_late_waits_for_its_end_whatever_its_account_says(
    tmp_path: Path, policy: str
) -> None:
    stage = build(tmp_path, at=NOW, account=f'late = "{policy}"')
    [delivery] = stage.schedule(at="in 10m")
    pause_all(stage)
    stage.pass_time(hours=1)
    for _ in range(2):
        run(stage.house)
    assert stage.now(delivery).state is State.LATE
    assert stage.remote.calls == []
    resume_all(stage)
    run(stage.house)
    ends = {"publish": State.PUBLISHED, "skip": State.CANCELLED}
    assert stage.now(delivery).state is ends[policy]


def test_what_was_late_before_its_account_could_let_it_out_is_held_too(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='late = "publish"')
    stage.house.store.accounts.set("acme", blocked_until=NOW + DAY)
    [delivery] = stage.schedule(at="in 10m")
    stage.pass_time(hours=1)
    tick(stage.house)
    pause_all(stage)
    stage.house.store.accounts.set("acme", blocked_until=None)
    run(stage.house)
    assert stage.now(delivery).state is State.LATE
    assert stage.now(delivery).wake_at is None
    resume_all(stage)
    run(stage.house)
    assert stage.remote.texts() == ["hello"]


@pytest.mark.parametrize("looked", [True, False])
@pytest.mark.parametrize(
    ("choice", "ends"),
    [("publish", State.PUBLISHED), ("skip", State.CANCELLED), ("ask", State.LATE)],
)
def test_who_resumes_may_decide_about_what_is_late(
    stage: Stage, choice: str, ends: State, *, looked: bool
) -> None:
    [delivery] = stage.schedule(at="in 10m")
    pause_all(stage)
    stage.pass_time(hours=5)
    if looked:  # else no run has found out that it is late
        run(stage.house)
    [met] = resume_all(stage, late=choice)
    assert met.id == delivery.id
    run(stage.house)
    assert stage.now(delivery).state is ends
    if ends is State.LATE:
        assert stage.now(delivery).error_code == "late"


def test_what_was_missed_may_move_on_by_as_long_as_the_pause_lasted(stage: Stage) -> None:
    missed = [stage.schedule(f"post {hour}", at=f"in {hour}h")[0] for hour in (1, 3)]
    [ahead] = stage.schedule("after", at="in 9h")
    [near] = stage.schedule("near", at="in 6h20m")
    pause_all(stage)
    for _ in range(6):
        stage.pass_time(hours=1)
        run(stage.house)
    stage.pass_time(seconds=12)
    before = stage.house.store.planned("acme", since=NOW).changes
    met = resume_all(stage, shift=True)
    assert stage.house.store.planned("acme", since=NOW).changes > before, "others plan anew"
    moved = {one.id: one.due_at for one in met}
    later = timedelta(hours=6, minutes=1)
    assert [moved[one.id] for one in missed] == [one.due_at + later for one in missed if one.due_at]
    assert moved[near.id] == near.due_at, "its time is still to come"
    assert ahead.id not in moved
    for _ in range(60):
        stage.pass_time(minutes=10)
        run(stage.house)
    assert sorted(stage.remote.texts()) == ["after", "near", "post 1", "post 3"]


def test_only_what_is_named_is_held_back(stage: Stage) -> None:
    stage.schedule("spring", at="in 10m", campaign="spring")
    stage.schedule("autumn", at="in 10m", campaign="autumn")
    stage.schedule("other", at="in 10m", accounts=["other"])
    pause(stage.house, Scope.CAMPAIGN, "spring", why=None, actor="ada")
    pause(stage.house, Scope.ACCOUNT, "other", why=None, actor="ada")
    stage.pass_time(minutes=10)
    publish(stage.house)
    assert stage.remote.texts() == ["autumn"]
    resume(stage.house, Scope.ACCOUNT, "other", actor="ada")
    publish(stage.house)
    assert stage.remote.texts() == ["autumn", "other"]


@pytest.mark.parametrize(
    ("scope", "name", "says"),
    [
        (Scope.ACCOUNT, "acne", "There is no account 'acne'"),
        (Scope.CAMPAIGN, "sprung", "No post belongs to campaign 'sprung': nothing is paused."),
        (Scope.BATCH, "stories", "No post belongs to batch 'stories': nothing is paused."),
    ],
)
def test_a_name_that_nothing_has_pauses_nothing(
    stage: Stage, scope: Scope, name: str, says: str
) -> None:
    with pytest.raises(NotFound, match=says):
        pause(stage.house, scope, name, why=None, actor="ada")
    assert stage.house.store.pauses.every() == []


def test_ending_what_is_not_paused_says_what_is(stage: Stage) -> None:
    with pytest.raises(NotFound, match=r"Everything is not paused as such; paused: nothing\."):
        resume_all(stage)
    pause_all(stage)
    with pytest.raises(NotFound, match=r"Account acme is not paused as such; paused: everything\."):
        resume(stage.house, Scope.ACCOUNT, "acme", actor="ada")
    with pytest.raises(Invalid, match="--late and --shift"):
        resume_all(stage, late="skip", shift=True)


def test_what_is_uncertain_is_looked_for_though_paused(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, act=Act.READBACK)
    [delivery] = stage.schedule(at="in 10m")
    stage.remote.script.append("lost")
    stage.pass_time(minutes=10)
    stage.remote.unreadable = True
    publish(stage.house)
    assert stage.now(delivery).state is State.UNKNOWN
    pause_all(stage)
    stage.remote.unreadable = False
    stage.pass_time(minutes=10)
    publish(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED


def test_who_writes_a_post_that_is_held_back_is_told(stage: Stage) -> None:
    stage.schedule(campaign="spring")
    pause(stage.house, Scope.CAMPAIGN, "spring", why=None, actor="ada")
    pause(stage.house, Scope.ACCOUNT, "other", why=None, actor="ada")

    def notes(**wish: str) -> tuple[str, ...]:
        wished = Wish("hello", ["acme"], at="in 2h", **wish)  # type: ignore[arg-type]
        return schedule(stage.house, wished, actor="me").notes

    assert notes() == ()
    [told] = notes(campaign="spring")
    assert told.startswith("It waits, paused by ada since 2026-11-21 11:00 (campaign spring), ")
    assert told.endswith("until `postcron resume --campaign spring`.")


def test_who_looks_sees_who_paused_what_and_why(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 2h")
    assert show(stage.house, delivery.ref).stories[0].pause is None
    pause_all(stage)
    [story] = show(stage.house, delivery.ref).stories
    assert story.pause is not None
    assert (story.pause.by, story.pause.why, story.pause.since) == ("ada", "a storm", NOW)
    seen = status(stage.house)
    assert seen.pauses == (story.pause,)
    assert seen.paused == {delivery.id: story.pause}


def test_a_month_of_posts_is_paused_for_a_day(stage: Stage) -> None:
    """Each day at noon one post; on the tenth morning all is paused, until the next morning."""
    noon, half_past = (NOW.replace(hour=12, minute=minute) for minute in (0, 30))
    posts = [
        stage.schedule(f"day {number}", at=(noon + number * DAY).isoformat())[0]
        for number in range(30)
    ]
    told: list[Delivery] = []

    def live_until(end: datetime) -> None:
        for day in range(31):
            for moment in (noon + day * DAY, half_past + day * DAY):
                if stage.clock.now() < moment < end:
                    stage.clock.sleep_until(moment)
                    told.extend(run(stage.house).late)
        stage.clock.sleep_until(end)

    live_until(NOW + 10 * DAY)
    pause_all(stage)
    live_until(NOW + 11 * DAY)
    assert [one.id for one in told] == [posts[10].id], "said once"
    resume_all(stage, shift=True)
    live_until(NOW + 31 * DAY)
    assert sorted(stage.remote.texts()) == sorted(f"day {number}" for number in range(30))
    sent = {post.text: post.at for post in stage.remote.live}
    for number, post in enumerate(posts):
        assert post.due_at is not None
        assert sent[f"day {number}"] == post.due_at + (DAY if number == 10 else timedelta())
    assert len(told) == 1

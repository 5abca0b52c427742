"""What needs approval goes out only if somebody approves it, and says who did, and when."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import Invalid, Refused
from postcron.model import Approval, Delivery, Filter, Mode, Move, Post, PostChange
from postcron.operations.add_batch import Order, add
from postcron.operations.approving import approve, reject
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.reading import show, status
from postcron.operations.resolve import resend
from postcron.operations.retry import retry_now
from postcron.operations.run import run
from postcron.operations.schedule import schedule
from postcron.operations.tick import tick
from postcron.operations.wishes import Wish
from postcron.states import State, Step
from postcron.store.peek import nothing_due
from tests.builders import NOW, a_run
from tests.operations.stage import InLine, Stage, build

S = State


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=NOW)


def asked(stage: Stage, text: str = "hello", **wish: Any) -> Delivery:
    return stage.schedule(text, **({"approval": True} | wish))[0]


def post_of(stage: Stage, delivery: Delivery) -> Post:
    post = stage.house.store.post(delivery.post_id)
    assert post is not None
    return post


def approved(stage: Stage, delivery: Delivery) -> tuple[Delivery, ...]:
    return approve(stage.house, [str(delivery.post_id)], actor="bob").deliveries


def test_nothing_goes_out_that_nobody_has_approved(stage: Stage) -> None:
    delivery = asked(stage, at="in 10m")
    assert delivery.state is S.DRAFT
    assert post_of(stage, delivery).approval is Approval.PENDING
    assert status(stage.house).pending == 1
    stage.pass_time(minutes=10)
    for _ in range(3):
        run(stage.house)
    assert stage.remote.calls == []
    assert stage.remote.prepared == []
    assert stage.now(delivery).state is S.DRAFT


def test_what_is_approved_goes_out_at_its_second_and_who_and_when_is_kept(stage: Stage) -> None:
    delivery = asked(stage, at="in 2h")
    stage.pass_time(hours=1)
    [now] = approved(stage, delivery)
    assert (now.state, now.due_at) == (S.SCHEDULED, NOW + timedelta(hours=2))
    post = post_of(stage, delivery)
    told = (post.approval, post.decided_by, post.decided_at)
    assert told == (Approval.APPROVED, "bob", NOW + timedelta(hours=1))
    [event] = stage.house.store.events(Filter(kinds=frozenset({"approved"})), limit=9)[:1]
    assert (event.actor, event.at) == ("bob", NOW + timedelta(hours=1))
    stage.pass_time(hours=1)
    publish(stage.house)
    assert [one.at for one in stage.remote.live] == [NOW + timedelta(hours=2)]


@pytest.mark.parametrize("where", ["account", "platform", "workspace"])
def test_an_account_may_need_approval_whoever_schedules(tmp_path: Path, where: str) -> None:
    stage = build(tmp_path, at=NOW, account="approval = true" if where == "account" else "")
    if where != "account":
        config = tmp_path / "postcron.toml"
        text = config.read_text()
        key = "approval = true\n"
        whole = key + text if where == "workspace" else f"{text}[platforms.fake]\n{key}"
        config.write_text(whole)
        stage = reopened(stage, config)
    # One account that needs it is enough: a post is approved as a whole.
    deliveries = stage.schedule(accounts=["acme", "other"])
    assert {one.state for one in deliveries} == {S.DRAFT}
    assert post_of(stage, deliveries[0]).approval is Approval.PENDING


def reopened(stage: Stage, config: Path) -> Stage:
    from postcron.config import load

    stage.house.config = load(config, {})
    return stage


def test_an_account_may_go_without_what_its_workspace_needs(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account="approval = false")
    config = tmp_path / "postcron.toml"
    config.write_text("approval = true\n" + config.read_text())
    [delivery] = reopened(stage, config).schedule()
    assert delivery.state is S.SCHEDULED
    assert post_of(stage, delivery).approval is None


def test_a_new_time_does_not_let_out_what_nobody_has_approved(stage: Stage) -> None:
    delivery = asked(stage, at="in 2h")
    edit(stage.house, delivery.ref, Change(at="in 10m"), actor="ada")
    now = stage.now(delivery)
    assert (now.state, now.due_at) == (S.DRAFT, NOW + timedelta(minutes=10))
    stage.pass_time(minutes=10)
    run(stage.house)
    assert stage.remote.calls == []


@pytest.mark.parametrize(
    "step", [Step.RESCHEDULED, Step.APPROVED, Step.ALLOWED], ids=lambda step: step.value
)
def test_the_store_itself_lets_nothing_out_that_nobody_has_approved(
    stage: Stage, step: Step
) -> None:
    """Whatever a command forgets to ask."""
    delivery = asked(stage, at="in 10m")
    if step is Step.ALLOWED:
        stage.pass_time(hours=1)
        run(stage.house)
    seen = stage.now(delivery)
    moves = [Move(seen, step, wake_at=NOW)]
    assert stage.house.store.record(moves, run=a_run()) == [None]
    assert stage.now(delivery) == seen


def test_an_intent_of_what_is_not_approved_any_more_is_refused(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 0s")
    store = stage.house.store
    store.claims.enqueue(a_run(), until=NOW, limit=9)
    [claimed] = store.claims.take_queued(a_run(), until=NOW, lease=timedelta(minutes=2), limit=9)
    store.revise(post_of(stage, delivery), PostChange(approval=Approval.PENDING), run=a_run())
    intent = Move(claimed, Step.INTENDED, wake_at=NOW, lease_until=claimed.lease_until)
    assert store.record([intent], run=a_run()) == [None]
    assert store.attempts(delivery.id) == []


# --- its time goes by ----------------------------------------------------------------------------


def test_what_is_not_approved_in_its_time_is_late_and_told_once(stage: Stage) -> None:
    delivery = asked(stage, at="in 10m")
    stage.pass_time(minutes=25)
    assert asleep(stage), "its grace lasts"
    stage.pass_time(seconds=1)
    assert not asleep(stage)
    [late] = run(stage.house).late
    assert (late.id, late.state, late.error_code) == (delivery.id, S.LATE, "unapproved")
    told = "It was due 15 min ago, and its grace of 15 min is over. Nobody has approved it."
    assert late.error == told
    stage.house.store.tell([late])
    assert asleep(stage)


def asleep(stage: Stage) -> bool:
    now = stage.clock.now().timestamp()
    return nothing_due(str(stage.house.store.file), "run", now)


@pytest.mark.parametrize("noticed", [True, False])
@pytest.mark.parametrize(
    ("policy", "ends"), [("ask", S.LATE), ("publish", S.PUBLISHED), ("skip", S.CANCELLED)]
)
def test_what_is_approved_too_late_does_as_its_account_says(
    tmp_path: Path, policy: str, ends: State, *, noticed: bool
) -> None:
    stage = build(tmp_path, at=NOW, account=f'late = "{policy}"')
    delivery = asked(stage, at="in 10m")
    stage.pass_time(hours=3)
    if noticed:
        run(stage.house)
        assert stage.now(delivery).state is S.LATE, "nobody has approved it, whatever it says"
    decided = approve(stage.house, [str(delivery.post_id)], actor="bob")
    run(stage.house)
    assert stage.now(delivery).state is ends
    sentence = (
        "1.1 was due 2 h 50 min ago: `postcron edit 1.1 --at …` gives it a new time, "
        "`postcron retry 1.1` sends it now."
    )
    assert decided.notes == ((sentence,) if policy == "ask" else ())


def test_once_approved_what_is_late_may_be_sent_or_given_a_new_time(stage: Stage) -> None:
    sent, moved = asked(stage, "sent", at="in 10m"), asked(stage, "moved", at="in 10m")
    stage.pass_time(hours=1)
    run(stage.house)
    with pytest.raises(Refused, match=r"Post 1 is pending: `postcron approve 1` first\."):
        retry_now(stage.house, [sent.ref], actor="ada")
    edit(stage.house, moved.ref, Change(at="in 10m"), actor="ada")
    assert stage.now(moved).state is S.DRAFT, "a new time is not an approval"
    for one in (sent, moved):
        approved(stage, one)
    retry_now(stage.house, [sent.ref], actor="ada")
    run(stage.house)
    stage.pass_time(minutes=10)
    run(stage.house)
    assert stage.remote.texts() == ["sent", "moved"]


# --- saying no, and changing what was approved -----------------------------------------------------


def test_what_is_rejected_stays_until_it_is_changed_and_approved(stage: Stage) -> None:
    delivery = asked(stage, at="in 2h")
    reject(stage.house, ["1"], why="too loud", actor="bob")
    assert post_of(stage, delivery).approval is Approval.REJECTED
    [event] = stage.house.store.events(Filter(kinds=frozenset({"rejected"})), limit=9)
    assert (event.actor, event.detail) == ("bob", {"why": "too loud"})
    [story] = show(stage.house, "1").stories
    assert story.advice.startswith("It was rejected and goes nowhere")
    edit(stage.house, "1", Change(text="quiet"), actor="ada")
    post = post_of(stage, delivery)
    assert (post.approval, post.decided_by, post.decided_at) == (Approval.PENDING, None, None)
    approved(stage, delivery)
    stage.pass_time(hours=2)
    run(stage.house)
    assert stage.remote.texts() == ["quiet"]


def test_what_was_rejected_in_time_wakes_nobody(stage: Stage) -> None:
    asked(stage, at="in 10m")
    reject(stage.house, ["1"], why=None, actor="bob")
    stage.pass_time(hours=3)
    assert asleep(stage)


def test_an_approval_can_be_taken_back_until_the_post_is_on_its_way(stage: Stage) -> None:
    delivery = asked(stage, at="in 10m")
    approved(stage, delivery)
    reject(stage.house, ["1"], why="stop", actor="bob")
    assert stage.now(delivery).state is S.DRAFT
    approved(stage, delivery)
    stage.pass_time(minutes=10)
    run(stage.house)
    with pytest.raises(Refused, match=r"Nothing of post 1 is left to go out\."):
        reject(stage.house, ["1"], why="stop", actor="bob")


def test_a_change_of_what_was_approved_has_to_be_approved_again(stage: Stage) -> None:
    first, second = stage.schedule(accounts=["acme", "other"], at="in 10m", approval=True)
    approved(stage, first)
    edit(stage.house, second.ref, Change(text="new"), actor="ada")
    assert post_of(stage, first).approval is Approval.PENDING
    assert {stage.now(one).state for one in (first, second)} == {S.DRAFT}
    approved(stage, first)
    stage.pass_time(minutes=10)
    run(stage.house)
    assert sorted(stage.remote.texts()) == ["hello", "new"]


@pytest.mark.parametrize(
    "change", [Change(at="in 5h"), Change(notes="x"), Change(labels=("x",)), Change(priority=3)]
)
def test_what_no_reader_sees_may_change_after_the_approval(stage: Stage, change: Change) -> None:
    delivery = asked(stage)
    approved(stage, delivery)
    edit(stage.house, "1", change, actor="ada")
    assert post_of(stage, delivery).approval is Approval.APPROVED
    assert stage.now(delivery).state is S.SCHEDULED


def test_a_change_waits_for_the_part_of_the_post_that_is_being_sent(stage: Stage) -> None:
    first, second = stage.schedule(accounts=["acme", "other"], at="in 0s", approval=True)
    approved(stage, first)
    store = stage.house.store
    store.claims.enqueue(a_run(), until=NOW, limit=9)
    store.claims.take_queued(a_run(), until=NOW, lease=timedelta(minutes=2), limit=1)
    with pytest.raises(Refused, match="is being worked on right now"):
        edit(stage.house, second.ref, Change(text="new"), actor="ada")
    with pytest.raises(Refused, match="is being worked on right now"):
        reject(stage.house, ["1"], why=None, actor="bob")
    assert post_of(stage, first).approval is Approval.APPROVED


def lost_and_changed(stage: Stage, *, looking: bool = True) -> tuple[Delivery, Delivery]:
    """Bring the first to a lost call that never arrived, and change the second meanwhile."""
    first, second = stage.schedule(accounts=["acme", "other"], at="in 0s", approval=True)
    approved(stage, first)
    stage.remote.script.extend(["dropped", "refused"])
    stage.remote.unreadable = True
    run(stage.house)
    assert [stage.now(one).state for one in (first, second)] == [S.UNKNOWN, S.FAILED]
    edit(stage.house, second.ref, Change(text="new", at="in 5h"), actor="ada")
    stage.remote.unreadable = False
    stage.cron(8 if looking else 0, minutes=1)
    return stage.now(first), stage.now(second)


def test_what_is_to_be_sent_once_more_waits_while_its_post_has_to_be_approved(
    stage: Stage,
) -> None:
    first, second = lost_and_changed(stage)
    assert (first.state, first.owner, stage.remote.live) == (S.QUEUED, None, [])
    assert first.wake_at == NOW + timedelta(minutes=15, milliseconds=1), "no run takes it in vain"
    approved(stage, first)
    run(stage.house)
    assert [stage.now(one).state for one in (first, second)] == [S.PUBLISHED, S.SCHEDULED]


@pytest.mark.parametrize("policy", ["ask", "publish", "skip"])
def test_what_is_not_approved_before_it_is_sent_once_more_is_late_and_told(
    tmp_path: Path, policy: str
) -> None:
    stage = build(tmp_path, at=NOW, account=f'late = "{policy}"')
    first, _ = lost_and_changed(stage)
    stage.pass_time(minutes=10)
    [late] = run(stage.house).late
    assert (late.id, late.state, late.error_code) == (first.id, S.LATE, "unapproved")
    assert (late.wake_at, stage.remote.live) == (None, [])


# --- many, threads, and what does not go ----------------------------------------------------------


class Slow(InLine):
    """Takes two seconds for each job."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.stage.pass_time(seconds=2)
        return super().submit(fn, *args, **kwargs)


def test_what_becomes_late_in_the_hands_of_a_run_waits_for_approval_whatever_its_account_says(
    tmp_path: Path,
) -> None:
    stage = build(tmp_path, at=NOW, account='late = "publish"')
    first, _ = lost_and_changed(stage, looking=False)
    stage.remote.unreadable = True
    stage.cron(12, minutes=5)
    resend(stage.house, first.ref, confirmed=first.ref, actor="ada")
    stage.pass_time(minutes=15)
    stage.house.executor = lambda workers: Slow(stage)
    publish(stage.house)
    late = stage.now(first)
    assert (late.state, late.error_code, late.wake_at) == (S.LATE, "unapproved", None)


def test_the_parts_of_a_thread_are_approved_together(stage: Stage) -> None:
    schedule(
        stage.house,
        Wish("one", ["acme"], at="in 10m", then=["two", "three"], approval=True),
        actor="ada",
    )
    decided = approve(stage.house, ["1"], actor="bob")
    assert [post.id for post in decided.posts] == [1, 2, 3]
    assert {post.approval for post in decided.posts} == {Approval.APPROVED}
    stage.pass_time(minutes=10)
    for _ in range(4):
        publish(stage.house)
        stage.pass_time(seconds=10)
    assert stage.remote.texts() == ["one", "two", "three"]


def test_what_has_no_time_yet_gets_it_after_the_approval(stage: Stage) -> None:
    delivery = asked(stage, at=None, draft=True)
    approved(stage, delivery)
    assert stage.now(delivery).state is S.DRAFT
    edit(stage.house, delivery.ref, Change(at="in 10m"), actor="ada")
    assert stage.now(delivery).state is S.SCHEDULED


def test_approving_twice_changes_nothing_more(stage: Stage) -> None:
    delivery = asked(stage)
    approved(stage, delivery)
    before = stage.now(delivery), post_of(stage, delivery)
    stage.pass_time(minutes=1)
    approve(stage.house, ["1"], actor="somebody else")
    assert (stage.now(delivery), post_of(stage, delivery)) == before


def test_of_several_none_is_approved_if_one_needs_none(stage: Stage) -> None:
    delivery = asked(stage)
    stage.schedule()
    with pytest.raises(Refused, match=r"Post 2 needs no approval"):
        approve(stage.house, ["1", "2"], actor="bob")
    with pytest.raises(Invalid, match="Only whole posts"):
        approve(stage.house, ["1.1"], actor="bob")
    assert stage.now(delivery).state is S.DRAFT


def test_posts_of_a_batch_are_rejected_together_though_one_takes_back_the_next(
    stage: Stage,
) -> None:
    wish = Wish(text=None, accounts=["acme"], approval=True)
    add(stage.house, Order("b", Mode.NOW, wish, texts=["one", "two"]), actor="ada")
    approve(stage.house, ["1", "2"], actor="bob")
    stage.remote.prepare_script.append("refused")
    pre_upload(stage.house)
    tick(stage.house)
    both = [stage.house.store.deliveries(id)[0] for id in (1, 2)]
    assert [one.state for one in both] == [S.FAILED, S.QUEUED]
    reject(stage.house, ["1", "2"], why=None, actor="bob")
    assert [stage.now(one).state for one in both] == [S.DRAFT, S.DRAFT]
    assert {post_of(stage, one).approval for one in both} == {Approval.REJECTED}


@pytest.mark.parametrize("to", [Approval.APPROVED, Approval.REJECTED])
def test_a_decision_that_comes_too_late_for_one_post_is_none(stage: Stage, to: Approval) -> None:
    both = [asked(stage), asked(stage)]
    edit(stage.house, "2", Change(text="other"), actor="quicker")
    step = Step.APPROVED if to is Approval.APPROVED else Step.SUBMITTED
    moves = [Move(one, step, wake_at=NOW) for one in both]
    with pytest.raises(Refused, match=r"Delivery 2\.1 has just been changed by another run"):
        stage.house.store.decide([1, 2], moves, run=a_run(), approval=to)
    assert stage.now(both[0]) == both[0]
    assert {post_of(stage, one).approval for one in both} == {Approval.PENDING}


def test_what_is_withdrawn_stays_so_when_the_rest_is_approved(stage: Stage) -> None:
    first, second = stage.schedule(accounts=["acme", "other"], approval=True)
    cancel(stage.house, [first.ref], actor="ada")
    approved(stage, first)
    assert [stage.now(one).state for one in (first, second)] == [S.CANCELLED, S.SCHEDULED]


def test_a_known_key_gets_more_accounts_only_while_nobody_has_decided(stage: Stage) -> None:
    asked(stage, key="k")
    both = stage.schedule(key="k", accounts=["acme", "other"])
    assert {one.state for one in both} == {S.DRAFT}
    approve(stage.house, ["1"], actor="bob")
    asked(stage, key="l")
    approve(stage.house, ["2"], actor="bob")
    with pytest.raises(Refused, match=r"Post 2 is approved: schedule it for its other accounts"):
        asked(stage, key="l", accounts=["acme", "other"])

"""A person's word about a call whose end nobody could find out: checked, typed, and taken once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.errors import Refused
from postcron.model import Act, Delivery, Outcome, Sight, Sighting
from postcron.operations import resolve
from postcron.operations.reading import show
from postcron.operations.run import run
from postcron.operations.tick import tick
from postcron.states import State
from tests.operations.stage import START, Cluster, Live, Stage, build
from tests.operations.test_journal import elsewhere, unstored
from tests.oracle import Evidence, Shown, breaches

ALMOST = {"minutes": 59, "seconds": 30}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=START, act=Act.READBACK)


def cron(stage: Stage, *pauses: int) -> None:
    """Run after each of these pauses, in minutes."""
    for minutes in pauses:
        stage.pass_time(minutes=minutes)
        run(stage.house)


def unknown(stage: Stage, text: str = "hello") -> Delivery:
    """Return a delivery that nobody can find out about: looking is over."""
    [delivery] = stage.schedule(text, at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("dropped")
    run(stage.house)
    cron(stage, 10, 10, 10, 10)
    delivery = stage.now(delivery)
    assert (delivery.state, delivery.wake_at) == (State.UNKNOWN, None)
    return delivery


def by_hand(stage: Stage, text: str) -> Live:
    """Let a post be there, made when ours was due, that no look can tell for ours."""
    made_at = START + timedelta(hours=1)
    post = Live(f"by-hand-{text}", "acme", text, made_at, f"key-{text}")
    stage.remote.live.append(post)
    return post


def sound(stage: Stage) -> list[str]:
    live = [Shown(p.account, p.text, p.at, p.remote_id) for p in stage.remote.live]
    return breaches(Evidence(stage.house.store, live, stage.clock.now()))


# --- it is live ----------------------------------------------------------------------------------


@pytest.mark.fault("F45")
def test_what_the_platform_shows_is_published_and_seen(stage: Stage) -> None:
    delivery = unknown(stage)
    post = by_hand(stage, "hello")
    resolved = resolve.landed(stage.house, delivery.ref, stage.remote.url(post.key), actor="ann")
    assert (resolved.delivery.state, resolved.not_checked) == (State.PUBLISHED, None)
    assert resolved.delivery.remote_id == post.remote_id
    assert resolved.delivery.seen_at == stage.clock.now()
    [story] = show(stage.house, delivery.ref).stories
    assert (story.events[-1].kind, story.events[-1].actor) == ("found", "ann")
    assert sound(stage) == []


@pytest.mark.fault("F45")
def test_what_the_platform_does_not_show_is_refused(stage: Stage) -> None:
    delivery = unknown(stage)
    with pytest.raises(Refused, match=r"Nothing is changed: There is no nowhere\."):
        resolve.landed(stage.house, delivery.ref, "nowhere", actor="ann")
    assert stage.now(delivery) == delivery


@pytest.mark.fault("F47")
def test_a_post_that_proves_another_delivery_proves_no_second_one(stage: Stage) -> None:
    [first] = stage.schedule("first", at="in 20s")
    run(stage.house)
    delivery = unknown(stage)
    proof = stage.now(first)
    stage.remote.live.append(Live("elsewhere", "acme", "hello", stage.clock.now(), "other"))
    for address in (proof.remote_id, proof.url):
        with pytest.raises(Refused, match=rf"that post is {first.ref}"):
            resolve.landed(stage.house, delivery.ref, str(address), actor="ann")
    assert stage.now(delivery) == delivery


def test_a_platform_that_cannot_be_asked_is_believed_and_the_answer_says_so(stage: Stage) -> None:
    delivery = unknown(stage)
    stage.remote.unreadable = True
    resolved = resolve.landed(stage.house, delivery.ref, "https://fake.example/1", actor="ann")
    assert resolved.delivery.url == "https://fake.example/1"
    assert "could not be read" in str(resolved.not_checked)
    assert (resolved.delivery.seen_at, resolved.delivery.wake_at) == (None, None)


def test_somebody_who_knows_need_not_wait_until_looking_is_over(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("dropped")
    run(stage.house)
    assert stage.now(delivery).wake_at is not None
    post = by_hand(stage, "hello")
    resolve.landed(stage.house, delivery.ref, post.remote_id, actor="ann")
    assert stage.now(delivery).state is State.PUBLISHED


# --- it is not live ------------------------------------------------------------------------------


@pytest.mark.fault("F110")
def test_sending_once_more_sends_once_however_often_it_is_said(stage: Stage) -> None:
    delivery = unknown(stage)
    for _ in range(10):
        resolve.resend(stage.house, delivery.ref, confirmed=delivery.ref, actor="ann")
    run(stage.house)
    resolve.resend(stage.house, delivery.ref, confirmed=delivery.ref, actor="ann")
    cron(stage, 1, 1)
    assert stage.now(delivery).state is State.PUBLISHED
    assert stage.remote.texts() == ["hello"]
    assert stage.kinds(delivery).count("resent") == 1
    outcomes = [attempt.outcome for attempt in stage.house.store.attempts(delivery.id)]
    assert outcomes == [Outcome.DECLARED_ABSENT, Outcome.LANDED]
    assert sound(stage) == []


def test_sent_once_more_it_has_a_fresh_grace_and_its_own_phase_2(stage: Stage) -> None:
    delivery = unknown(stage)
    stage.pass_time(hours=5)
    resolve.resend(stage.house, delivery.ref, confirmed=delivery.ref, actor="ann")
    stage.pass_time(minutes=14)
    run(stage.house)
    assert stage.now(delivery).state is State.PUBLISHED
    assert stage.remote.prepared == ["hello", "hello"]


@pytest.mark.parametrize("typed", [None, "", "1", "1.2", "yes"])
def test_sending_once_more_has_to_be_typed(stage: Stage, typed: str | None) -> None:
    delivery = unknown(stage)
    with pytest.raises(Refused, match=r"a second post.*--confirm 1\.1"):
        resolve.resend(stage.house, delivery.ref, confirmed=typed, actor="ann")
    assert stage.now(delivery) == delivery


def test_while_postcron_still_looks_nothing_is_sent_once_more(stage: Stage) -> None:
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("dropped")
    run(stage.house)
    with pytest.raises(Refused, match="still finding out"):
        resolve.resend(stage.house, delivery.ref, confirmed=delivery.ref, actor="ann")


@pytest.mark.fault("F66")
def test_while_the_sender_may_be_alive_elsewhere_nothing_is_sent_once_more(stage: Stage) -> None:
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage, "lost")
    other = elsewhere(stage)
    stage.pass_time(minutes=5)
    tick(other)
    stage.remote.unreadable = True
    for _ in range(4):
        stage.pass_time(minutes=10)
        run(other)
    with pytest.raises(Refused, match=r"another host.*--drop"):
        resolve.resend(other, delivery.ref, confirmed=delivery.ref, actor="ann")
    assert resolve.drop(other, delivery.ref, actor="ann").delivery.state is State.CANCELLED


def test_the_journal_of_this_host_knows_better_than_a_person(stage: Stage) -> None:
    """Another host gave the call up for unknown, while the host that made it kept its end."""
    stage.house.store = Cluster(stage.house.store)  # type: ignore[assignment]
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage)
    other = elsewhere(stage)
    stage.remote.unreadable = True
    for minutes in (5, 10, 10, 10, 10):
        stage.pass_time(minutes=minutes)
        run(other)
    assert (stage.now(delivery).state, stage.now(delivery).wake_at) == (State.UNKNOWN, None)
    with pytest.raises(Refused, match="is published"):
        resolve.resend(stage.house, delivery.ref, confirmed=delivery.ref, actor="ann")
    assert stage.now(delivery).state is State.PUBLISHED
    assert len(stage.remote.live) == 1


@pytest.mark.parametrize("sight", [Sight.ABSENT, Sight.WORKING, Sight.GONE])
def test_what_the_platform_does_not_show_is_not_believed_to_be_live(
    stage: Stage, sight: Sight
) -> None:
    delivery = unknown(stage)
    stage.remote.visit = lambda address: Sighting(sight, "It is a draft.")  # type: ignore[method-assign]
    with pytest.raises(Refused, match="It is a draft"):
        resolve.landed(stage.house, delivery.ref, "https://fake.example/1", actor="ann")
    assert stage.now(delivery).state is State.UNKNOWN


# --- let it be -----------------------------------------------------------------------------------


def test_what_is_dropped_is_neither_sent_nor_looked_for(stage: Stage) -> None:
    delivery = unknown(stage)
    for _ in range(2):
        resolve.drop(stage.house, delivery.ref, actor="ann")
    cron(stage, 1, 1)
    assert stage.now(delivery).state is State.CANCELLED
    assert stage.kinds(delivery).count("cancelled") == 1
    assert stage.remote.live == []
    [story] = show(stage.house, delivery.ref).stories
    assert "nobody knew" in story.advice
    assert sound(stage) == []


# --- nothing to resolve --------------------------------------------------------------------------

WORDS: list[Callable[[Stage, str], object]] = [
    lambda stage, ref: resolve.landed(stage.house, ref, "remote-1", actor="ann"),
    lambda stage, ref: resolve.resend(stage.house, ref, confirmed=ref, actor="ann"),
    lambda stage, ref: resolve.drop(stage.house, ref, actor="ann"),
]


@pytest.mark.fault("F109")
@pytest.mark.parametrize("word", WORDS)
def test_only_what_is_unknown_can_be_resolved(
    stage: Stage, word: Callable[[Stage, str], object]
) -> None:
    [waiting] = stage.schedule("waiting", at="in 5h")
    [failed] = stage.schedule("failed", at="in 1h")
    stage.remote.script.append("refused")
    stage.pass_time(**ALMOST)
    run(stage.house)
    by_hand(stage, "waiting")
    stage.remote.live.append(Live("remote-1", "acme", "x", stage.clock.now(), "x"))
    for delivery in (waiting, failed):
        with pytest.raises(Refused, match="nothing to resolve"):
            word(stage, delivery.ref)


def test_a_post_for_several_accounts_is_resolved_one_by_one(stage: Stage) -> None:
    stage.schedule("both", at="in 1h", accounts=["acme", "other"])
    with pytest.raises(Exception, match=r"name one of 1\.1, 1\.2"):
        resolve.drop(stage.house, "1", actor="ann")


# --- and after a post that vanished --------------------------------------------------------------


@pytest.mark.fault("F44")
def test_a_post_that_vanished_can_be_sent_once_more(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append("ghost")
    run(stage.house)
    cron(stage, 1, 3, 5)
    [story] = show(stage.house, delivery.ref).stories
    assert "did not show it" in story.advice
    assert all(f"--{word}" in story.advice for word in ("landed", "resend", "drop"))
    resolve.resend(stage.house, delivery.ref, confirmed=delivery.ref, actor="ann")
    cron(stage, 1, 1)
    assert (stage.now(delivery).state, stage.now(delivery).remote_id) == (
        State.PUBLISHED,
        "remote-1",
    )
    assert sound(stage) == []


def test_show_says_that_the_journal_knows(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    unstored(stage)
    [story] = show(stage.house, delivery.ref).stories
    assert "emergency journal" in story.advice
    run(stage.house)
    [story] = show(stage.house, delivery.ref).stories
    assert "emergency journal" not in story.advice

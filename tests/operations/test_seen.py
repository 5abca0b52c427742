"""What a platform said is live is asked for once more: seen, or told that it is not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.model import Act, Delivery
from postcron.operations.run import run
from postcron.states import State
from tests.operations.stage import START, Stage, build
from tests.oracle import Evidence, Shown, breaches

ALMOST = {"minutes": 59, "seconds": 30}


def published(stage: Stage, answer: str = "ok") -> Delivery:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(**ALMOST)
    stage.remote.script.append(answer)
    run(stage.house)
    delivery = stage.now(delivery)
    assert delivery.state is State.PUBLISHED
    return delivery


def cron(stage: Stage, minutes: int) -> set[str]:
    """Let cron go on; return the deliveries that a person was told of."""
    told: set[str] = set()
    for _ in range(minutes):
        stage.pass_time(minutes=1)
        told |= {each.ref for each in run(stage.house).unknown}
    return told


def test_what_is_live_is_seen_by_the_next_run_and_then_left_alone(stage: Stage) -> None:
    delivery = published(stage)
    assert delivery.seen_at is None
    assert delivery.wake_at == stage.remote.calls[0] + timedelta(seconds=30)
    cron(stage, 1)
    assert stage.now(delivery).seen_at == stage.remote.visits[0]
    assert (stage.now(delivery).state, stage.now(delivery).wake_at) == (State.PUBLISHED, None)
    cron(stage, 10)
    assert len(stage.remote.visits) == 1
    assert stage.kinds(delivery)[-2:] == ["landed", "seen"]


def test_an_address_that_came_without_the_answer_comes_with_the_sight(stage: Stage) -> None:
    delivery = published(stage, "id")
    assert delivery.url is None
    cron(stage, 1)
    [post] = stage.remote.live
    assert stage.now(delivery).url == stage.remote.url(post.key)


def test_a_run_does_not_wait_to_see_what_it_published(stage: Stage) -> None:
    published(stage)
    assert stage.remote.visits == []
    assert stage.clock.now() - stage.remote.calls[0] < timedelta(seconds=2)


def test_what_a_look_has_found_is_seen(stage: Stage) -> None:
    delivery = published(stage, "lost")
    assert stage.kinds(delivery)[-1] == "found"
    assert (delivery.seen_at, delivery.wake_at) == (delivery.published_at, None)


@pytest.mark.fault("F44")
def test_an_answer_without_a_post_behind_it_needs_a_person_within_ten_minutes(
    stage: Stage,
) -> None:
    delivery = published(stage, "ghost")
    told = cron(stage, 9)
    ghost = stage.now(delivery)
    assert (ghost.state, ghost.wake_at, ghost.seen_at) == (State.UNKNOWN, None, None)
    assert ghost.error_code == "vanished"
    assert told == {delivery.ref}
    assert len(stage.remote.visits) == 3
    assert breaches(Evidence(stage.house.store, [], stage.clock.now(), told=told)) == []


def test_a_post_that_appears_late_is_seen_and_nobody_alarmed(stage: Stage) -> None:
    delivery = published(stage, "ok")
    hidden, stage.remote.live = stage.remote.live, []
    assert cron(stage, 3) == set()
    stage.remote.live = hidden
    assert cron(stage, 6) == set()
    assert stage.now(delivery).state is State.PUBLISHED
    assert stage.now(delivery).seen_at is not None


@pytest.mark.fault("F49")
def test_a_platform_that_cannot_be_read_is_no_alarm(stage: Stage) -> None:
    delivery = published(stage)
    stage.remote.unreadable = True
    assert cron(stage, 50) == set()
    unseen = stage.now(delivery)
    assert (unseen.state, unseen.seen_at, unseen.wake_at) == (State.PUBLISHED, None, None)


def test_an_account_that_left_the_configuration_is_no_alarm(stage: Stage) -> None:
    delivery = published(stage)
    accounts = {n: a for n, a in stage.house.config.accounts.items() if n != "acme"}
    stage.house.config = replace(stage.house.config, accounts=accounts)
    assert cron(stage, 50) == set()
    assert (stage.now(delivery).state, stage.now(delivery).wake_at) == (State.PUBLISHED, None)


def test_where_nothing_can_be_read_nobody_looks(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, act=Act.BLIND)
    delivery = published(stage)
    assert delivery.wake_at is None
    cron(stage, 3)
    assert stage.remote.visits == []


def test_the_oracle_agrees_with_a_post_that_was_seen(stage: Stage) -> None:
    published(stage)
    cron(stage, 2)
    live = [Shown(p.account, p.text, p.at, p.remote_id) for p in stage.remote.live]
    assert breaches(Evidence(stage.house.store, live, stage.clock.now(), over=True)) == []

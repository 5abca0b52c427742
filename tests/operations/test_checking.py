from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from postcron.model import Act
from postcron.operations.accounts import check
from postcron.operations.checking import findings
from postcron.operations.publish import publish
from postcron.operations.tick import tick
from tests.operations.stage import START, Stage, build


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=START, act=Act.BLIND)


def codes(stage: Stage, **idle: datetime) -> list[str]:
    return [one.code for one in findings(stage.house, idle)]


@pytest.mark.fault("F80")
def test_silence_of_more_than_five_minutes_is_found_and_an_idle_minute_breaks_it(
    stage: Stage,
) -> None:
    assert codes(stage) == ["silent"]
    tick(stage.house)
    assert codes(stage) == []
    stage.pass_time(minutes=5, seconds=1)
    assert codes(stage) == ["silent"]
    now = stage.clock.now()
    assert codes(stage, run=now) == []
    assert codes(stage, retry=now) == ["silent"], "it does not see what is due"


@pytest.mark.fault("F80")
def test_what_nobody_sent_is_found_before_any_run_has_called_it_late(stage: Stage) -> None:
    [delivery] = stage.schedule(at="in 1h")
    stage.pass_time(hours=1, minutes=16)
    [silent, overdue] = findings(stage.house, {})
    assert (silent.code, overdue.code, overdue.id) == ("silent", "overdue", delivery.ref)
    tick(stage.house)
    assert codes(stage) == ["late"]


@pytest.mark.parametrize(("what", "code"), [("dropped", "unknown"), ("refused", "failed")])
def test_what_needs_a_person_is_found(stage: Stage, what: str, code: str) -> None:
    [delivery] = stage.schedule(at="in 1m")
    stage.remote.script.append(what)
    publish(stage.house, ahead=timedelta(minutes=2))
    [found] = findings(stage.house, {})
    assert (found.code, found.id) == (code, delivery.ref)
    assert found.unknown == (code == "unknown")


def test_an_account_that_is_blocked_or_left_alone_is_found_until_it_is_well(stage: Stage) -> None:
    tick(stage.house)
    until = stage.clock.now() + timedelta(minutes=3)
    stage.house.store.accounts.set("acme", block_code="token_refused", block_why="Dead.")
    stage.house.store.accounts.set("other", blocked_until=until, block_why="503.")
    assert codes(stage) == ["blocked", "left_alone"]
    check(stage.house, [])
    assert codes(stage) == []


def test_a_login_nobody_renews_is_found_if_it_ends_before_the_next_post(stage: Stage) -> None:
    tick(stage.house)
    ends = stage.clock.now() + timedelta(days=2)
    stage.house.store.accounts.set("acme", session_expires_at=ends)
    stage.schedule(at="in 1h")
    stage.schedule(at="in 3 days", accounts=["other"])
    assert codes(stage) == [], "there is a post after it, but not of this account"
    stage.pass_time(minutes=59, seconds=50)
    publish(stage.house)
    stage.schedule(at="in 3 days")
    tick(stage.house)
    assert codes(stage) == ["login_ends"]


def test_an_unknown_is_found_behind_a_flood_of_others(stage: Stage) -> None:
    """It decides the exit code, and a big outage is when it must not be missed."""
    [lost, *_] = stage.schedule("lost", at="in 1m")
    stage.remote.script.append("dropped")
    publish(stage.house, ahead=timedelta(minutes=2))
    for number in range(3):
        stage.schedule(f"post {number}", at="in 1h")
    with stage.house.store._database.engine.begin() as connection:
        connection.exec_driver_sql(MANY)
    assert lost.ref in {one.id for one in findings(stage.house, {}) if one.unknown}


#: failed ones, all of them due later than the one that matters
MANY = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 205)
INSERT INTO delivery (workspace, post_id, number, account, platform, state, options, reason, key,
                      revision, ticket, tries, fence, created_at, updated_at, due_at, error)
SELECT workspace, post_id, 10 + n, 'many-' || n, platform, 'failed', options, reason, 'key-' || n,
       1, ticket, 1, 0, created_at, updated_at, due_at, 'no'
FROM delivery, numbers WHERE post_id = 2
"""


def test_a_store_that_is_held_is_found(stage: Stage) -> None:
    tick(stage.house)
    (stage.house.state_dir / "host").write_text("another-host")
    assert "held" in codes(stage)

"""The oracle finds each kind of breach: an oracle that cannot fail proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from postcron.model import Delivery
from postcron.operations.run import run
from tests.operations.stage import Stage, build, close_all
from tests.oracle import Evidence, Shown, breaches

START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    yield build(tmp_path, at=START)
    close_all()


def evidence(stage: Stage, **more: object) -> Evidence:
    live = [Shown(one.account, one.text, one.at, one.remote_id) for one in stage.remote.live]
    given = {"live": live, "now": stage.clock.now()} | more
    return Evidence(stage.house.store, **given)  # type: ignore[arg-type]


def published(stage: Stage) -> Delivery:
    (delivery,) = stage.schedule("hello", at="in 1h")
    stage.pass_time(hours=1)
    run(stage.house)
    return stage.now(delivery)


def forge(stage: Stage, sql: str) -> None:
    with stage.house.store._database.engine.begin() as connection:
        connection.execute(text(sql))


def test_an_ordinary_story_has_no_breach(stage: Stage) -> None:
    published(stage)
    found = evidence(stage)
    assert breaches(found) == []
    assert breaches(evidence(stage, told=set(), before=found.rows())) == []


def test_a_second_copy_is_found(stage: Stage) -> None:
    published(stage)
    stage.remote.live.append(stage.remote.live[0])
    assert breaches(evidence(stage)) == ["1 never twice: 1.1 is live 2 times"]


def test_a_post_that_nobody_scheduled_is_found(stage: Stage) -> None:
    published(stage)
    more = Shown("acme", "who wrote this?", START)
    live = [*evidence(stage).live, more]
    assert [each[:2] for each in breaches(evidence(stage, live=live))] == ["1 "]


@pytest.mark.parametrize(
    ("forged", "invariant"),
    [
        ("UPDATE delivery SET state = 'queued', wake_at = NULL", "2"),
        ("UPDATE delivery SET state = 'unknown', error = NULL, wake_at = NULL", "2"),
        ("UPDATE delivery SET remote_id = NULL", "3"),
        ("UPDATE delivery SET state = 'failed', error = 'no', wake_at = NULL", "4"),
        ("UPDATE delivery SET due_at = '2027-01-01T00:00:00.000000Z'", "6"),
        ("UPDATE delivery SET due_at = '2026-11-20T00:00:00.000000Z'", "6"),
        ("UPDATE event SET after = 'failed' WHERE kind = 'landed'", "7"),
        ("UPDATE event SET kind = 'landed' WHERE kind = 'claimed'", "7"),
        ("DELETE FROM event WHERE kind = 'landed'", "7"),
    ],
)
def test_a_store_that_lies_is_found(stage: Stage, forged: str, invariant: str) -> None:
    published(stage)
    forge(stage, forged)
    assert invariant in {each[0] for each in breaches(evidence(stage))}


def test_a_receipt_without_a_post_is_found(stage: Stage) -> None:
    delivery = published(stage)
    forge(stage, "UPDATE delivery SET wake_at = NULL")
    late = (delivery.published_at or START) + timedelta(minutes=11)
    assert [each[0] for each in breaches(evidence(stage, live=[], now=late))] == ["3"]


def test_an_end_nobody_was_told_of_is_found(stage: Stage) -> None:
    stage.schedule("hello", at="in 1h")
    stage.remote.script.append("refused")
    stage.pass_time(hours=1)
    run(stage.house)
    assert breaches(evidence(stage, told={"1.1"})) == []
    found = breaches(evidence(stage, told=set()))
    assert found == ["4 never silent: 1.1 ended failed, and nobody was told"]


def test_a_wrong_order_and_a_hole_are_found(stage: Stage) -> None:
    for number in (1, 2, 3):
        stage.schedule(f"part {number}", at=f"in {number}h")
    stage.pass_time(hours=1)
    run(stage.house)
    stage.pass_time(hours=2)
    run(stage.house)
    right, wrong = ("1.1", "3.1"), ("3.1", "1.1")
    assert breaches(evidence(stage, sequences=[right])) == []
    for sequence in (wrong, ("1.1", "2.1", "3.1")):
        found = breaches(evidence(stage, sequences=[sequence]))
        assert [each[0] for each in found] == ["5"]


def test_rows_that_have_gone_are_found(stage: Stage) -> None:
    published(stage)
    before = {"events": 1000}
    assert [each[0] for each in breaches(evidence(stage, before=before))] == ["7"]


def test_what_is_still_under_way_at_the_end_is_found(stage: Stage) -> None:
    stage.schedule("hello", at="in 1h")
    assert breaches(evidence(stage)) == []
    assert [each[0] for each in breaches(evidence(stage, over=True))] == ["2"]

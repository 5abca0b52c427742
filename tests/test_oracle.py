"""The oracle finds each kind of breach: an oracle that cannot fail proves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from postcron.model import Delivery
from postcron.operations.run import run
from postcron.states import State, Step
from tests.operations.stage import Stage, build, close_all
from tests.oracle import Chain, Evidence, Hold, Shown, breaches

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


@pytest.mark.parametrize(
    ("first", "ends", "goes_past", "stops"),
    [
        ("ok", State.PUBLISHED, True, True),
        ("refused", State.FAILED, True, False),
        ("not_sent", State.PUBLISHED, False, False),  # cron sent it once more
        ("lost", State.PUBLISHED, False, False),
    ],
)
def test_one_of_a_batch_that_went_before_its_turn_is_found(
    stage: Stage, first: str, ends: State, goes_past: bool, stops: bool
) -> None:
    """`stops`: also where a batch stops at one that does not go out."""
    stage.remote.script.append(first)
    parts = [stage.schedule(f"part {n}", at=at)[0] for n, at in ((1, "in 0s"), (2, "in 2s"))]
    run(stage.house)
    assert [stage.now(part).state for part in parts] == [ends, State.PUBLISHED]
    for batch_stops, fits in ((False, goes_past), (True, stops)):
        found = breaches(evidence(stage, chains=[Chain(("1.1", "2.1"), batch_stops)]))
        wrong = [] if fits else ["5 in order: 2.1 was sent before its turn: 1.1 had not ended"]
        assert found == wrong
    turned = evidence(stage, chains=[Chain(("2.1", "1.1"), stops=False)])
    assert [each[0] for each in breaches(turned)] == ["5"]


def test_what_was_sent_although_it_was_held_back_is_found(stage: Stage) -> None:
    delivery = published(stage)
    [*_, intent] = [e.id for e in evidence(stage).events if e.kind == Step.INTENDED]

    def found(since: int, account: str) -> list[str]:
        hold = Hold("acme is paused", since, lambda one, _: one.account == account)
        return breaches(evidence(stage, holds=[hold]))

    assert found(intent - 1, "acme") == [
        f"8 as people said: {delivery.ref} was sent although acme is paused"
    ]
    assert found(intent - 1, "other") == found(intent, "acme") == []


@pytest.mark.parametrize(
    "forged", ["approval = 'pending'", "approval = 'rejected'", f"archived_at = '{START}'"]
)
def test_what_is_on_its_way_although_nobody_lets_it_is_found(stage: Stage, forged: str) -> None:
    stage.schedule("hello", at="in 1h")
    forge(stage, f"UPDATE post SET {forged}")
    assert [each[0] for each in breaches(evidence(stage))] == ["8"]


def test_rows_that_have_gone_are_found(stage: Stage) -> None:
    published(stage)
    before = {"events": 1000}
    assert [each[0] for each in breaches(evidence(stage, before=before))] == ["7"]


def test_what_is_still_under_way_at_the_end_is_found(stage: Stage) -> None:
    stage.schedule("hello", at="in 1h")
    assert breaches(evidence(stage)) == []
    assert [each[0] for each in breaches(evidence(stage, over=True))] == ["2"]

"""Numbers of what is live: asked with patience, kept day by day, and never at a post's expense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from postcron.errors import Code, Permanent, Temporary
from postcron.model import Delivery, Receipt, Scope
from postcron.operations.measure import Collected, measure
from postcron.operations.pausing import pause
from postcron.operations.publish import publish
from postcron.operations.run import run
from postcron.states import State
from tests.builders import NOW
from tests.operations.stage import Stage, build

DAY = timedelta(days=1)
GONE = Permanent("It is not there any more.", code=Code.HANDLE_GONE)
BUSY = Temporary("429.", code=Code.RATE_LIMITED, retry_after=timedelta(hours=8))
AWAY = Temporary("503.", code=Code.SERVER_TROUBLE)
LOST = Temporary("No answer.", code=Code.ANSWER_LOST)
ODD = Temporary("Not what is documented.")
UNREAD = Permanent("Not this one.", code=Code.CONTENT_REFUSED)
BUG = ZeroDivisionError("a bug in a platform")
NO = Permanent("It may not read numbers: s3cr3t.", code=Code.TOKEN_REFUSED)

Numbers = Callable[[Receipt], Mapping[str, int]]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    built = build(tmp_path, at=NOW)
    built.remote.numbers = lambda receipt: {"likes": 3, "comments": 0}
    return built


def live(stage: Stage, count: int = 1, account: str = "acme") -> list[Delivery]:
    """Return posts that have just gone out."""
    chosen = [
        delivery
        for number in range(count)
        for delivery in stage.schedule(f"hello {account} {number}", accounts=[account], at="now")
    ]
    run(stage.house)
    found = [stage.now(one) for one in chosen]
    assert {one.state for one in found} == {State.PUBLISHED}
    return found


def says(stage: Stage, *answers: Exception | None) -> list[str]:
    """Let the platform answer like this, one by one; return what it was asked about."""
    asked, script = [], list(answers)

    def numbers(receipt: Receipt) -> Mapping[str, int]:
        asked.append(receipt.remote_id)
        answer = script.pop(0) if script else None
        if answer is not None:
            raise answer
        return {"likes": 3}

    stage.remote.numbers = numbers
    return asked


def again(collected: Collected) -> list[tuple[str, timedelta | None]]:
    return [(f.code, None if f.again_at is None else f.again_at - NOW) for f in collected.failed]


# --- when ----------------------------------------------------------------------------------------


def test_a_post_is_asked_about_daily_then_weekly_then_never(stage: Stage) -> None:
    live(stage)
    asked = []
    for day in range(120):
        if measure(stage.house).measured:
            asked.append(day)
        stage.clock.advance(DAY)
    assert asked == [1, 2, 3, 4, 5, 6, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84]


def test_the_numbers_of_each_day_are_kept(stage: Stage) -> None:
    [one] = live(stage)
    for likes in (1, 5):
        stage.clock.advance(DAY)
        stage.remote.numbers = lambda receipt, likes=likes: {"likes": likes}
        collected = measure(stage.house)
        assert [(d.ref, m.numbers) for d, m in collected.measured] == [(one.ref, {"likes": likes})]
    kept = stage.house.store.measures.of(one.id)
    assert [(m.day - NOW.date(), m.numbers) for m in kept] == [
        (DAY, {"likes": 1}),
        (2 * DAY, {"likes": 5}),
    ]


def test_a_run_asks_about_a_bounded_number_and_the_next_goes_on(stage: Stage) -> None:
    live(stage, 3)
    stage.clock.advance(DAY)
    assert [len(measure(stage.house, limit=2).measured) for _ in range(3)] == [2, 1, 0]


def test_a_rehearsal_asks_nobody(stage: Stage) -> None:
    [one] = live(stage)
    stage.clock.advance(DAY)
    asked = says(stage)
    for _ in range(2):
        collected = measure(stage.house, dry_run=True)
        assert ([d.ref for d in collected.due], collected.measured) == ([one.ref], [])
    assert asked == []


def test_only_what_is_live_is_asked_about(stage: Stage) -> None:
    [one] = live(stage)
    stage.remote.live.clear()
    for minutes in (1, 3, 5):
        stage.pass_time(minutes=minutes)
        publish(stage.house)
    assert stage.now(one).state is State.UNKNOWN
    stage.clock.advance(DAY)
    assert measure(stage.house).due == []


def test_a_platform_without_numbers_is_left_out(stage: Stage) -> None:
    live(stage)
    stage.remote.numbers = None
    stage.clock.advance(DAY)
    assert measure(stage.house) == Collected()


# --- when it cannot be had -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (AWAY, timedelta(hours=6)),
        (BUSY, timedelta(hours=8)),
        (NO, DAY),
        (LOST, timedelta(hours=6)),
    ],
    ids=["away", "busy", "refused", "lost"],
)
def test_an_account_that_cannot_be_asked_is_put_off_as_a_whole_and_told_once(
    stage: Stage, error: Exception, pause: timedelta
) -> None:
    live(stage, 3)
    stage.clock.advance(DAY)
    asked = says(stage, error)
    at = stage.clock.now()
    collected = measure(stage.house)
    assert [one.again_at for one in collected.failed] == [at + pause]
    assert len(asked) == 1
    stage.clock.at = at + pause - timedelta(minutes=1)
    assert measure(stage.house) == Collected()
    stage.clock.at = at + pause
    assert len(measure(stage.house).measured) == 3


def test_what_was_answered_before_the_trouble_is_kept(stage: Stage) -> None:
    live(stage, 3)
    stage.clock.advance(DAY)
    says(stage, None, AWAY)
    collected = measure(stage.house)
    assert (len(collected.measured), len(collected.failed)) == (1, 1)
    [(one, _)] = collected.measured
    assert len(stage.house.store.measures.of(one.id)) == 1


def test_a_post_that_is_gone_is_never_asked_about_again_and_holds_up_no_other(
    stage: Stage,
) -> None:
    first, second = live(stage, 2)
    stage.clock.advance(DAY)
    asked = says(stage, GONE)
    collected = measure(stage.house)
    assert again(collected) == [("handle_gone", None)]
    assert [d.ref for d, _ in collected.measured] == [second.ref]
    stage.clock.advance(DAY)
    measure(stage.house)
    assert asked == [first.remote_id, second.remote_id, second.remote_id]


@pytest.mark.parametrize("error", [ODD, UNREAD, BUG], ids=["odd", "unread", "bug"])
def test_a_post_that_cannot_be_measured_holds_up_no_other_and_is_asked_at_its_next_time(
    stage: Stage, error: Exception
) -> None:
    first, second = live(stage, 2)
    stage.clock.advance(DAY)
    asked = says(stage, error)
    collected = measure(stage.house)
    assert [d.ref for d, _ in collected.measured] == [second.ref]
    [failed] = collected.failed
    assert failed.delivery.ref == first.ref
    assert first.published_at is not None
    assert failed.again_at == first.published_at + 2 * DAY
    assert measure(stage.house) == Collected()
    stage.clock.advance(DAY)
    assert len(measure(stage.house).measured) == 2
    assert len(asked) == 4


@pytest.mark.parametrize("error", [ODD, BUG, NO, AWAY], ids=["odd", "bug", "refused", "away"])
def test_a_post_past_its_end_is_never_asked_about_again_whatever_went_wrong(
    stage: Stage, error: Exception
) -> None:
    live(stage)
    stage.clock.advance(90 * DAY)
    live(stage)
    stage.clock.advance(DAY)
    asked = says(stage, error)
    assert [one.again_at for one in measure(stage.house).failed] == [None]
    stage.clock.advance(2 * DAY)
    assert len(measure(stage.house).measured) == 1
    assert asked[0] not in asked[1:]


def test_an_account_that_cannot_be_opened_is_told_once(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='token = { env = "NOT_THERE" }')
    stage.remote.numbers = lambda receipt: {"likes": 3}
    live(stage, 3)
    stage.clock.advance(DAY)
    stage.remote.needs_token = True
    [failed] = measure(stage.house).failed
    assert failed.again_at == stage.clock.now() + timedelta(hours=6)


def test_trouble_of_one_account_is_not_that_of_another(stage: Stage) -> None:
    live(stage, 1, "acme")
    [other] = live(stage, 1, "other")
    stage.clock.advance(DAY)
    says(stage, AWAY)
    assert [d.ref for d, _ in measure(stage.house).measured] == [other.ref]


def test_no_post_is_held_up_because_numbers_could_not_be_had(stage: Stage) -> None:
    live(stage, 4)
    for error in (NO, NO, NO, BUSY, AWAY, AWAY, AWAY):
        stage.clock.advance(2 * DAY)
        says(stage, error)
        assert len(measure(stage.house).failed) == 1
    live(stage)


def test_an_account_that_is_blocked_is_not_asked_and_one_that_is_paused_is(stage: Stage) -> None:
    """A pause is about what goes out: reading what is live does no harm."""
    live(stage)
    stage.clock.advance(DAY)
    asked = says(stage)
    pause(stage.house, Scope.ACCOUNT, "acme", why=None, actor="me")
    stage.house.store.accounts.set("acme", block_code="token_refused")
    assert measure(stage.house).due == []
    assert asked == []
    stage.house.store.accounts.set("acme", block_code=None)
    assert len(measure(stage.house).measured) == 1


def test_no_secret_is_in_what_is_told(stage: Stage) -> None:
    live(stage)
    stage.house.secrets.remember("s3cr3t")
    stage.clock.advance(DAY)
    says(stage, NO)
    [failed] = measure(stage.house).failed
    assert "s3cr3t" not in failed.why


def test_a_run_that_is_stopped_asks_nothing_more(stage: Stage) -> None:
    live(stage, 3)
    stage.clock.advance(DAY)

    def numbers(receipt: Receipt) -> Mapping[str, int]:
        stage.house.stop.set()
        return {"likes": 1}

    stage.remote.numbers = numbers
    assert len(measure(stage.house).measured) == 1

"""`--at next` and `--at best`: an account's free slots, its platform's advice, its own results."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from postcron.errors import Code, Invalid, Permanent, Temporary
from postcron.model import Delivery, Filter, Hour, Measure, Mode
from postcron.operations.add_batch import Order, add
from postcron.operations.choosing import spread
from postcron.operations.edit import Change, edit
from postcron.operations.schedule import schedule
from postcron.operations.schedule_many import Asked, schedule_many
from postcron.operations.series_beginning import Repeat, begin
from postcron.operations.wishes import Wish
from tests.operations.stage import Stage, build

#: a Saturday, 11:00 in Rome
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SLOTS = 'slots = ["mon-fri 09:00", "sat 12:00"]'


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=NOW, account=SLOTS)


def given(stage: Stage, at: str = "next", **more: Any) -> str:
    """Schedule a post and return when it is due, as clocks in Rome show it."""
    [delivery] = stage.schedule(at=at, **more)
    return shown(delivery.due_at)


def shown(at: datetime | None) -> str:
    from zoneinfo import ZoneInfo

    assert at is not None
    return f"{at.astimezone(ZoneInfo('Europe/Rome')):%a %d %H:%M}"


# --- next ----------------------------------------------------------------------------------------


def test_each_post_takes_the_next_free_slot(stage: Stage) -> None:
    assert [given(stage) for _ in range(4)] == [
        *("Sat 21 12:00", "Mon 23 09:00", "Tue 24 09:00", "Wed 25 09:00")
    ]
    [delivery] = stage.schedule(at="Next")
    assert delivery.reason == "the next free slot, thursday 2026-11-26 09:00 in Europe/Rome"
    assert delivery.wanted_at == delivery.due_at


def test_a_slot_is_taken_by_whatever_goes_out_then(stage: Stage) -> None:
    assert given(stage, "today 12:00") == "Sat 21 12:00"
    wish = Wish("hello", ["acme"])
    begin(stage.house, wish, Repeat("monday 09:00"), actor="me")
    assert given(stage) == "Tue 24 09:00"


def test_what_is_cancelled_leaves_its_slot(stage: Stage) -> None:
    from postcron.operations.cancel import cancel

    [first] = stage.schedule(at="next")
    given(stage)
    cancel(stage.house, [first.ref], actor="me")
    assert given(stage) == "Sat 21 12:00"


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ('window = "10:00-20:00"', ["Sat 21 12:00", "Sat 28 12:00"]),
        ('blackout = ["2026-11-23"]', ["Sat 21 12:00", "Tue 24 09:00"]),
        ('min_gap = "50h"', ["Sat 21 12:00", "Tue 24 09:00"]),
        ('slots = ["sat,mon 12:00,18:00"]\ndaily_cap = 1', ["Sat 21 12:00", "Mon 23 12:00"]),
        ('timezone = "America/New_York"', ["Sat 21 18:00", "Mon 23 15:00"]),
    ],
)
def test_a_slot_at_which_the_rules_do_not_hold_is_passed_over(
    tmp_path: Path, rules: str, expected: list[str]
) -> None:
    account = rules if "slots" in rules else f"{SLOTS}\n{rules}"
    stage = build(tmp_path, at=NOW, account=account)
    assert [given(stage) for _ in expected] == expected


def test_a_platforms_slots_are_its_accounts_own(tmp_path: Path) -> None:
    platform = '\n[platforms.fake]\nslots = "sun 10:00"\n'
    stage = build(tmp_path, at=NOW, account=platform)
    assert given(stage) == "Sun 22 10:00"
    assert given(stage, accounts=["other"]) == "Sun 22 10:00"


def test_many_at_once_take_one_slot_each(stage: Stage) -> None:
    asked = [Asked(Wish(f"post {n}", ["acme"], at="next"), f"{n}") for n in range(3)]
    schedule_many(stage.house, asked, actor="me")
    assert [shown(each.due_at) for each in deliveries(stage)] == [
        *("Sat 21 12:00", "Mon 23 09:00", "Tue 24 09:00")
    ]


def test_so_far_apart_is_a_slot_so_far_apart(stage: Stage) -> None:
    wish = Wish("hello", ["acme"], at="next", every=DAY)
    schedule_many(stage.house, [Asked(wish, f"{n}") for n in range(3)], actor="me")
    assert [shown(each.due_at) for each in deliveries(stage)] == [
        *("Sat 21 12:00", "Mon 23 09:00", "Tue 24 09:00")
    ]
    wish = Wish("hello", ["acme"], at="next", every=DAY + HOUR)
    schedule_many(stage.house, [Asked(wish, f"{n}") for n in range(2)], actor="me")
    assert [shown(each.due_at) for each in deliveries(stage)][3:] == [
        *("Wed 25 09:00", "Fri 27 09:00")
    ]


def deliveries(stage: Stage) -> Sequence[Delivery]:
    return stage.house.store.page(Filter(), newest_first=False).deliveries


def test_an_edit_takes_the_next_free_slot_too(stage: Stage) -> None:
    [first], [second] = stage.schedule(at="next"), stage.schedule(at="next")
    edited = edit(stage.house, second.ref, Change(at="next"), actor="me")
    assert [shown(each.due_at) for each in edited.deliveries] == ["Mon 23 09:00"]
    edited = edit(stage.house, first.ref, Change(at="tomorrow 9am"), actor="me")
    edited = edit(stage.house, second.ref, Change(at="next"), actor="me")
    assert [shown(each.due_at) for each in edited.deliveries] == ["Sat 21 12:00"]


def test_two_who_ask_at_once_are_given_two_slots(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    other = build(
        tmp_path / "second", at=NOW, account=SLOTS, store=f"sqlite:///{tmp_path}/postcron.db"
    )

    def work(each: Stage) -> None:
        barrier.wait()
        for _ in range(5):
            each.schedule(at="next")

    barrier = threading.Barrier(2)
    both = [threading.Thread(target=work, args=[each]) for each in (stage, other)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    due = [each.due_at for each in deliveries(stage)]
    assert (len(due), len(set(due))) == (10, 10)


def test_without_slots_it_is_said_how_to_set_them(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW)
    with pytest.raises(Invalid) as refused:
        stage.schedule(at="next")
    assert refused.value.message == (
        'acme has no slots: set slots = ["mon-fri 09:00"] in [accounts.acme], or give a time.'
    )
    assert deliveries(stage) == ()


def test_slots_that_are_never_free_are_refused(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='slots = ["sun 09:00"]\nwindow = "mon 09:00-10:00"')
    with pytest.raises(Invalid, match="acme has no free slot within a year"):
        stage.schedule(at="next")


# --- best, by the platform -----------------------------------------------------------------------

WEEK = [Hour(0, 9, 5.0), Hour(2, 18, 9.0), Hour(5, 12, 7.0), Hour(6, 3, 0.5)]


def advised(stage: Stage, *hours: Hour, error: Exception | None = None) -> list[int]:
    """Let the platform know best times; return a list that grows whenever it is asked."""
    calls: list[int] = []

    def advice() -> Sequence[Hour]:
        calls.append(1)
        if error is not None:
            raise error
        return hours or WEEK

    stage.remote.advice = advice
    return calls


def test_best_is_what_the_platform_says_where_it_can(stage: Stage) -> None:
    calls = advised(stage)
    [delivery] = stage.schedule(at="best")
    assert delivery.reason == "a best time by fake, wednesday 2026-11-25 18:00 in Europe/Rome"
    assert [given(stage, "best") for _ in range(3)] == [
        *("Sat 21 12:00", "Mon 23 09:00", "Wed 02 18:00")
    ]
    assert len(calls) == 1


def test_an_hour_in_which_something_goes_out_is_taken(stage: Stage) -> None:
    advised(stage)
    stage.schedule(at="2026-11-25 18:59")
    stage.schedule(at="2026-11-21 11:59")
    assert given(stage, "best") == "Sat 21 12:00"


def test_best_times_heed_the_rules(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='window = "08:00-18:00"\nmin_gap = "2h"')
    advised(stage)
    stage.schedule(at="today 13:30")
    assert given(stage, "best") == "Mon 23 09:00"


def test_posts_are_spread_over_the_best_times_in_order(stage: Stage) -> None:
    advised(stage)
    account = stage.house.account("acme")
    moments = spread(stage.house, account, 4)
    assert [shown(each.at) for each in moments] == [
        *("Sat 21 12:00", "Mon 23 09:00", "Wed 25 18:00", "Wed 02 18:00")
    ]
    assert deliveries(stage) == ()


def test_a_batch_goes_out_at_the_best_times_in_its_order(stage: Stage) -> None:
    calls = advised(stage)
    order = Order("b", Mode.BEST, Wish(None, ["acme"]), texts=["one", "two", "three"])
    add(stage.house, order, actor="me")
    found = sorted(deliveries(stage), key=lambda each: each.post_id)
    assert [shown(each.due_at) for each in found] == [
        *("Sat 21 12:00", "Mon 23 09:00", "Wed 25 18:00")
    ]
    add(stage.house, order, actor="me")
    assert len(calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        Temporary("No route.", code=Code.NOT_REACHABLE),
        Permanent("It knows none for this network.", code=Code.NOT_CONFIGURED),
    ],
)
def test_a_platform_that_says_nothing_leaves_it_to_the_slots(
    stage: Stage, error: Temporary | Permanent
) -> None:
    advised(stage, error=error)
    [delivery] = stage.schedule(at="best")
    assert shown(delivery.due_at) == "Sat 21 12:00"
    assert f"there are no best times: {error.message} an estimate needs 20" in delivery.reason


# --- best, by the account's own results ----------------------------------------------------------


def measured(stage: Stage, *posts: tuple[datetime, int]) -> None:
    """Let posts have gone out then, and have so many likes after three days."""
    for at, likes in posts:
        [delivery] = stage.schedule(at="in 90 days")
        values = {"id": delivery.id, "at": f"{at:%Y-%m-%dT%H:%M:%S.000000Z}"}
        with stage.house.store._database.engine.begin() as connection:
            connection.execute(
                text("UPDATE delivery SET state = 'published', due_at = :at, published_at = :at WHERE id = :id"),
                values,
            )  # fmt: skip
        taken = [
            Measure(delivery.id, (at + age).date(), {"likes": number}, at + age)
            for age, number in ((HOUR, 9999), (DAY, 0), (3 * DAY, likes), (30 * DAY, 9999))
        ]
        stage.house.store.measures.keep(taken, {})


#: posts of five weeks: at 18:00 on Wednesdays they do best
FIVE_WEEKS = [
    (datetime(2026, 9, 14, 5, tzinfo=UTC) + 7 * week * DAY + later, likes)
    for week in range(5)
    for later, likes in ((2 * HOUR, 8), (30 * HOUR, 10), (59 * HOUR, 400), (80 * HOUR, 12))
]


def test_best_is_when_the_accounts_own_posts_did_best(stage: Stage) -> None:
    measured(stage, *FIVE_WEEKS)
    [delivery] = stage.schedule(at="best")
    assert delivery.reason == (
        "a best time by how 20 of its posts did, wednesday 2026-11-25 18:00 in Europe/Rome"
    )


def test_with_too_few_results_it_says_so_and_takes_a_slot(stage: Stage) -> None:
    measured(stage, *FIVE_WEEKS[:19])
    [delivery] = stage.schedule(at="best")
    assert delivery.reason == (
        "the next free slot, saturday 2026-11-21 12:00 in Europe/Rome; there are no best times: "
        "an estimate needs 20 measured posts over 28 days at 4 hours of the week, and there are 19 "
        "over 30 days at 4"
    )


def test_without_results_and_slots_it_is_refused(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW)
    with pytest.raises(Invalid) as refused:
        schedule(stage.house, Wish("hello", ["acme"], at="best"), actor="me")
    assert refused.value.message == (
        "acme has no best times (an estimate needs 20 measured posts over 28 days at 4 hours of the "
        "week, and there are 0 over 0 days at 0) and no slots: "
        'set slots = ["mon-fri 09:00"] in [accounts.acme], or give a time.'
    )


def test_posts_of_other_accounts_and_old_ones_say_nothing(stage: Stage) -> None:
    measured(stage, *((at - 150 * DAY, likes) for at, likes in FIVE_WEEKS))
    assert "there are 0 over" in stage.schedule(at="best")[0].reason

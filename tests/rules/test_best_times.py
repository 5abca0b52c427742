"""Best times: what too few posts say, what an estimate makes of enough, and which hour is taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.model import Hour, Result
from postcron.rules.best_times import best, better_half, estimated, telling, too_few

ROME = ZoneInfo("Europe/Rome")
#: a Saturday, 11:00 in Rome
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY_9 = datetime(2026, 8, 3, 7, tzinfo=UTC)


def results(*hours: tuple[timedelta, int], weeks: int = 5) -> list[Result]:
    """Posts of some weeks, each at an hour after Monday 09:00 and with so many likes."""
    return [
        Result(MONDAY_9 + 7 * week * DAY + later, {"likes": likes})
        for week in range(weeks)
        for later, likes in hours
    ]


FOUR = ((0 * HOUR, 10), (1 * HOUR, 10), (2 * HOUR, 10), (3 * HOUR, 10))


@pytest.mark.parametrize(
    ("found", "there"),
    [
        ([], "there are 0 over 0 days at 0"),
        (results(*FOUR, weeks=4), "there are 16 over 21 days at 4"),
        (results(*FOUR, *FOUR, weeks=4), "there are 32 over 21 days at 4"),
        (results(*FOUR[:3], *FOUR[:3]), "there are 30 over 28 days at 3"),
    ],
)
def test_too_few_posts_say_nothing(found: list[Result], there: str) -> None:
    needs = "an estimate needs 20 measured posts over 28 days at 4 hours of the week"
    assert too_few(found, ROME) == f"{needs}, and {there}"


def test_enough_are_enough() -> None:
    assert too_few(results(*FOUR), ROME) is None


def test_a_post_without_interactions_in_its_numbers_says_nothing() -> None:
    seen, liked = Result(NOW, {"views": 9000}), Result(NOW, {"views": 1, "likes": 0})
    assert telling([seen, liked]) == [liked]


def test_the_hour_whose_posts_did_best_is_worth_most() -> None:
    hours = estimated(results(*FOUR, (9 * HOUR, 500), (10 * HOUR, 1)), ROME)
    ranked = sorted(hours, key=lambda hour: -hour.worth)
    assert (ranked[0].weekday, ranked[0].hour) == (0, 18)
    assert (ranked[-1].weekday, ranked[-1].hour) == (0, 19)


def test_an_hour_tried_once_is_drawn_towards_the_mean() -> None:
    lucky = Result(MONDAY_9 + 30 * HOUR, {"likes": 5000})
    hours = {(h.weekday, h.hour): h.worth for h in estimated([*results(*FOUR, (9 * HOUR, 300), weeks=9), lucky], ROME)}  # fmt: skip
    assert hours[1, 15] < hours[0, 18]
    assert hours[1, 15] > hours[0, 9]


def test_clocks_that_change_do_not_move_an_hour() -> None:
    months = [Result(MONDAY_9 + 7 * week * DAY, {"likes": 1}) for week in range(10)]
    # The same wall clock after October is an hour later in UTC.
    winter = [Result(MONDAY_9 + (7 * week * DAY) + HOUR, {"likes": 1}) for week in range(13, 20)]
    assert {(hour.weekday, hour.hour) for hour in estimated([*months, *winter], ROME)} == {(0, 9)}


def chosen(hours: Sequence[Hour], *taken: str, now: datetime = NOW) -> str | None:
    def free(at: datetime) -> bool:
        return f"{at.astimezone(ROME):%a %d %H:%M}" not in taken

    at = best(hours, ROME, since=now, free=free)
    return None if at is None else f"{at.astimezone(ROME):%a %d %H:%M}"


WEEK = [Hour(0, 9, 5.0), Hour(2, 18, 9.0), Hour(5, 11, 7.0), Hour(5, 12, 7.0), Hour(6, 3, 0.5)]


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ((), "Wed 25 18:00"),
        (("Wed 25 18:00",), "Sat 21 11:00"),
        (("Wed 25 18:00", "Sat 21 11:00"), "Sat 21 12:00"),
        # The next week's best comes before this week's worse half.
        (("Wed 25 18:00", "Sat 21 11:00", "Sat 21 12:00"), "Wed 02 18:00"),
    ],
)
def test_the_best_free_hour_of_the_first_week_that_has_one(
    taken: tuple[str, ...], expected: str
) -> None:
    assert chosen(WEEK, *taken) == expected


def test_only_the_better_half_is_used() -> None:
    assert {hour.worth for hour in better_half(WEEK)} == {9.0, 7.0}
    assert better_half([]) == []


def test_nothing_free_in_eight_weeks_is_nothing() -> None:
    assert best(WEEK, ROME, since=NOW, free=lambda at: False) is None
    assert chosen([]) is None


@given(
    st.lists(st.builds(Hour, st.integers(0, 6), st.integers(0, 23), st.floats(0, 9)), min_size=1),
    st.integers(0, 2 * 365 * 24 * 60),
)
def test_what_is_chosen_is_ahead_and_a_good_hour(hours: list[Hour], minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    at = best(hours, ROME, since=now, free=lambda at: True)
    assert at is not None
    assert now <= at <= now + 8 * DAY
    local = at.astimezone(ROME)
    assert local.minute == 0
    good = {(hour.weekday, hour.hour) for hour in better_half(hours)}
    # A skipped hour is an hour later.
    assert {(local.weekday(), local.hour), (local.weekday(), local.hour - 1)} & good

"""How many posts still fit, as tables of moments: hours after ten o'clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postcron.model import AccountState, Cap
from postcron.rules.quotas import BELIEVED, Said, hours, most_within, room, said

START = datetime(2026, 11, 21, 10, tzinfo=UTC)
DAY = timedelta(hours=24)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def cap(posts: int, per: timedelta = DAY) -> Cap:
    return Cap(posts, per, "tests")


@pytest.mark.parametrize(
    ("outings", "now", "left", "frees"),
    [
        ([], 0, 2, 0),
        ([0], 1, 1, 1),
        ([0, 1], 2, 0, 24),
        ([0, 1], 23.9, 0, 24),
        ([0, 1], 24, 1, 24),  # the first one's span is just over
        ([0, 1], 25, 2, 25),
        ([1, 0], 2, 0, 24),  # in whatever order they come
        ([0, 1, 2], 3, 0, 25),  # one too many went out: two have to leave the span
        ([0, 0, 0, 0], 3, 0, 24),
        ([4, 5], 3, 0, 28),  # queued, and due soon
    ],
)
def test_a_cap_counts_what_went_out_in_a_span_that_slides(
    outings: list[float], now: float, left: int, frees: float
) -> None:
    found = room([cap(2)], None, [at(one) for one in outings], at(now))
    assert found is not None
    assert (found.left, found.frees_at) == (left, at(frees))


@pytest.mark.parametrize(
    ("allowance", "outings", "now", "left"),
    [
        (Said(3, at(0), at(10)), [], 1, 3),
        (Said(3, at(0), at(10)), [-1, 0], 1, 3),  # it knew of these when it was asked
        (Said(3, at(0), at(10)), [-1, 1, 2], 3, 1),
        (Said(1, at(0), at(10)), [1, 2], 3, 0),
        (Said(0, at(0), at(10)), [], 9.9, 0),
        (Said(0, at(0), at(10)), [], 10, None),  # that was then
    ],
)
def test_what_a_platform_says_is_left_holds_until_it_resets(
    allowance: Said, outings: list[float], now: float, left: int | None
) -> None:
    found = room([], allowance, [at(one) for one in outings], at(now))
    assert (found and found.left) == left


@pytest.mark.parametrize(
    ("caps", "left", "frees"),
    [
        ([cap(9), cap(2, timedelta(hours=1))], 0, 1),
        ([cap(2), cap(2, timedelta(hours=1))], 0, 24),  # both are full: the later one decides
        ([cap(3), cap(9)], 1, 0.5),
    ],
)
def test_the_tightest_limit_decides(caps: list[Cap], left: int, frees: float) -> None:
    found = room(caps, None, [at(0), at(0)], at(0.5))
    assert found is not None
    assert (found.left, found.frees_at) == (left, at(frees))


def test_without_a_limit_nothing_is_counted() -> None:
    assert room([], None, [at(0)] * 100, at(1)) is None


def test_a_limit_says_what_it_counts() -> None:
    found = room([cap(2)], None, [at(0), at(1)], at(2))
    assert found is not None
    assert found.why == "2 posts went out within 24 h, and 2 fit"


@pytest.mark.parametrize(
    ("outings", "new", "count"),
    [
        ([], [0], 1),
        ([0, 12], [23.9], 3),
        ([0, 12], [24], 2),  # when it goes out the first one has left the span
        ([30, 40], [20], 3),  # it takes room from those that come after it
        ([0, 1, 2, 3], [50], 1),  # crowds it has no part in are not its business
        ([0, 30], [15], 2),
        ([], [0, 0, 0], 3),
    ],
)
def test_a_plan_is_as_full_as_its_fullest_span_with_the_new_post(
    outings: list[float], new: list[float], count: int
) -> None:
    assert most_within(DAY, [at(one) for one in outings], [at(one) for one in new]) == count


def test_a_list_of_a_hundred_thousand_is_counted_while_somebody_waits() -> None:
    every_minute = [at(minute / 60) for minute in range(100_000)]
    assert most_within(DAY, [at(-1)], every_minute) == 24 * 60


def test_an_allowance_without_an_end_is_believed_for_an_hour() -> None:
    assert said(AccountState("acme")) is None
    assert said(AccountState("acme", allowance_at=at(0))) is None
    known = AccountState("acme", allowance_left=0, allowance_at=at(0))
    assert said(known) == Said(0, at(0), at(0) + BELIEVED)
    known = AccountState("acme", allowance_left=0, allowance_at=at(0), allowance_resets_at=at(5))
    assert said(known) == Said(0, at(0), at(5))


@pytest.mark.parametrize(("span", "text"), [(DAY, "24 h"), (timedelta(minutes=30), "0.5 h")])
def test_a_span_is_written_in_hours(span: timedelta, text: str) -> None:
    assert hours(span) == text

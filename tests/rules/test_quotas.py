"""How many posts still fit, as tables of moments: hours after ten o'clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postcron.model import EVERY_POST, AccountState, Cap, Counted, Outing, PostType
from postcron.rules.quotas import BELIEVED, Room, Said, hours, moments, most_within, rooms, said
from postcron.states import State

START = datetime(2026, 11, 21, 10, tzinfo=UTC)
DAY = timedelta(hours=24)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


REELS = Counted(types=frozenset({PostType.REEL}))
ANSWERS, POSTS = Counted(answers=True), Counted(answers=False)


def cap(posts: int, per: timedelta = DAY, counted: Counted = EVERY_POST) -> Cap:
    return Cap(posts, per, "tests", counted)


def out(*hours: float, type: PostType = PostType.POST, answers: bool = False) -> list[Outing]:
    return [Outing("acme", State.PUBLISHED, at(hour), type, answers) for hour in hours]


def room(caps: list[Cap], known: list[Said], outings: list[float], now: float) -> Room | None:
    found = rooms(caps, known, out(*outings), at(now))
    assert len(found) <= 1
    return found[0] if found else None


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
    found = room([cap(2)], [], outings, now)
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
    found = room([], [allowance], outings, now)
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
    found = room(caps, [], [0, 0], 0.5)
    assert found is not None
    assert (found.left, found.frees_at) == (left, at(frees))


def test_without_a_limit_nothing_is_counted() -> None:
    assert room([], [], [0] * 100, 1) is None


def test_a_limit_says_what_it_counts() -> None:
    found = room([cap(2)], [], [0, 1], 2)
    assert found is not None
    assert found.why == "2 posts went out within 24 h, and 2 fit"


def test_a_limit_of_one_type_counts_that_type_alone() -> None:
    outings = [*out(0, 1, type=PostType.REEL), *out(2, 3), *out(4, type=PostType.STORY)]
    found = rooms([cap(2, counted=REELS), cap(9)], [], outings, at(5))
    assert [(one.counted, one.left) for one in found] == [(REELS, 0), (EVERY_POST, 4)]
    assert found[0].frees_at == at(24)
    assert found[0].why == "2 reels went out within 24 h, and 2 fit"


def test_answers_and_other_posts_have_limits_of_their_own() -> None:
    outings = [*out(0, 1, 2, answers=True), *out(3)]
    caps = [cap(2, counted=POSTS), cap(3, counted=ANSWERS)]
    known = [Said(8, at(0.5), at(9), POSTS), Said(1, at(1.5), at(9), ANSWERS)]
    found = rooms(caps, known, outings, at(4))
    assert [(one.counted, one.left) for one in found] == [(POSTS, 1), (ANSWERS, 0)]
    # Both limits of answers are full: the one that frees last decides.
    assert found[1].frees_at == at(24)


@pytest.mark.parametrize(
    ("counted", "words"),
    [
        (EVERY_POST, "posts"),
        (REELS, "reels"),
        (Counted(types=frozenset({PostType.STORY, PostType.REEL})), "reels and stories"),
        (ANSWERS, "answers"),
        (POSTS, "posts (answers apart)"),
        (Counted(frozenset({PostType.POST}), answers=False), "ordinary posts (answers apart)"),
    ],
)
def test_what_is_counted_is_said_in_words(counted: Counted, words: str) -> None:
    assert str(counted) == words


def test_the_moments_of_what_is_counted_are_in_order() -> None:
    outings = [*out(5, 2), *out(4, 1, answers=True), *out(3, type=PostType.REEL)]
    assert moments(outings, ANSWERS) == [at(1), at(4)]
    assert moments(outings, POSTS) == [at(2), at(3), at(5)]
    assert moments(outings, REELS) == [at(3)]


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
    assert said(AccountState("acme")) == []
    assert said(AccountState("acme", allowance_at=at(0))) == []
    known = AccountState("acme", allowance_left=0, allowance_at=at(0))
    assert said(known) == [Said(0, at(0), at(0) + BELIEVED)]
    known = AccountState("acme", allowance_left=0, allowance_at=at(0), allowance_resets_at=at(5))
    assert said(known) == [Said(0, at(0), at(5))]


def test_an_allowance_of_answers_is_apart_from_that_of_posts() -> None:
    known = AccountState("acme", allowance_left=3, allowance_answers=7, allowance_at=at(0))
    until = at(0) + BELIEVED
    assert said(known) == [Said(3, at(0), until, POSTS), Said(7, at(0), until, ANSWERS)]


@pytest.mark.parametrize(("span", "text"), [(DAY, "24 h"), (timedelta(minutes=30), "0.5 h")])
def test_a_span_is_written_in_hours(span: timedelta, text: str) -> None:
    assert hours(span) == text

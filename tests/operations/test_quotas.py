"""Limits on how many posts an account may publish: told when planned, and kept when due."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from postcron.errors import Code, Temporary
from postcron.model import Cap, Counted, Filter, PostType
from postcron.operations.pre_upload import pre_upload
from postcron.operations.publish import publish
from postcron.operations.reading import show, status
from postcron.operations.retry import retry
from postcron.operations.run import run
from postcron.operations.schedule import schedule
from postcron.operations.schedule_many import Asked, schedule_many
from postcron.operations.series_beginning import Repeat, begin
from postcron.operations.tick import tick
from postcron.operations.wishes import Wish
from postcron.platforms import facebook_limits
from postcron.platforms.base import Allowance
from postcron.platforms.threads import Threads
from postcron.states import State
from tests.builders import NOW
from tests.operations.stage import Stage, build

DAY = timedelta(hours=24)
LONG = 'grace = "2d"'


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=NOW, account=LONG)


def notes(stage: Stage, at: str, **more: object) -> tuple[str, ...]:
    wish = Wish(text="hello", accounts=["acme"], at=at)
    return schedule(stage.house, wish, actor="me", **more).notes  # type: ignore[arg-type]


def states(stage: Stage) -> list[State]:
    page = stage.house.store.page(Filter(account="acme"), order="created", newest_first=False)
    return [delivery.state for delivery in page.deliveries]


# --- when it is planned --------------------------------------------------------------------------


@pytest.mark.fault("F100")
def test_a_plan_that_cannot_fit_is_told_when_it_is_made(stage: Stage) -> None:
    stage.remote.caps = (Cap(2, DAY, "tests"),)
    assert notes(stage, "in 2h") == ()
    assert notes(stage, "in 20h") == ()
    assert notes(stage, "in 30h") == ()
    told = "3 posts within 24 h are planned for acme and 2 fit (fake): the last ones will wait."
    assert notes(stage, "in 25h", dry_run=True) == (told,)
    assert notes(stage, "in 25h") == (told,)


def test_what_is_out_already_counts_for_the_plan(stage: Stage) -> None:
    stage.remote.caps = (Cap(2, DAY, "tests"),)
    for _ in range(2):
        stage.schedule(at="now")
    run(stage.house)
    assert states(stage) == [State.PUBLISHED] * 2
    assert len(notes(stage, "in 23h")) == 1
    assert notes(stage, "in 25h") == ()


def test_what_never_went_out_does_not_count(stage: Stage) -> None:
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    stage.remote.script.append("refused")
    stage.schedule(at="now")
    run(stage.house)
    stage.schedule(at=None, draft=True)
    assert states(stage) == [State.FAILED, State.DRAFT]
    assert notes(stage, "in 1h") == ()


def test_accounts_do_not_count_for_each_other(stage: Stage) -> None:
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    stage.schedule(accounts=["other"])
    assert notes(stage, "in 2h") == ()


def test_what_a_platform_says_is_left_counts_for_the_plan(stage: Stage) -> None:
    resets_at = NOW + timedelta(hours=5)
    stage.house.store.accounts.set(
        "acme", allowance_left=1, allowance_at=NOW, allowance_resets_at=resets_at
    )
    assert notes(stage, "in 2h") == ()
    assert notes(stage, "in 6h") == ()
    [told] = notes(stage, "in 3h")
    assert told.startswith("2 posts are planned for acme before 2026-11-21 15:00 UTC and 1 fit")


# --- when it is due ------------------------------------------------------------------------------


def test_no_more_are_queued_than_fit_and_the_others_wait_with_a_reason(stage: Stage) -> None:
    stage.remote.caps = (Cap(2, DAY, "tests"),)
    for number in range(3):
        stage.schedule(f"hello {number}", at="now")
    assert len(tick(stage.house).done) == 2
    publish(stage.house)
    assert len(stage.remote.live) == 2
    assert sorted(states(stage)) == [State.PUBLISHED, State.PUBLISHED, State.SCHEDULED]
    stage.pass_time(minutes=1)
    why = status(stage.house).full["acme"]
    assert why.startswith("acme has to wait: 2 posts went out within 24 h, and 2 fit (fake). The")
    assert why.endswith("next one may go in 23 h 59 min.")
    waiting = next(
        story
        for id in ("1", "2", "3")
        for story in show(stage.house, id).stories
        if story.delivery.state is State.SCHEDULED
    )
    assert waiting.advice.endswith(why)


def test_what_waited_goes_out_when_the_span_frees(stage: Stage) -> None:
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    stage.schedule("first", at="now")
    run(stage.house)
    stage.schedule("second", at="in 1h")
    stage.pass_time(hours=23, minutes=50)
    run(stage.house)
    assert stage.remote.texts() == ["first"]
    stage.pass_time(minutes=11)
    run(stage.house)
    assert stage.remote.texts() == ["first", "second"]


def test_its_grace_decides_about_what_waited_too_long(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW)
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    stage.schedule("first", at="now")
    run(stage.house)
    [second] = stage.schedule("second", at="in 1h")
    stage.pass_time(hours=1, minutes=16)
    run(stage.house)
    late = stage.now(second)
    assert late.state is State.LATE
    assert late.error is not None
    assert "1 posts went out within 24 h, and 1 fit (fake)" in late.error


def test_what_is_let_out_late_has_to_fit_too(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='late = "publish"')
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    stage.schedule("first", at="now")
    run(stage.house)
    for number in range(2):
        stage.schedule(f"late {number}", at="in 1h")
    for _ in range(3):
        stage.pass_time(hours=2)
        run(stage.house)
        assert states(stage) == [State.PUBLISHED, State.LATE, State.LATE]
    stage.pass_time(hours=18, minutes=1)
    run(stage.house)
    assert stage.remote.texts() == ["first", "late 0"]
    stage.pass_time(hours=24, minutes=1)
    run(stage.house)
    assert stage.remote.texts() == ["first", "late 0", "late 1"]


@pytest.mark.parametrize("days", [3, 20])
def test_what_was_let_out_late_counts_from_then_on(tmp_path: Path, days: int) -> None:
    stage = build(tmp_path, at=NOW, account='late = "publish"')
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    for number in range(2):
        stage.schedule(f"late {number}", at="in 1h")
    stage.pass_time(days=days)
    stage.schedule("new", at="now")
    for _ in range(2):
        tick(stage.house)
        assert states(stage) == [State.QUEUED, State.LATE, State.SCHEDULED]
    for _ in range(2):
        run(stage.house)
        assert stage.remote.texts() == ["late 0"]


def test_what_does_not_fit_hides_no_late_post_of_another_account(tmp_path: Path) -> None:
    late = 'late = "publish"'
    stage = build(tmp_path, at=NOW, account=f'{late}\n[accounts.third]\nplatform = "fake"\n{late}')
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    stage.schedule("first", at="now")
    run(stage.house)
    stage.schedule(at="in 1h")
    [other] = stage.schedule(accounts=["third"], at="in 2h")
    stage.pass_time(hours=3)
    for _ in range(3):
        tick(stage.house, limit=1)
    assert stage.now(other).state is State.QUEUED


def test_other_accounts_are_not_held_up(stage: Stage) -> None:
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    for _ in range(2):
        stage.schedule(accounts=["acme", "other"], at="now")
    run(stage.house)
    assert sorted(one.account for one in stage.remote.live) == ["acme", "other"]


def test_another_try_has_to_fit_too(stage: Stage) -> None:
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    stage.remote.script.extend(["not_sent"] * 4)
    [first] = stage.schedule("first", at="now")
    publish(stage.house, ahead=timedelta(seconds=1))
    [second] = stage.schedule("second", at="now")
    tick(stage.house)
    stage.pass_time(minutes=5)
    retry(stage.house)
    assert (stage.now(first).state, stage.now(second).state) == (State.FAILED, State.QUEUED)
    publish(stage.house)
    assert stage.remote.texts() == ["second"]


def test_what_is_unknown_may_be_out_and_counts(stage: Stage) -> None:
    stage.remote.caps = (Cap(1, DAY, "tests"),)
    stage.remote.script.append("dropped")
    stage.remote.unreadable = True
    [first] = stage.schedule("first", at="now")
    run(stage.house)
    assert stage.now(first).state is State.UNKNOWN
    [second] = stage.schedule("second", at="now")
    tick(stage.house)
    assert stage.now(second).state is State.SCHEDULED


# --- what the platform says itself ---------------------------------------------------------------


def test_phase_2_asks_what_is_left_and_nothing_beyond_it_is_queued(stage: Stage) -> None:
    asked = []

    def left() -> Allowance:
        asked.append(stage.clock.now())
        return Allowance(1, NOW + timedelta(hours=6))

    stage.remote.allowed = left
    for number in range(3):
        stage.schedule(f"hello {number}", at=f"in {30 + number}m")
    pre_upload(stage.house)
    assert len(asked) == 1
    assert states(stage) == [State.READY] * 3
    stage.pass_time(hours=1)
    run(stage.house)
    assert len(stage.remote.live) == 1
    stage.pass_time(hours=5, minutes=1)
    run(stage.house)
    assert len(stage.remote.live) == 3
    assert len(asked) == 1


def test_what_is_left_is_asked_for_seldom(stage: Stage) -> None:
    asked = []
    stage.remote.allowed = lambda: asked.append(stage.clock.now())
    for minutes in (0, 5, 20):
        stage.clock.at = NOW + timedelta(minutes=minutes)
        stage.schedule(f"hello {minutes}", at="in 1h")
        pre_upload(stage.house)
    assert [at - NOW for at in asked] == [timedelta(0), timedelta(minutes=20)]


def test_a_platform_that_does_not_say_holds_nothing_up(stage: Stage) -> None:
    def broken() -> Allowance:
        raise Temporary("503.", code=Code.SERVER_TROUBLE)

    for allowed in (lambda: None, broken):
        stage.remote.allowed = allowed
        [delivery] = stage.schedule(at="now")
        run(stage.house)
        assert stage.now(delivery).state is State.PUBLISHED
    assert status(stage.house).full == {}


def test_nobody_is_asked_on_the_publish_calls_way(stage: Stage) -> None:
    stage.schedule(at="in 1h")
    pre_upload(stage.house)
    asked = []
    stage.remote.allowed = lambda: asked.append(stage.clock.now())
    stage.pass_time(hours=1)
    run(stage.house)
    assert len(stage.remote.live) == 1
    assert asked == []


# --- where only some posts are counted -----------------------------------------------------------

REEL = PostType.REEL


def a_page(tmp_path: Path, reels: int | None = None, *, account: str = LONG) -> Stage:
    """Return an account that may publish so many reels a day: as many as a Page of Facebook's."""
    stage = build(tmp_path, at=NOW, account=account)
    stage.remote.types = frozenset(PostType)
    caps = facebook_limits.limits({}).caps
    counted = Counted(types=frozenset({REEL}))
    stage.remote.caps = caps if reels is None else (Cap(reels, DAY, "tests", counted),)
    return stage


def a_profile(tmp_path: Path, posts: int, answers: int) -> Stage:
    """Return an account whose answers are counted apart."""
    stage = build(tmp_path, at=NOW, account=LONG)
    apart = Cap(answers, DAY, "tests", Counted(answers=True))
    stage.remote.caps = (Cap(posts, DAY, "tests", Counted(answers=False)), apart)
    return stage


def many(stage: Stage, number: int, **wish: object) -> tuple[str, ...]:
    """Save as many posts, a minute from one to the next; return what is said of them."""
    asked = [
        Asked(
            Wish(**{"text": f"{n}", "accounts": ["acme"], "at": f"in {60 + n}m"} | wish),  # type: ignore[arg-type]
            f"posts.csv:{n}",
        )
        for n in range(number)
    ]
    return schedule_many(stage.house, asked, actor="me").notes


def test_the_31st_reel_of_a_day_waits_and_is_told_while_a_photo_of_the_same_page_goes_out(
    tmp_path: Path,
) -> None:
    stage = a_page(tmp_path)
    for number in range(31):
        stage.schedule(f"reel {number}", at="now", type=REEL)
    stage.schedule("photo", at="now")
    run(stage.house)
    assert sorted(stage.remote.texts()) == sorted(["photo", *(f"reel {n}" for n in range(30))])
    stage.pass_time(minutes=1)
    why = (
        "acme has to wait with its reels: 30 reels went out within 24 h, and 30 fit (fake). "
        "The next one may go in 23 h 59 min."
    )
    assert status(stage.house).full == {"acme": why}
    [told] = show(stage.house, "31").stories
    assert told.advice.endswith(why)
    stage.schedule("another photo", at="now")
    [told] = show(stage.house, "33").stories
    assert "has to wait" not in told.advice
    stage.pass_time(hours=24)
    run(stage.house)
    assert stage.remote.texts()[-2:] == ["another photo", "reel 30"]


def test_a_plan_with_31_reels_of_a_day_is_told_when_it_is_made(tmp_path: Path) -> None:
    stage = a_page(tmp_path)
    assert many(stage, 40) == ()
    assert many(stage, 30, type=REEL) == ()
    told = "31 reels within 24 h are planned for acme and 30 fit (fake): the last ones will wait."
    assert notes_of(stage, "in 2h", type=REEL) == (told,)
    assert notes_of(stage, "in 2h", type=PostType.STORY) == ()
    assert notes_of(stage, "in 27h", type=REEL) == ()


def notes_of(stage: Stage, at: str, **more: object) -> tuple[str, ...]:
    wish = Wish(**{"text": "hello", "accounts": ["acme"], "at": at} | more)  # type: ignore[arg-type]
    return schedule(stage.house, wish, actor="me").notes


def test_a_series_of_reels_that_does_not_fit_is_told_when_it_begins(tmp_path: Path) -> None:
    stage = a_page(tmp_path, reels=3)
    for type, told in ((PostType.POST, False), (REEL, True)):
        wish = Wish(text="hello", accounts=["acme"], type=type)
        begun = begin(stage.house, wish, Repeat(every="6 hours"), actor="me", dry_run=True)
        assert any("reels within 24 h are planned" in note for note in begun.notes) is told


def test_reels_that_have_to_wait_hide_no_photo_that_comes_after_them(tmp_path: Path) -> None:
    stage = a_page(tmp_path, reels=1)
    stage.schedule("first", at="now", type=REEL)
    run(stage.house)
    [photo] = stage.schedule("photo", at="in 1m")
    for number in range(3):
        stage.schedule(f"reel {number}", at=f"in {2 + number}m", type=REEL)
    stage.pass_time(minutes=5)  # the least overdue are the first in line
    assert [one.id for one in tick(stage.house, limit=1).done] == [photo.id]


def test_late_reels_that_do_not_fit_hide_no_late_photo(tmp_path: Path) -> None:
    stage = a_page(tmp_path, reels=1, account='late = "publish"')
    stage.schedule("first", at="now", type=REEL)
    run(stage.house)
    [reel] = stage.schedule("reel", at="in 1h", type=REEL)
    [photo] = stage.schedule("photo", at="in 2h")
    stage.pass_time(hours=3)
    for _ in range(3):
        tick(stage.house, limit=1)
    assert (stage.now(reel).state, stage.now(photo).state) == (State.LATE, State.QUEUED)


def test_only_what_had_to_wait_is_told_so_when_it_is_late(tmp_path: Path) -> None:
    stage = a_page(tmp_path, reels=1, account="")
    stage.schedule("first", at="now", type=REEL)
    run(stage.house)
    [reel] = stage.schedule("reel", at="in 1h", type=REEL)
    [photo] = stage.schedule("photo", at="in 1h")
    stage.pass_time(hours=2)
    run(stage.house)
    assert "1 reels went out within 24 h" in (stage.now(reel).error or "")
    assert stage.now(photo).state is State.LATE
    assert "went out" not in (stage.now(photo).error or "")


def test_another_try_of_a_reel_has_to_fit_and_that_of_a_photo_has_not(tmp_path: Path) -> None:
    stage = a_page(tmp_path, reels=1)
    stage.remote.script.extend(["not_sent"] * 8)
    [reel] = stage.schedule("reel", at="now", type=REEL)
    [photo] = stage.schedule("photo", at="now")
    publish(stage.house, ahead=timedelta(seconds=1))
    assert (stage.now(reel).state, stage.now(photo).state) == (State.FAILED, State.FAILED)
    stage.remote.script.clear()
    stage.schedule("another reel", at="now", type=REEL)
    tick(stage.house)
    stage.pass_time(minutes=5)
    retry(stage.house)
    assert (stage.now(reel).state, stage.now(photo).state) == (State.FAILED, State.QUEUED)


@pytest.mark.parametrize("counted", [Counted(), Counted(types=frozenset({REEL}))])
def test_another_try_that_does_not_fit_hides_no_other(tmp_path: Path, counted: Counted) -> None:
    stage = build(tmp_path, at=NOW, account=f'{LONG}\n[accounts.third]\nplatform = "fake"')
    stage.remote.types, stage.remote.caps = frozenset(PostType), (Cap(1, DAY, "tests", counted),)
    stage.remote.script.extend(["not_sent"] * 8)
    [reel] = stage.schedule("reel", at="now", type=REEL)
    [photo] = stage.schedule("photo", accounts=["third"], at="now")
    publish(stage.house, ahead=timedelta(seconds=1))
    assert (stage.now(reel).state, stage.now(photo).state) == (State.FAILED, State.FAILED)
    stage.remote.script.clear()
    stage.schedule("another reel", at="now", type=REEL)
    tick(stage.house)
    stage.pass_time(minutes=5)
    for _ in range(3):
        retry(stage.house, limit=1)
    assert (stage.now(reel).state, stage.now(photo).state) == (State.FAILED, State.QUEUED)


def test_a_limit_of_all_posts_and_one_of_some_hold_both(tmp_path: Path) -> None:
    stage = a_page(tmp_path, reels=2)
    stage.remote.caps = (*stage.remote.caps, Cap(3, DAY, "tests"))
    for number in range(3):
        stage.schedule(f"reel {number}", at=f"in {number}s", type=REEL)
    for number in range(3):
        stage.schedule(f"photo {number}", at=f"in {10 + number}s")
    stage.pass_time(minutes=1)
    run(stage.house)
    # What is least overdue goes first.
    assert stage.remote.texts() == ["photo 2", "photo 1", "photo 0"]


def test_260_posts_of_a_day_do_not_fit_on_threads_and_ten_of_them_wait(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account=LONG)
    stage.remote.caps = Threads.limits({}).caps
    told = (
        "260 posts (answers apart) within 24 h are planned for acme and 250 fit (fake): "
        "the last ones will wait."
    )
    assert many(stage, 260) == (told,)
    stage.pass_time(hours=6)
    assert len(tick(stage.house, limit=1000).done) == 250
    assert list(tick(stage.house, limit=1000).done) == []
    assert states(stage).count(State.SCHEDULED) == 10


def test_the_answers_of_a_thread_are_not_counted_as_posts(tmp_path: Path) -> None:
    stage = a_profile(tmp_path, posts=2, answers=3)
    assert notes_of(stage, "now", text="one", then=["two", "three"]) == ()
    run(stage.house)
    assert stage.remote.texts() == ["one", "two", "three"]
    assert notes_of(stage, "now", text="four") == ()
    run(stage.house)
    assert stage.remote.texts()[3:] == ["four"]
    [told] = notes_of(stage, "in 1h", text="five")
    assert told.startswith("3 posts (answers apart) within 24 h are planned for acme and 2 fit")


def test_the_answers_of_imported_threads_are_not_counted_as_posts(tmp_path: Path) -> None:
    stage = a_profile(tmp_path, posts=3, answers=4)
    assert many(stage, 2, then=["two", "three"]) == ()
    told = many(stage, 1, then=["two"])
    assert [one.partition(" within")[0] for one in told] == ["5 answers"]


def test_an_answer_for_which_there_is_no_room_waits_and_other_posts_go_on(tmp_path: Path) -> None:
    stage = a_profile(tmp_path, posts=9, answers=1)
    told = "2 answers within 24 h are planned for acme and 1 fit (fake): the last ones will wait."
    assert notes_of(stage, "now", text="one", then=["two", "three"]) == (told,)
    run(stage.house)
    stage.pass_time(minutes=1)
    stage.schedule("four", at="now")
    run(stage.house)
    assert stage.remote.texts() == ["one", "two", "four"]
    assert status(stage.house).full["acme"].startswith("acme has to wait with its answers: 1 answ")
    stage.pass_time(hours=24)
    run(stage.house)
    assert stage.remote.texts()[3:] == ["three"]


def test_how_many_posts_are_left_says_nothing_of_answers_that_are_counted_apart(
    tmp_path: Path,
) -> None:
    stage = a_profile(tmp_path, posts=9, answers=9)
    stage.remote.allowed = lambda: Allowance(1, NOW + timedelta(hours=6))
    notes_of(stage, "now", text="one", then=["two", "three"])
    stage.schedule("four", at="in 5m")
    stage.schedule("five", at="in 10m")
    for _ in range(3):
        run(stage.house)
        stage.pass_time(minutes=5)
    assert stage.remote.texts() == ["one", "two", "three", "four"]


def test_a_platform_may_say_apart_how_many_answers_it_takes(stage: Stage) -> None:
    stage.remote.allowed = lambda: Allowance(1, NOW + timedelta(hours=6), answers=1)
    stage.schedule("one", at="in 30m", then=["two", "three"])
    pre_upload(stage.house)
    stage.pass_time(minutes=31)
    run(stage.house)
    assert stage.remote.texts() == ["one", "two"]
    told = "acme has to wait with its answers: the platform says that it takes no more (fake)."
    assert status(stage.house).full["acme"].startswith(told)
    stage.pass_time(hours=6)
    run(stage.house)
    assert stage.remote.texts() == ["one", "two", "three"]


# --- after an outage ------------------------------------------------------------------------------


def test_what_has_been_due_for_longer_than_a_limit_looks_back_has_to_fit_too(stage: Stage) -> None:
    stage.remote.caps = (Cap(2, timedelta(minutes=15), "tests"),)
    for number in range(5):
        stage.schedule(f"hello {number}", at="in 1h")
    stage.pass_time(hours=2)
    assert len(tick(stage.house).done) == 2
    assert list(tick(stage.house).done) == []

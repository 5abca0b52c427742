"""Placing: what a person is told, what other posts are in the way, and two who plan at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from postcron.errors import DoesNotFit, Invalid, PlanChanged
from postcron.model import Delivery, Filter
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change, edit
from postcron.operations.house import opened
from postcron.operations.placing import TRIES, Diaries, placing
from postcron.operations.publish import publish
from postcron.operations.schedule import Scheduled, schedule
from postcron.operations.schedule_many import Asked, schedule_many
from postcron.operations.wishes import Wish
from postcron.store import migrate
from tests.operations.stage import START, Stage, build

#: 11:00 in Rome, a Saturday
#: how many posts each of several planners has
POSTS = 6
EVENINGS = 'window = "18:00-23:00"\nmin_gap = "45m"'


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=START, account=EVENINGS)


def wish(at: str | None = "today 19:00", **changes: Any) -> Wish:
    return Wish(**({"text": "hello", "accounts": ["acme"], "at": at} | changes))


def scheduled(stage: Stage, at: str | None = "today 19:00", **changes: Any) -> Scheduled:
    return schedule(stage.house, wish(at, **changes), actor="me")


def one(answer: Scheduled) -> Delivery:
    [delivery] = answer.deliveries
    assert isinstance(delivery, Delivery)
    return delivery


def clock(delivery: Delivery) -> str:
    """Return when it is due, in Rome."""
    assert delivery.due_at is not None
    return f"{delivery.due_at + timedelta(hours=1):%d %H:%M}"


def planned(stage: Stage) -> list[str]:
    page = stage.house.store.page(Filter(), newest_first=False)
    return [clock(each) for each in page.deliveries]


# --- what is answered ----------------------------------------------------------------------------


def test_the_answer_says_what_was_wanted_what_is_given_and_why(stage: Stage) -> None:
    """C3."""
    scheduled(stage, "today 17:30")
    second = one(scheduled(stage, "today 16:00"))
    assert second.wanted_at == datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert clock(second) == "21 18:45"
    assert second.reason == (
        "saturday 2026-11-21 16:00 in Europe/Rome; "
        "18:00 because the window of acme opens then; 18:45 because 18:00 + 45 min gap to 1.1"
    )


def test_a_reason_names_the_zone_its_clocks_are_in_unless_the_wish_did(stage: Stage) -> None:
    elsewhere = one(scheduled(stage, "tomorrow 00:30", zone="Asia/Tokyo"))
    assert elsewhere.reason == (
        "sunday 2026-11-22 00:30 in Asia/Tokyo; "
        "18:00 because the window of acme opens then (Europe/Rome)"
    )


def test_each_account_is_placed_by_its_own_rules(stage: Stage) -> None:
    here, there = scheduled(stage, "today 17:00", accounts=["acme", "other"]).deliveries
    assert isinstance(here, Delivery)
    assert isinstance(there, Delivery)
    assert (clock(here), clock(there)) == ("21 18:00", "21 17:00")


def test_a_rehearsal_gives_what_scheduling_would(stage: Stage) -> None:
    scheduled(stage)
    answer = schedule(stage.house, wish(), actor="me", dry_run=True)
    assert [each.due_at for each in answer.deliveries] == [START + timedelta(hours=8, minutes=45)]
    assert planned(stage) == ["21 19:00"]


def test_exact_refuses_to_move_and_says_the_next_moment(stage: Stage) -> None:
    with pytest.raises(Invalid) as refused:
        scheduled(stage, "today 17:30", exact=True)
    assert refused.value.code == "not_then"
    assert refused.value.message == (
        "acme cannot take it then: saturday 2026-11-21 17:30 in Europe/Rome; 18:00 because the window "
        "of acme opens then. The next moment is 2026-11-21T18:00:00+01:00, or let it be moved."
    )
    assert planned(stage) == []
    assert clock(one(scheduled(stage, "2026-11-21T18:00:00+01:00", exact=True))) == "21 18:00"


def test_the_next_moment_that_is_said_is_never_too_early_by_a_fraction(stage: Stage) -> None:
    stage.clock.advance(timedelta(hours=8, microseconds=1))
    scheduled(stage, "in 5m")
    with pytest.raises(Invalid, match=r"The next moment is 2026-11-21T19:50:01\+01:00"):
        scheduled(stage, "in 6m", exact=True)
    assert clock(one(scheduled(stage, "2026-11-21T19:50:01+01:00", exact=True))) == "21 19:50"


def test_an_account_that_joins_a_post_keeps_to_its_windows_end(stage: Stage) -> None:
    more = {"key": "launch", "accounts": ["other", "acme"]}
    scheduled(stage, "today 17:00", key="launch", accounts=["other"], window_end="today 17:30")
    with pytest.raises(Invalid, match="acme cannot take it before its window ends"):
        scheduled(stage, "today 17:00", **more)
    assert planned(stage) == ["21 17:00"]


@pytest.mark.parametrize("end", ["today 18:30", "2026-11-21T18:59:59+01:00"])
def test_past_the_windows_end_it_is_refused_with_the_reason(stage: Stage, end: str) -> None:
    """C3."""
    scheduled(stage, "today 18:15")
    with pytest.raises(Invalid) as refused:
        scheduled(stage, "today 18:20", window_end=end)
    assert refused.value.code == "window_over"
    assert "19:00 because 18:15 + 45 min gap to 1.1" in refused.value.message
    assert "The next moment is 2026-11-21T19:00:00+01:00." in refused.value.message
    assert planned(stage) == ["21 18:15"]


def test_the_windows_end_itself_still_fits_and_is_kept_with_the_post(stage: Stage) -> None:
    """C4."""
    answer = scheduled(stage, "today 17:00", window_end="today 18:00")
    assert answer.post is not None
    assert answer.post.window_end == datetime(2026, 11, 21, 17, tzinfo=UTC)


def test_a_windows_end_that_is_several_moments_is_refused(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, account='timezone = "Asia/Tokyo"')
    with pytest.raises(Invalid, match="another moment in each account's zone: add --tz"):
        scheduled(stage, "in 1h", accounts=["acme", "other"], window_end="tomorrow 09:00")
    both = {"accounts": ["acme", "other"], "window_end": "tomorrow 09:00", "zone": "UTC"}
    assert len(scheduled(stage, "in 1h", **both).deliveries) == 2


def test_now_is_now_and_the_rule_it_breaks_is_told(stage: Stage) -> None:
    answer = scheduled(stage, "now")
    assert one(answer).due_at == START
    assert answer.notes == (
        "acme sends it now, although its rules say 18:00 because the window of acme opens then.",
    )
    assert scheduled(stage, "now", draft=True).notes == (), "it is not sent"


def test_now_says_nothing_where_the_rules_hold(stage: Stage) -> None:
    stage.clock.advance(timedelta(hours=8))
    assert scheduled(stage, "now").notes == ()


def test_now_exactly_is_refused_where_the_rules_do_not_hold(stage: Stage) -> None:
    with pytest.raises(Invalid, match="acme cannot take it then: now; 18:00 because the window"):
        scheduled(stage, "now", exact=True)


def test_what_went_out_now_is_in_the_way_of_the_next(stage: Stage) -> None:
    stage.clock.advance(timedelta(hours=8))
    scheduled(stage, "now")
    assert clock(one(scheduled(stage, "in 5m"))) == "21 19:45"


def test_a_post_for_which_no_moment_comes_is_refused(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, account='blackout = "2026-11-01..2030-01-01"')
    with pytest.raises(Invalid, match="acme has no moment for it within 366 d of in 2h") as refused:
        scheduled(stage, "in 2h")
    assert refused.value.code == "never"


# --- what is in the way --------------------------------------------------------------------------


def draft(stage: Stage) -> None:
    scheduled(stage, draft=True)


def published(stage: Stage) -> None:
    scheduled(stage, "today 18:50")
    stage.clock.advance(timedelta(hours=7, minutes=50))
    publish(stage.house)


def published_late(stage: Stage) -> None:
    """Due at 18:30, it was let out at 18:40 and went out then."""
    scheduled(stage, "today 18:30")
    stage.clock.advance(timedelta(hours=7, minutes=40))
    publish(stage.house)
    stage.clock.advance(timedelta(minutes=10))


def withdrawn(stage: Stage) -> None:
    scheduled(stage)
    cancel(stage.house, ["1"], actor="me")


def without_a_time(stage: Stage) -> None:
    scheduled(stage, None, draft=True)


def of_another_account(stage: Stage) -> None:
    scheduled(stage, accounts=["other"])


@pytest.mark.parametrize(
    ("first", "given"),
    [
        (draft, "21 19:45"),
        (published, "21 19:35"),
        (published_late, "21 19:25"),
        (withdrawn, "21 19:00"),
        (without_a_time, "21 19:00"),
        (of_another_account, "21 19:00"),
    ],
)
def test_what_is_planned_or_out_is_in_the_way_and_nothing_else(
    stage: Stage, first: Callable[[Stage], None], given: str
) -> None:
    first(stage)
    assert clock(one(scheduled(stage))) == given


def test_a_thread_counts_once_and_its_parts_are_not_placed(tmp_path: Path) -> None:
    stage = build(tmp_path, at=START, account='min_gap = "45m"\ndaily_cap = 2')
    parts = scheduled(stage, then=["two", "three"]).deliveries
    assert {each.due_at for each in parts} == {START + timedelta(hours=8)}
    assert clock(one(scheduled(stage))) == "21 19:45"
    assert clock(one(scheduled(stage))) == "22 00:00"


def test_posts_of_another_workspace_are_in_nobodys_way(stage: Stage) -> None:
    scheduled(stage)
    config = replace(stage.house.config, workspace="elsewhere")
    with opened(replace(stage.house, config=config)) as house:
        answer = schedule(house, wish(), actor="me")
    assert [each.due_at for each in answer.deliveries] == [START + timedelta(hours=8)]


# --- another time --------------------------------------------------------------------------------


def test_an_edit_of_the_time_obeys_the_same_rules(stage: Stage) -> None:
    scheduled(stage, "today 19:00")
    scheduled(stage, "today 20:00")
    [moved] = edit(stage.house, "2", Change(at="today 19:10"), actor="me").deliveries
    assert clock(moved) == "21 19:45"
    assert moved.reason.endswith("19:45 because 19:00 + 45 min gap to 1.1")
    [moved_, *_] = [
        event
        for event in stage.house.store.events(Filter(post_id=2), limit=9)
        if event.kind == "rescheduled"
    ]
    assert moved_.detail["why"] == moved.reason


def test_a_post_is_not_in_its_own_way(stage: Stage) -> None:
    scheduled(stage, "today 19:00")
    [moved] = edit(stage.house, "1", Change(at="today 19:10"), actor="me").deliveries
    assert clock(moved) == "21 19:10"


def test_an_edit_refuses_to_move_where_it_has_to_be_exact(stage: Stage) -> None:
    scheduled(stage, "today 19:00")
    with pytest.raises(Invalid, match="acme cannot take it then"):
        edit(stage.house, "1", Change(at="today 23:30", exact=True), actor="me")
    assert planned(stage) == ["21 19:00"]


def test_a_windows_end_holds_for_later_edits_until_it_is_changed(stage: Stage) -> None:
    scheduled(stage, "today 19:00", window_end="today 20:00")
    with pytest.raises(Invalid, match="before its window ends"):
        edit(stage.house, "1", Change(at="today 20:30"), actor="me")
    later = Change(at="today 20:30", window_end="today 21:00")
    assert [clock(d) for d in edit(stage.house, "1", later, actor="me").deliveries] == ["21 20:30"]


def test_a_windows_end_before_what_keeps_its_time_is_refused(stage: Stage) -> None:
    scheduled(stage, "today 19:00")
    with pytest.raises(Invalid, match=r"1\.1 is due after that end of its window"):
        edit(stage.house, "1", Change(window_end="today 18:30"), actor="me")
    edited = edit(stage.house, "1", Change(window_end="today 19:00"), actor="me")
    assert edited.post.window_end == START + timedelta(hours=8)


def test_an_edit_to_now_notes_the_rule_it_breaks(stage: Stage) -> None:
    scheduled(stage, "today 19:00")
    edited = edit(stage.house, "1", Change(at="now"), actor="me")
    assert [each.due_at for each in edited.deliveries] == [START]
    assert len(edited.notes) == 1


def test_another_text_moves_nothing(stage: Stage) -> None:
    scheduled(stage, "now")
    [edited] = edit(stage.house, "1", Change(text="bye"), actor="me").deliveries
    assert edited.due_at == START


def test_a_part_of_a_thread_keeps_the_time_it_is_given(stage: Stage) -> None:
    scheduled(stage, "today 19:00", then=["two"])
    [part] = edit(stage.house, "2", Change(at="today 23:30"), actor="me").deliveries
    assert clock(part) == "21 23:30"


# --- many at once --------------------------------------------------------------------------------


def test_many_are_placed_one_after_the_other(stage: Stage) -> None:
    asked = [Asked(wish("today 22:00", text=f"post {n}"), f"posts.csv:{n}") for n in range(2, 6)]
    schedule_many(stage.house, asked, actor="me")
    assert planned(stage) == ["21 22:00", "21 22:45", "22 18:00", "22 18:45"]


def test_a_wish_that_is_refused_takes_no_moment_from_others(stage: Stage) -> None:
    too_long, fits = wish(text="x" * 41), wish()
    asked = [Asked(too_long, "posts.csv:2"), Asked(fits, "posts.csv:3")]
    schedule_many(stage.house, asked, actor="me", partial=True)
    assert planned(stage) == ["21 19:00"]


def test_what_cannot_be_placed_is_told_with_its_line(stage: Stage) -> None:
    asked = [Asked(wish(), "posts.csv:2"), Asked(wish(exact=True), "posts.csv:3")]
    with pytest.raises(DoesNotFit) as refused:
        schedule_many(stage.house, asked, actor="me")
    [problem] = refused.value.problems
    assert problem.where == "posts.csv:3"
    assert "acme cannot take it then" in problem.what


# --- two who plan at once ------------------------------------------------------------------------


def test_who_planned_by_what_is_old_is_refused_and_plans_anew(stage: Stage) -> None:
    diaries = Diaries(stage.house)
    account = stage.house.account("acme")
    first = diaries.of(account)
    scheduled(stage)
    seen = []

    def work(by: Diaries) -> str:
        seen.append(by.of(account).changes)
        if by.of(account) is first:
            raise PlanChanged("acme")
        return "saved"

    assert placing(diaries, work) == "saved"
    assert seen == [0, 1]


def test_planning_anew_has_an_end(stage: Stage) -> None:
    tries = []

    def work(by: Diaries) -> None:
        tries.append(by)
        raise PlanChanged("The plan of acme has just been changed by another run: try again.")

    with pytest.raises(PlanChanged, match="try again"):
        placing(Diaries(stage.house), work)
    assert len(tries) == len({id(by) for by in tries}) == TRIES


def test_many_are_placed_anew_when_somebody_was_first(stage: Stage) -> None:
    def asked() -> Iterator[Asked]:
        yield Asked(wish(text="many", key="a"), "posts.csv:2")
        scheduled(stage, text="another")
        yield Asked(wish(text="many", key="b"), "posts.csv:3")

    answer = schedule_many(stage.house, asked(), actor="me")
    assert planned(stage) == ["21 19:00", "21 19:45", "21 20:30"]
    assert [row.post_id for row in answer.rows] == [2, 3]


def test_what_cannot_be_placed_anew_is_told_with_its_line(stage: Stage) -> None:
    def asked() -> Iterator[Asked]:
        yield Asked(wish(exact=True), "posts.csv:2")
        scheduled(stage)

    with pytest.raises(DoesNotFit, match=r"posts\.csv:2: acme cannot take it then"):
        schedule_many(stage.house, asked(), actor="me")
    assert planned(stage) == ["21 19:00"]


def test_accounts_without_rules_about_others_never_plan_anew(stage: Stage) -> None:
    def asked() -> Iterator[Asked]:
        yield Asked(wish(accounts=["other"], exact=True), "posts.csv:2")
        scheduled(stage, accounts=["other"])

    schedule_many(stage.house, asked(), actor="me")
    assert planned(stage) == ["21 19:00", "21 19:00"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shared_store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/shared.db"
        (tmp_path / "shared.db").touch(mode=0o600)
    else:
        url = request.getfixturevalue("postgres_server").fresh_url()
    migrate(url)
    return url


@pytest.mark.parametrize("count", [2])
def test_several_processes_that_plan_at_once_never_take_one_slot(
    tmp_path: Path, shared_store: str, count: int
) -> None:
    planners = []
    for number in range(count):
        folder = tmp_path / str(number)
        folder.mkdir()
        words = [sys.executable, "-m", "tests.operations.planner", str(folder), shared_store]
        planners.append(subprocess.Popen(words, stdin=subprocess.PIPE, text=True))
    for planner in planners:
        assert planner.stdin is not None
        planner.stdin.write("go\n")
        planner.stdin.flush()
    for planner in planners:
        planner.communicate(timeout=90)
        assert planner.returncode == 0
    stage = build(tmp_path, at=START, account=EVENINGS, store=shared_store)
    due = [each.due_at for each in stage.house.store.page(Filter(), newest_first=False).deliveries]
    assert len(due) == count * POSTS
    # Six fit into an evening, and nobody left a hole.
    first = START + timedelta(hours=8)
    assert due[:5] == [first + number * timedelta(minutes=45) for number in range(5)]
    gaps = [late - early for early, late in pairwise(due) if early and late]
    assert min(gaps) == timedelta(minutes=45)

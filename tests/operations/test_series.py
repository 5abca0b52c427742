"""Recurring posts: made ahead and once, told when left out, changed from now on."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text as sql

from postcron.errors import DoesNotFit, Invalid, NotFound, Refused
from postcron.model import Delivery, Filter, Post, PostType
from postcron.operations import telling
from postcron.operations.cancel import cancel
from postcron.operations.edit import Change as ChangeOfOne
from postcron.operations.edit import edit
from postcron.operations.occurrences import make, make_due
from postcron.operations.publish import publish
from postcron.operations.report import Report
from postcron.operations.run import run
from postcron.operations.series import Told, every, show
from postcron.operations.series_beginning import Repeat, begin
from postcron.operations.series_changes import Change, change_following, end, skip
from postcron.operations.tick import tick
from postcron.operations.wishes import Wish
from postcron.rules.recurrence import Bounds
from postcron.states import State
from tests.builders import every_delivery
from tests.media.files import picture
from tests.operations.stage import Stage, build
from tests.proof.death import Death, Killed, mortal

#: a Saturday, 11:00 in Rome
NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=NOW)


def begun(stage: Stage, rule: str = "day 09:00", text: str = "Good morning", **more: Any) -> Told:
    """Begin a series; what is not a part of a wish says how often."""
    bounds = Bounds(
        **{name: more.pop(name) for name in ("until", "times", "without") if name in more}
    )
    repeat = Repeat(rule, starting=more.pop("starting", None), bounds=bounds)
    variations, dry_run = more.pop("variations", ()), more.pop("dry_run", False)
    wish = Wish(**({"text": text, "accounts": ["acme"]} | more))
    return begin(stage.house, wish, repeat, variations, actor="me", dry_run=dry_run)


def posts(stage: Stage) -> list[Post]:
    """Return the posts that are not withdrawn, in the order of what they are made for."""
    deliveries = stage.house.store.page(Filter(), limit=1000).deliveries
    found = stage.house.store.posts({each.post_id for each in deliveries}).values()
    return sorted(found, key=lambda post: (post.occurrence or NOW, post.id))


def occurrences(stage: Stage) -> list[str]:
    return [f"{post.occurrence:%a %d %H:%M}" for post in posts(stage) if post.occurrence]


def deliveries(stage: Stage) -> list[Delivery]:
    page = stage.house.store.page(Filter(), newest_first=False, limit=1000)
    return list(page.deliveries)


# --- beginning -----------------------------------------------------------------------------------


def test_the_first_posts_are_there_at_once_as_if_scheduled_by_hand(stage: Stage) -> None:
    told = begun(stage, campaign="coffee", options={"acme": {"mood": "calm"}}, labels=("daily",))
    assert told.series is not None
    assert occurrences(stage) == ["Sun 22 08:00", "Mon 23 08:00"]
    post, delivery = posts(stage)[0], deliveries(stage)[0]
    assert (post.text, post.campaign, post.labels) == ("Good morning", "coffee", ("daily",))
    assert (post.scheduled_by, post.created_by, post.series_id) == ("series", "me", told.series.id)
    assert (delivery.state, delivery.due_at) == (State.SCHEDULED, post.occurrence)
    assert delivery.wake_at == NOW + timedelta(hours=21)
    assert delivery.options == {"mood": "calm"}
    assert delivery.reason == "series 1: sunday 2026-11-22 09:00 in Europe/Rome"


def test_the_answer_names_the_next_moments_and_what_is_made_of_them(stage: Stage) -> None:
    told = begun(stage)
    assert [each.at for each in told.next] == [NOW + 22 * HOUR + each * DAY for each in range(5)]
    assert [[d.ref for d in each.deliveries] for each in told.next] == [
        ["1.1"],
        ["2.1"],
        [],
        [],
        [],
    ]


def test_an_account_that_is_named_twice_says_it_once(stage: Stage) -> None:
    told = begun(stage, accounts=["acme", "acme"])
    assert told.template.wish.accounts == ["acme"]
    told = changed(stage, accounts=["acme", "acme"])
    assert [len(each.deliveries) for each in told.next if each.deliveries] == [1, 1]


def test_a_rehearsal_saves_nothing(stage: Stage) -> None:
    told = begun(stage, dry_run=True)
    assert (told.series, len(told.next)) == (None, 5)
    assert every(stage.house) == []
    assert deliveries(stage) == []


def test_the_same_key_again_is_the_same_series(stage: Stage) -> None:
    first = begun(stage, key="morning")
    again = begun(stage, key="morning")
    assert (again.series, again.notes) == (first.series, ())
    other = begun(stage, "day 10:00", key="morning")
    assert other.series == first.series
    assert other.notes == (
        "Key morning already stands for series 1 with another rule or text; nothing changed.",
    )
    assert len(every(stage.house)) == 1


def test_a_series_keeps_its_media_and_its_threads(stage: Stage, tmp_path: Path) -> None:
    shelf = picture(tmp_path / "shelf.png")
    begun(stage, media=[str(shelf)], alts=["A shelf"], then=["And more"])
    shelf.unlink()
    stage.pass_time(days=1)
    tick(stage.house)
    first = [post for post in posts(stage) if post.occurrence]
    assert [[file.alt for file in post.attachments] for post in first] == [["A shelf"]] * 3
    assert len({file.file for post in first for file in post.attachments}) == 1
    rest = [post for post in posts(stage) if not post.occurrence]
    assert [post.text for post in rest] == ["And more"] * 3
    assert [delivery.after_id is not None for delivery in deliveries(stage)].count(True) == 3


def test_drafts_stay_drafts(stage: Stage) -> None:
    begun(stage, draft=True)
    assert {delivery.state for delivery in deliveries(stage)} == {State.DRAFT}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"text": "x" * 41}, "41"),
        ({"variations": ["fine", "x" * 41]}, "41"),
        ({"options": {"acme": {"mood": "angry"}}}, "mood cannot be 'angry'"),
        ({"media": ["/nowhere.png"]}, "/nowhere.png"),
        ({"accounts": ["acm"]}, "There is no account 'acm'"),
        ({"at": "tomorrow 9am"}, "A rule says when"),
        ({"exact": True}, "A rule says when"),
        ({"zone": "Europe/Roma"}, "There is no time zone"),
        ({"times": 0}, "--times is 0, but must be from 1"),
    ],
)
def test_what_does_not_fit_is_refused_with_nothing_kept(
    stage: Stage, more: dict[str, Any], why: str
) -> None:
    with pytest.raises((Invalid, DoesNotFit)) as refused:
        begun(stage, **more)
    assert why in str(refused.value)
    assert every(stage.house) == []
    assert deliveries(stage) == []


def test_accounts_in_two_zones_need_one_to_be_named(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='timezone = "America/New_York"')
    both: dict[str, Any] = {"accounts": ["acme", "other"]}
    with pytest.raises(Invalid, match="in America/New_York and Europe/Rome: say with --tz"):
        begun(stage, **both)
    told = begun(stage, zone="America/New_York", **both)
    assert [each.at.hour for each in told.next] == [14] * 5
    assert len(told.next[0].deliveries) == 2


# --- made ahead, each once ---------------------------------------------------------------------


def test_tick_makes_what_is_next_when_its_time_has_come(stage: Stage) -> None:
    begun(stage)
    stage.pass_time(hours=21, minutes=59)
    assert tick(stage.house).series.made == []
    assert stage.house.store.series.due(9) == []
    stage.pass_time(minutes=1)
    rehearsed = tick(stage.house, dry_run=True).series.made
    [made] = tick(stage.house).series.made
    assert [(each.series_id, each.at, each.post_id) for each in rehearsed] == [(1, made.at, None)]
    assert (made.series_id, made.at, made.post_id) == (1, NOW + 22 * HOUR + 2 * DAY, 3)
    assert tick(stage.house).series.made == []


def test_publish_alone_makes_them_too(stage: Stage) -> None:
    begun(stage)
    stage.pass_time(days=1)
    assert len(publish(stage.house).series.made) == 1


def test_all_of_it_goes_out_once_in_local_time_its_texts_in_turn(tmp_path: Path) -> None:
    # Clocks go back on 25 October.
    stage = build(tmp_path, at=datetime(2026, 10, 23, 5, tzinfo=UTC))
    begun(stage, text="one", variations=["two", "three"], until="2026-10-27")
    for _ in range(5):
        next_due = stage.house.store.next_due()
        assert next_due is not None
        stage.clock.advance(next_due - timedelta(seconds=30) - stage.clock.at)
        report = run(stage.house)
        assert not [*report.failed, *report.late]
    assert stage.remote.texts() == ["one", "two", "three", "one", "two"]
    assert [f"{live.at:%d %H:%M:%S}" for live in stage.remote.live] == [
        *("23 07:00:00", "24 07:00:00", "25 08:00:00", "26 08:00:00", "27 08:00:00")
    ]
    stage.pass_time(minutes=1)
    [told] = every(stage.house)
    assert told.series is not None
    assert (told.series.made, told.series.wake_at, told.next) == (5, None, ())


def test_an_occurrence_that_the_rules_of_its_account_move_stays_the_same_one(
    tmp_path: Path,
) -> None:
    stage = build(tmp_path, at=NOW, account='window = "10:00-20:00"\nmin_gap = "30m"')
    begun(stage)
    begun(stage, text="Again")
    assert occurrences(stage) == ["Sun 22 08:00", "Sun 22 08:00", "Mon 23 08:00", "Mon 23 08:00"]
    assert [f"{each.due_at:%d %H:%M}" for each in deliveries(stage)] == [
        *("22 09:00", "22 09:30", "23 09:00", "23 09:30")
    ]
    assert {each.wanted_at for each in deliveries(stage)} == {NOW + 22 * HOUR, NOW + 46 * HOUR}
    assert deliveries(stage)[0].reason.endswith("because the window of acme opens then")
    stage.pass_time(hours=23)
    assert len(tick(stage.house).series.made) == 2


# --- keeping up ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ("daily_cap = 3", "hour"),
        ('min_gap = "25h"', "day 09:00"),
        ('daily_cap = 1\nwindow = "mon-fri 10:00-20:00"', "day 09:00"),
    ],
)
def test_a_series_that_comes_more_often_than_its_account_speaks_says_so(
    tmp_path: Path, rules: str, rule: str
) -> None:
    stage = build(tmp_path, at=NOW, account=rules)
    for told in (begun(stage, rule, dry_run=True), begun(stage, rule), show(stage.house, "1")):
        [note] = told.notes
        assert note.startswith("acme cannot keep up: its turn for what is wanted at 20")
    assert changed(stage, repeat=Repeat("friday 09:00")).notes == ()
    assert changed(stage, repeat=Repeat(rule)).notes == (note,)


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ('daily_cap = 24\nmin_gap = "5m"\nwindow = "18:00-23:00"', "hour"),
        ('min_gap = "24h"', "day 09:00"),
        ('window = "18:00-23:00"', "hour"),
        ('daily_cap = 1\nblackout = ["2026-11-23..2026-11-25"]', "2 days 09:00"),
    ],
)
def test_one_that_catches_up_has_nothing_to_say(tmp_path: Path, rules: str, rule: str) -> None:
    stage = build(tmp_path, at=NOW, account=rules)
    assert begun(stage, rule).notes == ()


def test_series_that_are_too_many_together_say_so_when_they_begin_to_wait(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account="daily_cap = 2")
    assert [begun(stage, "day 09:00", text).notes for text in ("one", "two")] == [(), ()]
    [note] = begun(stage, "day 10:00", "three").notes
    assert note == (
        "acme cannot keep up: its turn for what is wanted at 2026-11-22 10:00 comes at 2026-11-24 00:00, "
        "after the next one is wanted. Repeat it less often, or change the rules of the account."
    )
    said = []
    for _ in range(20):
        stage.pass_time(hours=6)
        said += [one.id for one, _ in run(stage.house).series.behind]
    assert sorted(said) == [1, 2, 3]


def test_a_lead_of_days_is_heeded(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='lead = "3d"')
    begun(stage)
    assert len(posts(stage)) == 4


def test_of_two_hosts_that_make_at_once_each_occurrence_is_made_by_one(
    stage: Stage, tmp_path: Path
) -> None:
    for _ in range(5):
        begun(stage)
    stage.pass_time(days=3)
    seen = stage.house.store.series.due(9)
    (tmp_path / "second").mkdir()
    other = build(tmp_path / "second", at=stage.clock.at, store=f"sqlite:///{tmp_path}/postcron.db")
    made: list[int] = []

    def work(house: Any) -> None:
        barrier.wait()
        made.append(len(make_due(house, house.run("tick"), limit=9).made))

    barrier = threading.Barrier(2)
    runs = [threading.Thread(target=work, args=[each.house]) for each in (stage, other)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert sum(made) == 5 * 2
    counted = Counter((post.series_id, post.occurrence) for post in posts(stage))
    assert set(counted.values()) == {1}
    # Who looked before and comes last makes nothing.
    assert make(other.house, other.house.run("tick"), seen[0]).made == []


# --- what passed while nothing ran -------------------------------------------------------------


def told_by(stage: Stage, report: Report) -> list[int]:
    telling.recall(stage.house, report)
    telling.told(stage.house, report)
    return [one.left_out for one in report.series.left_out]


def test_after_a_week_without_a_run_only_what_is_in_its_grace_is_made(stage: Stage) -> None:
    begun(stage)
    stage.pass_time(days=8, hours=-2, minutes=10)  # 09:10 in Rome
    report = tick(stage.house)
    assert [f"{each.at:%d %H:%M}" for each in report.series.made] == [
        *("29 08:00", "30 08:00", "01 08:00"),
    ]
    # The two that were made before the outage are late themselves.
    assert len(report.late) == 2
    assert told_by(stage, report) == [5]
    assert told_by(stage, tick(stage.house)) == []
    assert stage.house.store.series.due(9) == []


def test_what_a_run_did_not_live_to_tell_the_next_one_tells(stage: Stage) -> None:
    begun(stage)
    stage.pass_time(days=8)
    tick(stage.house)
    assert told_by(stage, run(stage.house)) == [6]
    assert told_by(stage, publish(stage.house)) == []


def test_a_grace_of_days_lets_days_be_made_up_for(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='grace = "50h"')
    begun(stage)
    stage.pass_time(days=8, hours=-1)  # a week later, 10:00 in Rome
    report = tick(stage.house)
    assert [f"{each.at:%d}" for each in report.series.made] == ["27", "28", "29", "30", "01"]
    assert told_by(stage, report) == [3]


def test_a_series_that_ended_while_nothing_ran_is_told_and_over(stage: Stage) -> None:
    begun(stage, times=4)
    stage.pass_time(days=30)
    assert told_by(stage, tick(stage.house)) == [2]
    tick(stage.house)
    assert show(stage.house, "1").series.wake_at is None  # type: ignore[union-attr]


# --- what cannot be made -----------------------------------------------------------------------


def without_account(stage: Stage, name: str) -> Any:
    """Take an account out of the configuration; return it as it was."""
    from dataclasses import replace

    before = stage.house.config
    accounts = {each: account for each, account in before.accounts.items() if each != name}
    stage.house.config = replace(before, accounts=accounts)
    return before


def test_a_series_that_can_make_nothing_says_why_and_holds_up_no_other(stage: Stage) -> None:
    begun(stage)
    begun(stage, accounts=["other"])
    stage.pass_time(days=1)
    before = without_account(stage, "acme")
    making = tick(stage.house).series
    assert [each.series_id for each in making.made] == [2]
    [(one, why)] = making.stalled
    assert (one.id, "There is no account 'acme'" in why) == (1, True)
    assert tick(stage.house).series.stalled == []
    stage.house.config = before
    stage.pass_time(hours=1)
    assert [each.series_id for each in tick(stage.house).series.made] == [1]


def test_a_row_that_nobody_can_read_holds_up_no_other(stage: Stage) -> None:
    begun(stage)
    begun(stage, accounts=["other"])
    with stage.house.store._database.engine.begin() as connection:
        connection.execute(sql("UPDATE series SET template = '{}' WHERE id = 1"))
    stage.pass_time(days=1)
    making = tick(stage.house).series
    assert [each.series_id for each in making.made] == [2]
    assert [why for _, why in making.stalled] == ["postcron stopped unexpectedly (KeyError)."]


# --- changing what follows ---------------------------------------------------------------------


def changed(stage: Stage, id: str = "1", **more: Any) -> Told:
    return change_following(stage.house, id, Change(**more), actor="me")


def test_another_text_is_said_by_all_that_follow(stage: Stage) -> None:
    begun(stage, text="one", variations=["two"])
    changed(stage, text="uno")
    assert [post.text for post in posts(stage)] == ["uno", "two"]
    assert occurrences(stage) == ["Sun 22 08:00", "Mon 23 08:00"]
    changed(stage, variations=[])
    stage.pass_time(days=1)
    tick(stage.house)
    assert [post.text for post in posts(stage)][-2:] == ["uno", "uno"]


def test_another_rule_holds_from_now_on(stage: Stage) -> None:
    begun(stage, until="2026-11-24")
    told = changed(stage, repeat=Repeat("day 10:00"))
    assert occurrences(stage) == ["Sun 22 09:00", "Mon 23 09:00"]
    assert [f"{each.at:%d %H:%M}" for each in told.next] == ["22 09:00", "23 09:00", "24 09:00"]
    assert len(every_delivery(stage.house.store)) == 4


def test_what_has_begun_is_left_as_it_is(stage: Stage) -> None:
    begun(stage)
    stage.pass_time(hours=21, minutes=59)
    tick(stage.house)
    stage.house.store.claims.take_queued(
        stage.house.run("publish"), until=NOW + DAY, lease=HOUR, limit=9
    )
    changed(stage, text="Hello")
    assert [post.text for post in posts(stage)] == ["Good morning", "Hello"]
    assert occurrences(stage) == ["Sun 22 08:00", "Mon 23 08:00"]


def test_media_accounts_zone_and_days_left_out_can_change(stage: Stage, tmp_path: Path) -> None:
    shelf = picture(tmp_path / "shelf.png")
    begun(stage, texts={"acme": "For you"})
    changed(
        stage,
        media=[str(shelf)],
        accounts=["other"],
        zone="UTC",
        repeat=Repeat(bounds=Bounds(without=["2026-11-22"])),
        type=PostType.POST,
        campaign="tea",
        notes="from now on",
    )
    [post] = posts(stage)
    assert (post.campaign, post.notes, len(post.attachments)) == ("tea", "from now on", 1)
    assert occurrences(stage) == ["Mon 23 09:00"]
    assert [delivery.account for delivery in deliveries(stage)] == ["other"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"text": "x" * 41}, "41"),
        ({"repeat": Repeat("sometimes")}, "no rule to repeat by"),
        ({"repeat": Repeat(starting="monday")}, "--starting goes with"),
        ({"repeat": Repeat(bounds=Bounds(until="2026-11-20"))}, "still to come"),
        ({"accounts": ["nobody"]}, "There is no account"),
        ({"texts": {"other": "Hi"}}, "other has its own text"),
    ],
)
def test_a_change_that_does_not_fit_changes_nothing(
    stage: Stage, change: dict[str, Any], why: str
) -> None:
    before = begun(stage)
    with pytest.raises((Invalid, DoesNotFit)) as refused:
        changed(stage, **change)
    assert why in str(refused.value)
    assert show(stage.house, "1") == before


def test_what_a_person_cancelled_is_not_made_anew_and_what_he_edited_is(stage: Stage) -> None:
    begun(stage)
    cancel(stage.house, ["1"], actor="me")
    edit(stage.house, "2", ChangeOfOne(text="Only today"), actor="me")
    assert [post.text for post in posts(stage)] == ["Good morning", "Only today"]
    changed(stage, text="Hello")
    assert [(post.text, post.id) for post in posts(stage)] == [("Good morning", 1), ("Hello", 3)]
    assert deliveries(stage)[0].state is State.CANCELLED


def test_a_day_is_left_out_and_its_post_withdrawn(stage: Stage) -> None:
    begun(stage)
    told = skip(stage.house, "1", "monday", actor="me")
    assert [f"{each.at:%d}" for each in told.next] == ["22", "24", "25", "26", "27"]
    assert occurrences(stage) == ["Sun 22 08:00"]
    skip(stage.house, "1", "2026-11-24", actor="me")
    stage.pass_time(days=3)
    run(stage.house)
    assert occurrences(stage)[1:] == ["Wed 25 08:00", "Thu 26 08:00"]


def test_a_day_on_which_nothing_is_still_to_come_is_refused(stage: Stage) -> None:
    begun(stage, "monday 09:00")
    for day in ("tuesday", "2026-11-16", "2027-12-24"):
        with pytest.raises(Invalid, match="Nothing of series 1 is still to come on"):
            skip(stage.house, "1", day, actor="me")
    with pytest.raises(Invalid, match="'christmas' is not a day"):
        skip(stage.house, "1", "christmas", actor="me")


def test_a_day_whose_post_has_begun_cannot_be_left_out(stage: Stage) -> None:
    before = begun(stage)
    stage.house.store.claims.take_uploads(
        stage.house.run("pre-upload"), until=NOW + DAY, lease=HOUR, limit=9
    )
    with pytest.raises(Refused, match=r"1\.1 is being worked on right now"):
        skip(stage.house, "1", "sunday", actor="me")
    assert show(stage.house, "1").rule == before.rule


@pytest.mark.parametrize("stop", [end, partial(skip, day="2026-11-22")])
def test_what_was_moved_beyond_its_moment_is_withdrawn_too(
    tmp_path: Path, stop: Callable[..., Told]
) -> None:
    stage = build(tmp_path, at=NOW, account='window = "18:00-20:00"')
    begun(stage)
    stage.pass_time(hours=23)
    sunday = deliveries(stage)[0]
    assert sunday.due_at == NOW + 31 * HOUR
    stop(stage.house, "1", actor="me")
    assert stage.now(sunday).state is State.CANCELLED
    stage.pass_time(hours=9)
    run(stage.house)
    assert stage.remote.texts() == []


def test_what_was_moved_beyond_its_moment_is_named_as_what_a_change_leaves(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='window = "18:00-20:00"')
    begun(stage)
    assert changed(stage, text="Hello").notes == ()
    stage.pass_time(hours=23)
    [note] = changed(stage, text="Good evening").notes
    [sunday, *others] = posts(stage)
    assert note.startswith(f"Post {sunday.id} stays as it is: its own moment is past")
    assert (sunday.text, {post.text for post in others}) == ("Hello", {"Good evening"})
    cancel(stage.house, [str(sunday.id)], actor="me")
    assert changed(stage, text="Good night").notes == ()


def test_what_is_out_stays_when_its_series_ends(stage: Stage) -> None:
    begun(stage)
    stage.pass_time(hours=22)
    run(stage.house)
    end(stage.house, "1", actor="me")
    assert stage.remote.texts() == ["Good morning"]
    assert [one.state for one in deliveries(stage)] == [State.PUBLISHED]


def test_a_series_for_which_there_is_no_room_is_not_begun(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='blackout = ["2026-11-01..2029-11-01"]')
    for rule in ("day 09:00", "friday 09:00"):
        for dry_run in (True, False):
            with pytest.raises(Invalid, match="acme has no moment for it within 366 d"):
                begun(stage, rule, dry_run=dry_run)
    assert every(stage.house) == []


def test_a_change_for_which_there_is_no_room_withdraws_nothing(tmp_path: Path) -> None:
    stage = build(tmp_path, at=NOW, account='blackout = ["2026-11-24..2029-11-01"]')
    before = begun(stage)
    with pytest.raises(Invalid, match="acme has no moment for it"):
        changed(stage, repeat=Repeat("tuesday 09:00"))
    assert show(stage.house, "1") == before
    assert [one.state for one in deliveries(stage)] == [State.SCHEDULED, State.SCHEDULED]


def test_nothing_more_comes_of_a_series_that_was_ended(stage: Stage) -> None:
    begun(stage)
    told = end(stage.house, "1", actor="me")
    assert (told.next, deliveries(stage)) == ((), [])
    assert end(stage.house, "1", actor="me").next == ()
    stage.pass_time(days=9)
    assert run(stage.house).series.made == []
    with pytest.raises(Invalid, match="still to come"):
        changed(stage, text="Once more")
    assert len(changed(stage, repeat=Repeat("day 9am", bounds=Bounds(times=2))).next) == 2


@pytest.mark.parametrize("how", ["changed", "ended"])
def test_what_passed_before_a_change_is_told_all_the_same(stage: Stage, how: str) -> None:
    begun(stage)
    stage.pass_time(days=8)
    if how == "changed":
        changed(stage, repeat=Repeat("day 12:00"))
        assert occurrences(stage)[-2:] == ["Sun 29 11:00", "Mon 30 11:00"]
    else:
        end(stage.house, "1", actor="me")
    assert told_by(stage, run(stage.house)) == [6]
    assert told_by(stage, run(stage.house)) == []
    assert stage.house.store.series.due(9) == []


@pytest.mark.parametrize("id", ["2", "0", "x", "", "9" * 30, "1.1"])
def test_a_series_that_is_not_there_is_named(stage: Stage, id: str) -> None:
    begun(stage)
    with pytest.raises(NotFound, match="`postcron series` shows what there is"):
        show(stage.house, id)


# --- dying -------------------------------------------------------------------------------------


def story(folder: Path, death: Death) -> tuple[list[str], Stage]:
    """Live through a few days and a change, and return what each stands for at the end."""
    stage = build(folder, at=NOW)
    store = stage.house.store
    stage.house.__dict__["store"] = mortal(store, death)
    _survive(death, lambda: begun(stage, key="once", until="2026-11-25"), twice=True)
    _survive(death, lambda: changed(stage, repeat=Repeat("day 10:00")), twice=True)
    for _ in range(3):
        _survive(death, lambda: tick(stage.house))
        stage.pass_time(days=1)
    stage.house.__dict__["store"] = store
    tick(stage.house)
    return occurrences(stage), stage


def _survive(death: Death, work: Any, *, twice: bool = False) -> None:
    """A person repeats what died; cron comes again anyway."""
    try:
        work()
    except Killed:
        if twice:
            work()


@pytest.mark.fault("F03")
def test_a_run_killed_between_any_two_writes_makes_nothing_twice_and_loses_nothing(
    tmp_path: Path,
) -> None:
    counting = Death()
    (tmp_path / "whole").mkdir()
    whole, _ = story(tmp_path / "whole", counting)
    assert whole == ["Sun 22 09:00", "Mon 23 09:00", "Tue 24 09:00", "Wed 25 09:00"]
    points = [n for n, name in enumerate(counting.points) if "SeriesShelf" in name]
    assert len(points) >= 10
    for point in points:
        folder = tmp_path / str(point)
        folder.mkdir()
        made, stage = story(folder, Death(frozenset({point})))
        assert made == whole, counting.points[point]
        assert all(one.left_out == 0 for one in stage.house.store.series.every())

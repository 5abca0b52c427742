"""The calendar: each delivery on its day, by the clocks it is looked at with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from postcron.errors import Invalid, NotFound
from postcron.model import PostType
from postcron.operations import calendar as operation
from postcron.operations.calendar import ACCOUNT, Calendar, Choice, Entry
from postcron.operations.cancel import cancel
from postcron.operations.series_beginning import Repeat, begin
from postcron.operations.wishes import Wish
from postcron.rules.days import Days, month_of
from postcron.states import State
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added
from tests.media.files import picture
from tests.operations.stage import Stage, build

NOVEMBER = month_of(date(2026, 11, 1))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=NOW, account='timezone = "Pacific/Auckland"')


def due(stage: Stage, *moments: str, account: str = "acme") -> None:
    for moment in moments:
        new = a_new_delivery(account, due=datetime.fromisoformat(moment))
        added(stage.house.store, a_new_post(new, text=moment), run=a_run())


def look(stage: Stage, days: Days = NOVEMBER, choice: Choice | None = None) -> Calendar:
    return operation.calendar(stage.house, days, choice or Choice())


def said(entries: Iterable[Entry]) -> list[str]:
    return [f"{entry.at:%d %H:%M} {entry.delivery.account}" for entry in entries]


def test_a_day_begins_and_ends_by_the_clocks_of_its_zone(stage: Stage) -> None:
    """Rome is an hour ahead of UTC in November, and two in October."""
    due(stage, "2026-10-31T22:59:59+00:00", "2026-10-31T23:00:00+00:00")
    due(stage, "2026-11-30T22:59:59+00:00", "2026-11-30T23:00:00+00:00")
    assert said(look(stage).entries) == ["01 00:00 acme", "30 23:59 acme"]
    by_day = look(stage).by_day()
    assert list(by_day) == list(NOVEMBER)
    assert [day.day for day, some in by_day.items() if some] == [1, 30]


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (None, ["15 13:00 acme", "15 13:00 other"]),
        ("UTC", ["15 12:00 acme", "15 12:00 other"]),
        ("Asia/Tokyo", ["15 21:00 acme", "15 21:00 other"]),
        (ACCOUNT, ["15 13:00 other", "16 01:00 acme"]),
    ],
)
def test_it_can_be_looked_at_from_any_zone_or_from_that_of_each_account(
    stage: Stage, zone: str | None, expected: list[str]
) -> None:
    for account in ("acme", "other"):
        due(stage, "2026-11-15T12:00:00+00:00", account=account)
    assert said(look(stage, choice=Choice(zone=zone)).entries) == expected


def test_an_account_that_has_left_the_configuration_keeps_its_place(stage: Stage) -> None:
    due(stage, "2026-11-15T12:00:00+00:00", account="gone")
    assert said(look(stage, choice=Choice(zone=ACCOUNT)).entries) == ["15 13:00 gone"]


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("Asia/Beirut", "2026-03-28T22:00:00+00:00"),
        ("America/Havana", "2026-03-08T05:00:00+00:00"),
        ("Africa/Cairo", "2026-04-23T22:00:00+00:00"),
    ],
)
def test_a_day_without_a_midnight_begins_when_clocks_go_on(
    stage: Stage, zone: str, first: str
) -> None:
    start = datetime.fromisoformat(first)
    due(stage, (start - timedelta(seconds=1)).isoformat(), first)
    local = start.astimezone(ZoneInfo(zone))
    assert local.hour == 1
    days = Days(local.date(), local.date())
    assert said(look(stage, days, Choice(zone=zone)).entries) == [f"{local:%d} 01:00 acme"]


def test_today_is_a_day_of_the_zone(stage: Stage) -> None:
    assert look(stage).today == date(2026, 11, 21)
    stage.clock.at = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert look(stage).today == date(2026, 11, 22)
    assert look(stage, choice=Choice(zone="America/Lima")).today == date(2026, 11, 21)


def test_without_a_wish_it_is_the_month_or_week_we_are_in(stage: Stage) -> None:
    def which(**wish: object) -> Days:
        asked = {"month": None, "day": None, "week": False, "zone": None} | wish
        return operation.which_days(stage.house, **asked)  # type: ignore[arg-type]

    assert which() == NOVEMBER
    assert which(week=True) == Days(date(2026, 11, 16), date(2026, 11, 22))
    assert which(week=True, day="2027-01-01") == Days(date(2026, 12, 28), date(2027, 1, 3))
    assert which(day="2026-12-24") == which(month="2026-12") == month_of(date(2026, 12, 1))
    stage.clock.at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    assert which() == month_of(date(2026, 12, 1))
    assert which(zone="America/Lima") == NOVEMBER


def test_what_was_withdrawn_is_left_out_unless_asked_for(stage: Stage) -> None:
    [kept] = stage.schedule("kept", at="2026-11-25T10:00")
    [gone] = stage.schedule("gone", at="2026-11-25T11:00")
    cancel(stage.house, [gone.ref], actor="me")
    assert [entry.text for entry in look(stage).entries] == ["kept"]
    withdrawn = look(stage, choice=Choice(states=frozenset({State.CANCELLED})))
    assert [entry.delivery.ref for entry in withdrawn.entries] == [gone.ref]
    assert kept.ref != gone.ref


def test_it_can_be_narrowed(stage: Stage) -> None:
    stage.schedule("spring", at="2026-11-25T10:00", campaign="spring")
    stage.schedule("other", at="2026-11-25T10:00", accounts=["other"], texts={"other": "its own"})

    def texts(**choice: str) -> list[str]:
        return [entry.text for entry in look(stage, choice=Choice(**choice)).entries]  # type: ignore[arg-type]

    assert texts() == ["spring", "its own"]
    assert texts(account="other") == ["its own"]
    assert texts(campaign="spring") == ["spring"]
    assert texts(platform="bluesky") == []
    with pytest.raises(NotFound, match="no account 'othr'"):
        texts(account="othr")
    with pytest.raises(Invalid, match="no time zone 'Mars'"):
        texts(zone="Mars")


def test_too_much_for_a_page_is_cut_and_said(stage: Stage) -> None:
    due(stage, *(f"2026-11-15T12:00:0{second}+00:00" for second in range(4)))
    assert not operation.calendar(stage.house, NOVEMBER, Choice(), limit=4).cut
    found = operation.calendar(stage.house, NOVEMBER, Choice(), limit=3)
    assert ([entry.at.second for entry in found.entries], found.cut) == ([0, 1, 2], True)


def test_a_calendar_program_learns_of_the_last_month_and_the_coming_year(stage: Stage) -> None:
    assert operation.around_now(stage.house) == Days(date(2026, 10, 21), date(2027, 11, 22))


def test_each_picture_is_made_once_and_only_as_many_as_there_is_room_for(
    stage: Stage, tmp_path: Path
) -> None:
    paths = [picture(tmp_path / name) for name in ("one.png", "two.png")]
    for wish in ([paths[0]], paths):
        stage.schedule("", at="2026-11-25T10:00", media=[str(p) for p in wish], type=PostType.POST)
    entries = look(stage).entries
    found = operation.pictures(stage.house, entries)
    assert list(found) == [each.file.sha256 for each in entries[1].post.attachments]
    first = len(next(iter(found.values())))
    assert len(operation.pictures(stage.house, entries, room=first)) == 1
    assert operation.pictures(stage.house, entries, room=0) == {}


def test_a_library_that_is_away_costs_only_the_pictures(stage: Stage, tmp_path: Path) -> None:
    stage.schedule("", at="2026-11-25T10:00", media=[str(picture(tmp_path / "one.png"))])
    (tmp_path / "media").rename(tmp_path / "elsewhere")
    (tmp_path / "media").write_text("")
    assert operation.pictures(stage.house, look(stage).entries) == {}


def test_what_is_still_to_be_made_of_series_is_counted(stage: Stage) -> None:
    wish = Wish("hello", ["other"], campaign="coffee")
    begin(stage.house, wish, Repeat("day 09:00"), actor="me")
    # Of the nine days left two are made.
    assert [f"{each.at:%d %H:%M}" for each in look(stage).coming] == [
        *("24 08:00", "25 08:00", "26 08:00", "27 08:00", "28 08:00", "29 08:00", "30 08:00")
    ]
    assert len(look(stage, month_of(date(2026, 12, 1))).coming) == 31
    assert look(stage, month_of(date(2026, 10, 1))).coming == ()


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        (Choice(account="other"), True),
        (Choice(account="acme"), False),
        (Choice(platform="fake"), True),
        (Choice(platform="mastodon"), False),
        (Choice(campaign="coffee"), True),
        (Choice(campaign="tea"), False),
        (Choice(states=frozenset({State.PUBLISHED})), False),
    ],
)
def test_series_are_narrowed_as_everything_else(stage: Stage, choice: Choice, shown: bool) -> None:
    wish = Wish("hello", ["other"], campaign="coffee")
    begin(stage.house, wish, Repeat("day 09:00"), actor="me")
    assert bool(look(stage, choice=choice).coming) is shown

"""`schedule --every` and `series`: begun, shown, changed, ended, and what bad input gets."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import Shell
from tests.cli.home import NOWHERE, Home


@pytest.fixture(autouse=True)
def _account(home: Home) -> None:
    home.add_account(NOWHERE)


def begun(shell: Shell, *more: str) -> None:
    answer = shell("schedule", "Good morning", "--to", "acme", "--every", "weekday 09:00", *more)
    assert (answer.code, answer.err) == (0, "")


def test_a_series_is_begun_and_shown_to_people(shell: Shell) -> None:
    answer = shell(
        *("schedule", "Good morning", "--to", "acme", "--every", "weekday 09:00", "--times", "9"),
        *("--variation", "Hello", "--except", "2030-12-24", "--key", "morning"),
    )
    first, said, to, *rest = answer.out.splitlines()
    assert (answer.code, first, to) == (0, "Series 1 (key morning)", "To acme")
    assert said.startswith("weekday 09:00 in Europe/Rome, until ")
    assert said.endswith(", not on 2030-12-24")
    assert rest[:2] == ["Good morning", "Hello"]
    assert rest[2].split() == ["NEXT", "ID", "STATE", "DUE"]
    assert len(rest) == 8
    assert shell("series", "show", "1").out == answer.out


def test_a_program_reads_the_same(shell: Shell) -> None:
    begun(shell)
    [one] = shell("series", "--json").document["series"]
    shown = shell("series", "show", "1", "--json").document
    assert (shown["notes"], shown["series"]["next"][0]) == ([], one["next"][0])
    assert one["rule"][1] == "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=0"
    assert (one["id"], one["every"], one["zone"]) == (1, "weekday 09:00", "Europe/Rome")
    assert (one["accounts"], one["texts"], one["media"]) == (["acme"], ["Good morning"], [])
    made = [ref for each in shown["series"]["next"] for ref in each["deliveries"]]
    assert len(made) == one["made"]
    post = shell("show", made[0], "--json").document["post"]
    assert (post["series"], post["occurrence"]) == (1, shown["series"]["next"][0]["at"])


def test_a_rehearsal_says_what_it_would_be(shell: Shell) -> None:
    begun(shell, "--dry-run")
    assert shell("series").out == "Nothing.\n"
    assert shell("series", "list", "--json").document == {"series": []}


def test_what_follows_is_changed_and_a_day_left_out_and_all_ended(shell: Shell) -> None:
    begun(shell)
    changed = shell("series", "edit", "1", "--following", "--text", "Hello", "--every", "day 10:00")
    assert (changed.code, changed.err) == (0, "")
    assert "day 10:00 in Europe/Rome" in changed.out
    day = changed.out.splitlines()[-1].split()[1]
    assert day not in shell("series", "skip", "1", day).out.splitlines()[-1]
    assert "Nothing more comes of it." in shell("series", "end", "1").out
    assert "ended" in shell("series").out


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("--every", "sometimes"), "'sometimes' is no rule to repeat by; write it like"),
        (("--every", "day"), "add a time, like 09:00"),
        (("--rrule", "FREQ=DAILY"), "names no time of day"),
        (("--rrule", "FREQ=MINUTELY"), "comes too often"),
        (("--rrule", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=9"), "names no day that there is"),
        (("--every", "day 9am", "--rrule", "FREQ=DAILY;BYHOUR=9"), "give two rules"),
        (("--every", "day 9am", "--at", "tomorrow 9am"), "A rule says when a series is due"),
        (("--every", "day 9am", "--now"), "A rule says when a series is due"),
        (("--every", "day 9am", "--times", "0"), "is not in the range"),
        (("--every", "day 9am", "--until", "2020-01-01"), "still to come"),
        (("--every", "day 9am", "--tz", "Rome"), "did you mean Europe/Rome"),
        (("--at", "tomorrow 9am", "--times", "3"), "add --every or --rrule"),
        (("--at", "tomorrow 9am", "--variation", "x"), "add --every or --rrule"),
    ],
)
def test_bad_input_is_one_sentence_and_saves_nothing(
    shell: Shell, argv: tuple[str, ...], why: str
) -> None:
    answer = shell("schedule", "Good morning", "--to", "acme", *argv)
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert why in answer.err
    assert shell("series").out == shell("list").out == "Nothing.\n"


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (("edit", "1", "--text", "x"), "Say --following"),
        (("edit", "1", "--following"), "Nothing to change"),
        (("edit", "1", "--following", "--alt", "x"), "Nothing to change"),
        (("edit", "2", "--following", "--text", "x"), "There is no series '2'"),
        (("skip", "1", "2020-01-01"), "Nothing of series 1 is still to come on 2020-01-01"),
        (("end", "one"), "There is no series 'one'"),
    ],
)
def test_a_change_that_cannot_be_is_one_sentence(
    shell: Shell, argv: tuple[str, ...], why: str
) -> None:
    begun(shell)
    before = shell("series", "show", "1").out
    answer = shell("series", *argv)
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (2, "", 1)
    assert why in answer.err
    assert shell("series", "show", "1").out.splitlines()[:4] == before.splitlines()[:4]


def test_a_calendar_says_that_more_is_to_come(shell: Shell) -> None:
    begun(shell)
    month = shell("calendar", "--month", "2030-01")
    assert "23 more are still to be made of series 1: `postcron series` names" in month.out
    week = shell("calendar", "--week", "--day", "2030-01-02")
    assert "5 more are still to be made of series 1" in week.out
    coming = shell("calendar", "--month", "2030-01", "--json").document["coming"]
    assert coming[0] == {"series": 1, "at": "2030-01-01T08:00:00Z"}


def asleep(home: Home) -> None:
    """Let it be as if nothing had run for 30 days."""
    with closing(sqlite3.connect(home.store)) as store, store:
        long_ago = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-30 days')"
        store.execute(f"UPDATE series SET made_until = {long_ago}, wake_at = {long_ago}")
        rule = "DTSTART:20260101T090000\nRRULE:FREQ=DAILY;BYHOUR=9;BYMINUTE=0"
        store.execute("UPDATE series SET rule = ?", [rule])


def test_what_passed_while_nothing_ran_is_told_once(home: Home, shell: Shell) -> None:
    begun(shell)
    shell("cancel", *(one["id"] for one in shell("list", "--json").document["deliveries"]))
    asleep(home)
    answer = shell("tick", "-v")
    assert answer.code == 1
    [line] = answer.err.splitlines()
    assert line.startswith("series 1 (weekday 09:00): ")
    assert line.endswith(" moments passed while nothing ran, and will not go out.")
    assert "Series 1: post " in answer.out
    assert [shell("tick").code, shell("publish").code, shell("run").code] == [0, 0, 0]


def test_the_run_that_makes_what_waits_for_days_says_so(home: Home, shell: Shell) -> None:
    begun(shell)
    home.config.write_text(home.config.read_text() + "daily_cap = 1\n")
    with closing(sqlite3.connect(home.store)) as store, store:
        now = "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')"
        store.execute(f"UPDATE series SET made_until = {now}, wake_at = {now}")
        store.execute("UPDATE series SET rule = ?", ["DTSTART:20260101T000000\nRRULE:FREQ=HOURLY"])
    answer = shell("tick", "--json")
    assert answer.code == 0
    assert answer.err.startswith("series 1: acme cannot keep up: its turn for what is wanted at 20")
    assert answer.err == f"series 1: {answer.document['series']['behind'][0]['why']}\n"
    assert shell("tick").err == ""
    assert shell("series", "show", "1").out.startswith("acme cannot keep up: ")


def test_a_series_without_its_account_says_so_and_is_left_for_an_hour(
    home: Home, shell: Shell
) -> None:
    begun(shell)
    asleep(home)
    home.config.write_text(home.config.read_text().replace("[accounts.acme]", "[accounts.other]"))
    shell("cancel", "1")
    answer = shell("tick", "--json")
    assert answer.code == 2
    assert "series 1 can make no posts: There is no account 'acme'" in answer.err
    [stalled] = answer.document["series"]["stalled"]
    assert stalled["series"] == 1
    assert shell("tick").code == 0

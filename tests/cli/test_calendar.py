"""The calendar in a terminal, for calendar programs, and as a page."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import re
import stat
import struct
import termios
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import icalendar
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postcron.cli.calendar_ics import WIDTH, escaped, folded
from postcron.cli.render import MARKS
from postcron.states import State
from tests.builders import NOW, a_new_delivery, a_new_post, a_run, added, an_attachment
from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.cli.test_rendering import HOSTILE
from tests.media.files import picture
from tests.store.test_figures import published

MONTH = ("--month", "2026-11")


@pytest.fixture
def full(home: Home) -> Home:
    """A delivery in every state, at 11:00 in Rome on 21 November, and two on other days."""
    home.add_account()
    home.add_account_in("America/Lima", "sky")
    home.holding(*State)
    with home.long_ago() as store:
        for account, days in (("sky", 1), ("acme", 30)):
            new = a_new_delivery(account, due=NOW + timedelta(days=days, hours=16))
            added(store, a_new_post(new, text="Evening\nprose"), run=a_run())
    return home


# --- in a terminal -----------------------------------------------------------------------------


@pytest.mark.usefixtures("full")
def test_a_month_fits_eighty_columns_and_every_state_has_a_sign(shell: Shell) -> None:
    answer = shell("calendar", *MONTH)
    lines = answer.out.splitlines()
    assert (answer.code, answer.err, lines[0]) == (0, "", "November 2026 (Europe/Rome)")
    assert max(map(len, lines)) <= 80
    assert lines[2].split("│")[::6] == ["Mon       ", "Sun"]
    assert len(set(MARKS.values())) == len(State)
    shown = set(State) - {State.CANCELLED}
    assert lines[-4] == ""
    expected = {f"{MARKS[state]} 1 {state}" for state in shown - {State.SCHEDULED}}
    assert set(re.split(" {3}|\n", "\n".join(lines[-3:]))) == expected | {
        f"{MARKS[State.SCHEDULED]} 2 scheduled"
    }


@pytest.mark.usefixtures("full")
def test_a_day_with_more_than_fits_says_how_many_more(shell: Shell) -> None:
    out = shell("calendar", *MONTH).out
    [row] = re.findall(r"\n(16 .*?)\n─", out, re.DOTALL)
    saturday = [line.split("│")[5].strip() for line in row.splitlines()]
    assert saturday[0].split()[0] == "21"
    assert [line[1:6] for line in saturday[1:4]] == ["11:00"] * 3
    assert saturday[4:] == ["+8 more"]


@pytest.mark.usefixtures("full")
def test_a_wide_and_high_terminal_shows_more(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("LINES", "90")
    out = shell("calendar", *MONTH).out
    assert 80 < max(map(len, out.splitlines())) <= 120
    assert "more" not in out
    assert out.count("11:00 acme") == len(State) - 1


def test_of_a_single_account_the_texts_are_told(home: Home, shell: Shell) -> None:
    home.add_account()
    home.holding(State.READY)
    assert "●11:00 Hel" in shell("calendar", *MONTH).out


@pytest.mark.usefixtures("full")
def test_a_week_tells_each_delivery_in_a_line(shell: Shell) -> None:
    words = ("--week", "--day", "2026-11-20", "--tz", "America/Lima")
    lines = shell("calendar", *words, "--state", "ready", "--state", "scheduled").out.splitlines()
    assert lines[0] == "Week 47, 16 November to 22 November 2026 (America/Lima)"
    rows = [re.split(" {2,}", line.replace(" today", "")) for line in lines[3:]]
    quiet = [[f"{name} {16 + n}"] for n, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri"))]
    assert rows[:5] == quiet
    scheduled, ready, evening = rows[5:]
    assert scheduled[:4] == ["Sat 21", "05:00", "scheduled", "acme"]
    assert ready[1:4] == ["05:00", "ready", "acme"]
    assert evening[:4] == ["Sun 22", "21:00", "scheduled", "sky"]
    assert re.fullmatch(r"in \d.*|\d.* ago|now", evening[4])
    assert evening[5:] == ["13.1", "Evening"]


@pytest.mark.usefixtures("full")
def test_on_a_terminal_of_eighty_columns_only_the_text_gives_way(process: Shell) -> None:
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 40, 80, 0, 0))
    words = ("--week", "--day", "2026-11-21", "--tz", "America/Lima", "--state", "scheduled")
    answer = process("calendar", *words, stdout=theirs, environ={"NO_COLOR": "1"})
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as screen:
        lines = screen.read(10_000).decode().splitlines()
    assert answer.code == 0
    assert max(map(len, lines)) <= 80
    [saturday] = [line.rstrip() for line in lines if line.startswith("Sat 21")]
    assert re.search(r" 05:00  scheduled  acme  .* 2\.1 +Hello$", saturday)


def test_nothing_is_said_to_be_nothing(shell: Shell) -> None:
    for words in (MONTH, ("--week", "--day", "2026-11-20")):
        assert shell("calendar", *words).out.endswith("Nothing is due.\n")


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--tz", "UTC"), {"2026-11-21T10:00:00+00:00", "2026-11-23T02:00:00+00:00"}),
        (("--tz", "Asia/Tokyo"), {"2026-11-21T19:00:00+09:00", "2026-11-23T11:00:00+09:00"}),
        (("--tz", "account"), {"2026-11-21T11:00:00+01:00", "2026-11-22T21:00:00-05:00"}),
        (("--account", "sky"), {"2026-11-23T03:00:00+01:00"}),
        (("--platform", "bluesky"), set()),
        (("--campaign", "spring"), set()),
        (("--state", "late"), {"2026-11-21T11:00:00+01:00"}),
    ],
)
def test_a_program_reads_every_day_with_its_local_moments(
    shell: Shell, words: tuple[str, ...], found: set[str]
) -> None:
    document = shell("calendar", *MONTH, "--json", *words).document
    assert set(document) == {"first", "last", "timezone", "complete", "coming", "days"}
    assert [day["day"] for day in document["days"]] == [f"2026-11-{n:02}" for n in range(1, 31)]
    moments = {(day["day"], one["local"]) for day in document["days"] for one in day["deliveries"]}
    assert moments == {(local[:10], local) for local in found}


@pytest.mark.parametrize("kind", ["--ics", "--html"])
def test_two_answers_do_not_fit_on_one_stdout(shell: Shell, kind: str) -> None:
    answer = shell("calendar", kind, "-", "--json")
    assert answer.code == 2
    assert "choose one" in answer.document["error"]["message"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--month", "december"), "write it like 2026-12"),
        (("--day", "monday"), "write it like 2026-12-24"),
        (("--month", "2026-12", "--week"), "give --week and --day"),
        (("--month", "2026-12", "--day", "2026-12-01"), "give --week and --day"),
        (("--tz", "Mars/Olympus"), "There is no time zone 'Mars/Olympus'"),
        (("--account", "skyy"), "There is no account 'skyy'"),
        (("--state", "lost"), "'lost'"),
        (("--ics", "a", "--html", "b"), "write one at a time"),
        (("--html", "nowhere/page.html"), "nowhere/page.html cannot be written: No such file"),
        (("--ics", "config"), "config cannot be written: Is a directory"),
        (("--ics", ""), "cannot be written"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    home: Home, shell: Shell, words: tuple[str, ...], told: str
) -> None:
    home.add_account_in("America/Lima", "sky")
    before = sorted(home.folder.iterdir())
    answer = shell("calendar", *words)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert told in answer.err
    assert sorted(home.folder.iterdir()) == before


# --- for calendar programs ---------------------------------------------------------------------


def parsed(content: bytes) -> Any:
    calendar = icalendar.Calendar.from_ical(content)
    assert calendar.errors == []
    assert all(event.errors == [] for event in calendar.events)
    return calendar


@pytest.mark.usefixtures("full")
def test_a_calendar_program_reads_what_is_due(home: Home, shell: Shell) -> None:
    assert shell("calendar", "--ics", "posts.ics", *MONTH).out == ""
    calendar = parsed((home.folder / "posts.ics").read_bytes())
    assert (calendar["VERSION"], bool(calendar["PRODID"])) == ("2.0", True)
    events = {str(event["UID"]): event for event in calendar.events}
    assert len(events) == len(State) + 1
    for event in events.values():
        assert event["DTSTART"].dt in {NOW, NOW + timedelta(days=1, hours=16)}
        assert event["DTSTAMP"].dt.utcoffset() == timedelta(0)
        assert str(event["TRANSP"]) == "TRANSPARENT"
    states = {str(event["SUMMARY"]).rpartition("(")[2][:-1]: event for event in events.values()}
    assert str(states["cancelled"]["STATUS"]) == "CANCELLED"
    assert str(states["failed"]["STATUS"]) == "TENTATIVE"
    assert str(states["published"]["STATUS"]) == "CONFIRMED"
    assert str(states["scheduled"]["DESCRIPTION"]).startswith(("Hello", "Evening\nprose"))


@pytest.mark.usefixtures("full")
def test_what_has_changed_keeps_its_name_and_is_told_to_be_newer(shell: Shell) -> None:
    def event() -> Any:
        found = parsed(shell("calendar", "--ics", "-", "--account", "sky", *MONTH).out.encode())
        return found.events[0]

    before = event()
    [id] = [d["id"] for d in shell("list", "--account", "sky", "--json").document["deliveries"]]
    assert shell("cancel", id).code == 0
    after = event()
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert after["DTSTAMP"].dt > before["DTSTAMP"].dt
    assert str(after["STATUS"]) == "CANCELLED"


def test_without_a_month_it_has_the_coming_year(home: Home, shell: Shell) -> None:
    home.add_account()
    with home.long_ago() as store:
        for days in (-40, 0, 300, 400):
            due = datetime.now(UTC) + timedelta(days=days)
            added(store, a_new_post(a_new_delivery(due=due)), run=a_run())
    assert len(parsed(shell("calendar", "--ics", "-").out.encode()).events) == 2


TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\r\n\t,;:\\"\x00\x1b')
)


@given(TEXTS)
@example("\r\nEND:VCALENDAR\r\nBEGIN:VEVENT")
@example("a" * 74 + "é" * 60 + "🎉" * 40)
def test_any_text_comes_back_as_it_was_but_for_what_no_calendar_may_hold(text: str) -> None:
    line = folded(f"DESCRIPTION:{escaped(text)}")
    assert all(len(piece.encode()) <= WIDTH for piece in line.split("\r\n"))
    event = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{line}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    [found] = parsed(event.encode()).events
    plain = re.sub(r"\r\n|[\r\n\x85\u2028\u2029]", "\n", text)
    assert str(found["DESCRIPTION"]) == re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", plain)


# --- as a page ---------------------------------------------------------------------------------


class Reader(HTMLParser):
    """What a browser would find: every element with its attributes, and the text between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def of(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def the_page(shell: Shell, *words: str) -> str:
    answer = shell("calendar", "--html", "-", *MONTH, *words)
    assert (answer.code, answer.err) == (0, "")
    return answer.out


@pytest.mark.usefixtures("full")
def test_the_page_needs_nothing_from_anywhere(shell: Shell) -> None:
    page = the_page(shell)
    reader = Reader(page)
    assert {tag for tag, _ in reader.elements} & {
        "img",
        "iframe",
        "object",
        "embed",
        "base",
    } == set()
    assert [link["href"] for link in reader.of("link")] == ["data:,"]
    assert all("src" not in attributes for _, attributes in reader.elements)
    assert all(str(link["href"]).startswith("#") for link in reader.of("a"))
    assert not re.search(r"@import|url\((?!data:)", page)


@pytest.mark.usefixtures("full")
def test_its_policy_allows_its_own_script_and_style_and_nothing_else(shell: Shell) -> None:
    page = the_page(shell)
    [policy] = [m["content"] for m in Reader(page).of("meta") if "http-equiv" in m]
    expected = {"default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'"}
    for tag in ("style", "script"):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        expected.add(f"{tag}-src 'sha256-{digest}'")
    assert set(str(policy).split("; ")) == expected
    for _, attributes in Reader(page).elements:
        assert not [name for name in attributes if name == "style" or name.startswith("on")]


@pytest.mark.usefixtures("full")
def test_every_link_in_it_leads_somewhere(shell: Shell) -> None:
    reader = Reader(the_page(shell))
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(link["href"])[1:] for link in reader.of("a")} <= set(ids)
    assert len(list(reader.of("article"))) == len(State)
    assert [one["data-state"] for one in reader.of("article")].count("scheduled") == 2


#: each would be a part of the page, or a line of the calendar, of its own
MARKUP = [
    *HOSTILE[:-1], "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><h1>",
    "<!--", "&amp;&#60;", "{title} {0} %s", "\r\nEND:VEVENT\r\n", "' onclick='x",
]  # fmt: skip


def test_what_came_from_outside_is_text_and_nothing_else(home: Home, shell: Shell) -> None:
    with home.long_ago() as store:
        for number, hostile in enumerate(MARKUP):
            alt = an_attachment(alt=hostile)
            new = a_new_delivery(f"a{hostile}{number}", text=f"Own {hostile}", due=NOW)
            more: dict[str, Any] = {
                "attachments": (alt,),
                "campaign": hostile,
                "labels": (hostile,),
            }
            added(store, a_new_post(new, workspace="acme", **more), run=a_run())
    reader = Reader(the_page(shell))
    assert {tag for tag, _ in reader.elements} & {"img", "h3"} == set()
    assert [len(list(reader.of(tag))) for tag in ("script", "style", "h1")] == [1, 1, 1]
    assert len(list(reader.of("article"))) == len(MARKUP)
    assert not [name for _, more in reader.elements for name in more if name.startswith("on")]
    for hostile in MARKUP:
        plain = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", "", hostile)
        assert f"Own {plain}" in reader.text
    events = parsed(shell("calendar", "--ics", "-", *MONTH).out.encode()).events
    assert len(events) == len(MARKUP)
    for sheet in (shell("calendar", *MONTH), shell("calendar", "--week", "--day", "2026-11-21")):
        assert all(line.isprintable() for line in sheet.out.split("\n"))


def test_a_picture_is_in_the_page_once_however_often_it_is_shown(
    home: Home, shell: Shell, tmp_path: Path
) -> None:
    home.add_account()
    file = str(picture(tmp_path / "one.png", (300, 300)))
    for _ in range(3):
        words = ("--to", "acme", "--at", "2h", "--media", file, "--alt", "Noise")
        assert shell("schedule", "Hello", *words).code == 0
    day = (datetime.now(UTC) + timedelta(hours=2)).date().isoformat()
    page = shell("calendar", "--html", "-", "--day", day).out
    assert page.count("data:image/webp;base64,") == 1
    shown = [one for one in Reader(page).of("span") if one.get("role") == "img"]
    assert [one["aria-label"] for one in shown] == ["Noise"] * 3


def test_a_published_post_can_be_opened_and_no_other_address_leads_anywhere(
    home: Home, shell: Shell
) -> None:
    home.add_account()
    with home.long_ago() as store:
        for url in (
            "https://example.test/a?b=1&c=2",
            "javascript:alert(1)",
            'https://x/" onclick="',
        ):
            one = published(store, 1, 2)
            with store._database.engine.begin() as connection:
                connection.exec_driver_sql(
                    "UPDATE delivery SET url = ? WHERE id = ?", (url, one.id)
                )
    links = [a for a in Reader(the_page(shell)).of("a") if not str(a["href"]).startswith("#")]
    assert [a["href"] for a in links] == ["https://example.test/a?b=1&c=2"]
    assert [a["rel"] for a in links] == ["noopener noreferrer"]


# --- files -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("full")
def test_a_file_is_written_in_silence_for_us_alone_and_keeps_the_rights_it_was_given(
    home: Home, shell: Shell
) -> None:
    page = home.folder / "page.html"
    answer = shell("calendar", "--html", "page.html", *MONTH)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    page.chmod(0o644)
    page.write_text("old")
    link = home.folder / "link.html"
    link.symlink_to(page)
    answer = shell("calendar", "--html", "link.html", *MONTH, "--json")
    assert answer.document == {"file": "link.html", "deliveries": len(State), "complete": True}
    assert link.is_symlink()
    assert page.read_text().startswith("<!doctype html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o644
    assert [one.name for one in home.folder.glob(".*page*")] == []


@pytest.mark.usefixtures("full")
def test_on_stdout_it_is_the_same_file_to_the_byte(
    home: Home, process: Shell, shell: Shell
) -> None:
    shell("calendar", "--ics", "posts.ics", *MONTH)
    written = (home.folder / "posts.ics").read_bytes()
    with (home.folder / "piped").open("wb") as out:
        answer = process("calendar", "--ics", "-", *MONTH, environ={"LC_ALL": "C"}, stdout=out)
    assert answer.code == 0
    assert (home.folder / "piped").read_bytes() == written
    assert written.endswith(b"END:VCALENDAR\r\n")
    assert written.count(b"\n") == written.count(b"\r\n")

"""What came from outside is shown, never obeyed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from postcron import __version__
from postcron.cli.render import Here, table
from postcron.cli.visible import visible
from tests.builders import NOW
from tests.cli.conftest import Shell
from tests.cli.home import Home

#: each would move the cursor, set a title or a clipboard, hide, or turn the text round
HOSTILE = [
    "\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;http://evil\x1b\\", "\x1b]52;c;aGk=\x07", "\x9b31m",
    "\x08", "\x7f", "\u202egnp.exe", "\u2066", "\u200b", "\u2028", "\r1.2 acme published",
    "\n1.2 acme published", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_a_terminal_would_obey_is_written_out(text: str) -> None:
    assert visible(text).isprintable()
    assert visible(f"a{text}b") != visible("ab")


def test_ordinary_text_stays_as_it_is() -> None:
    for text in ("Hello", "Grüße, 日本語 🎉", "[red]not markup[/]", "שלום"):
        assert visible(text) == text


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_table_lets_it_through(text: str) -> None:
    shown = table(("NAME",), [(f"[red]{text}[/red]",)])
    assert len(shown.splitlines()) == 2
    assert "[red]" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


@pytest.mark.parametrize("text", HOSTILE[:-1], ids=ascii)
def test_no_command_lets_it_through(home: Home, shell: Shell, text: str) -> None:
    home.add_account()
    hostile = f"a{text}b"
    words = ("--campaign", hostile, "--notes", hostile, "--key", hostile, "--by", hostile)
    assert shell("schedule", hostile, "--to", "acme", "--at", "2h", *words).code == 0
    for command in (("show", "1"), ("list",), ("log",), ("status",), ("show", "1", "--json")):
        lines = shell(*command).out.split("\n")
        assert all(line.isprintable() for line in lines)
        assert not any(line.startswith("1.2 acme published") for line in lines)
    assert shell("show", "1", "--json").document["post"]["campaign"] == hostile


def test_an_error_cannot_forge_a_line(shell: Shell) -> None:
    answer = shell("show", "x\npostcron: all is well\x1b[2J")
    assert answer.err.count("\n") == 1
    assert "\x1b" not in answer.err


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (datetime(2026, 11, 21, 12, 10, tzinfo=UTC), "13:10 (in 2 h 10 min)"),
        (datetime(2026, 11, 21, 9, 57, 30, tzinfo=UTC), "10:57:30 (2 min ago)"),
        (datetime(2026, 11, 22, 8, tzinfo=UTC), "Sun 2026-11-22 09:00 (in 22 h)"),
        (None, "–"),
    ],
)
def test_moments_are_told_in_the_zone_of_the_reader(moment: datetime | None, told: str) -> None:
    assert Here(NOW, ZoneInfo("Europe/Rome")).when(moment) == told


def test_the_version_is_the_one_of_the_package(shell: Shell) -> None:
    from importlib.metadata import version

    assert shell("--version").out == f"postcron {version('postcron')}\n"
    assert version("postcron") == __version__


def test_help_fits_a_terminal_and_cuts_no_sentence(shell: Shell) -> None:
    shown = shell("--help").out
    assert "..." not in shown.partition("Commands:")[2]
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_alone_it_explains_itself(shell: Shell) -> None:
    answer = shell()
    assert answer.code == 2
    assert "Commands:" in answer.err

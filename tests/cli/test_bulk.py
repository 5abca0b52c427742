"""`reschedule`, `cancel` and `delete` by a filter: first a look, then all of it."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.cli.conftest import Shell
from tests.cli.home import POSTCRON, Home
from tests.cli.test_process import read

SPRING = ("--campaign", "spring")


@pytest.fixture
def spring(home: Home, shell: Shell) -> Home:
    home.add_account()
    for number in ("2h", "3h"):
        assert shell("schedule", number, "--to", "acme", "--at", number, *SPRING).code == 0
    return home


COMMANDS = [
    (("reschedule", "--by", "+2h"), "rescheduled"),
    (("reschedule", "--at", "1d", "--every", "1h"), "rescheduled"),
    (("cancel",), "cancelled"),
    (("delete",), "deleted"),
]


@pytest.mark.usefixtures("spring")
@pytest.mark.parametrize(("words", "verb"), COMMANDS)
def test_without_a_terminal_it_takes_yes_to_change_anything(
    shell: Shell, words: tuple[str, ...], verb: str
) -> None:
    """B11."""
    before = shell("list", "--json").document
    look = shell(*words, *SPRING)
    assert look.code == 2
    assert look.out.splitlines()[-1] == (
        f"2 deliveries would be {verb}. Nothing is changed yet: --yes does it."
    )
    found = shell(*words, *SPRING, "--json")
    assert (found.code, found.document["preview"], len(found.document[verb])) == (2, True, 2)
    assert shell("list", "--json").document == before
    done = shell(*words, *SPRING, "--yes")
    assert (done.code, done.out.splitlines()[-1]) == (0, f"2 deliveries {verb}.")
    assert shell("list", "--json").document != before


@pytest.mark.parametrize(("typed", "code"), [(b"y\n", 0), (b"n\n", 2), (b"\n", 2)])
def test_at_a_terminal_a_person_is_asked(spring: Home, typed: bytes, code: int) -> None:
    leader, follower = os.openpty()
    words = [*POSTCRON, "cancel", *SPRING]
    with subprocess.Popen(
        words, env=spring.environment(), stdin=follower, stdout=follower, stderr=follower
    ) as running:
        os.close(follower)
        shown = b""
        while b"Do it? [y/N]" not in shown:
            shown += read(leader)
        os.write(leader, typed)
        while piece := read(leader):
            shown += piece
    os.close(leader)
    assert running.returncode == code
    assert spring.states() == ["scheduled" if code else "cancelled"] * 2


@pytest.mark.usefixtures("spring")
def test_what_is_left_as_it_is_is_said(shell: Shell) -> None:
    assert shell("schedule", "a draft", "--to", "acme", "--draft", *SPRING).code == 0
    look = shell("reschedule", "--by", "-150m", *SPRING)
    assert "Left as it is: 1.1 would be due 30 min ago." in look.out
    assert "Left as it is: 3.1 is a draft" in look.out
    left = shell("reschedule", "--by", "-150m", *SPRING, "--json").document["left"]
    assert [each["id"] for each in left] == ["3.1", "1.1"]


def test_a_filter_that_fits_nothing_is_no_failure(home: Home, shell: Shell) -> None:
    home.add_account()
    answer = shell("cancel", "--campaign", "nothing")
    assert (answer.code, answer.out) == (0, "0 deliveries cancelled.\n")


@pytest.mark.usefixtures("spring")
@pytest.mark.parametrize(
    "words",
    [
        ("cancel",),
        ("delete", "--yes"),
        ("cancel", "1", *SPRING),
        ("reschedule", *SPRING),
        ("reschedule", "--by", "1h"),
        ("reschedule", "--by", "soon", *SPRING),
        ("reschedule", "--by", "1h", "--at", "2h", *SPRING),
        ("cancel", "--batch", "nothing"),
        ("cancel", "--account", "nobody"),
        ("cancel", "--state", "nowhere"),
        ("cancel", "--since", "soon"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    answer = shell(*words)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)

"""`batch`: many posts at once, as people and programs see them."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from postcron.states import State
from tests.builders import a_run
from tests.cli.conftest import Shell
from tests.cli.home import POSTCRON, Home
from tests.cli.test_process import read
from tests.media.files import picture
from tests.store.journeys import a_move, way

THREE = ("--text", "one", "--text", "two", "--text", "three")
LATER = ("--at", "2h", "--every", "1h")


@pytest.fixture
def stories(home: Home, shell: Shell) -> None:
    home.add_account()
    assert shell("batch", "add", "stories", "--to", "acme", *THREE, *LATER).code == 0


def brought(home: Home, number: int, state: State) -> None:
    """Bring a delivery of the batch to a state in which nothing moves it."""
    with home.long_ago() as store:
        [delivery] = store.deliveries(number)
        for step in way(State.SCHEDULED, state):
            [moved] = store.record([a_move(delivery, step, wake_at=None)], run=a_run())
            assert moved is not None
            delivery = moved


@pytest.mark.usefixtures("stories")
def test_a_person_reads_how_far_it_is_and_what_waits(home: Home, shell: Shell) -> None:
    """D4."""
    brought(home, 1, State.PUBLISHED)
    answer = shell("batch", "show", "stories")
    assert (answer.code, answer.err) == (0, "")
    head, bar, _, *rows = answer.out.splitlines()
    assert head == "Batch stories: processing; scheduled, in order, goes on after a failure"
    assert bar == "[######--------------] 1 of 3 live (2 scheduled, 1 published)"
    assert [row.split()[:4] for row in rows] == [
        ["1", "1.1", "acme", "published"],
        ["2", "2.1", "acme", "scheduled"],
        ["3", "3.1", "acme", "scheduled"],
    ]
    assert rows[2].endswith("three  waits its turn; 1 h after the one before")
    assert shell("batch").out.splitlines()[1].startswith("stories  processing  1 of 3  scheduled")


@pytest.mark.usefixtures("stories")
def test_a_program_reads_the_same(home: Home, shell: Shell) -> None:
    """D1."""
    brought(home, 1, State.PUBLISHED)
    found = shell("batch", "show", "stories", "--json").document
    assert found["batch"] | {"created_at": None, "created_by": None} == {
        "name": "stories", "status": "processing", "mode": "scheduled", "in_order": True, "on_failure": "continue",
        "total": 3, "counts": {"published": 1, "scheduled": 2}, "position": 2, "pause": None,
        "created_at": None, "created_by": None,
    }  # fmt: skip
    assert [each["position"] for each in found["deliveries"]] == [1, 2, 3]
    assert shell("batch", "list", "--json").document["batches"][0]["name"] == "stories"


def test_each_file_is_a_post_of_its_own(home: Home, shell: Shell) -> None:
    home.add_account()
    files = [picture(home.folder / name) for name in ("a.png", "b.png")]
    words = [word for path in files for word in ("--media", str(path), "--alt", f"A {path.stem}")]
    asked = ("batch", "add", "two", "--to", "acme", *words, "--text", "Look", "--mode", "now")
    found = shell(*asked, "--json").document
    assert (found["created"], found["batch"]["total"]) == (True, 2)
    posts = [shell("show", str(number), "--json").document["post"] for number in (1, 2)]
    assert [
        (post["text"], post["media"][0]["name"], post["media"][0]["alt"]) for post in posts
    ] == [
        ("Look", "a.png", "A a"),
        ("Look", "b.png", "A b"),
    ]
    assert shell(*asked, "--json").document["created"] is False


def test_labels_are_read_as_those_of_a_single_post(home: Home, shell: Shell) -> None:
    home.add_account()
    labels = [word for label in (" red ", "red", "") for word in ("--label", label)]
    shell("batch", "add", "x", "--to", "acme", "--text", "one", "--mode", "now", *labels)
    assert shell("show", "1", "--json").document["post"]["labels"] == ["red"]


def test_a_rehearsal_shows_the_moments_and_keeps_nothing(home: Home, shell: Shell) -> None:
    home.add_account()
    words = ("batch", "add", "x", "--to", "acme", *THREE, *LATER, "--dry-run")
    answer = shell(*words)
    assert answer.out.splitlines()[0] == "Nothing is saved; this is what it would be:"
    assert len(answer.out.splitlines()) == 5
    assert len(shell(*words, "--json").document["deliveries"]) == 3
    assert shell("batch", "list", "--all").out == "Nothing.\n"


@pytest.mark.usefixtures("stories")
def test_a_pause_holds_it_and_its_end_lets_it_go(shell: Shell) -> None:
    """E4."""
    paused = shell("batch", "pause", "stories", "--why", "wrong photo")
    assert "Batch stories: paused;" in paused.out
    assert "(batch stories: wrong photo)" in paused.out
    assert (
        shell("batch", "show", "stories", "--json").document["batch"]["pause"]["why"]
        == "wrong photo"
    )
    assert "Batch stories: processing;" in shell("batch", "resume", "stories").out
    again = shell("batch", "resume", "stories")
    assert (again.code, again.err.count("\n")) == (2, 1)


def test_a_batch_that_has_stopped_says_what_to_do(home: Home, shell: Shell) -> None:
    home.add_account()
    words = ("batch", "add", "s", "--to", "acme", *THREE, *LATER, "--on-failure", "stop")
    assert shell(*words).code == 0
    brought(home, 1, State.FAILED)
    told = shell("batch", "show", "s").out
    assert "Batch s: failed;" in told
    stop = (
        "Batch s has stopped at 1.1, which did not go out: "
        "`postcron batch resume s` goes on past it."
    )
    assert "Needs you: 1.1. `postcron show ID` says what is safe to do." in told
    assert stop in told
    assert stop in shell("status").out
    assert shell("status", "--json").document["stopped"] == [{"batch": "s", "at": "1.1"}]
    assert stop in shell("status", "--check").out
    resumed = shell("batch", "resume", "s")
    assert "Batch s: processing;" in resumed.out
    assert "has stopped" not in shell("status").out


def test_one_withdrawn_stops_a_batch_and_is_said(home: Home, shell: Shell) -> None:
    home.add_account()
    words = ("batch", "add", "s", "--to", "acme", *THREE, *LATER, "--on-failure", "stop")
    assert shell(*words).code == 0
    assert shell("cancel", "1").code == 0
    assert "Batch s has stopped at 1.1" in shell("status", "--check").out
    assert shell("delete", "1").code == 0
    assert "Batch s has stopped at 1.1" in shell("batch", "show", "s").out


@pytest.mark.parametrize(
    ("state", "code"), [(State.PUBLISHED, 0), (State.FAILED, 1), (State.UNKNOWN, 4)]
)
def test_watching_ends_with_the_batch(home: Home, shell: Shell, state: State, code: int) -> None:
    """D3."""
    home.add_account()
    assert shell("batch", "add", "one", "--to", "acme", "--text", "one", "--at", "2h").code == 0
    brought(home, 1, state)
    watched = shell("batch", "show", "one", "--watch")
    assert watched.code == code
    assert watched.out.startswith("Batch one: ")


@pytest.mark.usefixtures("stories")
def test_watching_can_be_closed_and_changes_nothing(home: Home, shell: Shell) -> None:
    """D3."""
    before = shell("batch", "show", "stories", "--json").document
    watching = home.started("batch", "show", "stories", "--watch", "--every", "60s")
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.send_signal(signal.SIGHUP)
    _, err = watching.communicate(timeout=10)
    assert (watching.returncode, err) == (130, b"")
    assert shell("batch", "show", "stories", "--json").document == before


@pytest.mark.usefixtures("stories")
def test_on_a_terminal_each_view_takes_the_place_of_the_one_before(home: Home) -> None:
    """D3."""
    leader, follower = os.openpty()
    words = [*POSTCRON, "batch", "show", "stories", "--watch", "--every", "1s"]
    environ = home.environment() | {"TERM": "xterm-256color"}
    shown = b""
    with subprocess.Popen(words, env=environ, stdin=follower, stdout=follower) as watching:
        os.close(follower)
        while shown.count(b"Batch stories: ") < 2:
            shown += read(leader)
        watching.send_signal(signal.SIGINT)
        while piece := read(leader):
            shown += piece
    os.close(leader)
    assert watching.returncode == 130
    live, _, after = shown.partition(b"\x1b[?1049l")
    assert live.startswith(b"\x1b[?1049h"), "a screen of its own"
    assert after.count(b"Batch stories: processing") == 1, "what it came to stays to be read"


@pytest.mark.parametrize(
    "words",
    [
        ("add", "x", "--to", "acme", *THREE),
        ("add", "x", "--to", "acme", "--mode", "now"),
        ("add", "x", *THREE, "--mode", "now"),
        ("add", "x", "--to", "acme", *THREE, "--at", "2h", "--every", "often"),
        ("add", "x", "--to", "acme", *THREE, "--mode", "soon"),
        ("add", " ", "--to", "acme", *THREE, "--mode", "now"),
        ("add", "x", "--to", "acme", *THREE, "--mode", "now", "--label", "x" * 101),
        ("show", "nothing"),
        ("pause", "nothing"),
        ("resume", "nothing"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    home: Home, shell: Shell, words: tuple[str, ...]
) -> None:
    home.add_account()
    answer = shell("batch", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(("postcron: ", "Usage: "))

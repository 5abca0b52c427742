"""`stats`: how many went out and how punctually, and no figure that so few posts do not bear out."""

from __future__ import annotations

import re

import pytest

from postcron.states import State
from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.store.test_figures import published


@pytest.fixture
def past(home: Home) -> Home:
    """Twenty that left 40 ms after they were due, one a minute after; and some trouble."""
    home.add_account()
    with home.long_ago() as store:
        for _ in range(20):
            published(store, 0.04, 0.3)
        published(store, 60, 3600)
    home.holding(State.FAILED, State.LATE, State.UNKNOWN, State.SCHEDULED, State.CANCELLED)
    return home


@pytest.mark.usefixtures("past")
def test_a_person_reads_counts_shares_and_spans(shell: Shell) -> None:
    answer = shell("stats")
    assert (answer.code, answer.err) == (0, "")
    [row] = [line.split() for line in answer.out.splitlines() if line.startswith("mastodon  acme")]
    assert row[2:] == ["0", "1", "1", "21", "1", "1", "1", "91.3%", "8.7%"]
    [times] = [line for line in answer.out.splitlines() if line.startswith("mastodon  21")]
    assert re.split(" {2,}", times)[1:] == ["21", "40 ms", "40 ms", "300 ms", "300 ms"]


@pytest.mark.usefixtures("past")
def test_a_program_reads_the_same(shell: Shell) -> None:
    found = shell("stats", "--json").document
    assert set(found) == {"since", "before", "total", "accounts", "punctuality"}
    [account] = found["accounts"]
    assert account["counts"]["published"] == 21
    assert (account["ended"], found["total"]["ended"]) == (23, 23)
    assert account["success_rate"] == pytest.approx(21 / 23)
    assert account["failure_rate"] == pytest.approx(2 / 23)
    [times] = found["punctuality"]
    assert times == {
        "platform": "mastodon",
        "posts": 21,
        "sent_p50_s": 0.04,
        "sent_p95_s": 0.04,
        "live_p50_s": 0.3,
        "live_p95_s": 0.3,
    }


def test_too_few_posts_are_said_to_be_too_few(home: Home, shell: Shell) -> None:
    with home.long_ago() as store:
        for _ in range(4):
            published(store, 0.04, 0.3)
    assert shell("stats").out.count("too few") == 6
    found = shell("stats", "--json").document
    assert found["total"]["success_rate"] is None
    assert found["punctuality"][0]["sent_p50_s"] is None
    with home.long_ago() as store:
        published(store, 0.04, 0.3)
    [times] = shell("stats", "--json").document["punctuality"]
    assert (times["sent_p50_s"], times["sent_p95_s"]) == (0.04, None)


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--since", "2026-11-01"), 26),
        (("--since", "2026-11-22"), 0),
        (("--until", "2026-11-21"), 0),
        (("--account", "acme"), 26),
        (("--platform", "bluesky"), 0),
        (("--campaign", "spring"), 0),
    ],
)
def test_figures_can_be_of_a_part(shell: Shell, words: tuple[str, ...], count: int) -> None:
    found = shell("stats", "--json", *words).document
    assert sum(found["total"]["counts"].values()) == count
    spoken = shell("stats", *words)
    assert spoken.code == 0
    assert ("Nothing." in spoken.out) == (count == 0)


@pytest.mark.parametrize("words", [("--since", "soon"), ("--account", "nobody"), ("--until", "1")])
def test_what_cannot_be_asked_is_one_sentence(shell: Shell, words: tuple[str, ...]) -> None:
    answer = shell("stats", *words)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)

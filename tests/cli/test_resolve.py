"""`resolve`: what is said where, what must be typed, and the exit codes."""

from __future__ import annotations

import pytest

from postcron.states import State
from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.simulators.mastodon import TOKEN, Mastodon


@pytest.fixture
def ref(home: Home) -> str:
    """A delivery that only a person can decide about."""
    [delivery] = home.holding(State.UNKNOWN)
    return delivery.ref


def test_one_word_is_needed_and_only_one(shell: Shell, ref: str) -> None:
    for words in ((), ("--drop", "--resend"), ("--landed", "x", "--drop")):
        answer = shell("resolve", ref, *words)
        assert (answer.code, answer.out) == (2, "")
        assert "one of --landed URL, --resend and --drop" in answer.err


def test_what_is_dropped_is_told_in_json_and_may_be_said_again(shell: Shell, ref: str) -> None:
    for _ in range(2):
        answer = shell("resolve", ref, "--drop", "--json")
        assert (answer.code, answer.err) == (0, "")
        assert answer.document["delivery"]["state"] == "cancelled"
    events = shell("show", ref, "--json").document["deliveries"][0]["events"]
    assert [event["kind"] for event in events].count("cancelled") == 1


def test_sending_once_more_asks_for_the_id_where_nobody_can_be_asked(
    shell: Shell, ref: str
) -> None:
    answer = shell("resolve", ref, "--resend")
    assert (answer.code, f"--confirm {ref}" in answer.err) == (2, True)
    answer = shell("resolve", ref, "--resend", "--confirm", ref, "--json")
    assert (answer.code, answer.document["delivery"]["state"]) == (0, "queued")


def test_what_nobody_could_check_is_said_to_be_unchecked(shell: Shell, ref: str) -> None:
    answer = shell("resolve", ref, "--landed", "https://example.org/1")
    assert (answer.code, answer.err) == (0, "")
    assert "Not checked: " in answer.out
    document = shell("show", ref, "--json").document["deliveries"][0]
    assert (document["state"], document["seen_at"]) == ("published", None)
    assert document["url"] == "https://example.org/1"


def test_a_post_is_looked_up_at_the_platform(
    home: Home, shell: Shell, ref: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", TOKEN)
    with Mastodon() as server:
        home.add_account(server.url)
        theirs = shell("resolve", ref, "--landed", f"{server.url}/@x/{server.of_somebody_else()}")
        ours = shell("resolve", ref, "--landed", server.already_there("Hello"), "--json")
    assert (theirs.code, "@somebody" in theirs.err) == (2, True)
    assert (ours.code, ours.document["not_checked"]) == (0, None)
    assert ours.document["delivery"]["seen_at"] is not None

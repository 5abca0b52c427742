"""`measure` from cron: silent when all is well, one line for each failure, numbers shown by `show`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Shell
from tests.cli.home import LONG_AGO, Home
from tests.simulators.mastodon import Mastodon
from tests.simulators.server import Reply


@pytest.fixture
def mastodon(home: Home, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mastodon]:
    """A server where the account acme has a post that it is time to ask about."""
    for name, value in home.environment().items():
        monkeypatch.setenv(name, value)
    with Mastodon() as server:
        home.add_account(server.url)
        assert shell("schedule", "Hello", "--to", "acme", "--now").code == 0
        assert shell("publish").code == 0
        assert len(server.live) == 1
        with home.long_ago() as store:
            store.measures.keep([], {1: LONG_AGO})
        yield server


@pytest.mark.usefixtures("mastodon")
def test_numbers_are_collected_in_silence_and_shown(shell: Shell) -> None:
    answer = shell("measure")
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    assert "likes: 3, comments: 2, shares: 1" in shell("show", "1").out
    [delivery] = shell("show", "1", "--json").document["deliveries"]
    [measure] = delivery["measures"]
    assert measure["numbers"] == {"likes": 3, "comments": 2, "shares": 1}
    assert "measure" in shell("status").out


@pytest.mark.usefixtures("mastodon")
def test_a_program_reads_what_was_collected(shell: Shell) -> None:
    rehearsed = shell("measure", "--dry-run", "--json").document
    assert (rehearsed["dry_run"], rehearsed["due"], rehearsed["measured"]) == (True, ["1.1"], [])
    found = shell("measure", "--json").document
    assert set(found) == {"dry_run", "due", "measured", "failed"}
    [one] = found["measured"]
    assert set(one) == {"id", "account", "url", "day", "taken_at", "numbers"}
    assert one["numbers"] == {"likes": 3, "comments": 2, "shares": 1}
    assert shell("measure", "--json").document["due"] == []


@pytest.mark.usefixtures("mastodon")
def test_a_person_may_want_to_see_it(shell: Shell) -> None:
    assert "1.1" in shell("measure", "--dry-run").out
    assert "likes: 3" in shell("measure", "-v").out
    assert shell("measure", "-v").out == "Nothing.\n"


def test_a_failure_is_one_line(shell: Shell, mastodon: Mastodon) -> None:
    mastodon.misbehave(Reply(503, {"error": "Away"}))
    answer = shell("measure")
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)
    assert answer.err.startswith("1.1 acme: no numbers: The platform has trouble: 503")
    assert answer.err.endswith("Asked again in 6 h.\n")
    assert shell("measure").code == 0


def test_a_post_that_is_gone_is_told_once(shell: Shell, mastodon: Mastodon) -> None:
    mastodon.statuses.clear()
    answer = shell("measure", "--json")
    assert answer.err.endswith("It is not there any more. Not asked again.\n")
    [failed] = answer.document["failed"]
    assert (failed["error"]["code"], failed["again_at"]) == ("handle_gone", None)
    assert shell("measure").code == 0


def test_an_account_whose_settings_cannot_be_used_is_told_and_left_out(
    home: Home, shell: Shell, mastodon: Mastodon
) -> None:
    home.add('[accounts.broken]\nplatform = "mastodon"\n')
    answer = shell("measure", "--json")
    assert answer.code == 2
    assert "account broken needs" in answer.err
    assert len(answer.document["measured"]) == 1

"""What cron mails when a whole account is in trouble: one line, not one for each post."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postcron.states import State
from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.simulators.mastodon import TOKEN, Mastodon
from tests.simulators.server import Reply


@pytest.fixture
def mastodon(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mastodon]:
    """A server for the account acme."""
    monkeypatch.setenv("ACME_TOKEN", TOKEN)
    with Mastodon() as server:
        home.add_account(server.url)
        yield server


@pytest.mark.fault("F101")
def test_a_login_that_is_refused_is_said_once_and_shown_until_it_is_mended(
    home: Home, shell: Shell, mastodon: Mastodon
) -> None:
    refused = Reply(401, {"error": "The access token is invalid"})
    mastodon.misbehave(refused, lambda asked: "verify_credentials" in asked.path)
    for number in range(3):
        shell("schedule", f"Hello {number}", "--to", "acme", "--now")
    first = shell("publish")
    alarms = [line for line in first.err.splitlines() if "Log in again" in line]
    assert (first.code, len(alarms)) == (1, 1)
    assert "accounts check acme" in alarms[0]
    assert "Log in again" not in shell("publish").err
    assert "acme is blocked" in shell("status").out
    assert shell("accounts", "check").code == 0


def test_what_is_late_because_its_account_is_blocked_shares_a_line(
    home: Home, shell: Shell
) -> None:
    home.add_account()
    kept = home.holding(State.SCHEDULED, State.READY, State.QUEUED)
    with home.long_ago() as store:
        store.accounts.set("acme", block_code="token_refused", block_why="The token is dead.")
    answer = shell("tick")
    assert (answer.code, answer.err.count("\n")) == (1, 1)
    assert all(delivery.ref in answer.err for delivery in kept)


@pytest.mark.parametrize("spoilt", ['api_ulr = "https://example.org"', 'platform = "mastodn"'])
def test_an_account_that_cannot_be_used_is_shown_before_anything_is_due(
    home: Home, shell: Shell, spoilt: str
) -> None:
    name, _, _ = spoilt.partition(" ")
    home.add_account()
    kept = [line for line in home.config.read_text().splitlines() if not line.startswith(name)]
    home.config.write_text("\n".join([*kept, spoilt, ""]))
    where = f"{home.config}:{kept.index('[accounts.acme]') + 1}: "
    assert shell("tick").code == 2
    [told] = shell("accounts", "--json").document["accounts"]
    assert told["problem"].startswith(where)
    assert "not usable" in shell("accounts").out
    checked = shell("status", "--check")
    assert (checked.code, checked.out) == (1, f"{told['problem']}\n")


@pytest.mark.fault("F80")
def test_a_check_prints_a_line_for_each_thing_that_is_wrong_and_nothing_else(
    home: Home, shell: Shell
) -> None:
    found = shell("status", "--check")
    assert (found.code, found.out.count("\n"), found.err) == (1, 1, "")
    assert shell("tick").code == 0
    fine = shell("status", "--check")
    assert (fine.code, fine.out, fine.err) == (0, "", "")
    home.add_account()
    home.holding(State.UNKNOWN)
    with home.long_ago() as store:
        store.accounts.set("acme", block_code="token_refused", block_why="The token is dead.")
    answer = shell("status", "--check", "--json")
    assert {each["code"] for each in answer.document["findings"]} == {"unknown", "blocked"}
    assert (answer.code, answer.document["ok"]) == (4, False)
    assert shell("status", "--check", "--watch").code == 2

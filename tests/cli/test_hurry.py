"""Everything at once: overlapping runs, an impatient person, a file saved in the middle of a run."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.cli.test_signals import is_publish, wait_until
from tests.simulators.mastodon import TOKEN, Mastodon
from tests.simulators.server import Fault, Reply


@pytest.fixture
def mastodon(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mastodon]:
    """A server for the account acme."""
    monkeypatch.setenv("ACME_TOKEN", TOKEN)
    with Mastodon() as server:
        server.already_there("Something older")
        server.slowness = 1
        home.add_account(server.url)
        yield server


def sent(mastodon: Mastodon) -> int:
    return sum(map(is_publish, mastodon.asked))


@pytest.mark.fault("F86")
def test_a_run_that_hangs_in_its_call_holds_up_nobody(
    home: Home, shell: Shell, mastodon: Mastodon
) -> None:
    for number in range(3):
        shell("schedule", f"Post {number}", "--to", "acme", "--now")
    mastodon.misbehave(Fault.SLOW, is_publish)
    hung = home.started("publish", "--limit", "1")
    wait_until(lambda: sent(mastodon) == 1)
    hung.send_signal(signal.SIGSTOP)
    others = [home.started("publish", "--limit", "1") for _ in range(2)]
    for other in others:
        assert (other.communicate(timeout=30)[1], other.returncode) == (b"", 0)
    assert sorted(home.states()) == ["published", "published", "publishing"]
    hung.send_signal(signal.SIGCONT)
    assert (hung.communicate(timeout=30)[1], hung.returncode) == (b"", 0)
    assert home.states() == ["published"] * 3
    assert sorted(live.text for live in mastodon.live[1:]) == ["Post 0", "Post 1", "Post 2"]


@pytest.mark.fault("F110")
def test_ten_retries_typed_at_once_send_one_post(
    home: Home, shell: Shell, mastodon: Mastodon
) -> None:
    shell("schedule", "Hello", "--to", "acme", "--now")
    mastodon.misbehave(Reply(422, {"error": "Validation failed: Text is rude"}), is_publish)
    assert shell("publish").code == 1
    typed = [home.started("retry", "1") for _ in range(10)]
    for one in typed:
        _, err = one.communicate(timeout=60)
        assert b"Traceback" not in err
    for one in [home.started("publish") for _ in range(2)]:
        one.communicate(timeout=60)
    assert home.states() == ["published"]
    assert len(mastodon.live) == 2


@pytest.mark.fault("F106")
def test_a_configuration_half_saved_while_a_run_waits_changes_nothing_for_it(
    home: Home, shell: Shell, mastodon: Mastodon
) -> None:
    shell("schedule", "Hello", "--to", "acme", "--at", "8s")
    publishing = home.started("publish")
    wait_until(lambda: "uploaded" in home.kinds())
    kept = home.config.read_text()
    home.config.write_text("[accounts.acme\napi_url = ")
    assert (publishing.communicate(timeout=30)[1], publishing.returncode) == (b"", 0)
    refused = shell("publish")
    assert (refused.code, sent(mastodon)) == (2, 1)
    home.config.write_text(kept)
    assert home.states() == ["published"]

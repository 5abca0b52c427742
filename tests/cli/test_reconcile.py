"""`reconcile` as a person types it: which word goes with which trouble, and what it answers."""

from __future__ import annotations

import pytest

from postcron.states import State
from tests.cli.conftest import Answer, Shell
from tests.cli.home import Home


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Say one of --after-restore, --adopt and --clock"),
        (["--adopt", "--after-restore"], "Say one of"),
        (["--adopt", "--dry-run"], "--dry-run goes with --after-restore only"),
    ],
)
def test_one_word_has_to_be_said(shell: Shell, words: list[str], says: str) -> None:
    answer = shell("reconcile", *words)
    assert (answer.code, answer.out) == (2, "")
    assert says in answer.err


@pytest.mark.fault("F108")
def test_a_store_that_came_from_elsewhere_is_held_until_it_is_adopted(
    home: Home, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def there(*words: str) -> Answer:
        with monkeypatch.context() as other:
            other.setenv("POSTCRON_STATE", str(home.folder / "elsewhere"))
            return shell(*words)

    assert shell("run").code == 0

    refused = there("run", "-v")

    assert (refused.code, refused.out) == (3, "")
    assert "belongs to another machine" in refused.err
    assert "belongs to another machine" in there("status").out
    assert "belongs to another machine" in there("status", "--json").document["held"]
    adopted = there("reconcile", "--adopt")
    assert (adopted.code, adopted.err) == (0, "")
    assert there("run", "-v").code == 0
    assert shell("run", "-v").code == 3, "the former machine has lost it"


def test_after_restore_answers_with_what_is_looked_for(home: Home, shell: Shell) -> None:
    home.add_account()
    home.holding(State.SCHEDULED, State.LATE, State.PUBLISHED)
    planned = shell("reconcile", "--after-restore", "--dry-run", "--json")
    assert planned.document["dry_run"] is True
    assert home.states() == ["scheduled", "late", "published"]

    answer = shell("reconcile", "--after-restore", "--json")

    assert (answer.code, answer.err) == (0, "")
    assert [each["id"] for each in answer.document["doubted"]] == [
        each["id"] for each in planned.document["doubted"]
    ]
    assert "have to be" not in answer.out
    assert "has to be cancelled" in shell("reconcile", "--after-restore").out


def test_after_restore_says_what_only_a_person_can_look_for(home: Home, shell: Shell) -> None:
    home.add_account()
    home.holding(State.SCHEDULED)
    said = shell("reconcile", "--after-restore").out
    assert "0 deliveries may be out already and are looked for" in said
    assert "1 more may be, but were backed up before phase 2" in said
    assert "1.1" in shell("status", "--check").out


def test_the_clock_can_be_confirmed(shell: Shell) -> None:
    assert shell("reconcile", "--clock").code == 0

"""Bad input gets one sentence and the right exit code, and nothing is half-saved."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Answer, Shell
from tests.cli.home import Home

TO = ("--to", "acme")
NOW = (*TO, "--now")


@pytest.fixture(autouse=True)
def account(home: Home) -> None:
    """The account that most of these posts would go to."""
    home.add_account()
    (home.folder / "liar.jpg").write_bytes(b"%PDF-1.4 not a picture")
    (home.folder / "latin").write_bytes("Grüße".encode("latin-1"))


BAD_POSTS = [
    ("an unknown account", ("Hi", "--to", "acm", "--now"), "did you mean acme?"),
    ("no account", ("Hi", "--now"), "--to ACCOUNT"),
    ("nothing to say", NOW, "neither text nor media"),
    ("an empty text", ("", *NOW), "neither text nor media"),
    ("no time", ("Hi", *TO), "--at"),
    ("a past time", ("Hi", *TO, "--at", "2020-01-01T10:00"), "ago"),
    ("a time that is none", ("Hi", *TO, "--at", "soonish"), "is not a time"),
    ("two times", ("Hi", *NOW, "--at", "2h"), "--at and --now"),
    ("an unknown zone", ("Hi", *TO, "--at", "tomorrow 9am", "--tz", "Roma/Europe"), "zone"),
    ("a time that never comes", ("Hi", *TO, "--at", "2027-03-28T02:30"), "2027-03-28T03:30:00+02:00"),
    ("a time that comes twice", ("Hi", *TO, "--at", "2027-10-31T02:30"), "2027-10-31T02:30:00+01:00"),
    ("a missing file", ("Hi", *NOW, "--media", "nowhere.jpg"), "nowhere.jpg"),
    ("a folder for a file", ("Hi", *NOW, "--media", "."), "."),
    ("a file that lies", ("Hi", *NOW, "--media", "liar.jpg"), "liar.jpg"),
    ("more alt texts than media", ("Hi", *NOW, "--alt", "A dog"), "--alt"),
    ("too long a text", ("x" * 501, *NOW), "Shorten it by 1"),
    ("a type the platform lacks", ("Hi", *NOW, "--type", "story"), "story"),
    ("a type there is not", ("Hi", *NOW, "--type", "tweet"), "tweet"),
    ("an unknown option", ("Hi", *NOW, "--option", "acme.colour=red"), "no option"),
    ("an option of nobody", ("Hi", *NOW, "--option", "visibility=public"), "ACCOUNT.NAME=VALUE"),
    ("a text for nobody", ("Hi", *NOW, "--text-for", "Hello"), "ACCOUNT=TEXT"),
    ("a text for another account", ("Hi", *NOW, "--text-for", "b=Hello"), "--to b"),
    ("an empty key", ("Hi", *NOW, "--key", " "), "--key"),
    ("a text that is not there", (*NOW, "--text-file", "nowhere"), "nowhere"),
    ("a text that is a folder", (*NOW, "--text-file", "."), "cannot be read"),
    ("a text in another encoding", (*NOW, "--text-file", "latin"), "not UTF-8"),
    ("a text given twice", ("Hi", *NOW, "--text-file", "latin"), "twice"),
    ("a text without end", (*NOW, "--text-file", "/dev/zero"), "longer than"),
    ("a word too many", ("Hi", "there", *NOW), "there"),
    ("an unknown word", ("Hi", *NOW, "--nwo"), "--nwo"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"), [row[1:] for row in BAD_POSTS], ids=[r[0] for r in BAD_POSTS]
)
def test_a_bad_post_is_one_sentence_and_2(shell: Shell, words: tuple[str, ...], said: str) -> None:
    answer = shell("schedule", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("postcron: ")
    assert answer.err.count("\n") == 1
    assert said in answer.err
    assert kept(shell) == []


@pytest.mark.parametrize("words", [row[1] for row in BAD_POSTS], ids=[row[0] for row in BAD_POSTS])
def test_a_bad_post_in_json_is_a_document(shell: Shell, words: tuple[str, ...]) -> None:
    answer = shell("schedule", *words, "--json")
    assert (answer.code, answer.err) == (2, "")
    assert answer.document.keys() == {"error"}
    assert answer.document["error"].keys() == {"code", "message", "problems"}


def test_a_text_that_is_not_utf8_is_told(shell: Shell) -> None:
    for words in (("schedule", "-", *NOW), ("schedule", os.fsdecode(b"Gr\xfc\xdfe"), *NOW)):
        answer = shell(*words, stdin=b"Gr\xfc\xdfe")
        assert answer.code == 2
        assert "not UTF-8" in answer.err


def test_every_problem_of_a_post_is_told_at_once(shell: Shell) -> None:
    answer = shell("schedule", "x" * 501, *NOW, "--option", "acme.colour=red")
    assert answer.code == 2
    assert answer.err.count("postcron: acme: ") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("show", "99"),
        ("show", "x"),
        ("show", "1.1.1"),
        ("show",),
        ("cancel", "99"),
        ("cancel",),
        ("delete", "99"),
        ("delete", "1.1"),
        ("edit", "99", "--text", "a"),
        ("edit", "99"),
        ("retry", "99"),
        ("retry", "1", "--dry-run"),
        ("list", "--state", "gone"),
        ("list", "--account", "nobody"),
        ("list", "--batch", "nobody"),
        ("list", "--since", "someday"),
        ("list", "--since", "9999-12-31T23:59-12:00"),
        ("list", "--media", "/dev/zero"),
        ("list", "--after", "made-up"),
        ("list", "--limit", "0"),
        ("list", "--order", "size"),
        ("log", "--kind", "gone"),
        ("log", "--day", "2026-13-01"),
        ("log", "--day", "2d"),
        ("log", "--post", "99"),
        ("accounts", "check", "nobody"),
        ("accounts", "forget"),
        ("pre-upload", "--lead", "long"),
        ("publish", "--ahead", "1 fortnight"),
        ("tick", "--limit", "-1"),
        ("status", "--watch", "--every", "often"),
        ("init", "--tz", "Mars/Olympus", "--config", "new.toml"),
        ("import", "/proc/self/mem", "--format", "csv"),
        ("plan", "a" * 300),
        ("frobnicate",),
        ("tick", "now"),
    ],
    ids=" ".join,
)
def test_a_bad_command_is_one_sentence_and_2(shell: Shell, words: tuple[str, ...]) -> None:
    answer = shell(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("postcron: ")
    assert answer.err.count("\n") == 1
    assert shell(*words, "--json").document.keys() == {"error"}


def wrong_key(home: Home) -> None:
    home.add("[run]\nworker = 3\n")


def not_toml(home: Home) -> None:
    home.add("[accounts\n")


def not_there(home: Home) -> None:
    home.config.unlink()


def open_to_all(home: Home) -> None:
    home.config.chmod(0o666)


def a_secret_in_it(home: Home) -> None:
    home.add('[accounts.b]\nplatform = "mastodon"\ntoken = "s3cr3t-t0ken"\n')


@pytest.mark.fault("F105")
@pytest.mark.parametrize("spoil", [wrong_key, not_toml, not_there, open_to_all, a_secret_in_it])
def test_a_bad_configuration_is_one_sentence_and_2(
    home: Home, shell: Shell, spoil: Callable[[Home], None]
) -> None:
    spoil(home)
    for words in (("publish",), ("status",), ("config", "validate"), ("schedule", "Hi", *NOW)):
        answer = shell(*words)
        assert (answer.code, answer.out) == (2, "")
        assert str(home.config) in answer.err
        assert answer.err.count("\n") == 1
        assert "s3cr3t-t0ken" not in answer.err


def test_a_wrong_key_names_its_line_and_the_nearest(home: Home, shell: Shell) -> None:
    wrong_key(home)
    line = home.config.read_text().splitlines().index("worker = 3") + 1
    answer = shell("tick")
    assert f"{home.config}:{line}: " in answer.err
    assert "workers" in answer.err


def test_a_wrong_key_of_a_platform_is_found_by_validate(home: Home, shell: Shell) -> None:
    home.add('api_ulr = "https://example.org"\n')
    answer = shell("config", "validate")
    assert (answer.code, answer.out) == (2, "")
    assert "api_url" in answer.err


def removed(home: Home) -> None:
    home.store.unlink()


def damaged(home: Home) -> None:
    home.store.write_bytes(b"not a database at all" * 100)


def newer(home: Home) -> None:
    with sqlite3.connect(home.store) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


@pytest.mark.parametrize("spoil", [removed, damaged, newer])
@pytest.mark.parametrize(
    "words", [("publish",), ("status",), ("schedule", "Hi", *NOW)], ids=" ".join
)
def test_a_store_that_cannot_be_used_is_one_sentence_and_3(
    home: Home, shell: Shell, spoil: Callable[[Home], None], words: tuple[str, ...]
) -> None:
    spoil(home)
    answer = shell(*words)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.count("\n") == 1
    document = shell(*words, "--json").document
    assert document["error"]["code"] in {"store_unavailable", "cannot_work"}


def test_a_state_folder_that_is_a_link_is_refused(
    home: Home, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.folder / "link").symlink_to(home.state)
    monkeypatch.setenv("POSTCRON_STATE", str(home.folder / "link"))
    assert refused(shell("tick"), "is a link")


def refused(answer: Answer, said: str) -> bool:
    return (answer.code, answer.out) == (3, "") and said in answer.err


def test_a_mistake_of_postcron_is_one_line_unless_asked(
    home: Home, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Path:
        raise OSError(errno.EIO, "a mistake")

    monkeypatch.setattr(os, "getcwd", broken)
    monkeypatch.delenv("POSTCRON_CONFIG")
    answer, more = shell("status"), shell("status", "-v")
    assert (answer.code, more.code) == (3, 3)
    assert answer.err.count("\n") == 1
    assert "-v shows where" in answer.err
    assert "Traceback" in more.err


def kept(shell: Shell) -> list[str]:
    return [each["id"] for each in shell("list", "--json").document["deliveries"]]

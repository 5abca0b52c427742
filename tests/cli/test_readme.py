"""What the README tells a newcomer to type runs as it is written, line after line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from postcron.cli import pages
from postcron.sandbox import Sandbox
from tests.cli.conftest import Shell
from tests.cli.home import Home
from tests.media import files

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
MASTODON = ("sandbox", "acme", "acme-sky")


@pytest.fixture(autouse=True)
def sandbox(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The platform of `postcron sandbox`, with its account as it says, and those of the README."""
    with Sandbox(home.folder / "sandbox") as running:
        told = pages.sandbox(running).partition("\n\n")[2]
        for name in MASTODON:
            home.add(f"\n{told.replace('.sandbox]', f'.{name}]')}\n")
        [instagram] = (one.id for one in running.accounts if one.username == "demo-instagram")
        told = re.sub('account_id = ".*"', f'account_id = "{instagram}"', told)
        home.add(told.replace("mastodon", "instagram").replace(".sandbox]", ".acme-insta]"))
        monkeypatch.setenv("SANDBOX_TOKEN", running.token)
        yield running


def play(shell: Shell, section: str) -> dict[str, str]:
    """Run the commands of a section, but those that go on; return what each of them says."""
    text = README.partition(f"\n## {section}\n")[2].partition("\n## ")[0].replace("\\\n", " ")
    told = {}
    for line in re.findall(r"^\$ postcron (.*?)(?: +#.*)?$", text, re.MULTILINE):
        if not line.endswith(("&", "--watch")):
            answer = shell(*shlex.split(line.replace("~/", f"{Path.home()}/")))
            assert answer.code == 0, (line, answer)
            told[line] = answer.out
    return told


def test_the_first_session(home: Home, shell: Shell) -> None:
    files.picture(home.folder / "shelf.jpg", size=(1080, 1350))
    told = play(shell, "A first session")
    assert "New on our shelf" in told["show 2"]
    assert "uploaded" in told["show 2"]
    assert "cancelled" in told["log"]
    assert "changed: text" in told["log"]


def test_the_calendar(home: Home, shell: Shell) -> None:
    (home.folder / "public").mkdir()
    play(shell, "Calendar")
    assert {path.name for path in (home.folder / "public").iterdir()} == {"posts.html", "posts.ics"}


def test_batches_and_many_at_once(home: Home, shell: Shell) -> None:
    for number in (1, 2):
        files.picture(home.folder / f"{number}.jpg", size=(1080, 1350 + number))
    files.video(home.folder / "3.mp4", tenths=150, size=(180, 320))
    told = play(shell, "Accounts")
    [added] = (said for line, said in told.items() if line.startswith("batch add teasers"))
    assert "0 of 3 live (3 scheduled)" in added

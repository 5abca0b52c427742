"""Platforms are found by name: ours in a table, others' where their packages announce them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from postcron.errors import ConfigInvalid
from postcron.platforms import BUILT_IN, find


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_each_name_leads_to_the_platform_of_that_name(name: str) -> None:
    assert find(name).name == name


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigInvalid, match="no platform 'mastodont': did you mean mastodon"):
        find("mastodont")


def test_a_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(ConfigInvalid, match=f"known: {', '.join(sorted(BUILT_IN))}"):
        find("zzz")


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package that announces two platforms, one of which is not there."""
    (tmp_path / "their_platform.py").write_text("class Theirs:\n    name = 'theirs'\n")
    announced = tmp_path / "their_platform-1.0.dist-info"
    announced.mkdir()
    (announced / "METADATA").write_text("Metadata-Version: 2.1\nName: their-platform\nVersion: 1\n")
    (announced / "entry_points.txt").write_text(
        "[postcron.platforms]\ntheirs = their_platform:Theirs\nbroken = their_platform:Gone\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_another_package_may_announce_a_platform(theirs: Path) -> None:
    assert find("theirs").name == "theirs"


def test_one_that_cannot_be_loaded_is_named(theirs: Path) -> None:
    with pytest.raises(ConfigInvalid, match="'broken' of another package cannot be loaded"):
        find("broken")


def test_finding_one_loads_nothing_of_the_others() -> None:
    code = (
        "import sys; from postcron.platforms import find; find('mixpost');"
        "assert 'postcron.platforms.bluesky' not in sys.modules;"
        "assert 'httpx' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

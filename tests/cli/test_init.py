"""`postcron init`: everything is made with the rights it keeps, and nothing is made twice."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from postcron.operations.init import init, this_zone
from tests.cli.conftest import Shell
from tests.cli.home import Home


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in folder.rglob("*")
    }


@pytest.mark.fault("F92")
@pytest.mark.usefixtures("umask")
def test_files_are_ours_alone_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir(mode=0o700)
    init(folder / "a" / "postcron.toml", {"HOME": str(folder)}, state_dir=folder / "b" / "state")
    found = modes(folder)
    files = {name for name in found if (folder / name).is_file()}
    assert {found[name] for name in files} == {"0o600"}
    assert {found[name] for name in found.keys() - files} == {"0o700"}
    assert {"a/postcron.toml", "a/postcron.key", "b/state/host"} <= files
    assert any(name.endswith("postcron.db") for name in files)


def test_init_again_changes_nothing(home: Home, shell: Shell) -> None:
    before = home.config.read_bytes(), home.config.with_name("postcron.key").read_bytes()
    parts = shell("init", "--json").document["parts"]
    assert not any(part["new"] for part in parts)
    assert before == (home.config.read_bytes(), home.config.with_name("postcron.key").read_bytes())


def test_init_makes_only_what_is_missing(home: Home, shell: Shell) -> None:
    home.store.unlink()
    parts = shell("init", "--json").document["parts"]
    assert [part["name"] for part in parts if part["new"]] == ["store"]


def test_the_first_configuration_is_where_every_command_looks(
    home: Home, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSTCRON_CONFIG")
    assert shell("status").code == 2
    assert shell("init").code == 0
    assert shell("status").code == 0
    assert (home.folder / ".config/postcron/config.toml").exists()


def test_init_takes_the_configuration_of_this_folder(
    home: Home, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POSTCRON_CONFIG")
    here = home.folder / "postcron.toml"
    here.write_text('timezone = "UTC"\n')
    here.chmod(0o600)
    assert shell("init", "--json").document["config"] == str(here)


def test_a_wrong_configuration_is_told_and_left_alone(home: Home, shell: Shell) -> None:
    home.add("wrong = 1\n")
    before = home.config.read_bytes()
    answer = shell("init")
    assert answer.code == 2
    assert f"{home.config}:" in answer.err
    assert home.config.read_bytes() == before


def test_an_unknown_zone_makes_nothing(home: Home, shell: Shell) -> None:
    other = home.folder / "new" / "postcron.toml"
    assert shell("init", "--config", str(other), "--tz", "Europe/Roma").code == 2
    assert not other.exists()


def test_a_folder_that_cannot_be_made_is_told(home: Home, shell: Shell) -> None:
    (home.folder / "file").touch()
    answer = shell("init", "--config", str(home.folder / "file" / "postcron.toml"))
    assert answer.code in {2, 3}
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("environ", "zone"),
    [({"TZ": "Asia/Tokyo"}, "Asia/Tokyo"), ({"TZ": ":Europe/Rome"}, "Europe/Rome")],
)
def test_the_zone_of_this_machine_is_the_first_guess(environ: dict[str, str], zone: str) -> None:
    assert this_zone(environ) == zone


def test_an_odd_zone_of_this_machine_is_not_taken() -> None:
    assert this_zone({"TZ": "CET-1CEST"}) == this_zone({})

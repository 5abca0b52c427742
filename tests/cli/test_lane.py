"""The idle minute: answered before anything heavy is imported, and only when there is no doubt."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from postcron import lane
from postcron.cli.opening import state_folder
from postcron.config import find
from postcron.errors import ConfigInvalid
from postcron.states import State
from tests.cli.conftest import Shell
from tests.cli.home import Home

#: what an idle minute must not pay for
HEAVY = {
    "re", "typing", "typer", "rich", "sqlalchemy", "pydantic", "httpcore", "httpx", "asyncio",
    "logging", "json", "tomllib", "datetime", "pathlib", "sqlite3", "postcron.cli", "postcron.model",
}  # fmt: skip

LOADED = """
import sys
sys.argv = ["postcron", sys.argv[1]]
from postcron.__main__ import main
code = main()
print(code, *sys.modules)
"""


@pytest.fixture
def known(home: Home, shell: Shell) -> Home:
    """A home where the full path has run once and left its memo."""
    assert shell("tick").code == 0
    return home


def is_idle(home: Home, *argv: str, **environ: str) -> bool:
    given = {"HOME": str(home.folder), "POSTCRON_CONFIG": str(home.config)}
    return lane.is_idle(argv or ("tick",), given | environ)


@pytest.mark.parametrize("phase", lane.PHASES)
def test_an_idle_phase_loads_only_the_standard_library(known: Home, phase: str) -> None:
    environ = {"HOME": str(known.folder), "POSTCRON_CONFIG": str(known.config)}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, phase], env=environ, capture_output=True, check=True
    )
    code, *modules = done.stdout.decode().split()
    assert (code, done.stderr) == ("0", b"")
    assert not HEAVY & set(modules)


def test_the_first_run_takes_the_full_path(home: Home) -> None:
    assert not is_idle(home)


@pytest.mark.parametrize(
    ("run", "idle"),
    [
        ('ahead = "90s"', False),
        ('horizon = "5m"', False),
        ('ahead = "60s"\nhorizon = "2m"', True),
        ('ahead = "20s"\nhorizon = "1m"', True),
    ],
)
def test_who_looks_further_ahead_than_the_lane_takes_the_full_path(
    home: Home, shell: Shell, run: str, idle: bool
) -> None:
    home.add(f"\n[run]\n{run}\n")
    assert shell("tick").code == 0
    assert is_idle(home) is idle


def test_the_second_run_is_idle(known: Home) -> None:
    assert is_idle(known)


@pytest.mark.parametrize(
    "argv",
    [
        ("tick", "--config", "{config}"),
        ("--config", "{config}", "tick"),
        ("tick", "--config={config}"),
        ("--config={config}", "tick"),
    ],
)
def test_the_configuration_may_be_named(known: Home, argv: tuple[str, ...]) -> None:
    words = [word.format(config=known.config) for word in argv]
    assert lane.is_idle(words, {"HOME": str(known.folder)})


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("status",),
        ("tick", "-v"),
        ("tick", "--json"),
        ("tick", "--dry-run"),
        ("retry", "12"),
        ("tick", "publish"),
        ("tick", "--config"),
        ("--config", "tick"),
        ("tick", "--config=a", "--config=b"),
        ("tick", "--conf=a"),
    ],
)
def test_every_other_command_line_takes_the_full_path(known: Home, argv: tuple[str, ...]) -> None:
    assert not lane.is_idle(argv, {"HOME": str(known.folder), "POSTCRON_CONFIG": str(known.config)})


def test_a_variable_that_could_mean_another_store_takes_the_full_path(known: Home) -> None:
    assert not is_idle(known, POSTCRON_STORE_URL="sqlite:////elsewhere.db")


def changed(home: Home) -> None:
    home.add("# a comment more\n")


def replaced(home: Home) -> None:
    other = home.config.with_name("other")
    other.write_bytes(home.config.read_bytes())
    os.utime(other, ns=(home.config.stat().st_atime_ns, home.config.stat().st_mtime_ns))
    other.replace(home.config)


def opened_to_others(home: Home) -> None:
    home.config.chmod(0o666)


def removed(home: Home) -> None:
    home.config.unlink()


def store_is_gone(home: Home) -> None:
    home.store.rename(home.store.with_suffix(".away"))


def store_is_no_database(home: Home) -> None:
    home.store.write_bytes(b"not a database" * 1000)


def memo_may_be_written_by_others(home: Home) -> None:
    memo(home).chmod(0o666)


def memo_is_a_link(home: Home) -> None:
    path = memo(home)
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def memo_is_cut_short(home: Home) -> None:
    memo(home).write_bytes(memo(home).read_bytes()[:-200])


def journal_keeps_something(home: Home) -> None:
    (home.state / "journal").write_bytes(b"\nsomething\n")


def memo(home: Home) -> Path:
    (found,) = (path for path in (home.state / "lane").iterdir() if path.suffix == ".toml")
    return found


@pytest.mark.parametrize(
    "doubt",
    [
        changed,
        replaced,
        opened_to_others,
        removed,
        store_is_gone,
        store_is_no_database,
        memo_may_be_written_by_others,
        memo_is_a_link,
        memo_is_cut_short,
        journal_keeps_something,
    ],
)
def test_any_doubt_takes_the_full_path(known: Home, doubt: object) -> None:
    assert callable(doubt)
    doubt(known)
    assert not is_idle(known)


def test_an_empty_journal_is_no_doubt(known: Home) -> None:
    (known.state / "journal").write_bytes(bytes(1000))
    assert is_idle(known)


def test_work_takes_the_full_path(known: Home) -> None:
    known.holding(State.SCHEDULED)
    assert not is_idle(known)


def test_the_memo_of_one_configuration_says_nothing_about_another(known: Home) -> None:
    other = known.config.with_name("other.toml")
    other.write_bytes(known.config.read_bytes())
    assert not is_idle(known, "tick", "--config", str(other))


def test_status_tells_when_a_phase_last_ran_idle(known: Home, shell: Shell) -> None:
    assert is_idle(known, "retry")
    assert shell("status", "--json").document["idle"].keys() == {"retry"}


PLACES: list[tuple[str | None, Mapping[str, str]]] = [
    ("given.toml", {}),
    ("~/given.toml", {}),
    (None, {"POSTCRON_CONFIG": "~/named.toml"}),
    (None, {"POSTCRON_CONFIG": "given.toml"}),
    (None, {"POSTCRON_CONFIG": ""}),
    (None, {"XDG_CONFIG_HOME": "{home}/xdg"}),
    (None, {"XDG_CONFIG_HOME": "relative"}),
    (None, {"HOME": "{home}/other"}),
    (None, {}),
]


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize(("flag", "environ"), PLACES)
def test_the_lane_finds_the_same_configuration_as_everybody_else(
    home: Home, here: bool, flag: str | None, environ: Mapping[str, str]
) -> None:
    given = {"HOME": str(home.folder)}
    given |= {name: value.format(home=home.folder) for name, value in environ.items()}
    for folder in (".config", "xdg", "other/.config"):
        Path(folder, "postcron").mkdir(parents=True)
        Path(folder, "postcron/config.toml").touch()
    if here:
        Path("postcron.toml").touch()
    assert lane._config(flag, given) == str(find(flag, given))


def test_without_any_configuration_the_full_path_says_so(home: Home) -> None:
    with pytest.raises(ConfigInvalid):
        find(None, {"HOME": str(home.folder)})
    assert not lane.is_idle(["tick"], {"HOME": str(home.folder)})


def test_the_state_folder_is_where_the_lane_looks(home: Home) -> None:
    assert str(state_folder()) == lane.state_dir(os.environ)

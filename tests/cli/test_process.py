"""postcron as a process: what cron, a closed pipe, and a full disk make of it."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from typing import Any

import pytest

from postcron.states import State
from tests.cli.conftest import Shell
from tests.cli.home import POSTCRON, Home
from tests.media.files import picture

COMMANDS = [("run",), ("status",), ("config", "validate"), ("init",), ("--help",)]


@pytest.mark.fault("F90")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_works_in_the_environment_of_cron(
    process: Shell, words: tuple[str, ...]
) -> None:
    answer = process(*words)
    assert (answer.code, answer.err) == (0, "")


@pytest.mark.fault("F90")
def test_without_a_home_the_user_is_looked_up(process: Shell, home: Home) -> None:
    answer = process("status", environ={"POSTCRON_CONFIG": str(home.folder / "nowhere.toml")})
    assert answer.code == 2
    assert answer.err.count("\n") == 1


@pytest.mark.fault("F90")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(home: Home, process: Shell, closed: str) -> None:
    home.holding(State.SCHEDULED)
    done = through_a_shell(home, f"postcron tick -v {closed}")
    assert done.returncode == 1
    assert home.states() == ["late"]
    assert b"Traceback" not in done.stderr


@pytest.mark.fault("F90")
def test_a_closed_pipe_is_quiet_and_the_outcome_is_stored(home: Home, process: Shell) -> None:
    home.holding(State.SCHEDULED)
    script = "{ postcron tick --json; echo $? >code; } | head -c 0"
    done = through_a_shell(home, script)
    assert b"Pipe" not in done.stderr
    assert (home.folder / "code").read_text() == "1\n"
    assert home.states() == ["late"]


def test_a_long_answer_into_a_closed_pipe_is_quiet(home: Home, process: Shell) -> None:
    home.holding(*[State.SCHEDULED] * 30)
    done = through_a_shell(home, "postcron list --json | head -n 1")
    assert done.stderr == b""
    assert done.stdout == b"{\n"


@pytest.mark.parametrize("words", ["status --watch", "status --watch --json"])
def test_a_watch_ends_when_nobody_reads_it_any_more(home: Home, words: str) -> None:
    home.holding(State.SCHEDULED)
    done = through_a_shell(home, f"{{ postcron {words} --every 1s; echo $? >code; }} | head -n 1")
    assert done.stderr == b""
    assert (home.folder / "code").read_text() == "0\n"


@pytest.mark.fault("F91")
def test_a_full_disk_under_stdout_is_told_after_the_work_is_stored(
    home: Home, process: Shell
) -> None:
    home.holding(State.SCHEDULED)
    done = through_a_shell(home, "postcron tick --json >/dev/full")
    assert done.returncode == 3
    assert done.stderr.count(b"\n") == 2
    assert b"could not be written" in done.stderr.splitlines()[-1]
    assert home.states() == ["late"]


@pytest.mark.fault("F91")
def test_nobody_to_tell_is_no_reason_to_stop(home: Home, process: Shell) -> None:
    home.holding(State.SCHEDULED)
    assert through_a_shell(home, "postcron tick 2>/dev/full").returncode == 1
    assert home.states() == ["late"]


@pytest.mark.fault("F90")
@pytest.mark.parametrize(("stream", "code"), [("stdout", 3), ("stderr", 1)])
def test_a_pipe_that_nobody_empties_is_no_reason_to_stop(
    home: Home, stream: str, code: int
) -> None:
    home.holding(State.SCHEDULED)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    streams: dict[str, int] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | {
        stream: writer
    }
    words = [*POSTCRON, "tick", "--json"]
    given: dict[str, Any] = {"env": home.environment(), "timeout": 60, **streams}
    done = subprocess.run(words, check=False, **given)
    assert done.returncode == code
    assert home.states() == ["late"]
    os.close(reader)
    os.close(writer)


def test_a_pipe_gets_no_colour(home: Home, process: Shell) -> None:
    home.holding(State.LATE)
    for environ in ({}, {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TERM": "xterm-256color"}):
        assert "\x1b" not in process("list", environ=environ).out


@pytest.mark.parametrize(
    ("words", "environ", "coloured"),
    [
        (("list",), {}, True),
        (("list",), {"NO_COLOR": "1"}, False),
        (("list", "--json"), {}, False),
    ],
)
def test_a_terminal_gets_colour_unless_it_is_not_wanted(
    home: Home, words: tuple[str, ...], environ: dict[str, str], coloured: bool
) -> None:
    home.holding(State.FAILED)
    shown = on_a_terminal(home, words, environ)
    assert b"failed" in shown
    assert (b"\x1b[" in shown) is coloured


@pytest.mark.parametrize("columns", [30, 60, 200])
def test_every_width_of_terminal_shows_the_state(home: Home, columns: int) -> None:
    home.holding(State.FAILED, State.LATE)
    shown = on_a_terminal(home, ("list",), {"COLUMNS": str(columns), "NO_COLOR": "1"}).decode()
    assert all(len(line) <= columns for line in shown.splitlines())
    assert "late" in "".join(shown.split())


def test_another_encoding_is_no_reason_to_fail(home: Home, process: Shell) -> None:
    home.holding(State.LATE)
    answer = process("list", environ={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert (answer.code, answer.err) == (0, "")


def test_no_core_is_left_that_would_hold_the_secrets() -> None:
    code = "import postcron.cli.app as a, resource; a.main(['--version']); print(resource.getrlimit(resource.RLIMIT_CORE))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.splitlines()[-1] == b"(0, 0)"


@pytest.mark.fault("F92")
def test_few_descriptors_are_enough_or_told(home: Home) -> None:
    done = subprocess.run(
        [*POSTCRON, "status"],
        env=home.environment(),
        capture_output=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16)),
        check=False,
    )
    assert done.returncode in {0, 3}
    assert b"Traceback" not in done.stderr


@pytest.mark.fault("F92")
@pytest.mark.parametrize("umask", [0o000, 0o777], ids=oct)
def test_whatever_the_umask_a_post_is_kept_and_nobody_else_reads_it(home: Home, umask: int) -> None:
    home.add_account()
    photo = picture(home.folder / "dog.png", (40, 30))
    words = ("schedule", "Hi", "--to", "acme", "--at", "2h", "--media", str(photo), "--alt", "Dog")
    done = subprocess.run(
        [*POSTCRON, *words],
        env=home.environment(),
        capture_output=True,
        preexec_fn=lambda: os.umask(umask),
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert home.states() == ["scheduled"]
    made = [path for path in (home.folder / "media").rglob("*") if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in [*made, home.store]} == {"0o600"}


def through_a_shell(home: Home, script: str) -> subprocess.CompletedProcess[bytes]:
    postcron = f'postcron() {{ "{sys.executable}" -m postcron "$@"; }}; '
    return subprocess.run(
        ["/bin/sh", "-c", postcron + script],
        env=home.environment(),
        cwd=home.folder,
        capture_output=True,
        timeout=60,
        check=False,
    )


def on_a_terminal(home: Home, words: tuple[str, ...], environ: dict[str, str]) -> bytes:
    leader, follower = os.openpty()
    given = home.environment() | {"TERM": "xterm-256color"} | environ
    with subprocess.Popen(
        [*POSTCRON, *words], env=given, stdin=follower, stdout=follower, stderr=follower
    ) as running:
        os.close(follower)
        shown = b""
        while piece := read(leader):
            shown += piece
    os.close(leader)
    assert running.returncode == 0
    return shown.replace(b"\r\n", b"\n")


def read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # the other side is closed: that is how a terminal ends
        return b""

"""Secrets: where they come from, that they stay hidden, and how they are sealed."""

from __future__ import annotations

import io
import json
import logging
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from postcron.errors import Invalid
from postcron.model import SecretRef
from postcron.secrets import Sealer, Secrets, new_key, quiet_loggers, write_key
from postcron.secrets.sources import output

TOKEN = "sesame-9000-open"
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A file that holds a secret as it should be."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def program(folder: Path, *lines: str) -> str:
    path = folder / "print-token"
    path.write_text("\n".join([f"#!{sys.executable}", "import os, sys, time", *lines]))
    path.chmod(0o700)
    return str(path)


def resolve(source: str, value: str | tuple[str, ...], **environ: str) -> str:
    return Secrets(environ).resolve(SecretRef(source, value))


# --- where they come from --------------------------------------------------------------------


def test_a_secret_comes_from_the_environment() -> None:
    assert resolve("env", "ACME_TOKEN", ACME_TOKEN=TOKEN) == TOKEN


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_secret_comes_from_a_file_of_ours(kept: Path, mode: int) -> None:
    kept.chmod(mode)
    assert resolve("file", str(kept)) == TOKEN


def test_a_bare_name_is_a_credential_of_systemd(kept: Path) -> None:
    kept.chmod(0o440)
    assert resolve("file", "token", CREDENTIALS_DIRECTORY=str(kept.parent)) == TOKEN


def test_a_secret_comes_from_what_a_command_prints(tmp_path: Path) -> None:
    command = (program(tmp_path, "print(sys.argv[1])"), "$HOME;`id`")
    assert resolve("command", command) == "$HOME;`id`"


def test_only_the_line_break_at_the_end_is_left_out(kept: Path) -> None:
    kept.write_text(" two\nlines \r\n")
    assert resolve("file", str(kept)) == " two\nlines "


def test_a_command_runs_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    command = program(tmp_path, f"open({str(count)!r}, 'a').write('x')", "print('token-1')")
    secrets = Secrets({})
    ref = SecretRef("command", (command,))
    assert secrets.resolve(ref) == secrets.resolve(ref) == "token-1"
    assert count.read_text() == "x"


def test_a_command_sees_no_secret_of_ours_and_a_path_even_from_cron(tmp_path: Path) -> None:
    command = program(tmp_path, "import json", "print(json.dumps(dict(os.environ)))")
    environ = {"HOME": "/home/ada", "ACME_TOKEN": TOKEN, "POSTCRON_STORE_URL": "postgresql://"}
    seen = json.loads(resolve("command", (command,), **environ))
    assert seen["HOME"] == "/home/ada"
    assert seen["PATH"]
    assert seen.keys().isdisjoint({"ACME_TOKEN", "POSTCRON_STORE_URL"})


def test_a_command_is_found_on_the_path(tmp_path: Path) -> None:
    program(tmp_path, "print('token-1')")
    assert resolve("command", ("print-token",), PATH=str(tmp_path)) == "token-1"


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "value", "says"),
    [
        ("env", "ACME_TOKEN", "The secret kept in env ACME_TOKEN is empty or not set"),
        ("env", "BLANK", "The secret kept in env BLANK is empty or not set"),
        ("env", "BYTES", "The secret kept in env BYTES is not UTF-8 text"),
        ("file", "/nowhere/token", "The secret file /nowhere/token cannot be read: No such file"),
        ("file", "token", r"looked for in \$CREDENTIALS_DIRECTORY, which is not set"),
        ("command", ("no-such-program",), "There is no program no-such-program in "),
    ],
)
def test_a_secret_that_is_not_there_is_told(source: str, value: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        resolve(source, value, BLANK=" \n", BYTES="caf\udce9")
    assert refused.value.code == "secret_unavailable"


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["sys.exit(3)"], "ended with status 3; run it by hand"),
        (["os.kill(os.getpid(), 9)"], "ended with status -9"),
        (["print()"], "is empty or not set"),
    ],
)
def test_a_command_that_fails_is_told_without_what_it_printed(
    tmp_path: Path, lines: list[str], says: str
) -> None:
    command = program(tmp_path, f"print({TOKEN!r}, file=sys.stderr)", *lines)
    with pytest.raises(Invalid, match=says) as refused:
        resolve("command", (command,))
    assert TOKEN not in refused.value.message


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    command = program(
        tmp_path,
        "if os.fork() == 0:",
        f"    open({str(child)!r}, 'w').write(str(os.getpid()))",
        "time.sleep(60)",
    )
    with pytest.raises(Invalid, match="took longer than 1 s"):
        output((command,), {}, patience_s=1)
    assert gone(int(child.read_text()), within_s=5)


def gone(pid: int, *, within_s: float) -> bool:
    """Wait for a killed process to be gone: the signal is sent, its end comes a little later."""
    end = time.monotonic() + within_s
    while running(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not running(pid)


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        (0o640, "can be read by others"),
        (0o604, "can be read by others"),
        (0o620, "can be written by others"),
        (0o602, "can be written by others"),
    ],
)
def test_a_secret_file_that_others_can_read_or_write_is_refused(
    kept: Path, mode: int, says: str
) -> None:
    kept.chmod(mode)
    with pytest.raises(Invalid, match=says):
        resolve("file", str(kept))


def test_a_secret_file_in_a_folder_that_others_can_write_is_refused(kept: Path) -> None:
    kept.parent.chmod(0o777)
    with pytest.raises(Invalid, match=f"{kept.parent} is not used for secrets: it can be written"):
        resolve("file", str(kept))


def test_a_link_is_followed_unless_it_leads_where_others_can_write(
    kept: Path, tmp_path: Path
) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(kept)
    assert resolve("file", str(link)) == TOKEN
    moved = kept.rename(open_folder / "token")
    link.unlink()
    link.symlink_to(moved)
    open_folder.chmod(0o777)
    with pytest.raises(Invalid, match=f"{open_folder} is not used for secrets"):
        resolve("file", str(link))


def test_a_pipe_does_not_hold_up_a_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(Invalid, match="is not a file"):
        resolve("file", str(tmp_path / "pipe"))


def test_a_file_that_is_no_text_is_refused(kept: Path) -> None:
    kept.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match="is not text"):
        resolve("file", str(kept))


@AS_ROOT
def test_a_secret_file_of_somebody_else_is_refused(kept: Path) -> None:
    os.chown(kept, 65534, 65534)
    with pytest.raises(Invalid, match="belongs to another user"):
        resolve("file", str(kept))


@pytest.mark.parametrize("what", ["program", "folder"])
def test_a_command_that_others_can_replace_is_refused(tmp_path: Path, what: str) -> None:
    command = program(tmp_path, "print('token-1')")
    (Path(command) if what == "program" else tmp_path).chmod(0o777)
    with pytest.raises(Invalid, match="is not used for secrets: it can be written by others"):
        resolve("command", (command,))


# --- staying hidden --------------------------------------------------------------------------


def test_what_was_fetched_or_remembered_is_masked() -> None:
    secrets = Secrets({"ACME_TOKEN": TOKEN})
    assert secrets.redact(f"Bearer {TOKEN}") == f"Bearer {TOKEN}"
    secrets.resolve(SecretRef("env", "ACME_TOKEN"))
    secrets.remember("renewed-token-2")
    assert secrets.redact(f"Bearer {TOKEN} then renewed-token-2") == "Bearer *** then ***"


def test_secrets_do_not_show_themselves() -> None:
    secrets = Secrets({"ACME_TOKEN": TOKEN})
    secrets.resolve(SecretRef("env", "ACME_TOKEN"))
    assert TOKEN not in repr(secrets)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the loggers write, and the loggers as they were afterwards."""
    factory, stream = logging.getLogRecordFactory(), io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)
    logging.setLogRecordFactory(factory)


@pytest.fixture
def quiet(written: io.StringIO) -> io.StringIO:
    secrets = Secrets({})
    secrets.remember(TOKEN)
    quiet_loggers(secrets)
    return written


def test_no_logger_writes_a_secret(quiet: io.StringIO) -> None:
    logging.getLogger("some.library").warning("GET /?access_token=%s took %d s", TOKEN, 3)
    assert quiet.getvalue() == "GET /?access_token=*** took 3 s\n"


def test_no_traceback_writes_a_secret(quiet: io.StringIO) -> None:
    try:
        int(f"header: {TOKEN}")
    except ValueError:
        logging.getLogger("some.library").exception("failed")
    assert "ValueError: invalid literal for int() with base 10: 'header: ***'" in quiet.getvalue()
    assert TOKEN not in quiet.getvalue()


def test_a_librarys_own_mistake_in_logging_stops_nothing(quiet: io.StringIO) -> None:
    logging.getLogger("some.library").warning("%d seconds", TOKEN)
    assert quiet.getvalue() == "%d seconds ('***',)\n"


def test_libraries_that_log_addresses_speak_from_warnings_on(quiet: io.StringIO) -> None:
    logging.getLogger("httpx").info("GET https://example.com/?access_token=unknown")
    logging.getLogger("httpcore.http11").info("send_request_headers")
    assert quiet.getvalue() == ""


# --- sealing ---------------------------------------------------------------------------------


def test_what_is_sealed_opens_with_its_key_and_does_not_show() -> None:
    sealer = Sealer([new_key()])
    sealed = sealer.seal({"access": TOKEN, "refresh": "ü"})
    assert TOKEN.encode() not in sealed
    assert sealer.unseal(sealed) == {"access": TOKEN, "refresh": "ü"}


def test_a_new_key_goes_in_front_of_the_old_one() -> None:
    old, new = new_key(), new_key()
    sealed_before = Sealer([old]).seal({"n": "1"})
    both = Sealer([new, old])
    assert both.unseal(sealed_before) == {"n": "1"}
    assert Sealer([new]).unseal(both.seal({"n": "2"})) == {"n": "2"}


def test_another_key_opens_nothing_and_says_what_to_do() -> None:
    sealed = Sealer([new_key()]).seal({"n": "1"})
    with pytest.raises(
        Invalid, match="sealed with another key: put that key back, or log in again"
    ):
        Sealer([new_key()]).unseal(sealed)


@pytest.mark.parametrize("keys", [[], ["not-a-key"], [""], ["ü" * 44]])
def test_what_is_no_key_is_refused_and_not_shown(keys: list[str]) -> None:
    with pytest.raises(Invalid, match="is not one that `postcron init` made") as refused:
        Sealer(keys)
    assert "not-a-key" not in refused.value.message


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_key_is_written_for_us_alone_and_can_be_used(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "postcron.key"
    before = os.umask(umask)
    try:
        assert write_key(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
    key = resolve("file", str(path))
    assert Sealer(key.split()).unseal(Sealer([key]).seal({"n": "1"})) == {"n": "1"}


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "postcron.key"
    path.write_text("mine")
    assert not write_key(path)
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]

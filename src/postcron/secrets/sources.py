"""Files and commands that hold secrets: read only where nobody else could have put something."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from postcron.errors import Invalid
from postcron.rules import trust

#: what a command that prints a secret may see of our environment
SEEN_BY_COMMANDS: Final = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LC_ALL",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_RUNTIME_DIR",
        "DBUS_SESSION_BUS_ADDRESS",
        "SSH_AUTH_SOCK",
        "GNUPGHOME",
        "PASSWORD_STORE_DIR",
    ]
)
COMMAND_TAKES_S: Final = 10
CRON_PATH: Final = "/usr/local/bin:/usr/bin:/bin"


def content(path: Path, *, private: bool) -> str:
    """Return the text of a file; raises `Invalid` if others may write it or, if private, read it."""
    try:
        _refuse_movable(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode):
                raise unavailable(f"The secret file {path} is not a file.")
            _refuse(path, info, private=private)
            return file.read().decode()
    except UnicodeDecodeError as error:
        raise unavailable(f"The secret file {path} is not text.") from error
    except OSError as error:
        raise unavailable(f"The secret file {path} cannot be read: {error.strerror}.") from error


def _refuse_movable(path: Path) -> None:
    """Refuse a path that somebody else could point at another file, through any of its links."""
    _refuse(path, path.lstat(), link=path.is_symlink())
    for folder in {path.parent, path.resolve(strict=True).parent}:
        _refuse(folder, folder.stat())


def _refuse(path: Path, info: os.stat_result, *, private: bool = False, link: bool = False) -> None:
    # The mode of a link says nothing: whoever owns it can change it.
    mode = 0 if link else info.st_mode
    why = trust.objection(mode=mode, owner=info.st_uid, me=os.geteuid(), private=private)
    if why:
        raise unavailable(f"{path} is not used for secrets: it {why}.")


def output(
    command: tuple[str, ...], environ: Mapping[str, str], *, patience_s: float = COMMAND_TAKES_S
) -> str:
    """Return what a command prints; raises `Invalid` if it fails or is not to be trusted."""
    seen = {key: value for key, value in environ.items() if key in SEEN_BY_COMMANDS}
    program = _program(command[0], seen.setdefault("PATH", CRON_PATH))
    try:
        process = subprocess.Popen(  # noqa: S603 - a list, from a file that only we can write
            [program, *command[1:]],
            env=seen,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise unavailable(f"{program} cannot be started: {error.strerror}.") from error
    with process:
        printed = _printed(process, patience_s)
    if printed is None:
        raise unavailable(f"{program} took longer than {patience_s:g} s.")
    if process.returncode != 0:
        raise unavailable(f"{program} ended with status {process.returncode}; run it by hand.")
    return printed.decode(errors="replace")


def _printed(process: subprocess.Popen[bytes], patience_s: float) -> bytes | None:
    try:
        return process.communicate(timeout=patience_s)[0]
    except subprocess.TimeoutExpired:
        # Its children, too: one of them may hold our pipe open.
        os.killpg(process.pid, signal.SIGKILL)
        return None


def _program(name: str, path: str) -> str:
    program = shutil.which(name, path=path)
    if program is None:
        raise unavailable(f"There is no program {name} in {path}; give its whole path.")
    for place in (Path(program).resolve(), Path(program).resolve().parent, Path(program).parent):
        _refuse(place, place.stat())
    return program


def unavailable(message: str) -> Invalid:
    return Invalid(message, code="secret_unavailable")

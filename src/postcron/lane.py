"""The idle minute: answer a phase that has nothing to do before anything heavy is imported.

The full path leaves a memo: this very configuration file led to that SQLite store. While the file
is unchanged, the store can be asked without reading it. Any doubt takes the full path.
"""

# Importing pathlib costs more than the rest of the idle minute; __future__ would be one file more.
# ruff: noqa: PTH100, PTH103, PTH105, PTH109, PTH110, PTH116, PTH118, PTH120

import os
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PHASES = ("pre-upload", "tick", "publish", "retry", "run")

#: what may be set of postcron's own environment; anything else could change which store is meant
_HARMLESS = {"POSTCRON_CONFIG", "POSTCRON_STATE"}
_LONGEST = 16_384


def is_idle(argv: "Sequence[str]", environ: "Mapping[str, str]") -> bool:
    """Say whether this is a phase that certainly has nothing to do; note then that it ran."""
    asked = _asked(list(argv))
    if asked is None or any(n.startswith("POSTCRON_") and n not in _HARMLESS for n in environ):
        return False
    phase, flag = asked
    try:
        config = _config(flag, environ)
        if _journal_has_something(environ):
            return False
        if ".." in config.split("/") or not _nothing_due(config, phase, environ):
            return False
        _beat(f"{_memo(config, environ)}.{phase}")
    except (OSError, KeyError, ValueError):
        return False
    return True


def _asked(words: list[str]) -> tuple[str, str | None] | None:
    """Return the phase and the `--config` of a command line that says nothing else."""
    flag = None
    if len(words) == 3 and "--config" in words[:2]:
        place = words.index("--config")
        flag = words[place + 1]
        del words[place : place + 2]
    elif len(words) == 2:
        place = 0 if words[0].startswith("--config=") else 1
        option, equals, flag = words.pop(place).partition("=")
        if option != "--config" or not equals:
            return None
    return (words[0], flag) if len(words) == 1 and words[0] in PHASES else None


def _nothing_due(config: str, phase: str, environ: "Mapping[str, str]") -> bool:
    known = identity(config, environ)
    kept = _kept(_memo(config, environ))
    if kept is None or not kept.startswith(known):
        return False
    from postcron.store.peek import nothing_due

    return nothing_due(kept[len(known) :], phase, time.time())


def _journal_has_something(environ: "Mapping[str, str]") -> bool:
    """Say whether the emergency journal keeps what the store does not know yet."""
    try:
        descriptor = os.open(f"{state_dir(environ)}/journal", os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        return os.read(descriptor, 1) not in {b"", b"\0"}
    finally:
        os.close(descriptor)


# --- where things are: what config.find says, with the standard library alone -----------------


def _config(flag: str | None, environ: "Mapping[str, str]") -> str:
    named = flag or environ.get("POSTCRON_CONFIG")
    if named:
        return os.path.join(os.getcwd(), _expanded(named, environ))
    here = os.path.join(os.getcwd(), "postcron.toml")
    if os.path.exists(here):
        return here
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") + "/postcron/config.toml"


def state_dir(environ: "Mapping[str, str]") -> str:
    """Return the folder of what this installation knows about itself."""
    given = environ.get("POSTCRON_STATE")
    if given:
        return os.path.abspath(_expanded(given, environ))
    return _xdg(environ, "XDG_STATE_HOME", ".local/state") + "/postcron"


def _xdg(environ: "Mapping[str, str]", variable: str, fallback: str) -> str:
    given = environ.get(variable, "")
    return given if given.startswith("/") else f"{_home(environ)}/{fallback}"


def _expanded(path: str, environ: "Mapping[str, str]") -> str:
    return _home(environ) + path[1:] if path == "~" or path.startswith("~/") else path


def _home(environ: "Mapping[str, str]") -> str:
    given = environ.get("HOME")
    if given:
        return given
    import pwd

    return pwd.getpwuid(os.getuid()).pw_dir


# --- the memo, and when each phase last ran idle ----------------------------------------------


def remember(config: str, seen: str, store: str, environ: "Mapping[str, str]") -> None:
    """Note which SQLite file this configuration, as it was `seen` before it was read, led to."""
    path = _memo(config, environ)
    text = seen + store
    if _kept(path) == text:
        return
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    temporary = f"{path}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)
    os.replace(temporary, path)


def idle_beats(config: str, environ: "Mapping[str, str]") -> dict[str, float]:
    """Return when each phase last ran idle with this configuration: seconds since 1970."""
    found = {}
    for phase in PHASES:
        try:
            found[phase] = os.stat(f"{_memo(config, environ)}.{phase}").st_mtime
        except OSError:
            continue
    return found


def _memo(config: str, environ: "Mapping[str, str]") -> str:
    # Two configurations may share a name, but never a content: one of them takes the full path.
    name = os.path.realpath(config).replace("%", "%%").replace("/", "%")
    return f"{state_dir(environ)}/lane/{name[-60:]}"


def identity(config: str, environ: "Mapping[str, str]") -> str:
    """Return what must be unchanged for a memo to hold: the very file, and what paths in it mean."""
    real = os.path.realpath(config)
    found = os.stat(real)
    numbers = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
    places = (real, os.path.abspath(config), _home(environ), environ.get("XDG_DATA_HOME", ""))
    return "\n".join([*places, " ".join(map(str, numbers)), ""])


def _kept(path: str) -> str | None:
    """Return a memo that nobody but us can have written."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        found = os.fstat(descriptor)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        if not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return None
        return os.read(descriptor, _LONGEST).decode()
    finally:
        os.close(descriptor)


def _beat(path: str) -> None:
    try:
        os.utime(path)
    except FileNotFoundError:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))

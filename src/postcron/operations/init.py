"""Init: make what is missing, born with the rights it keeps; what is there already stays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import TZPATH

from postcron.config import Config, default_path, load, starter
from postcron.errors import CannotWork, Invalid
from postcron.operations import host
from postcron.operations.house import House
from postcron.rules.zones import zone_of
from postcron.secrets import write_key, write_new
from postcron.store import migrate


@dataclass(frozen=True)
class Initialised:
    """What there is now: each thing by its name, where it is, and whether this call changed it."""

    config: Config
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Part:
    """One thing postcron needs."""

    name: str
    where: str
    #: made or upgraded just now
    new: bool


def init(
    path: Path | None,
    environ: Mapping[str, str],
    *,
    timezone: str | None = None,
    workspace: str = "default",
    state_dir: Path | None = None,
) -> Initialised:
    """Make configuration, folders, key and store, or upgrade the store; safe to repeat.

    Raises `ConfigInvalid` for a configuration that cannot be used, `CannotWork` for a disk or store.
    """
    path = path.absolute() if path is not None else _place(environ)
    try:
        made = _configuration(path, timezone or this_zone(environ), workspace)
        config = load(path, environ)
        parts = [Part("configuration", str(path), made), *_key(config), *_library(config)]
        if state_dir is not None:
            parts.append(Part("state", str(state_dir), _folder(state_dir)))
            host.host_id(state_dir)
    except OSError as error:
        message = f"{error.filename or path} cannot be made: {error.strerror}."
        raise CannotWork(message) from error
    return Initialised(config, (*parts, _store(config, environ, state_dir)))


def _place(environ: Mapping[str, str]) -> Path:
    """Return the file every other command would use, or where the first one belongs."""
    named = environ.get("POSTCRON_CONFIG")
    here = Path("postcron.toml").absolute()
    if named:
        return Path(named).expanduser().absolute()
    return here if here.exists() else default_path(environ)


def _configuration(path: Path, timezone: str, workspace: str) -> bool:
    if path.exists():
        return False
    text = starter(timezone=zone_of(timezone).key, workspace=workspace)
    _folder(path.parent)
    return write_new(path, text)


def _key(config: Config) -> list[Part]:
    ref = config.seal_key
    if ref.source != "file" or "/" not in str(ref.value):
        return []  # somebody else keeps it: a variable, a command, systemd
    path = Path(str(ref.value))
    _folder(path.parent)
    return [Part("key", str(path), not path.exists() and write_key(path))]


def _library(config: Config) -> list[Part]:
    where = config.media.library
    new = not where.startswith("s3://") and _folder(Path(where))
    return [Part("media library", where, new)]


def _store(config: Config, environ: Mapping[str, str], state_dir: Path | None) -> Part:
    house = House(config, environ, state_dir or config.path.parent)
    try:
        changed = migrate(house.store_url())
        return Part("store", house.store.url_shown, changed)
    finally:
        house.close()


def _folder(path: Path) -> bool:
    """Make a folder, and those above it, for us alone; False if it is there already."""
    if path.is_dir():
        return False
    _folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    return True


# --- the zone of this machine --------------------------------------------------------------------


def this_zone(environ: Mapping[str, str]) -> str:
    """Return this machine's zone by its IANA name; UTC where it has none."""
    for name in (environ.get("TZ", "").removeprefix(":"), _linked_zone()):
        try:
            if name:
                return zone_of(name).key
        except Invalid:
            continue
    return "UTC"


def _linked_zone() -> str:
    target = os.path.realpath("/etc/localtime")
    return next(
        (target.removeprefix(f"{folder}/") for folder in TZPATH if target.startswith(f"{folder}/")),
        "",
    )

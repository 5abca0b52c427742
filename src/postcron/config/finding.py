"""Where a configuration is, and what the paths in it are relative to."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from postcron.config.tables import Table
from postcron.errors import ConfigInvalid
from postcron.model import SecretRef


def find(flag: str | None, environ: Mapping[str, str]) -> Path:
    """Return the file to use: the flag's, POSTCRON_CONFIG, ./postcron.toml, or the one at home."""
    named = flag or environ.get("POSTCRON_CONFIG")
    if named:
        return Path(_expanded(named, environ)).absolute()
    places = [Path("postcron.toml").absolute(), default_path(environ)]
    for path in places:
        if os.path.exists(path):  # noqa: PTH110 - Path's raises where a folder may not be entered
            return path
    looked = " and ".join(str(path) for path in places)
    raise ConfigInvalid(f"There is no configuration: looked for {looked}. Run `postcron init`.")


def default_path(environ: Mapping[str, str]) -> Path:
    """Return where the configuration is kept unless somebody says otherwise."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "postcron" / "config.toml"


def _xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    given = environ.get(variable, "")
    # The XDG specification says to ignore relative paths.
    return Path(given) if given.startswith("/") else _home(environ) / fallback


def _home(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)


def _expanded(path: str, environ: Mapping[str, str]) -> str:
    return str(_home(environ)) + path[1:] if path == "~" or path.startswith("~/") else path


@dataclass(frozen=True)
class Place:
    """What paths in the file are relative to."""

    folder: Path
    environ: Mapping[str, str]

    def path(self, text: str) -> str:
        return os.path.normpath(self.folder / _expanded(text, self.environ))

    def data(self, name: str) -> str:
        return str(_xdg(self.environ, "XDG_DATA_HOME", ".local/share") / "postcron" / name)

    def secret(self, table: Table, key: str) -> SecretRef | None:
        ref = table.secret(key)
        # A bare name is one of systemd's credentials: where they are is known only at run time.
        if ref is not None and ref.source == "file" and "/" in ref.value:
            return replace(ref, value=self.path(str(ref.value)))
        if ref is not None and ref.source == "command":
            return replace(ref, value=(_expanded(ref.value[0], self.environ), *ref.value[1:]))
        return ref

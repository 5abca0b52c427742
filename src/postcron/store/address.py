"""The address of a store: where it is, and how it may be shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from postcron.errors import ConfigInvalid

_FILE = "sqlite:///"

#: seconds that one process waits for another one's transaction, if the address does not say
PATIENCE = 10.0


def parse(address: str) -> URL:
    """Return the parsed address; raises `ConfigInvalid` with a sentence that repeats none of it."""
    if address.startswith(_FILE):
        # Taken literally, as a shell would: a per cent sign in a path is only that.
        path, _, options = address.removeprefix(_FILE).partition("?")
        return URL.create("sqlite", database=path, query=dict(parse_qsl(options)))
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise _unusable() from error
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise _unusable()


def _unusable() -> ConfigInvalid:
    return ConfigInvalid(
        "The store's address must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE."
    )


def path_of(url: URL) -> Path:
    """Return the file of a SQLite store, `~` expanded and made absolute."""
    return Path(url.database or "").expanduser().absolute()


def patience_of(url: URL) -> float:
    """Return how many seconds to wait for another program's transaction (`?timeout=`)."""
    try:
        return float(str(url.query.get("timeout", PATIENCE)))
    except ValueError as error:
        raise ConfigInvalid("The store's timeout must be a number of seconds.") from error


def shown(url: URL) -> str:
    """Return the address without its password, and without options that could hold one."""
    if url.drivername.startswith("sqlite"):
        return f"sqlite:///{path_of(url)}"
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return bare.render_as_string(hide_password=True)

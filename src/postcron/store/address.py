"""The address of a store: where it is, and how it may be shown."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from postcron.errors import ConfigInvalid


def parse(address: str) -> URL:
    """Return the parsed address; raises `ConfigInvalid` with a sentence that repeats none of it."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError) as error:
        raise _unusable() from error
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite" and url.database and not url.host:
        return url
    if kind in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    raise _unusable()


def _unusable() -> ConfigInvalid:
    return ConfigInvalid(
        "The store's address must be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE."
    )


def path_of(url: URL) -> Path:
    """Return the file of a SQLite store, `~` expanded and made absolute."""
    return Path(url.database or "").expanduser().absolute()


def shown(url: URL) -> str:
    """Return the address without its password, and without options that could hold one."""
    if url.drivername.startswith("sqlite"):
        return f"sqlite:///{path_of(url)}"
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return bare.render_as_string(hide_password=True)

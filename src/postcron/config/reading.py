"""Reading a configuration: every key known, every value checked, the environment laid over it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from postcron.config.accounts import PLATFORM_KEYS, account, zone
from postcron.config.finding import Place
from postcron.config.tables import Table, parse
from postcron.config.timetables import timetables
from postcron.config.values import Config, MediaConfig, RunLimits, StoreConfig
from postcron.errors import ConfigInvalid, Invalid
from postcron.model import Policy, SecretRef
from postcron.rules import trust
from postcron.rules.redaction import passwords
from postcron.rules.zones import zone_of

#: makes the error for a value: it knows where the value stands
Wrong = Callable[[str], ConfigInvalid]

TABLES: Final = frozenset(
    {
        "workspace",
        "timezone",
        "approval",
        "store",
        "media",
        "seal_key",
        "run",
        "platforms",
        "accounts",
    }
)


def load(path: Path, environ: Mapping[str, str]) -> Config:
    """Return the configuration in that file; raises `ConfigInvalid` naming file and line."""
    path = path.absolute()
    document = parse(_read(path), str(path))
    document.only(TABLES)
    place = Place(path.parent, environ)
    timezone = _timezone(document, environ)
    platforms = dict(document.table("platforms").tables())
    for general in platforms.values():
        general.only(PLATFORM_KEYS)
    accounts = dict(document.table("accounts").tables())
    base = Policy(approval=document.truth("approval") or False)
    return Config(
        path=path,
        workspace=environ.get("POSTCRON_WORKSPACE") or document.text("workspace") or "default",
        timezone=timezone,
        store=_store(document.table("store"), place),
        media=_media(document.table("media"), place),
        run=_run(document.table("run")),
        seal_key=place.secret(document, "seal_key")
        or SecretRef("file", place.path("postcron.key")),
        accounts={n: account(n, t, platforms, timezone, base, place) for n, t in accounts.items()},
        timetables=timetables(accounts, platforms),
        platforms=frozenset(platforms),
        document=document,
    )


def _read(path: Path) -> bytes:
    try:
        # Not blocking: a pipe in the place of the file must not hold up cron.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode):
                raise ConfigInvalid(f"{path} is not a file.")
            why = trust.objection(mode=info.st_mode, owner=info.st_uid, me=os.geteuid())
            if why:
                raise ConfigInvalid(f"{path} is not used: it {why}.")
            return file.read()
    except FileNotFoundError as error:
        raise ConfigInvalid(
            f"There is no configuration {path}; `postcron init` makes one."
        ) from error
    except OSError as error:
        raise ConfigInvalid(f"{path} cannot be read: {error.strerror}.") from error


def _timezone(document: Table, environ: Mapping[str, str]) -> str:
    written = zone(document)
    override = environ.get("POSTCRON_TIMEZONE")
    if override:
        try:
            return zone_of(override).key
        except Invalid as error:
            raise ConfigInvalid(f"POSTCRON_TIMEZONE cannot be used: {error}") from error
    if written is None:
        raise document.invalid("timezone", 'is missing; add a line like timezone = "Europe/Rome".')
    return written


def _store(table: Table, place: Place) -> StoreConfig:
    table.only({"url"})
    url: str | SecretRef | None
    if isinstance(table.values.get("url"), dict):
        url = place.secret(table, "url")
    else:
        url = _address(table.text("url"), place, partial(table.invalid, "url"))
        if passwords(str(url)):
            use = '{ env = "POSTCRON_STORE_URL" }, { file = "PATH" }, or keep it in ~/.pgpass'
            raise table.invalid("url", f"holds a password, and this file is no secret; use {use}.")
    override = _address(place.environ.get("POSTCRON_STORE_URL"), place, _of("POSTCRON_STORE_URL"))
    if override and not override.startswith("sqlite:"):
        # It may hold a password, so it is fetched like any other secret, and never shown.
        return StoreConfig(SecretRef("env", "POSTCRON_STORE_URL"))
    return StoreConfig(override or url or f"sqlite:///{place.data('postcron.db')}")


def _address(url: str | None, place: Place, wrong: Wrong) -> str | None:
    if not url:
        return None
    if url.startswith(("postgresql://", "postgres://", "postgresql+psycopg://")):
        return url
    file = url.removeprefix("sqlite:///")
    if not url.startswith("sqlite:"):
        raise wrong("must start with sqlite:/// or postgresql://.")
    if file in {"", url, ":memory:"}:
        raise wrong("names no file, so nothing would be remembered; write sqlite:///PATH.")
    return f"sqlite:///{place.path(file)}"


def _media(table: Table, place: Place) -> MediaConfig:
    table.only({"library", "endpoint_url", "region", "access_key", "secret_key", "public_url"})
    variable = "POSTCRON_MEDIA_LIBRARY"
    written = _library(table.text("library"), place, partial(table.invalid, "library"))
    override = _library(place.environ.get(variable), place, _of(variable))
    return MediaConfig(
        library=override or written or place.data("media"),
        endpoint_url=_web_address(table, "endpoint_url", "https://s3.example.com"),
        region=table.text("region"),
        access_key=place.secret(table, "access_key"),
        secret_key=place.secret(table, "secret_key"),
        public_url=_web_address(table, "public_url", "https://media.example.com"),
    )


def _web_address(table: Table, key: str, example: str) -> str | None:
    address = table.text(key)
    if address is not None and not re.fullmatch(r"https?://[^/?#@\s]+(/[^?#\s]*)?", address):
        raise table.invalid(key, f"must be an address like {example}.")
    return address


def _library(library: str | None, place: Place, wrong: Wrong) -> str | None:
    if not library or re.match(r"s3://[a-z0-9]", library):
        return library
    if "://" in library:
        raise wrong("must be a folder or s3://BUCKET/PREFIX.")
    return place.path(library)


def _of(variable: str) -> Wrong:
    return lambda what: ConfigInvalid(f"{variable} {what}")


def _run(table: Table) -> RunLimits:
    spans = ("horizon", "ahead", "lease", "deadline", "confirm_every")
    counts = ("due_limit", "stuck_limit", "workers", "confirm_times")
    table.only({*spans, *counts})
    given: dict[str, Any] = {key: table.span(key) for key in spans}
    given |= {key: table.number(key, least=1, most=1000) for key in counts}
    run = replace(RunLimits(), **{key: value for key, value in given.items() if value is not None})
    if run.confirm_every < timedelta(seconds=1):
        raise table.invalid("confirm_every", "must be at least 1s.")
    # The fence around a run stands between the two: it must end its call before others may act.
    if run.lease < run.deadline + timedelta(seconds=30):
        raise table.invalid("lease", "must be at least 30 s longer than the deadline.")
    return run

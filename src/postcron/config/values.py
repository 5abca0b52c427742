"""What a configuration says, checked: what platforms' own keys mean is theirs to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from postcron.config.tables import Table
from postcron.model import Account, SecretRef
from postcron.rules.placing import Timetable


@dataclass(frozen=True)
class StoreConfig:
    """Where the truth is kept."""

    url: str | SecretRef


@dataclass(frozen=True)
class MediaConfig:
    """Where media files are kept: a folder, or s3://bucket/prefix and how to get there."""

    library: str
    endpoint_url: str | None = None
    region: str | None = None
    access_key: SecretRef | None = None
    secret_key: SecretRef | None = None
    #: where a web server shows the library to everybody
    public_url: str | None = None


@dataclass(frozen=True)
class RunLimits:
    """How much one run takes on, and for how long it may hold it."""

    due_limit: int = 50
    stuck_limit: int = 20
    workers: int = 20
    #: what is due so soon is queued
    horizon: timedelta = timedelta(minutes=2)
    #: what is due so soon is waited for
    ahead: timedelta = timedelta(seconds=60)
    #: a delivery taken by a run that died is free again after this
    lease: timedelta = timedelta(seconds=120)
    #: the publish call is given up after this
    deadline: timedelta = timedelta(seconds=45)
    #: what the next of a batch or thread waits for is asked about so often, and so many times; then
    #: more and more seldom
    confirm_every: timedelta = timedelta(seconds=2)
    confirm_times: int = 60


@dataclass(frozen=True)
class Config:
    """One configuration file, with the environment already laid over it."""

    path: Path
    workspace: str
    timezone: str
    store: StoreConfig
    media: MediaConfig
    accounts: Mapping[str, Account]
    seal_key: SecretRef
    run: RunLimits
    #: windows, gaps and caps, by account
    timetables: Mapping[str, Timetable]
    #: the platforms that have a table of their own
    platforms: frozenset[str]
    document: Table = field(repr=False, compare=False)

    def where(self, *keys: str) -> str:
        """Return `file:line` of a key, like `where("accounts", "acme", "token")`."""
        return self.document.where(*keys)

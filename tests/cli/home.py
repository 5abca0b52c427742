"""One installation in a folder, and deliveries in its store as a test wants them to stand."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from postcron.config import starter
from postcron.model import Delivery
from postcron.states import State
from postcron.store import Store, open_store
from tests.builders import NOW
from tests.simulators.mastodon import TOKEN
from tests.store.journeys import brought_to

POSTCRON = [sys.executable, "-m", "postcron"]

ACCOUNT = """
[accounts.acme]
platform = "mastodon"
api_url = "{url}"
token = {{ env = "ACME_TOKEN" }}
"""
#: where no call ever arrives: a closed port on this machine
NOWHERE = "http://127.0.0.1:9"
#: before everything that tests/builders.py makes is due
LONG_AGO = NOW - timedelta(days=30)


@dataclass(frozen=True)
class Home:
    """Where one installation lives."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config" / "postcron.toml"

    @property
    def state(self) -> Path:
        return self.folder / ".local/state/postcron"

    @property
    def store(self) -> Path:
        return self.folder / "data" / "postcron.db"

    def begin(self) -> None:
        """Write a configuration that names every place, so that nothing depends on HOME."""
        self.config.parent.mkdir(mode=0o700)
        self.config.touch(mode=0o600)
        self.config.write_text(
            starter(timezone="Europe/Rome", workspace="acme")
            + f'\n[store]\nurl = "sqlite:///{self.store}"\n'
            + f'\n[media]\nlibrary = "{self.folder / "media"}"\n'
        )

    def add(self, text: str) -> None:
        """Add lines to the configuration."""
        with self.config.open("a") as file:
            file.write(text)

    def add_account(self, url: str = NOWHERE) -> None:
        self.add(ACCOUNT.format(url=url))

    def add_account_in(self, zone: str, name: str) -> None:
        more = ACCOUNT.format(url=NOWHERE).replace("acme]", f"{name}]")
        self.add(f'{more}timezone = "{zone}"\n')

    def holding(self, *states: State) -> list[Delivery]:
        """Put a delivery into the store for each state; they came there long ago."""
        with self.long_ago() as store:
            return [brought_to(store, state) for state in states]

    def states(self) -> list[str]:
        """Return where the deliveries stand, in the order they were written."""
        return self._column("SELECT state FROM delivery ORDER BY id")

    def kinds(self) -> list[str]:
        """Return what happened, the newest last."""
        return self._column("SELECT kind FROM event ORDER BY id")

    def _column(self, statement: str) -> list[str]:
        # Asked for again and again while postcron works: opening the store costs more than it does.
        with closing(sqlite3.connect(self.store)) as database:
            return [value for (value,) in database.execute(statement)]

    def environment(self) -> dict[str, str]:
        """Return what cron would give: next to nothing."""
        return {
            "PATH": "/usr/bin:/bin",
            "POSTCRON_CONFIG": str(self.config),
            "POSTCRON_STATE": str(self.state),
            "ACME_TOKEN": TOKEN,
        }

    def started(self, *words: str) -> subprocess.Popen[bytes]:
        """Start postcron and return the process at work."""
        return subprocess.Popen(
            [*POSTCRON, *words],
            env=self.environment(),
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    @contextmanager
    def long_ago(self) -> Iterator[Store]:
        """Give the store of this installation on a day before anything was due."""
        store = open_store(f"sqlite:///{self.store}", now=lambda: LONG_AGO, workspace="acme")
        yield store
        store.close()

"""One installation in a folder, and deliveries in its store as a test wants them to stand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from postcron.config import starter
from postcron.model import Delivery
from postcron.states import State
from postcron.store import Store, open_store
from tests.builders import NOW
from tests.store.journeys import brought_to

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
            starter(
                timezone="Europe/Rome",
                workspace="acme",
                store_url=f"sqlite:///{self.store}",
                library=str(self.folder / "media"),
            )
        )

    def add(self, text: str) -> None:
        """Add lines to the configuration."""
        with self.config.open("a") as file:
            file.write(text)

    def add_account(self, url: str = NOWHERE) -> None:
        self.add(ACCOUNT.format(url=url))

    def holding(self, *states: State) -> list[Delivery]:
        """Put a delivery into the store for each state; they came there long ago."""
        with self.long_ago() as store:
            return [brought_to(store, state) for state in states]

    @contextmanager
    def long_ago(self) -> Iterator[Store]:
        """Give the store of this installation on a day before anything was due."""
        store = open_store(f"sqlite:///{self.store}", now=lambda: LONG_AGO, workspace="acme")
        yield store
        store.close()

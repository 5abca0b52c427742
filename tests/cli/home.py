"""One installation in a folder, and deliveries in its store as a test wants them to stand."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from postcron.config import load, starter
from postcron.model import Delivery
from postcron.operations.house import House, opened
from postcron.states import State
from tests.store.journeys import brought_to

#: an account that no call ever reaches: a closed port on this machine
NOWHERE = """
[accounts.acme]
platform = "mastodon"
api_url = "http://127.0.0.1:9"
token = { env = "ACME_TOKEN" }
"""


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

    def house(self) -> House:
        return House(load(self.config, os.environ), os.environ, self.state)

    def holding(self, *states: State) -> list[Delivery]:
        """Put a delivery into the store for each state; all were due in the past."""
        with opened(self.house()) as house:
            return [brought_to(house.store, state) for state in states]

"""A house for benchmarks: an empty SQLite store, full of due posts, and a platform on loopback."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from postcron.config import load
from postcron.model import (
    Accepted,
    Act,
    Draft,
    Limits,
    NewDelivery,
    NewPost,
    PostType,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.operations.house import House
from postcron.platforms.base import Key, Login, Option, judge
from postcron.states import State
from postcron.store import migrate
from postcron.web import Api


@dataclass(frozen=True)
class Arrival:
    """One publish call, as the platform saw it; in seconds since 1970."""

    key: str
    due: float
    at: float
    done: float


@contextmanager
def platform(delay_ms: int = 0) -> Iterator[str]:
    """Run a platform that takes so long to answer; yield its address."""
    command = [sys.executable, "-m", "bench.platform", str(delay_ms)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()


def arrivals(url: str) -> list[Arrival]:
    """Return what has arrived at a platform, and begin a new count."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("POST", "/arrivals")
    found = [Arrival(**each) for each in json.load(connection.getresponse())]
    connection.close()
    return found


def house(folder: Path, url: str, *, workers: int = 50) -> House:
    """Return a house in this folder; its store is made if there is none."""
    config = folder / "postcron.toml"
    config.write_text(
        f'timezone = "UTC"\n[store]\nurl = "sqlite:///{folder}/postcron.db"\n[media]\nlibrary = "{folder}/media"\n'
        f'[run]\nworkers = {workers}\n[accounts.bench]\nplatform = "bench"\napi_url = "{url}"\n'
    )
    if not (folder / "postcron.db").exists():
        migrate(f"sqlite:///{folder}/postcron.db")
    return House(
        load(config, {}),
        environ={},
        state_dir=folder / "state",
        find_platform=lambda name: BenchPlatform,
    )


def fill(house: House, moments: Sequence[datetime]) -> None:
    """Schedule one post for each of these moments."""
    run = house.run("bench")
    for number, due_at in enumerate(moments):
        delivery = NewDelivery(
            account="bench", platform="bench", state=State.SCHEDULED, text=None, options={},
            wanted_at=due_at, due_at=due_at, reason="bench", wake_at=due_at, key=f"bench-{number}",
        )  # fmt: skip
        post = NewPost(
            workspace="default", key=None, text=f"post {number}", type=PostType.POST,
            attachments=(), deliveries=(delivery,), created_by="bench",
        )  # fmt: skip
        house.store.add_posts([post], run=run)


class BenchPlatform:
    """Sends the due moment along, so that the other side can tell how late it came."""

    name: ClassVar[str] = "bench"
    act: ClassVar[Act] = Act.REPEATABLE
    keys: ClassVar[tuple[Key, ...]] = (Key("api_url", required=True),)
    options: ClassVar[tuple[Option, ...]] = ()
    ticket_life: ClassVar[timedelta | None] = None
    max_lead: ClassVar[timedelta | None] = None
    settle: ClassVar[timedelta] = timedelta(seconds=5)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self.api = api(login.settings["api_url"])

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return Limits(source="bench", as_of="2026-11-21", text_max=1000)

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        return Ticket(ready=True)

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt | Accepted:
        answer = self.api.act(
            "POST", "/publish", json={"due": draft.due_at.timestamp(), "key": draft.key}
        )
        if answer.status != 200:
            raise judge(answer, ())
        return Receipt(draft.key)

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        return Sighting(Sight.UNCLEAR, "The bench does not look.")

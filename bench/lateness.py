"""P7: how late the call reaches the platform, beside threads that do nothing but sleep and send.

The platform is another process on loopback that notes when each request has arrived.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from postcron.operations.house import House, opened
from postcron.operations.publish import publish
from postcron.platforms.base import Key, Login, Option, judge
from postcron.states import State
from postcron.store import migrate
from postcron.web import Api

SPREAD, AT_ONCE = 40, 50
GOALS = {"spread": "p50 ≤ 2, p99 ≤ 5, max ≤ 20", "at once": "p99 ≤ 40"}


def main() -> None:
    with _platform() as url:
        figures, baselines = {}, {}
        for name, moments in (("spread", _spread), ("at once", _at_once)):
            figures[name] = _postcron(url, moments(_in(15)))
            baselines[name] = _bare(url, moments(_in(2)))
    print("P7  lateness in ms: due moment to the request's arrival at the platform")
    for name, goal in GOALS.items():
        print(f"    {name:8} postcron {_told(figures[name])}   (goal {goal}, never early)")
        print(f"    {'':8} baseline {_told(baselines[name])}   (a thread that sleeps and sends)")


def _spread(start: datetime) -> list[datetime]:
    return [start + timedelta(seconds=n / 2) for n in range(SPREAD)]


def _at_once(start: datetime) -> list[datetime]:
    return [start] * AT_ONCE


def _in(seconds: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)


def _told(late: Sequence[float]) -> str:
    ordered = sorted(late)
    p50, p99 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
    return (
        f"n={len(ordered)} min {ordered[0]:.1f} p50 {p50:.1f} p99 {p99:.1f} max {ordered[-1]:.1f}"
    )


def _postcron(url: str, moments: Sequence[datetime]) -> list[float]:
    with tempfile.TemporaryDirectory() as folder, opened(_house(Path(folder), url)) as house:
        _fill(house, moments)
        publish(house, limit=len(moments))
    return _arrivals(url)


def _house(folder: Path, url: str) -> House:
    config = folder / "postcron.toml"
    config.write_text(
        f'timezone = "UTC"\n[store]\nurl = "sqlite:///{folder}/postcron.db"\n[media]\nlibrary = "{folder}/media"\n'
        f'[run]\nworkers = 50\n[accounts.bench]\nplatform = "bench"\napi_url = "{url}"\n'
    )
    migrate(f"sqlite:///{folder}/postcron.db")
    return House(
        load(config, {}),
        environ={},
        state_dir=folder / "state",
        find_platform=lambda name: BenchPlatform,
    )


def _fill(house: House, moments: Sequence[datetime]) -> None:
    run = house.run("bench")
    for number, due_at in enumerate(moments):
        delivery = NewDelivery(
            account="bench", platform="bench", state=State.SCHEDULED, text=None, options={},
            wanted_at=due_at, due_at=due_at, reason="bench", wake_at=due_at, key=f"bench-{number}",
        )  # fmt: skip
        post = NewPost("default", None, f"post {number}", PostType.POST, (), (delivery,), "bench")
        house.store.add_post(post, run=run)


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


def _bare(url: str, moments: Sequence[datetime]) -> list[float]:
    threads = [threading.Thread(target=_sleep_and_send, args=(url, due)) for due in moments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _arrivals(url)


def _sleep_and_send(url: str, due_at: datetime) -> None:
    due = due_at.timestamp()
    body = json.dumps({"due": due, "key": f"bare-{threading.get_ident()}"})
    while (left := due - time.time()) > 0:
        time.sleep(left)
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("POST", "/publish", body)
    connection.getresponse().read()
    connection.close()


@dataclass(frozen=True)
class _Arrival:
    due: float
    at: float


def _arrivals(url: str) -> list[float]:
    """Return how late each request came, in ms, and begin a new count."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("POST", "/arrivals")
    arrivals = [_Arrival(**each) for each in json.load(connection.getresponse())]
    connection.close()
    return [(arrival.at - arrival.due) * 1e3 for arrival in arrivals]


@contextmanager
def _platform() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.platform"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait()

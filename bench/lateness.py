"""P7: how late the call reaches the platform, beside threads that do nothing but sleep and send.

The platform is another process on loopback that notes when each request has arrived.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from bench.house import arrivals, fill, house, platform
from postcron.operations.house import opened
from postcron.operations.publish import publish

SPREAD, AT_ONCE = 40, 50
GOALS = {"spread": "p50 ≤ 2, p99 ≤ 5, max ≤ 20", "at once": "p99 ≤ 40"}


def main() -> None:
    with platform() as url:
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
    with tempfile.TemporaryDirectory() as folder, opened(house(Path(folder), url)) as home:
        fill(home, moments)
        publish(home, limit=len(moments))
    return _late(url)


def _bare(url: str, moments: Sequence[datetime]) -> list[float]:
    threads = [threading.Thread(target=_sleep_and_send, args=(url, due)) for due in moments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return _late(url)


def _sleep_and_send(url: str, due_at: datetime) -> None:
    due = due_at.timestamp()
    body = json.dumps({"due": due, "key": f"bare-{threading.get_ident()}"})
    while (left := due - time.time()) > 0:
        time.sleep(left)
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("POST", "/publish", body)
    connection.getresponse().read()
    connection.close()


def _late(url: str) -> list[float]:
    """Return how late each request came, in ms."""
    return [(arrival.at - arrival.due) * 1e3 for arrival in arrivals(url)]

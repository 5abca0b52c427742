"""The same posts through huey's SQLite queue (its own default: not fsynced)."""

from __future__ import annotations

import http.client
import json
import os
import threading
import time
from urllib.parse import urlsplit

from huey import SqliteHuey

huey = SqliteHuey("bench", filename=f"{os.environ['BENCH_FOLDER']}/huey.db")
_local = threading.local()


@huey.task(retries=2)
def publish(number: int, due: float) -> None:
    # One kept connection a thread: faster than any client library it could share.
    if not hasattr(_local, "line"):
        _local.line = http.client.HTTPConnection(urlsplit(os.environ["BENCH_URL"]).netloc)
    body = json.dumps({"key": f"huey-{number}", "due": due})
    _local.line.request("POST", "/publish", body)
    _local.line.getresponse().read()


def load(count: int) -> None:
    for number in range(count):
        publish(number, time.time())

"""P9: many posts saved at once, beside the database taking the very same rows; and a whole import."""

from __future__ import annotations

import csv
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from postcron.model import NewDelivery, NewPost, PostType, Run
from postcron.states import State
from postcron.store import migrate, open_store
from postcron.store.sqlite import connect
from tests import postgres

POSTS, ROUNDS = 20_000, 5
LINES = 100_000
#: times as long as the rows alone
GOAL = 2.5
TABLES = ("post", "delivery", "event")
START = datetime(2027, 1, 1, tzinfo=UTC)

#: imports, and tells the most memory it had: what a parent had counts in getrusage, not here
IMPORT = """
import sys
from pathlib import Path
from postcron.cli.app import main
code = main(["import", sys.argv[1]])
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line))
sys.exit(code)
"""

Rows = Mapping[str, Sequence[Sequence[Any]]]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, postgres.running() as server:
        empty = Path(folder, "empty.db")
        migrate(f"sqlite:///{empty}")
        print(
            f"P9  {POSTS:,} posts, each with a delivery and a line in the ledger; {ROUNDS} rounds"
        )
        for database in (_Sqlite(empty), _Postgres(server)):
            print(f"    {database.name:10} {_saving(database)}")
        for name, url in (
            ("SQLite", f"sqlite:///{folder}/lines.db"),
            ("PostgreSQL", server.fresh_url()),
        ):
            migrate(url)
            print(f"    {name:10} {_importing(Path(folder), url)}")


def _saving(database: _Sqlite | _Postgres) -> str:
    """Save posts and insert their rows in turn, each time into an empty store."""
    posts = [[_post(number)] for number in range(POSTS)]
    ours, raw = [], []
    for _ in range(ROUNDS):
        url = database.fresh()
        store = open_store(url, now=lambda: START, skew=timedelta(0))
        began = time.perf_counter()
        store.add_many(posts, run=Run("bench", "bench", "bench"), seen={})
        ours.append(time.perf_counter() - began)
        store.close()
        raw.append(database.insert(database.rows(url)))
    ratio = statistics.median(a / b for a, b in zip(ours, raw, strict=True))
    return (
        f"{statistics.median(ours):.2f} s, the rows alone {statistics.median(raw):.2f} s: "
        f"{ratio:.2f} x (goal ≤ {GOAL})"
    )


def _post(number: int) -> NewPost:
    due_at = START + timedelta(minutes=number)
    delivery = NewDelivery(
        account="bench", platform="mastodon", state=State.SCHEDULED, text=None,
        options={"visibility": "public"}, wanted_at=due_at, due_at=due_at, reason="as asked",
        wake_at=due_at - timedelta(hours=1), key=f"bench-{number}",
    )  # fmt: skip
    text = f"Post number {number}, with about as much to say as a post has that people write."
    return NewPost(
        workspace="default", key=f"key-{number}", text=text, type=PostType.POST,
        attachments=(), deliveries=(delivery,), created_by="bench",
    )  # fmt: skip


@dataclass(frozen=True)
class _Sqlite:
    """Stores in files, each a copy of an empty one."""

    empty: Path
    name = "SQLite"

    def fresh(self) -> str:
        return f"sqlite:///{shutil.copy(self.empty, self.empty.with_name('ours.db'))}"

    def rows(self, url: str) -> Rows:
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            found = {table: connection.execute(f"SELECT * FROM {table}") for table in TABLES}
            return {table: answer.fetchall() for table, answer in found.items()}

    def insert(self, rows: Rows) -> float:
        """Return how long the bare rows take, on a connection as safe as ours."""
        target = Path(shutil.copy(self.empty, self.empty.with_name("raw.db")))
        connection = connect(target, 5)
        began = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for table, some in rows.items():
            marks = ", ".join("?" * len(some[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", some)
        connection.execute("COMMIT")
        took = time.perf_counter() - began
        connection.close()
        return took


@dataclass(frozen=True)
class _Postgres:
    """Stores in a server of their own."""

    server: postgres.Server
    name = "PostgreSQL"

    def fresh(self) -> str:
        url = self.server.fresh_url()
        migrate(url)
        return url

    def rows(self, url: str) -> Rows:
        with psycopg.connect(url) as connection:
            return {table: self._rows(connection, table) for table in TABLES}

    def _rows(self, connection: psycopg.Connection[Any], table: str) -> Sequence[Sequence[Any]]:
        answer = connection.execute(f"SELECT * FROM {table} LIMIT 0")  # type: ignore[arg-type]
        columns = ", ".join(f"{column.name}::text" for column in answer.description or ())
        asked = f"SELECT {columns} FROM {table}"
        return connection.execute(asked).fetchall()  # type: ignore[arg-type]

    def insert(self, rows: Rows) -> float:
        with psycopg.connect(self.fresh()) as connection, connection.cursor() as cursor:
            began = time.perf_counter()
            for table, some in rows.items():
                marks = ", ".join(["%s"] * len(some[0]))
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", some)  # type: ignore[arg-type]
            connection.commit()
            return time.perf_counter() - began


# --- a whole import ----------------------------------------------------------------------------


def _importing(folder: Path, url: str) -> str:
    """Import a list with a process of its own, as a person does."""
    config, sheet = folder / "postcron.toml", folder / "posts.csv"
    config.write_text(
        f'timezone = "UTC"\n[store]\nurl = "{url}"\n[media]\nlibrary = "{folder}/media"\n'
        '[accounts.bench]\nplatform = "mastodon"\napi_url = "http://127.0.0.1:9"\n'
        'token = { env = "TOKEN" }\nmin_gap = "1m"\nwindow = "06:00-24:00"\n'
    )
    with sheet.open("w", newline="") as paper:
        writer = csv.writer(paper)
        writer.writerow(["text", "accounts", "at", "campaign"])
        writer.writerows(
            (
                _post(number).text,
                "bench",
                (START + timedelta(minutes=5 * number)).isoformat(),
                "spring",
            )
            for number in range(LINES)
        )
    environ = dict(os.environ) | {
        "POSTCRON_CONFIG": str(config), "POSTCRON_STATE": str(folder / "state"), "TOKEN": "x",
    }  # fmt: skip
    began = time.perf_counter()
    argv = [sys.executable, "-c", IMPORT, str(sheet)]
    told = subprocess.run(argv, env=environ, stdout=subprocess.PIPE, text=True, check=True).stdout
    took = time.perf_counter() - began
    saved, peak = told.splitlines()
    return f"{saved} From a list of lines to the end: {took:.0f} s, {int(peak.split()[1]) / 1024:.0f} MB at most"

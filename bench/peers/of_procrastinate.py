"""The same posts through procrastinate on PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import time

import aiohttp
import procrastinate

app = procrastinate.App(
    connector=procrastinate.PsycopgConnector(conninfo=os.environ["BENCH_POSTGRES"], max_size=10)
)
_lines: list[aiohttp.ClientSession] = []


@app.task(queue="bench", retry=2)
async def publish(number: int, due: float) -> None:
    # aiohttp: httpx's shared asynchronous client gets slow with many requests at once.
    if not _lines:
        _lines.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)))
    post = {"key": f"procrastinate-{number}", "due": due}
    async with _lines[0].post(f"{os.environ['BENCH_URL']}/publish", json=post) as answer:
        await answer.read()


def load(count: int) -> None:
    asyncio.run(_load(count))


async def _load(count: int) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        posts = [{"number": number, "due": time.time()} for number in range(count)]
        await publish.batch_defer_async(*posts)

"""A platform that notes when requests arrive: `python -m bench.platform [MS]` prints its address.

It answers each publish call after so many milliseconds; `POST /arrivals` gives the notes away.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

arrivals: list[dict[str, Any]] = []
delay_s = 0.0


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await _exchange(reader, writer):
            pass
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client has gone
    finally:
        writer.close()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer one request; False when the client wants no other."""
    request = await reader.readuntil(b"\r\n\r\n")
    at = time.time()
    lines = request.decode().lower().split("\r\n")
    size = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
    body = await reader.readexactly(size)
    answer = _arrivals() if "/arrivals" in lines[0] else await _publish(json.loads(body), at)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n"
    writer.write(f"{head}\r\n{answer}".encode())
    await writer.drain()
    return "connection: close" not in lines


def _arrivals() -> str:
    answer = json.dumps(arrivals)
    arrivals.clear()
    return answer


async def _publish(post: dict[str, Any], at: float) -> str:
    if delay_s:
        await asyncio.sleep(delay_s)
    arrivals.append({"key": post["key"], "due": post["due"], "at": at, "done": time.time()})
    return "{}"


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    delay_s = int((sys.argv[1:] or ["0"])[0]) / 1e3
    asyncio.run(main())

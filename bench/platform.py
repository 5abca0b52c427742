"""A platform that only notes when requests arrive: `python -m bench.platform` prints its address."""

from __future__ import annotations

import asyncio
import json
import time

arrivals: list[dict[str, float]] = []


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readuntil(b"\r\n\r\n")
    at = time.time()
    lines = request.decode().lower().split("\r\n")
    size = next((int(line.split(":")[1]) for line in lines if line.startswith("content-length")), 0)
    body = await reader.readexactly(size)
    answer = _answer(lines[0], body, at)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n{answer}".encode())
    await writer.drain()
    writer.close()


def _answer(request: str, body: bytes, at: float) -> str:
    if "/arrivals" in request:
        answer = json.dumps(arrivals)
        arrivals.clear()
        return answer
    arrivals.append({"due": json.loads(body)["due"], "at": at})
    return "{}"


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=512)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())

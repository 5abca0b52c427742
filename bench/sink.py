"""A platform that takes files of any size and keeps none: `python -m bench.sink` prints its address.

YouTube's and TikTok's simulators in one, strict as ever, but for the content: of a body only its
length is looked at.
"""

from __future__ import annotations

import threading
from io import BufferedIOBase

from tests.simulators import tiktok, youtube
from tests.simulators.server import Asked, Reply, Server

PIECE = 1024 * 1024
KEPT = 64 * 1024


class Swallowed(bytes):
    """A body of which nothing is left but how long it was."""

    size = 0

    def __len__(self) -> int:
        return self.size


class Sink(Server):
    """Hands each request to the platform whose path it has."""

    def __init__(self) -> None:
        super().__init__()
        self.platforms = youtube.YouTube(), tiktok.TikTok(inits=1000)
        for platform in self.platforms:
            platform.put_away()
            platform.let_in()

    def body(self, stream: BufferedIOBase, size: int) -> bytes:
        if size <= KEPT:
            return stream.read(size)
        body, room = Swallowed(), memoryview(bytearray(PIECE))
        while body.size < size:
            body.size += stream.readinto(room[: size - body.size])
        return body

    def perform(self, asked: Asked) -> Reply:
        self.asked.clear()
        of_youtube, of_tiktok = self.platforms
        if asked.path == "/sink":
            return Reply(200, {})
        return (of_youtube if "youtube" in asked.path else of_tiktok).perform(asked)


def main() -> None:
    with Sink() as sink:
        print(sink.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()

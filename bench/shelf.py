"""An S3 server that costs next to nothing: `python -m bench.shelf FOLDER` prints its address.

It serves the files of a folder, `/bucket/key`, as HeadObject and GetObject do, with ranges, and lets the
kernel send them (sendfile). It checks no signature and knows no other call. Real servers, which
are tested against, take longer to give a file than it takes to send it on, and so a bench with one of
them measures that one.
"""

from __future__ import annotations

import os
import re
import sys
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Shelf(ThreadingHTTPServer):
    """One folder on a port of this machine."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Shelf
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_HEAD(self) -> None:
        self._give(head=True)

    def do_GET(self) -> None:
        self._give(head=False)

    def _give(self, *, head: bool) -> None:
        path = self.server.folder / unquote(urlsplit(self.path).path).lstrip("/")
        if not path.is_file():
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        with path.open("rb") as file:
            whole = os.fstat(file.fileno()).st_size
            first, last = self._span(whole)
            self._say(first, last, whole)
            if not head:
                self.connection.sendfile(file, first, last + 1 - first)

    def _span(self, size: int) -> tuple[int, int]:
        asked = RANGE.fullmatch(self.headers.get("Range", ""))
        if asked is None:
            return 0, size - 1
        return int(asked[1]), min(int(asked[2] or size), size - 1)

    def _say(self, first: int, last: int, size: int) -> None:
        self.send_response(206 if "Range" in self.headers else 200)
        if "Range" in self.headers:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.send_header("Content-Length", str(last + 1 - first))
        self.send_header("Content-Type", "video/mp4")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{size:x}"')
        self.send_header("Last-Modified", formatdate(0, usegmt=True))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    shelf = Shelf(Path(sys.argv[1]))
    print(shelf.url, flush=True)
    shelf.serve_forever()


if __name__ == "__main__":
    main()

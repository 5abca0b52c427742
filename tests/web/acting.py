"""A process that makes publish calls: `python -m tests.web.acting URL SIZE`, one for each line it reads."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress

from postcron.errors import PlatformError
from postcron.web import Api


def act(url: str, size: int) -> str:
    """Return what the call proves: the status of an answer, or the evidence of a failure."""
    try:
        answer = Api(url, deadline=3.0).act("POST", "/posts", json={"text": "x" * size})
    except PlatformError as error:
        return str(error.evidence)
    return str(answer.status)


def main(url: str, size: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver:
        with suppress(OSError):  # only in a network of its own: a resolver that never answers
            resolver.bind(("127.0.0.1", 53))
        for _ in sys.stdin:
            print(act(url, int(size)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

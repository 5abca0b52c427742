"""The only httpx in postcron: repeatable calls, the one publish call, and guarded fetching.

(interface; being built)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer, body bounded in size."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any | None:
        """Return the body as JSON, or None if it is not JSON (never raises)."""
        raise NotImplementedError

    def hint(self) -> str:
        """Return a short, printable piece of the body for a message (one line, at most 200 characters)."""
        raise NotImplementedError

    def retry_after(self) -> timedelta | None:
        """Return how long to wait: the latest of Retry-After (seconds or date) and rate-limit reset headers."""
        raise NotImplementedError


class Api:
    """The wire to one host of one account."""

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: Iterator[bytes] | bytes | None = None,
        size: int | None = None,
        upload: Upload | None = None,
        timeout: float = 30.0,
    ) -> Answer:
        """Make a call that is safe to repeat. Returns any complete answer; raises `Temporary`."""
        raise NotImplementedError

    def act(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make the publish call: a fresh connection, no redirects, no retries, one overall deadline.

        Returns any complete answer. Raises `Temporary(evidence=NOT_SENT)` when no byte of the
        request left, and `OutcomeUnknown` for everything else.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Upload:
    """One file in a multipart form, streamed: constant memory at any size."""

    field: str
    name: str
    mime: str
    size: int
    chunks: Iterator[bytes]

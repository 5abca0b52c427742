"""What the subjects share: replies that every platform may give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.simulators.server import Reply


def in_a_minute() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=60)


def busy(body: object, *more: dict[str, str]) -> tuple[Reply, ...]:
    forms = (
        {"Retry-After": "60"},
        {"Retry-After": format_datetime(in_a_minute(), usegmt=True)},
        *more,
    )
    return tuple(Reply(429, body, headers) for headers in forms)


def html(status: int) -> Reply:
    return Reply(status, b"<h1>Something in between</h1>", {"Content-Type": "text/html"})

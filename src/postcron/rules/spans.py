"""Lengths of time as people write them: `90s`, `2h30m`, `3 days`; and as we write them back."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from postcron.errors import Invalid

EXAMPLES: Final = "90s, 15m, 2h30m or 2d"

#: largest first; each at most once, in this order
_UNITS: Final = {
    "days": r"d|days?",
    "hours": r"h|hours?",
    "minutes": r"m|min|minutes?",
    "seconds": r"s|sec|seconds?",
}
_SPAN: Final = re.compile(
    r"\s*".join(rf"(?:(?P<{name}>[0-9]{{1,6}})\s*(?:{unit})\b)?" for name, unit in _UNITS.items())
    # `2h30m` has no boundary between its parts
    .replace(r"\b", "(?![a-z])")
)


def duration(text: str) -> timedelta:
    """Return a length of time written like `2h30m`; a day is 24 hours. Raises `Invalid`."""
    span = match_span(text.strip().lower())
    if span is None:
        raise Invalid(f"{text[:60]!r} is not a length of time; write it like {EXAMPLES}.")
    return span


def signed(text: str) -> timedelta:
    """Return a length of time that may go back: `+2h`, `-30m`. Raises `Invalid`."""
    words = text.strip()
    back = words.startswith(("-", "−"))
    span = duration(words[1:] if back or words.startswith("+") else words)
    return -span if back else span


def match_span(text: str) -> timedelta | None:
    """Return the length of time that the whole text names, or None."""
    match = _SPAN.fullmatch(text)
    parts = {name: int(n) for name, n in match.groupdict().items() if n} if match else {}
    return timedelta(**parts) if parts else None


def spell(span: timedelta) -> str:
    """Return a length of time for people: `2 h 10 min`, `3 d`, `45 s`; its two largest units."""
    seconds = round(abs(span).total_seconds())
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    if seconds < 60:
        return f"{seconds} s"
    if not days and not hours:
        return f"{minutes} min"
    pairs = [(days, "d"), (hours, "h")] if days else [(hours, "h"), (minutes, "min")]
    return " ".join(f"{n} {unit}" for n, unit in pairs if n)


def exactly(span: timedelta) -> str:
    """Return a length of time for people with nothing left out: `3 min`, but `90 s`."""
    words = spell(span)
    return words if match_span(words) == span else f"{span.total_seconds():g} s"


def until(moment: datetime, now: datetime) -> str:
    """Return how far a moment is from now: `in 2 h 10 min`, `3 min ago`, `now`."""
    left = moment - now
    if abs(left) < timedelta(seconds=1):
        return "now"
    return f"in {spell(left)}" if left > timedelta() else f"{spell(left)} ago"

"""The calendar for calendar programs: iCalendar (RFC 5545), written out.

https://www.rfc-editor.org/rfc/rfc5545
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from postcron import __version__
from postcron.cli.calendar_text import first_line
from postcron.states import State

if TYPE_CHECKING:
    from postcron.operations.calendar import Calendar, Entry

#: octets of a line, its end not counted (3.1)
WIDTH: Final = 75

_STATUS: Final = {
    State.CANCELLED: "CANCELLED",
    State.DRAFT: "TENTATIVE",
    State.FAILED: "TENTATIVE",
    State.LATE: "TENTATIVE",
    State.UNKNOWN: "TENTATIVE",
}

#: TEXT may hold no control character but the tab (3.3.11)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_LINE_END: Final = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_URI: Final = re.compile(r"https?://[!-~]+")


def page(one: Calendar) -> str:
    return "".join(f"{folded(line)}\r\n" for line in _lines(one))


def _lines(one: Calendar) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:-//postcron//postcron {__version__}//EN"
    yield "CALSCALE:GREGORIAN"
    yield f"X-WR-CALNAME:{escaped(f'postcron {one.workspace}')}"
    for entry in one.entries:
        yield from _event(one, entry)
    yield "END:VCALENDAR"


def _event(one: Calendar, entry: Entry) -> Iterator[str]:
    delivery = entry.delivery
    yield "BEGIN:VEVENT"
    yield f"UID:{delivery.ref}@{one.store}"
    yield f"DTSTAMP:{_moment(delivery.updated_at)}"
    yield f"LAST-MODIFIED:{_moment(delivery.updated_at)}"
    yield f"CREATED:{_moment(delivery.created_at)}"
    # Goes up with every change that another could have overtaken.
    yield f"SEQUENCE:{delivery.fence}"
    yield f"DTSTART:{_moment(entry.at)}"
    yield f"SUMMARY:{escaped(_summary(entry))}"
    yield f"DESCRIPTION:{escaped(_description(entry))}"
    yield f"STATUS:{_STATUS.get(delivery.state, 'CONFIRMED')}"
    # A post takes nobody's time.
    yield "TRANSP:TRANSPARENT"
    if entry.post.campaign:
        yield f"CATEGORIES:{escaped(entry.post.campaign)}"
    if delivery.url and _URI.fullmatch(delivery.url):
        yield f"URL:{delivery.url}"
    yield "END:VEVENT"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _summary(entry: Entry) -> str:
    return f"{entry.delivery.account}: {first_line(entry)[:100]} ({entry.delivery.state})"


def _description(entry: Entry) -> str:
    delivery = entry.delivery
    parts = [
        entry.text,
        f"{delivery.account} ({delivery.platform}), {delivery.state}, {delivery.ref}",
        entry.trouble or "",
        delivery.url or "",
        *(f"{each.name}: {each.alt}" for each in entry.post.attachments if each.alt),
    ]
    return "\n\n".join(filter(None, parts))


def escaped(text: str) -> str:
    """Return a value of type TEXT (3.3.11): one line, its own signs escaped, nothing unprintable."""
    plain = _CONTROLS.sub("", _LINE_END.sub("\n", text))
    for sign in ("\\", ";", ","):
        plain = plain.replace(sign, f"\\{sign}")
    return plain.replace("\n", "\\n")


def folded(line: str) -> str:
    """Return a content line in pieces of 75 octets at most, none of which cuts a character (3.1)."""
    pieces, width = [""], 0
    for sign in line:
        size = len(sign.encode())
        if width + size > WIDTH:
            pieces.append("")
            width = 1  # the space that a continuation begins with
        pieces[-1] += sign
        width += size
    return "\r\n ".join(pieces)

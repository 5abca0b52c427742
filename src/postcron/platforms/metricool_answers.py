"""What Metricool answers: what is taken from it, and which refusals are believed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from postcron.errors import Code
from postcron.model import Receipt, Sight, Sighting
from postcron.platforms.base import Refusal, fields, refusal_list, trouble
from postcron.web import Answer

T = TypeVar("T", dict[str, Any], list[Any])

_N8N: Final = "https://github.com/LabansatOS/n8n-nodes-metricool/blob/main/nodes/Metricool/GenericFunctions.ts"

#: Metricool documents no error at all; these two are what every client has met.
#: 500 is not here: it is the answer to a malformed request, and nobody says that it means only that.
#: 400 and 429 are not here: nothing says what a create call answered like that has left behind.
REFUSALS: Final = refusal_list(
    (401, None, Code.TOKEN_REFUSED, _N8N),
    (403, None, Code.ACCOUNT_UNUSABLE, _N8N),
    seen="2026-11-20",
)


def refusals(answer: Answer) -> Sequence[Refusal]:
    """Return the list an answer is judged by: none for a page of something in between."""
    return REFUSALS if fields(answer) else ()


def data(answer: Answer, kind: type[T], *names: str) -> T:
    """Return what a good answer carries, which has at least these fields; raises for any other."""
    found = fields(answer).get("data")
    if answer.status == 200 and isinstance(found, kind) and all(name in found for name in names):
        return found
    raise trouble(answer, refusals(answer))


def part_of(post: Mapping[str, Any], network: str) -> Mapping[str, Any]:
    """Return what a post says of one network."""
    providers = post.get("providers") or ()
    return next((one for one in providers if one.get("network") == network), {})


def sighting(post: Mapping[str, Any], network: str) -> Sighting:
    """Return what a post in the planner shows."""
    part = part_of(post, network)
    status = str(part.get("status") or "").upper()
    if status == "PUBLISHED":
        receipt = Receipt(str(post["id"]), part.get("publicUrl") or None)
        return Sighting(Sight.LIVE, "Metricool shows it as published.", receipt)
    if status == "ERROR":
        why = str(part.get("detailedStatus") or "no reason given")[:200]
        return Sighting(Sight.GONE, f"Metricool could not publish it: {why}")
    if status == "DRAFT" or post.get("draft"):
        why = "It is a draft in Metricool's planner: publish it there, or delete it."
        return Sighting(Sight.UNCLEAR, why)
    # It may move a post to another time by itself, and says so nowhere else.
    date = post.get("publicationDate") or {}
    wall, zone = str(date.get("dateTime", "")), str(date.get("timezone", ""))
    why = f"It is in the planner, {status.lower()}, for {wall} ({zone})."
    return Sighting(Sight.WORKING, why, expected_at=_moment(wall, zone))


def _moment(wall: str, zone: str) -> datetime | None:
    try:
        return datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    except (ValueError, ZoneInfoNotFoundError):
        return None


def same_text(one: str, other: str) -> bool:
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()

"""What platforms have said, made harmless before it is kept: no secret, nothing a database refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from postcron.model import Move, Ticket

#: words for people, in which a platform may have repeated a secret
TOLD = frozenset({"error", "message", "why"})


def harmless_move(move: Move, redact: Callable[[str], str]) -> Move:
    """Return the same step with every text in it fit to be stored and to be read."""
    return replace(
        move,
        set=_harmless(move.set, redact),
        attempt=_harmless(move.attempt, redact),
        detail=_harmless(move.detail, redact),
    )


def harmless_ticket(ticket: Ticket) -> Ticket:
    """Return a ticket whose texts can be stored; ids in it stay as they are."""
    return replace(ticket, data=storable(ticket.data)) if ticket.data else ticket


def _harmless(values: Mapping[str, Any], redact: Callable[[str], str]) -> dict[str, Any]:
    return {
        name: redact(value) if name in TOLD and isinstance(value, str) else value
        for name, value in storable(values).items()
    }


def storable(value: Any) -> Any:
    """Return a value without what no database takes: lone surrogates and NUL.

    A platform that cuts a message in the middle of an emoji must not end every run from then on.
    """
    if type(value) is str:
        return value.encode("utf-8", "replace").decode().replace("\0", "")
    if isinstance(value, Ticket):
        return harmless_ticket(value)
    if isinstance(value, Mapping):
        return {name: storable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [storable(each) for each in value]
    return value

"""How a call ended, as a line of the emergency journal: plain values, no secret, and back again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from postcron.errors import Code, Permanent, PlatformError, Temporary
from postcron.model import Accepted, Delivery, Receipt
from postcron.operations.harmless import storable
from postcron.operations.protocol import Verdict
from postcron.states import Step

#: what a platform says may be long; a line is not
LONGEST = 500
_FAMILIES = {family.family: family for family in (Temporary, Permanent, PlatformError)}


def document(
    delivery: Delivery, run: str, verdict: Verdict, redact: Callable[[str], str]
) -> dict[str, Any]:
    """Return a verdict on the call of a delivery as it stood on the wire, held by `run`."""
    written: dict[str, Any] = storable(
        {
            "ref": delivery.ref,
            "delivery": delivery.id,
            # Chosen for this delivery alone: another store has another delivery of this number.
            "key": delivery.key,
            "run": run,
            "fence": delivery.fence,
            # Written with the attempt: it tells this one from any other of the same run.
            "intended_at": delivery.updated_at.isoformat(),
            "step": str(verdict.step),
            "sent_at": verdict.sent_at.isoformat(),
            "ended_at": verdict.ended_at.isoformat(),
            "receipt": verdict.receipt and vars(verdict.receipt),
            "accepted": verdict.accepted and _accepted(verdict.accepted),
            "error": verdict.error and _error(verdict.error, redact),
        }
    )
    return written


def _accepted(accepted: Accepted) -> dict[str, Any]:
    return {"handle": accepted.handle, "check_after_s": accepted.check_after.total_seconds()}


def _error(error: PlatformError, redact: Callable[[str], str]) -> dict[str, Any]:
    pause = error.retry_after
    return {
        "family": error.family,
        "code": str(error.code),
        "message": redact(error.message)[:LONGEST],
        "retry_after_s": None if pause is None else pause.total_seconds(),
    }


def verdict(written: Mapping[str, Any]) -> Verdict:
    """Return the verdict that a line keeps."""
    receipt, accepted, error = (written[name] for name in ("receipt", "accepted", "error"))
    return Verdict(
        Step(written["step"]),
        sent_at=datetime.fromisoformat(written["sent_at"]),
        ended_at=datetime.fromisoformat(written["ended_at"]),
        receipt=receipt and Receipt(**receipt),
        accepted=accepted
        and Accepted(accepted["handle"], timedelta(seconds=accepted["check_after_s"])),
        error=error and _error_from(error),
    )


def _error_from(written: Mapping[str, Any]) -> PlatformError:
    pause = written["retry_after_s"]
    return _FAMILIES[written["family"]](
        written["message"],
        code=Code(written["code"]),
        retry_after=None if pause is None else timedelta(seconds=pause),
    )


def in_words(ref: str, verdict: Verdict) -> str:
    """Return how a call ended in a few words, for when nothing but stderr can keep it."""
    if verdict.receipt is not None:
        where = f" ({verdict.receipt.url})" if verdict.receipt.url else ""
        return f"{ref} is live as {verdict.receipt.remote_id}{where}"
    if verdict.accepted is not None:
        return f"{ref} was accepted as {verdict.accepted.handle}"
    return f"{ref} {str(verdict.step).replace('_', ' ')}"

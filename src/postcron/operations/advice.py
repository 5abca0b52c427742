"""What happened to a delivery and what is safe to do next, in plain sentences."""

from __future__ import annotations

from datetime import datetime

from postcron.model import Delivery
from postcron.rules.spans import until
from postcron.states import State


def advice(delivery: Delivery, now: datetime) -> str:
    """Return one or two sentences for a person: where it stands, and what to do, if anything."""
    return _SENTENCES[delivery.state](delivery, now)


def _draft(delivery: Delivery, now: datetime) -> str:
    return f"A draft: it goes nowhere until it has a time (`postcron edit {delivery.ref} --at …`)."


def _scheduled(delivery: Delivery, now: datetime) -> str:
    return (
        f"Saved; nothing is at the platform yet. Due {_when(delivery, now)}. Edit or cancel freely."
    )


def _uploading(delivery: Delivery, now: datetime) -> str:
    return f"Media and draft are on their way to the platform; nothing is public. Due {_when(delivery, now)}."


def _ready(delivery: Delivery, now: datetime) -> str:
    return f"All but the publish call is done. Due {_when(delivery, now)}. Edit or cancel freely."


def _queued(delivery: Delivery, now: datetime) -> str:
    return f"The next `postcron publish` sends it. Due {_when(delivery, now)}."


def _publishing(delivery: Delivery, now: datetime) -> str:
    return "The publish call may be on the wire right now. Leave it alone: if its run dies, it is looked up."


def _confirming(delivery: Delivery, now: datetime) -> str:
    return f"The platform took it and is working on it. {_next_look(delivery, now)} Do not post it by hand."


def _unknown(delivery: Delivery, now: datetime) -> str:
    if delivery.wake_at is None:
        return (
            "The answer was lost and the platform does not tell whether it is live. Look at the account "
            f"yourself; only if it is not there, post it anew (`postcron show {delivery.post_id}` has the text)."
        )
    return f"The answer was lost. {_next_look(delivery, now)} Do not post it by hand."


def _published(delivery: Delivery, now: datetime) -> str:
    where = f" at {delivery.url}" if delivery.url else ""
    if delivery.seen_at is not None:
        return f"Live{where}, and seen there by postcron. Nothing to do."
    if delivery.wake_at is not None:
        return f"Live{where}, says the platform. {_next_look(delivery, now)} Nothing to do."
    return f"Live{where}, says the platform; postcron could not see it there. Nothing to do."


def _failed(delivery: Delivery, now: datetime) -> str:
    if delivery.wake_at is not None:
        return f"Certainly not live. postcron tries again {until(delivery.wake_at, now)}."
    return (
        "Certainly not live, and postcron does not try again by itself. Mend the cause, then "
        f"`postcron retry {delivery.ref}`, or give it a new time with `postcron edit {delivery.ref} --at …`."
    )


def _late(delivery: Delivery, now: datetime) -> str:
    return (
        f"Certainly not live: its moment passed. `postcron retry {delivery.ref}` sends it now, "
        f"`postcron edit {delivery.ref} --at …` gives it a new time, `postcron cancel {delivery.ref}` drops it."
    )


def _cancelled(delivery: Delivery, now: datetime) -> str:
    return "Withdrawn; it was never live. Schedule it again if it should go out after all."


_SENTENCES = {
    State.DRAFT: _draft,
    State.SCHEDULED: _scheduled,
    State.UPLOADING: _uploading,
    State.READY: _ready,
    State.QUEUED: _queued,
    State.PUBLISHING: _publishing,
    State.CONFIRMING: _confirming,
    State.UNKNOWN: _unknown,
    State.PUBLISHED: _published,
    State.FAILED: _failed,
    State.LATE: _late,
    State.CANCELLED: _cancelled,
}


def _when(delivery: Delivery, now: datetime) -> str:
    return "at no time" if delivery.due_at is None else until(delivery.due_at, now)


def _next_look(delivery: Delivery, now: datetime) -> str:
    if delivery.wake_at is None:
        return "postcron does not look again by itself."
    return f"postcron looks at the platform again {until(delivery.wake_at, now)}."

"""What happened to a delivery and what is safe to do next, in plain sentences."""

from __future__ import annotations

from datetime import datetime

from postcron.model import Approval, Delivery, Follow, Post
from postcron.rules.spans import until
from postcron.states import UNCERTAIN, State


def advice(delivery: Delivery, now: datetime, *, kept: bool = False) -> str:
    """Return a few sentences for a person: where it stands, and what to do, if anything.

    `kept` says that the end of its call waits in this host's emergency journal.
    """
    if kept and delivery.state in UNCERTAIN | {State.PUBLISHING}:
        return (
            "Its call has ended, and the store could not take how: that is kept in this host's "
            "emergency journal, and the next run here stores it. Leave it alone until then."
        )
    return _SENTENCES[delivery.state](delivery, now)


def awaiting(post: Post, delivery: Delivery) -> str:
    """Return what a delivery of a post needs that nobody has approved."""
    if post.approval is Approval.REJECTED:
        return (
            f"It was rejected and goes nowhere: `postcron edit {delivery.ref} --text …` submits it once more, "
            f"`postcron approve {post.id}` lets it go after all."
        )
    return (
        f"It goes nowhere until somebody approves it: `postcron approve {post.id}`, or "
        f"`postcron reject {post.id} --why …`."
    )


def _draft(delivery: Delivery, now: datetime) -> str:
    return f"A draft: it goes nowhere until you say when (`postcron edit {delivery.ref} --at …`)."


def _scheduled(delivery: Delivery, now: datetime) -> str:
    if delivery.waits_its_turn:
        goes_on = delivery.follows is Follow.CONTINUE
        then = "it is certain how that one ended" if goes_on else "that one is live"
        return f"Saved; it goes out after the one before it, once {then}. Edit or cancel freely."
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
    if delivery.due_at is not None and delivery.due_at > now:
        when = "at another moment" if delivery.wake_at is None else until(delivery.due_at, now)
        return (
            f"{delivery.platform} has it, and publishes it {when}. "
            f"`postcron cancel {delivery.ref}` or `postcron edit {delivery.ref}` has it back first."
        )
    if delivery.wake_at is None:
        return f"The platform took it, and never said that it is done. {_by_a_person(delivery)}"
    return f"The platform took it and is working on it. {_next_look(delivery, now)} Do not post it by hand."


def _unknown(delivery: Delivery, now: datetime) -> str:
    happened = _HAPPENED.get(str(delivery.error_code), "The answer to its call was lost.")
    if delivery.wake_at is None:
        return f"{happened} Nobody knows whether it is live. {_by_a_person(delivery)}"
    return f"{happened} {_next_look(delivery, now)} Do not post it by hand."


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
    if delivery.error_code == "dropped":
        return "Dropped while nobody knew whether it is live: only its account can show that."
    return "Withdrawn; it was never live. Schedule it again if it should go out after all."


#: why nobody knows: by the code of the error
_HAPPENED = {
    "vanished": "The platform answered that it is live, and then did not show it.",
    "taking_back": "Its platform was asked to give it back, and what it answered was lost.",
    "restored": "The store was put back from a backup: it may have gone out before.",
}

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


def _by_a_person(delivery: Delivery) -> str:
    say = f"postcron resolve {delivery.ref}"
    return (
        f"Look at the account yourself. If it is there: `{say} --landed URL`. If it is not: "
        f"`{say} --resend` sends it once more. Or `{say} --drop` leaves it as it is."
    )


def _next_look(delivery: Delivery, now: datetime) -> str:
    if delivery.wake_at is None:
        return "postcron does not look again by itself."
    return f"postcron looks at the platform again {until(delivery.wake_at, now)}."

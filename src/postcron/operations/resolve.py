"""Resolve: a person says what became of a call whose end nobody could find out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from postcron.errors import Invalid, Refused
from postcron.model import Attempt, Delivery, Move, Outcome, Receipt, Run, Sight, Ticket
from postcron.operations import host
from postcron.operations.advice import advice
from postcron.operations.ahead import is_kept
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.operations.import_journal import import_journal
from postcron.operations.protocol import live
from postcron.operations.recover import SENDER_UNPROVEN
from postcron.operations.seeing import looks, visited
from postcron.operations.selecting import select
from postcron.operations.threads import require_place
from postcron.rules.spans import until
from postcron.states import UNCERTAIN, State, Step

#: no address of a post is longer
LONGEST = 2000


@dataclass(frozen=True)
class Resolved:
    """A delivery after somebody's word, and why that was believed unchecked, if it was."""

    delivery: Delivery
    not_checked: str | None = None


def landed(house: House, id: str, address: str, *, actor: str) -> Resolved:
    """Record that a delivery is live at a URL or id; the platform is asked if it can be.

    Raises `Refused` for what the platform does not show, or what proves another delivery.
    """
    delivery = _one(house, id)
    if delivery.state is State.PUBLISHED and address in {delivery.remote_id, delivery.url}:
        return Resolved(delivery)
    receipt, not_checked = _proof(house, delivery, address)
    now = house.store.now()
    seen = {} if not_checked else {"seen_at": now}

    def move_of(delivery: Delivery, run: Run) -> Move | None:
        if delivery.state is State.PUBLISHED and delivery.remote_id == receipt.remote_id:
            return None
        _require_uncertain(house, delivery)
        return Move(
            delivery,
            Step.FOUND,
            wake_at=None,
            set=live(receipt, now) | seen,
            close=Outcome.LANDED,
            detail={"why": f"{actor} says so", "address": address, "checked": not not_checked},
        )

    return Resolved(_decided(house, id, actor, move_of), not_checked)


def _proof(house: House, delivery: Delivery, address: str) -> tuple[Receipt, str | None]:
    """Return the receipt of a post, and why it could not be checked."""
    if not address.isprintable() or not 0 < len(address) <= LONGEST or " " in address:
        raise Invalid("--landed needs the address of the post, as the platform shows it.")
    sighting = visited(house, Doors(house), delivery, address)
    if sighting.sight not in {Sight.LIVE, Sight.UNCLEAR}:
        raise Refused(f"Nothing is changed: {sighting.why}")
    receipt = sighting.receipt or Receipt(address, address if "://" in address else None)
    other = house.store.proved_by(delivery.account, receipt.remote_id, address)
    if other is not None and other.id != delivery.id:
        message = f"Nothing is changed: that post is {other.ref}, and proves that one only."
        raise Refused(message)
    return receipt, None if sighting.receipt else sighting.why


def resend(house: House, id: str, *, confirmed: str | None, actor: str) -> Resolved:
    """Queue once more what a person declares not to be live; `confirmed` is its id, typed again.

    Raises `Refused` while postcron looks itself, or while the first sender may be alive.
    """
    ref = _one(house, id).ref
    if confirmed != ref:
        message = (
            f"If {ref} is live after all, this makes a second post. Look at the account; if it is "
            f"not there, say so with --resend --confirm {ref}."
        )
        raise Refused(message, code="not_confirmed")

    def move_of(delivery: Delivery, run: Run) -> Move | None:
        attempts = house.store.attempts(delivery.id)
        resent = any(attempt.outcome is Outcome.DECLARED_ABSENT for attempt in attempts)
        if resent and delivery.state not in UNCERTAIN | {State.CANCELLED}:
            return None
        _require_uncertain(house, delivery)
        require_place(house, delivery)
        _require_quiet(house, delivery, attempts[-1], run)
        _require_gone(house, delivery, attempts[-1])
        return _sent_anew(house, delivery, actor)

    return Resolved(_decided(house, id, actor, move_of))


def _sent_anew(house: House, delivery: Delivery, actor: str) -> Move:
    now = house.store.now()
    # Phase 2 from the beginning: what the first call left there may be used up, or what it made.
    anew = {"ticket": Ticket(), "ready_at": None, "tries": 0, "grace_from": now}
    unsaid = ("error_code", "error", "remote_id", "url", "published_at", "seen_at")
    return Move(
        delivery,
        Step.RESENT,
        wake_at=now,
        set=anew | dict.fromkeys(unsaid),
        close=Outcome.DECLARED_ABSENT,
        detail={"why": f"{actor} says that it is not live"},
    )


def drop(house: House, id: str, *, actor: str) -> Resolved:
    """Leave a delivery as it is, live or not: nothing is sent or looked for any more."""

    def move_of(delivery: Delivery, run: Run) -> Move | None:
        if delivery.state is State.CANCELLED:
            return None
        _require_uncertain(house, delivery)
        why = f"{actor} dropped it; nobody knows whether it is live."
        said = {"error_code": "dropped", "error": why}
        return Move(delivery, Step.CANCELLED, wake_at=None, set=said, detail={"why": why})

    return Resolved(_decided(house, id, actor, move_of))


def _one(house: House, id: str) -> Delivery:
    chosen = select(house, id)
    if len(chosen) != 1:
        refs = ", ".join(delivery.ref for delivery in chosen)
        raise Invalid(f"Post {id} goes to several accounts: name one of {refs}.")
    return chosen[0]


def _decided(
    house: House, id: str, actor: str, move_of: Callable[[Delivery, Run], Move | None]
) -> Delivery:
    """Record the step for a delivery as it stands; None stands for: it has been taken already.

    Who is overtaken by another process decides anew by what that one did. The emergency journal of
    this host comes first: it may know what this person cannot.
    """
    run = house.run("resolve", actor=actor)
    import_journal(house, run)
    for _ in range(3):
        delivery = _one(house, id)
        move = move_of(delivery, run)
        if move is None:
            return delivery
        recorded = house.record([move], run=run)[0]
        if recorded is not None:
            return recorded
    raise Refused(f"{delivery.ref} is being changed by somebody else: look at it again.")


def _require_uncertain(house: House, delivery: Delivery) -> None:
    if delivery.state not in UNCERTAIN:
        told = advice(delivery, house.clock.now())
        raise Refused(f"{delivery.ref} is {delivery.state}: there is nothing to resolve. {told}")


def _require_quiet(house: House, delivery: Delivery, sender: Attempt, run: Run) -> None:
    """Refuse while anything but this person could still decide, or the first call could arrive."""
    if delivery.wake_at is not None:
        when = until(delivery.wake_at, house.clock.now())
        message = f"postcron is still finding out about {delivery.ref}: it looks again {when}."
        raise Refused(message)
    if sender.code == SENDER_UNPROVEN and host.sender_is_dead(sender, run) is not True:
        message = (
            f"Who sent {delivery.ref} may still be alive on another host: say this there. If that "
            f"host is gone for good, `--drop` {delivery.ref} and schedule it again."
        )
        raise Refused(message)


def _require_gone(house: House, delivery: Delivery, sender: Attempt) -> None:
    """Refuse what its platform keeps, at another moment than its own: that one would go out, too."""
    seen = looks(house, delivery, sender.intended_at)
    if is_kept(house, delivery) and seen and seen[-1][1] == Sight.WORKING:
        message = (
            f"{delivery.platform} has {delivery.ref} still, and would publish it: `postcron cancel {delivery.ref}` "
            f"or `postcron edit {delivery.ref} --at …` has it back first."
        )
        raise Refused(message)

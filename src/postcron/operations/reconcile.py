"""Reconcile: a person says what a store is that was put back, copied or moved; then it may send again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postcron.errors import CannotWork
from postcron.model import RESTORED, Delivery, Move, Outcome, Run
from postcron.operations import wallclock
from postcron.operations.ahead import longest
from postcron.operations.house import House
from postcron.operations.preflight import place, require_room, witness
from postcron.states import UNCERTAIN, State, Step

if TYPE_CHECKING:
    from postcron.store import Store

#: deliveries per commit
BATCH = 500


@dataclass(frozen=True)
class Reconciled:
    """What the store had that may be out already, and how much is left as it was."""

    #: may be out: looked for at the platforms from now on, but for the `unaskable`
    doubted: tuple[Delivery, ...]
    #: their moment is still to come, and nobody can have them yet: they keep it
    ahead: int
    dry_run: bool = False

    @property
    def unaskable(self) -> tuple[Delivery, ...]:
        """Those whose phase 2 the backup does not know: only a person can look for them."""
        return tuple(one for one in self.doubted if not one.ticket.ready)


def after_restore(house: House, *, actor: str, dry_run: bool = False) -> Reconciled:
    """Doubt everything whose moment has passed, or that was given ahead, then believe in this store again.

    Of all workspaces, because all of them went back. Safe to repeat: the store is believed in last.
    """
    run, ahead = house.run("reconcile", actor=actor), longest(house)
    with closing(house.whole_store()) as store:
        if dry_run:
            found = store.doubtful(limit=None, ahead=ahead)
            return Reconciled(tuple(found), _left(store, found), dry_run=True)
        require_room(house)
        doubted: dict[int, Delivery] = {}
        while found := store.doubtful(BATCH, ahead=ahead):
            doubted |= _doubt(store, found, run)
        _believe(house, store, run)
        return Reconciled(tuple(doubted.values()), _left(store, doubted.values()))


def _left(store: Store, doubted: Iterable[Delivery]) -> int:
    now = store.now()
    return store.ahead() - sum(one.due_at is not None and one.due_at > now for one in doubted)


def adopt(house: House, *, actor: str) -> None:
    """Let this store belong here; raises `CannotWork` if it has forgotten what was sent from it."""
    run = house.run("reconcile", actor=actor)
    require_room(house)
    papers = house.store.papers()
    witness(house, papers).move_on(house.store)
    house.store.settle(place(papers, run.host), restored=papers.restored)


def believe_the_clock(house: House, *, actor: str) -> None:
    """Take what this machine's clock says now as right."""
    wallclock.note(house, house.run("reconcile", actor=actor))


def _doubt(store: Store, found: list[Delivery], run: Run) -> dict[int, Delivery]:
    made = store.record([_move(store, delivery) for delivery in found], run=run)
    if not any(made):
        message = (
            "Something else is changing the store just now, so nothing is believed yet: end every "
            "other postcron that uses it, then say this again."
        )
        raise CannotWork(message)
    return {delivery.id: delivery for delivery in made if delivery is not None}


def _move(store: Store, delivery: Delivery) -> Move:
    """Return the step that makes a delivery doubtful: its leases are of a time that is gone."""
    now = store.now()
    why = {"why": "The store was put back from a backup: it may be out already."}
    if not delivery.ticket.ready:
        why["why"] += " What was left at the platform is not in the backup: nobody can ask for it."
    if delivery.state is State.UPLOADING:  # doubted in the next round
        return Move(delivery, Step.UPLOAD_POSTPONED, wake_at=now, detail=why)
    said = {"error_code": RESTORED, "error": why["why"]}
    if delivery.state is State.PUBLISHING:
        return Move(
            delivery,
            Step.LOST,
            now,
            said,
            close=Outcome.UNKNOWN,
            attempt={"code": RESTORED},
            detail=why,
        )
    if delivery.state in UNCERTAIN:
        return Move(delivery, Step.LOOKED, now, said, attempt={"code": RESTORED}, detail=why)
    intended_at = min(delivery.due_at or now, now)
    return Move(
        delivery,
        Step.DOUBTED,
        now if delivery.ticket.ready else None,
        said,
        attempt={"code": RESTORED, "intended_at": intended_at},
        detail=why,
    )


def _believe(house: House, store: Store, run: Run) -> None:
    """Begin a new count of restorations, which no machine has seen a higher one of."""
    papers = store.papers()
    restored = max(papers.restored + 1, int(store.now().timestamp()))
    store.settle(place(papers, run.host), restored=restored)
    witness(house, papers).renew(store.mark())

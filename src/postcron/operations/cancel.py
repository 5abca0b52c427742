"""Cancel and delete: withdraw what is not out. The ledger forgets nothing."""

from __future__ import annotations

from collections.abc import Sequence

from postcron.errors import Invalid, Refused
from postcron.model import Delivery, Move
from postcron.operations.ahead import is_changeable, take_back
from postcron.operations.editable import why_not
from postcron.operations.house import House
from postcron.operations.selecting import select_all
from postcron.states import State, Step


def cancel(house: House, ids: Sequence[str], *, actor: str) -> list[Delivery]:
    """Withdraw what is not out; nothing is withdrawn if one of them is out or on its way.

    What is cancelled already stays so.
    """
    return _withdraw(house, select_all(house, ids), actor=actor, deleted=False)


def delete(house: House, ids: Sequence[str], *, actor: str) -> list[Delivery]:
    """Take whole posts that are not out from the lists; the ledger keeps them."""
    if any("." in id for id in ids):
        raise Invalid("Only whole posts can be deleted; `cancel` withdraws one delivery.")
    return _withdraw(house, select_all(house, ids), actor=actor, deleted=True)


def _withdraw(
    house: House, chosen: Sequence[Delivery], *, actor: str, deleted: bool
) -> list[Delivery]:
    open_ones = [one for one in chosen if one.state is not State.CANCELLED]
    busy = [one for one in open_ones if not is_changeable(house, one)]
    if busy:
        raise Refused(" ".join(why_not(delivery) for delivery in busy))
    open_ones = take_back(house, open_ones, actor=actor)
    withdraw(house, open_ones, chosen if deleted else (), actor=actor)
    return house.store.reload([delivery.id for delivery in chosen])


def withdraw(
    house: House, open_ones: Sequence[Delivery], deleted: Sequence[Delivery], *, actor: str
) -> None:
    """Cancel deliveries and take the posts of those `deleted` from the lists; all of it or nothing."""
    moves = [Move(one, Step.CANCELLED, wake_at=None) for one in open_ones]
    posts = {one.post_id for one in deleted}
    house.store.change(moves, run=house.run("cancel", actor=actor), deleted=posts)

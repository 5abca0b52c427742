"""The ledger: one row for every step, written in the step's own transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from postcron.model import Delivery, Json, Run
from postcron.states import State
from postcron.store.tables import event

_ADD = insert(event)


def entry(
    delivery: Delivery,
    kind: str,
    before: State | None,
    detail: Mapping[str, Any],
    *,
    run: Run,
    at: datetime,
) -> dict[str, Any]:
    """Return the row that tells what happened to a delivery, which stands where it stands now."""
    return {
        "at": at,
        "kind": str(kind),
        "post_id": delivery.post_id,
        "delivery_id": delivery.id,
        "before": before,
        "after": delivery.state,
        "run": run.id,
        "actor": run.actor,
        "detail": dict(detail),
    }


def write(transaction: Connection, entries: Sequence[Mapping[str, Any]]) -> None:
    if entries:
        transaction.execute(_ADD, entries)


def of_posts(
    transaction: Connection,
    ids: Collection[int],
    kind: str,
    detail: Json,
    *,
    run: Run,
    at: datetime,
) -> None:
    """Write what happened to some posts, whatever their deliveries do."""
    told = {"at": at, "kind": kind, "run": run.id, "actor": run.actor, "detail": detail}
    write(transaction, [told | {"post_id": id} for id in sorted(ids)])

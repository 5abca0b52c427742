"""Drafting: what is to be saved of a wish, and when a run wakes for it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from postcron.model import Account, Approval, Attachment, NewDelivery, NewPost
from postcron.operations.house import House
from postcron.operations.wishes import Planned, Wish, is_pending, options_of
from postcron.rules import lateness
from postcron.states import State


def posts_of(
    house: House,
    parts: Sequence[Wish],
    planned: Sequence[Planned],
    attachments: Sequence[Sequence[Attachment]],
    *,
    actor: str,
    window_end: datetime | None = None,
) -> list[NewPost]:
    """Return what is to be saved of a wish: a post for each part."""
    return [
        replace(
            _new_post(house, part, actor, files, [_new(house, part, one) for one in planned]),
            window_end=window_end,
        )
        for part, files in zip(parts, attachments, strict=True)
    ]


def _new(house: House, wish: Wish, planned: Planned) -> NewDelivery:
    account = house.account(planned.account)
    return NewDelivery(
        account=planned.account,
        platform=planned.platform,
        state=planned.state,
        text=wish.texts.get(planned.account),
        options=options_of(house, account, wish),
        wanted_at=planned.wanted_at,
        due_at=planned.due_at,
        reason=planned.reason,
        # What follows another is let go by that one.
        wake_at=_wake(house, wish, account, planned) if wish.number == 1 else None,
        key=str(uuid.uuid4()),
        priority=wish.priority,
    )


def _new_post(
    house: House,
    wish: Wish,
    actor: str,
    attachments: Sequence[Attachment],
    deliveries: Sequence[NewDelivery],
) -> NewPost:
    return NewPost(
        workspace=house.config.workspace,
        key=wish.key,
        text=wish.text or "",
        type=wish.type,
        attachments=tuple(attachments),
        deliveries=tuple(deliveries),
        created_by=actor,
        scheduled_by=wish.scheduled_by,
        campaign=wish.campaign,
        notes=wish.notes,
        labels=tuple(wish.labels),
        approval=Approval.PENDING if is_pending(house, wish) else None,
        source=wish.source,
        applied=wish.applied,
    )


def first_wake(
    house: House, account: Account, state: State, due_at: datetime | None
) -> datetime | None:
    """Return when phase 2 of a delivery begins: its lead before it is due."""
    if state is not State.SCHEDULED or due_at is None:
        return None
    longest = house.platform_class(account).max_lead
    lead = account.policy.lead if longest is None else min(account.policy.lead, longest)
    return due_at - lead


def _wake(house: House, wish: Wish, account: Account, planned: Planned) -> datetime | None:
    if is_pending(house, wish):
        return unapproved_until(account, planned.due_at)
    return first_wake(house, account, planned.state, planned.due_at)


def unapproved_until(account: Account, due_at: datetime | None) -> datetime | None:
    """Return when a delivery that nobody has approved is late."""
    return None if due_at is None else lateness.begins(due_at, account.policy.grace)

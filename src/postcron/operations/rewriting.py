"""From what stands in the store back to the wish that would make it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from postcron.model import UNAPPROVED, Delivery, MediaFile, Post, Saved
from postcron.operations.house import House
from postcron.operations.wishes import Wish, options_of, part_of
from postcron.rules.numbered_keys import by_number
from postcron.states import State


@dataclass(frozen=True)
class Rewriting:
    """How posts of one store are written down again: moments as clocks in one zone show them."""

    house: House
    store: str
    zone: ZoneInfo

    def wish(self, thread: Sequence[Saved]) -> Wish | None:
        """Return the wish for a post and the further parts of its thread; None if no wish can say it."""
        first, *further = thread
        post, deliveries = first.post, first.deliveries
        if not _alike(thread):
            return None
        ats = {one.account: self._moment(one.due_at) for one in deliveries if one.due_at}
        unapproved = post.approval in UNAPPROVED
        same = len(set(ats.values())) == 1 and len(ats) == len(deliveries)
        return Wish(
            text=post.text or None,
            accounts=tuple(one.account for one in deliveries),
            at=next(iter(ats.values())) if same else None,
            ats={} if same else ats,
            # What waits to be approved is a draft too, and has the time it was given.
            draft=deliveries[0].state is State.DRAFT and not (unapproved and ats),
            approval=unapproved,
            window_end=self._moment(post.window_end) if post.window_end else None,
            media=tuple(_place(each.file) for each in post.attachments),
            alts=tuple(each.alt for each in post.attachments),
            names=tuple(each.name for each in post.attachments),
            type=post.type,
            key=post.key or by_number(self.store, post.id),
            campaign=post.campaign,
            labels=post.labels,
            notes=post.notes,
            scheduled_by=post.scheduled_by,
            priority=deliveries[0].priority,
            texts={one.account: one.text for one in deliveries if one.text is not None},
            options={one.account: some for one in deliveries if (some := self._options(one))},
            then=tuple(each.post.text for each in further),
        )

    def _moment(self, at: datetime) -> str:
        return at.astimezone(self.zone).isoformat()

    def _options(self, delivery: Delivery) -> Mapping[str, str]:
        """Return the options that are not what they would be anyway."""
        account = self.house.config.accounts.get(delivery.account)
        usual = {} if account is None else options_of(self.house, account, Wish(None, ()))
        return {name: value for name, value in delivery.options.items() if usual.get(name) != value}


def _place(file: MediaFile) -> str:
    return file.location if "://" in file.location else str(Path(file.location).absolute())


def _alike(thread: Sequence[Saved]) -> bool:
    """Say whether one row can speak for all of these deliveries."""
    first, *further = thread
    every = [one for each in thread for one in each.deliveries]
    if len({(one.state is State.DRAFT, one.priority) for one in every}) > 1:
        return False
    keys = [part_of(first.post.key, number) for number in range(2, len(thread) + 1)]
    return [each.post.key for each in further] == keys and all(
        _continues(first, each) for each in further
    )


def _continues(first: Saved, part: Saved) -> bool:
    options = {one.account: one.options for one in first.deliveries}
    return (
        not part.post.attachments
        and _shared(part.post) == _shared(first.post)
        and {one.account: one.options for one in part.deliveries} == options
        and all(one.text is None for one in part.deliveries)
    )


def _shared(post: Post) -> tuple[object, ...]:
    unapproved = post.approval in UNAPPROVED
    return (
        unapproved,
        post.type,
        post.campaign,
        post.notes,
        post.labels,
        post.scheduled_by,
        post.window_end,
    )

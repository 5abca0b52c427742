"""Schedule: check everything first, then keep media and post, so that nothing is half-saved."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from postcron.errors import DoesNotFit, Invalid, Refused
from postcron.model import (
    Account,
    Approval,
    Delivery,
    Post,
    Saved,
)
from postcron.operations import pauses
from postcron.operations.choosing import chosen
from postcron.operations.drafting import posts_of
from postcron.operations.house import House
from postcron.operations.intake import Intake
from postcron.operations.outlook import login_ends
from postcron.operations.placing import Diaries, placing, window_end_of
from postcron.operations.quotas import overfull
from postcron.operations.wishes import Planned, Wish, accounts_of, is_pending, parts_of, unfit
from postcron.rules import moments
from postcron.rules.spans import until
from postcron.states import State


@dataclass(frozen=True)
class Scheduled:
    """The answer: what is saved now, or with a rehearsal what would be."""

    post: Post | None
    deliveries: tuple[Delivery | Planned, ...]
    #: ids of what this call added; the rest was there before (the same key again)
    created: frozenset[int] = frozenset()
    #: said beside the answer, for a person
    notes: tuple[str, ...] = ()


def schedule(
    house: House,
    wish: Wish,
    *,
    actor: str,
    dry_run: bool = False,
    diaries: Diaries | None = None,
) -> Scheduled:
    """Save a post for its accounts; raises `DoesNotFit` or `Invalid` before anything is kept.

    A key that is known answers with what it stands for, and adds only the accounts it lacks. Several
    that are rehearsed together share their diaries.
    """
    accounts, parts = accounts_of(house, wish), parts_of(wish)
    known = _known(house, parts)
    missing = [a for a in accounts if known is None or a.name not in known.accounts]
    if known is not None and known.parts != len(parts):
        raise of_other_length(wish.key, known.parts, len(parts))
    if known is not None and not missing:
        return Scheduled(
            known.post, known.deliveries, notes=differs(wish, known.post.id, known.post.text)
        )
    if known is not None and len(parts) > 1:
        raise incomplete(wish, missing)
    if known is not None:
        wish = joining(house, wish, known.post.id, known.post.approval)
        parts = parts_of(wish)
    now = house.clock.now()
    window_end = window_end_of(wish.window_end, wish.zone, missing, now)
    if known is not None:
        window_end = known.post.window_end

    def planned(diaries: Diaries) -> list[Planned]:
        return [plan(diaries, account, wish, now, window_end) for account in missing]

    diaries = diaries or Diaries(house)
    first = planned(diaries)
    with tempfile.TemporaryDirectory(prefix="postcron-") as folder:
        intake = Intake(house, Path(folder))
        attachments = [intake.fetch(part.media, part.alts, part.names) for part in parts]
        if found := unfit(house, parts, missing, attachments):
            raise DoesNotFit(found)
        due = {one.account: [one.due_at] * len(parts) for one in first if one.due_at}
        notes = (
            *(one.note for one in first if one.note),
            *notes_on(house, missing, due, [wish.campaign]),
        )
        if dry_run:
            return Scheduled(None, tuple(first), notes=notes)
        kept = [intake.keep(some) for some in attachments]
    run = house.run("schedule", actor=actor)

    def save(by: Diaries) -> list[Saved]:
        given = first if by is diaries else planned(by)
        news = posts_of(house, parts, given, kept, actor=actor, window_end=window_end)
        return house.store.add_posts(news, run=run, seen=by.seen)

    saved = placing(diaries, save)
    return Scheduled(
        saved[0].post,
        tuple(delivery for each in saved for delivery in each.deliveries),
        frozenset(id for each in saved for id in each.created),
        notes,
    )


def of_other_length(key: str | None, known: int, asked: int) -> Invalid:
    """Return the error for a key that stands for a thread of another length."""
    message = (
        f"Key {key} already stands for {known} part{'' if known == 1 else 's'}, and you "
        f"gave {asked}: take another key."
    )
    return Invalid(message, code="key_taken")


def incomplete(wish: Wish, missing: Sequence[Account]) -> Invalid:
    """Return the error for a key whose thread does not go to all of these accounts."""
    names = ", ".join(account.name for account in missing)
    message = f"Key {wish.key} already stands for a thread, which does not go to {names}: take another key."
    return Invalid(message, code="key_taken")


def notes_on(
    house: House,
    accounts: Sequence[Account],
    due: Mapping[str, Sequence[datetime]],
    campaigns: Collection[str | None] = (),
) -> tuple[str, ...]:
    """Return what a person should know who gives accounts these moments."""
    return (
        *pauses.notes(house, {account.name for account in accounts}, campaigns),
        *_too_late_to_log_in(house, accounts, due),
        *overfull(house, due),
    )


def _too_late_to_log_in(
    house: House, accounts: Sequence[Account], due: Mapping[str, Sequence[datetime]]
) -> Iterator[str]:
    """Say which posts will meet a login that has ended, as far as that is known today."""
    states, now = house.store.accounts.every(), house.clock.now()
    for account in accounts:
        ends = login_ends(house, account, states.get(account.name))
        moments = due.get(account.name)
        if ends is not None and moments and ends <= max(moments):
            yield f"The login of {account.name} ends {until(ends, now)}, before this post: log in again."


@dataclass(frozen=True)
class _Known:
    post: Post
    deliveries: tuple[Delivery, ...]
    #: how long its thread is
    parts: int = 1

    @property
    def accounts(self) -> set[str]:
        return {delivery.account for delivery in self.deliveries}


def _known(house: House, parts: Sequence[Wish]) -> _Known | None:
    keys = [part.key for part in parts if part.key is not None]
    posts = [house.store.post_by_key(house.config.workspace, key) for key in keys]
    there = [post for post in posts if post is not None]
    if not there:
        return None
    found = tuple(d for post in there for d in house.store.deliveries(post.id))
    return _Known(there[0], found, len(there))


def differs(wish: Wish, post_id: int, text: str) -> tuple[str, ...]:
    """Say it if a key stands for another text than this wish's."""
    if wish.text is None or wish.text == text:
        return ()
    return (
        f"Key {wish.key} already stands for post {post_id} with another text; nothing changed.",
    )


def plan(
    diaries: Diaries,
    account: Account,
    wish: Wish,
    now: datetime,
    window_end: datetime | None = None,
) -> Planned:
    """Return when a wish goes out on an account, and count it there.

    Raises `Invalid` for a time that is none, or at which the rules of the account do not let it go.
    """
    at = wish.ats.get(account.name, wish.at)
    if at is None:
        if not wish.draft:
            message = "No time: say when with --at (or --now), or keep it with --draft."
            raise Invalid(message, code="no_time")
        return Planned(account.name, account.platform, State.DRAFT, None, None, "a draft")
    before, every = diaries.of(account).placed, wish.every
    since = now if every is None or not before else before[-1] + every
    wanted = chosen(diaries, account, at, zone=wish.zone, now=now, since=since)
    if every is not None and before:
        wanted = wanted.spaced(before[-1], every)
    return plan_at(diaries, account, wish, wanted, window_end)


def plan_at(
    diaries: Diaries,
    account: Account,
    wish: Wish,
    wanted: moments.Moment,
    window_end: datetime | None = None,
) -> Planned:
    """Return when a wish for a moment goes out on an account, and count it there."""
    given = diaries.of(account).place(wanted, window_end=window_end, exact=wish.exact)
    waits = wish.draft or is_pending(diaries.house, wish)
    head = account.name, account.platform, State.DRAFT if waits else State.SCHEDULED
    return Planned(*head, given.wanted_at, given.at, given.reason, given.note)


def joining(house: House, wish: Wish, post_id: int, approval: Approval | None) -> Wish:
    """Return a wish for more accounts of a post; raises `Refused` once that has been decided on."""
    if approval is Approval.PENDING:
        return replace(wish, approval=True)
    if approval is not Approval.REJECTED and not is_pending(house, wish):
        return wish
    stands = approval or "on its way without approval"
    message = f"Post {post_id} is {stands}: schedule it for its other accounts under another key."
    raise Refused(message)

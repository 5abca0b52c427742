"""Schedule: check everything first, then keep media and post, so that nothing is half-saved."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from postcron.errors import DoesNotFit, Invalid
from postcron.model import Account, Attachment, Delivery, Outing, Post, Saved
from postcron.operations import under_pause
from postcron.operations.choosing import chosen
from postcron.operations.drafting import posts_of
from postcron.operations.house import House
from postcron.operations.idempotency import Keyed, keyed, require_same
from postcron.operations.intake import Intake, taking_in
from postcron.operations.outlook import login_ends
from postcron.operations.placing import Diaries, placing
from postcron.operations.quotas import overfull
from postcron.operations.selecting import found_post
from postcron.operations.wishes import Planned, Wish, is_pending, outings, parts_of, unfit
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
    asked = _asked(house, wish)
    if not asked.missing:
        return _known(house, asked)
    now = house.clock.now()
    window_end = asked.window_end(now)

    def planned(by: Diaries) -> list[Planned]:
        return [plan(by, each, asked.wish, now, window_end) for each in asked.missing]

    diaries = diaries or Diaries(house)
    first = planned(diaries)
    with taking_in(house) as intake:
        attachments = fetched(house, intake, asked)
        notes = _notes(house, asked, first)
        if dry_run:
            return Scheduled(None, tuple(first), notes=notes)
        kept = [intake.keep(some) for some in attachments]
    run = house.run("schedule", actor=actor)

    def save(by: Diaries) -> list[Saved]:
        given = first if by is diaries else planned(by)
        news = posts_of(house, asked.parts, given, kept, actor=actor, window_end=window_end)
        return house.store.add_posts(news, run=run, seen=by.seen)

    return _answer(placing(diaries, save), notes)


def _answer(saved: Sequence[Saved], notes: tuple[str, ...]) -> Scheduled:
    return Scheduled(
        saved[0].post,
        tuple(delivery for each in saved for delivery in each.deliveries),
        frozenset(id for each in saved for id in each.created),
        notes,
    )


def _asked(house: House, wish: Wish) -> Keyed:
    parts = parts_of(wish)
    keys = {part.key for part in parts if part.key is not None}
    return keyed(house, wish, parts, house.store.taken(keys))


def _known(house: House, asked: Keyed) -> Scheduled:
    post = found_post(house, asked.known[0].post_id)
    found = [one for each in asked.known for one in house.store.deliveries(each.post_id)]
    return Scheduled(post, tuple(found), notes=asked.notes)


def fetched(house: House, intake: Intake, asked: Keyed) -> list[tuple[Attachment, ...]]:
    """Return the media of each part.

    Raises `DoesNotFit` for what an account could not publish, `Invalid` for media that a known post
    does not have.
    """
    found = [intake.fetch(part.media, part.alts, part.names) for part in asked.parts]
    if asked.known:
        require_same(house, asked, found[0])
    if problems := unfit(house, asked.parts, asked.missing, found):
        raise DoesNotFit(problems)
    return found


def _notes(house: House, asked: Keyed, planned: Sequence[Planned]) -> tuple[str, ...]:
    due = [
        each
        for one in planned
        if one.due_at
        for each in outings(asked.parts, one.account, one.due_at)
    ]
    of_rules = (one.note for one in planned if one.note)
    return (*of_rules, *notes_on(house, asked.missing, due, [asked.wish.campaign]))


def notes_on(
    house: House,
    accounts: Sequence[Account],
    due: Sequence[Outing],
    campaigns: Collection[str | None] = (),
) -> tuple[str, ...]:
    """Return what a person should know who gives accounts these to publish."""
    return (
        *under_pause.notes(house, {account.name for account in accounts}, campaigns),
        *_too_late_to_log_in(house, accounts, due),
        *overfull(house, due),
    )


def _too_late_to_log_in(
    house: House, accounts: Sequence[Account], due: Sequence[Outing]
) -> Iterator[str]:
    """Say which posts will meet a login that has ended, as far as that is known today."""
    states, now = house.store.accounts.every(), house.clock.now()
    last = {one.account: one.at for one in sorted(due, key=lambda one: one.at)}
    for account in accounts:
        ends = login_ends(house, account, states.get(account.name))
        if ends is not None and account.name in last and ends <= last[account.name]:
            yield f"The login of {account.name} ends {until(ends, now)}, before this post: log in again."


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
    note = None if wish.draft else given.note  # it is not sent now, whatever rules that breaks
    return Planned(*head, given.wanted_at, given.at, given.reason, note)

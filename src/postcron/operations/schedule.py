"""Schedule: check everything first, then keep media and post, so that nothing is half-saved."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from postcron.errors import DoesNotFit, Invalid, Refused
from postcron.model import (
    Account,
    Approval,
    Attachment,
    Delivery,
    NewDelivery,
    NewPost,
    Post,
    PostType,
    Problem,
    Saved,
)
from postcron.operations import pauses
from postcron.operations.choosing import chosen
from postcron.operations.fitting import too_many_parts, unfitting
from postcron.operations.house import House
from postcron.operations.intake import Intake
from postcron.operations.outlook import login_ends
from postcron.operations.placing import Diaries, placing, window_end_of
from postcron.operations.quotas import overfull
from postcron.rules import lateness, moments
from postcron.rules.spans import until
from postcron.states import State


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person or a CI job asked for, as it was typed."""

    text: str | None
    accounts: Sequence[str]
    at: str | None = None
    #: overrides the zone of the accounts for a local `at`
    zone: str | None = None
    media: Sequence[str] = ()
    alts: Sequence[str] = ()
    #: what the files are called, where that is not how their sources end
    names: Sequence[str] = ()
    #: a draft has no moment at which it goes out
    draft: bool = False
    type: PostType = PostType.POST
    key: str | None = None
    campaign: str | None = None
    notes: str | None = None
    scheduled_by: str = "manual"
    #: by account: its own text, its own `at`, and its own options
    texts: Mapping[str, str] = field(default_factory=dict)
    ats: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    #: the texts of further parts: each answers the one before, once that is live
    then: Sequence[str] = ()
    #: somebody has to approve it before it goes out, whatever its accounts say
    approval: bool = False
    #: which part of a thread this is
    number: int = 1
    labels: Sequence[str] = ()
    #: so long at least after what was placed before it in the same call
    every: timedelta | None = None
    #: of what is due at once, the highest goes first
    priority: int = 0
    #: the plan and file it is applied from, and what that file says
    source: str | None = None
    applied: str | None = None
    #: refuse rather than move; and never move beyond this
    exact: bool = False
    window_end: str | None = None


@dataclass(frozen=True)
class Planned:
    """One delivery as it would be saved."""

    account: str
    platform: str
    state: State
    wanted_at: datetime | None
    due_at: datetime | None
    reason: str
    #: a rule that a post which goes out at once does not heed
    note: str | None = None


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


def parts_of(wish: Wish) -> list[Wish]:
    """Return what was asked for as the posts it is made of: media go with the first."""
    rest = [
        replace(
            wish,
            text=text,
            media=(),
            alts=(),
            names=(),
            texts={},
            then=(),
            number=number,
            key=part_of(wish.key, number),
            source=part_of(wish.source, number),
        )
        for number, text in enumerate(wish.then, 2)
    ]
    return [wish, *rest]


def part_of(name: str | None, number: int) -> str | None:
    """Return the name of a thread's further part, by that of the whole."""
    return None if name is None else f"{name}/{number}"


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
    states, now = house.store.account_states(), house.clock.now()
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


def accounts_of(house: House, wish: Wish) -> list[Account]:
    """Return where a wish goes; raises `Invalid` for what is not there or switched off."""
    if not wish.accounts:
        known = ", ".join(sorted(house.config.accounts)) or "none yet"
        raise Invalid(
            f"No account: say where with --to ACCOUNT (known: {known}).", code="no_account"
        )
    accounts = [house.account(name) for name in dict.fromkeys(wish.accounts)]
    for name in [*wish.texts, *wish.options, *wish.ats]:
        if name not in {account.name for account in accounts}:
            message = f"{name} has its own text, time or options, but the post does not go there: add --to {name}."
            raise Invalid(message, code="no_account")
    disabled = [account.name for account in accounts if not account.enabled]
    if disabled:
        raise Invalid(
            f"Account {disabled[0]} is switched off in the configuration (enabled = false)."
        )
    return accounts


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


def is_pending(house: House, wish: Wish) -> bool:
    """Say whether somebody has to approve what is asked for: one account of it is enough."""
    return wish.approval or any(house.account(name).policy.approval for name in wish.accounts)


def joining(house: House, wish: Wish, post_id: int, approval: Approval | None) -> Wish:
    """Return a wish for more accounts of a post; raises `Refused` once that has been decided on."""
    if approval is Approval.PENDING:
        return replace(wish, approval=True)
    if approval is not Approval.REJECTED and not is_pending(house, wish):
        return wish
    stands = approval or "on its way without approval"
    message = f"Post {post_id} is {stands}: schedule it for its other accounts under another key."
    raise Refused(message)


def unfit(
    house: House,
    parts: Sequence[Wish],
    accounts: Sequence[Account],
    attachments: Sequence[Sequence[Attachment]],
) -> list[Problem]:
    """Return every reason why these accounts could not publish the parts of a wish."""
    found = [
        problem
        for account in accounts
        for part, files in zip(parts, attachments, strict=True)
        for problem in _problems(house, part, account, files)
    ]
    for account in accounts:
        found += too_many_parts(house, account, len(parts))
    return found


def _problems(
    house: House, wish: Wish, account: Account, attachments: Sequence[Attachment]
) -> list[Problem]:
    text = wish.texts.get(account.name, wish.text or "")
    options = options_of(house, account, wish)
    where = account.name if wish.number == 1 else f"{account.name}, part {wish.number}"
    return unfitting(house, account, text, wish.type, attachments, options, where=where)


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


def options_of(house: House, account: Account, wish: Wish) -> dict[str, str]:
    """Return the options a wish means for an account, with its platform's defaults."""
    options = house.platform_class(account).options
    defaults = {option.name: option.default for option in options if option.default is not None}
    return defaults | dict(wish.options.get(account.name, {}))


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

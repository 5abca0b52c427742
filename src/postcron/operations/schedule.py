"""Schedule: check everything first, then keep media and post, so that nothing is half-saved."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from postcron.errors import DoesNotFit, Invalid
from postcron.model import (
    Account,
    Attachment,
    Delivery,
    NewDelivery,
    NewPost,
    Post,
    PostType,
    Problem,
)
from postcron.operations.fitting import unfitting
from postcron.operations.house import House
from postcron.operations.intake import Intake
from postcron.operations.outlook import login_ends
from postcron.rules import moments
from postcron.rules.spans import until
from postcron.states import State


@dataclass(frozen=True)
class Wish:
    """What a person or a CI job asked for, as it was typed."""

    text: str | None
    accounts: Sequence[str]
    at: str | None = None
    #: overrides the zone of the accounts for a local `at`
    zone: str | None = None
    media: Sequence[str] = ()
    alts: Sequence[str] = ()
    #: a draft has no moment at which it goes out
    draft: bool = False
    type: PostType = PostType.POST
    key: str | None = None
    campaign: str | None = None
    notes: str | None = None
    scheduled_by: str = "manual"
    #: by account: its own text, and its own options
    texts: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """One delivery as it would be saved."""

    account: str
    platform: str
    state: State
    wanted_at: datetime | None
    due_at: datetime | None
    reason: str


@dataclass(frozen=True)
class Scheduled:
    """The answer: what is saved now, or with a rehearsal what would be."""

    post: Post | None
    deliveries: tuple[Delivery | Planned, ...]
    #: ids of what this call added; the rest was there before (the same key again)
    created: frozenset[int] = frozenset()
    #: said beside the answer, for a person
    notes: tuple[str, ...] = ()


def schedule(house: House, wish: Wish, *, actor: str, dry_run: bool = False) -> Scheduled:
    """Save a post for its accounts; raises `DoesNotFit` or `Invalid` before anything is kept.

    A key that is known answers with what it stands for, and adds only the accounts it lacks.
    """
    accounts = _accounts(house, wish)
    known = _known(house, wish)
    missing = [a for a in accounts if known is None or a.name not in known.accounts]
    if known is not None and not missing:
        return Scheduled(known.post, known.deliveries, notes=_differs(known.post, wish))
    now = house.clock.now()
    planned = {a.name: _plan(house, a, wish, now) for a in missing}
    with tempfile.TemporaryDirectory(prefix="postcron-") as folder:
        intake = Intake(house, Path(folder))
        attachments = intake.fetch(wish.media, wish.alts)
        _check(house, wish, missing, attachments)
        if dry_run:
            return Scheduled(None, tuple(planned.values()), notes=_notes(house, missing, planned))
        kept = intake.keep(attachments)
    new = _new_post(house, wish, actor, kept, [_new(house, wish, p) for p in planned.values()])
    saved = house.store.add_post(new, run=house.run("schedule", actor=actor))
    return Scheduled(saved.post, saved.deliveries, saved.created, _notes(house, missing, planned))


def _notes(
    house: House, accounts: Sequence[Account], planned: Mapping[str, Planned]
) -> tuple[str, ...]:
    return (*_not_yet(house, accounts), *_too_late_to_log_in(house, accounts, planned))


def _too_late_to_log_in(
    house: House, accounts: Sequence[Account], planned: Mapping[str, Planned]
) -> Iterator[str]:
    """Say which posts will meet a login that has ended, as far as that is known today."""
    states, now = house.store.account_states(), house.clock.now()
    for account in accounts:
        ends = login_ends(house, account, states.get(account.name))
        due = planned[account.name].due_at
        if ends is not None and due is not None and ends <= due:
            yield f"The login of {account.name} ends {until(ends, now)}, before this post: log in again."


def _not_yet(house: House, accounts: Sequence[Account]) -> tuple[str, ...]:
    """Say which rules of the configuration nobody keeps yet: a silent one would be a false promise."""
    return tuple(
        f"{account.name} has {', '.join(sorted(rules))} in the configuration: not applied yet."
        for account in accounts
        if (rules := house.config.planning.get(account.name))
    )


@dataclass(frozen=True)
class _Known:
    post: Post
    deliveries: tuple[Delivery, ...]

    @property
    def accounts(self) -> set[str]:
        return {delivery.account for delivery in self.deliveries}


def _known(house: House, wish: Wish) -> _Known | None:
    if wish.key is None:
        return None
    post = house.store.post_by_key(house.config.workspace, wish.key)
    return None if post is None else _Known(post, tuple(house.store.deliveries(post.id)))


def _differs(post: Post, wish: Wish) -> tuple[str, ...]:
    if wish.text is None or wish.text == post.text:
        return ()
    return (
        f"Key {post.key} already stands for post {post.id} with another text; nothing changed.",
    )


def _accounts(house: House, wish: Wish) -> list[Account]:
    if not wish.accounts:
        known = ", ".join(sorted(house.config.accounts)) or "none yet"
        raise Invalid(
            f"No account: say where with --to ACCOUNT (known: {known}).", code="no_account"
        )
    accounts = [house.account(name) for name in dict.fromkeys(wish.accounts)]
    for name in [*wish.texts, *wish.options]:
        if name not in {account.name for account in accounts}:
            message = f"{name} has its own text or options, but the post does not go there: add --to {name}."
            raise Invalid(message, code="no_account")
    disabled = [account.name for account in accounts if not account.enabled]
    if disabled:
        raise Invalid(
            f"Account {disabled[0]} is switched off in the configuration (enabled = false)."
        )
    return accounts


def _plan(house: House, account: Account, wish: Wish, now: datetime) -> Planned:
    if wish.at is None:
        if not wish.draft:
            message = "No time: say when with --at (or --now), or keep it with --draft."
            raise Invalid(message, code="no_time")
        return Planned(account.name, account.platform, State.DRAFT, None, None, "a draft")
    moment = moments.parse(wish.at, now=now, zone=wish.zone or account.timezone)
    state = State.DRAFT if wish.draft else State.SCHEDULED
    return Planned(account.name, account.platform, state, moment.at, moment.at, moment.reason)


def _check(
    house: House, wish: Wish, accounts: Sequence[Account], attachments: Sequence[Attachment]
) -> None:
    found = [
        problem for account in accounts for problem in _problems(house, wish, account, attachments)
    ]
    if found:
        raise DoesNotFit(found)


def _problems(
    house: House, wish: Wish, account: Account, attachments: Sequence[Attachment]
) -> list[Problem]:
    text = wish.texts.get(account.name, wish.text or "")
    options = _options(house, account, wish)
    return unfitting(house, account, text, wish.type, attachments, options, where=account.name)


def _new(house: House, wish: Wish, planned: Planned) -> NewDelivery:
    account = house.account(planned.account)
    return NewDelivery(
        account=planned.account,
        platform=planned.platform,
        state=planned.state,
        text=wish.texts.get(planned.account),
        options=_options(house, account, wish),
        wanted_at=planned.wanted_at,
        due_at=planned.due_at,
        reason=planned.reason,
        wake_at=first_wake(house, account, planned.state, planned.due_at),
        key=str(uuid.uuid4()),
    )


def _options(house: House, account: Account, wish: Wish) -> dict[str, str]:
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
    )

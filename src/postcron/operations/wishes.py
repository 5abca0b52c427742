"""Wishes: what somebody asked for, where it goes, and whether platforms would take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from postcron.errors import Invalid
from postcron.model import Account, Attachment, Outing, PostType, Problem
from postcron.operations.fitting import too_many_parts, unfitting
from postcron.operations.house import House
from postcron.states import State


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person or a CI job asked for, as it was typed."""

    text: str | None
    #: each of them once, however often it was named
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

    def __post_init__(self) -> None:
        object.__setattr__(self, "accounts", list(dict.fromkeys(self.accounts)))


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


def outings(parts: Sequence[Wish], account: str, at: datetime) -> list[Outing]:
    """Return the parts of a wish as they count against the limits of an account."""
    return [
        Outing(account, State.SCHEDULED, at, part.type, answers=part.number > 1) for part in parts
    ]


def part_of(name: str | None, number: int) -> str | None:
    """Return the name of a thread's further part, by that of the whole."""
    return None if name is None else f"{name}/{number}"


def accounts_of(house: House, wish: Wish) -> list[Account]:
    """Return where a wish goes; raises `Invalid` for what is not there or switched off."""
    if not wish.accounts:
        known = ", ".join(sorted(house.config.accounts)) or "none yet"
        raise Invalid(
            f"No account: say where with --to ACCOUNT (known: {known}).", code="no_account"
        )
    accounts = [house.account(name) for name in wish.accounts]
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


def is_pending(house: House, wish: Wish) -> bool:
    """Say whether somebody has to approve what is asked for: one account of it is enough."""
    return wish.approval or any(house.account(name).policy.approval for name in wish.accounts)


def options_of(house: House, account: Account, wish: Wish) -> dict[str, str]:
    """Return the options a wish means for an account, with its platform's defaults."""
    options = house.platform_class(account).options
    defaults = {option.name: option.default for option in options if option.default is not None}
    return defaults | dict(wish.options.get(account.name, {}))


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

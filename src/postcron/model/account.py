"""Accounts: named logins, their rules, and what runs have learnt about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True)
class SecretRef:
    """Where a secret is to be had: never the secret itself."""

    #: env, file or command
    source: str
    value: str | tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """The rules of one account, its platform's defaults already merged in."""

    lead: timedelta = timedelta(hours=1)
    grace: timedelta = timedelta(minutes=15)
    #: what becomes of it once the grace is over: ask, publish or skip
    late: str = "ask"
    #: after proof that nothing was published: ask a person, or send once more (after_proof)
    resend: str = "ask"
    #: somebody has to approve a post before it goes out
    approval: bool = False


@dataclass(frozen=True)
class Account:
    """A named login of the configuration. `settings` holds the platform's own keys, unresolved."""

    name: str
    platform: str
    timezone: str
    settings: Mapping[str, Any] = field(repr=False)
    policy: Policy = field(default_factory=Policy)
    enabled: bool = True
    #: where the configuration says it: file and line, for messages
    where: str = ""


@dataclass(frozen=True)
class Identity:
    """Who a platform says we are."""

    remote_id: str
    name: str


@dataclass(frozen=True)
class Session:
    """A login the platform renews: kept sealed in the store."""

    data: Mapping[str, str] = field(repr=False)
    expires_at: datetime
    #: when to renew it, if that is long before its end (a token of 60 days that dies unrenewed)
    renew_at: datetime | None = None
    #: after this it cannot be renewed any more: a person has to log in again; None: not known
    dies_at: datetime | None = None


@dataclass(frozen=True)
class AccountState:
    """What runs have learnt about an account; kept in the store because each run is a new process."""

    account: str
    remote_id: str | None = None
    remote_name: str | None = None
    checked_at: datetime | None = None
    #: nothing is sent before this moment; once it is over, a read has to succeed before a post goes
    blocked_until: datetime | None = None
    #: a dead token: nothing is sent at all until a person has logged in again
    block_code: str | None = None
    block_why: str | None = None
    #: the renewed session, sealed
    session: bytes | None = field(default=None, repr=False)
    session_expires_at: datetime | None = None
    session_renew_at: datetime | None = None
    session_dies_at: datetime | None = None
    #: how many posts the platform would still take, when it said so, and until when that holds
    allowance_left: int | None = None
    #: how many answers, where it counts these apart
    allowance_answers: int | None = None
    allowance_at: datetime | None = None
    allowance_resets_at: datetime | None = None


@dataclass(frozen=True)
class Trouble:
    """A call that ended badly through no fault of the post, and whose it was."""

    at: datetime
    delivery: str
    account: str


@dataclass(frozen=True)
class Breaker:
    """What is remembered of the troubles of one account, or of one platform at one host."""

    #: those that have not opened it yet
    troubles: tuple[Trouble, ...] = ()
    #: how often it has opened since a call last went well
    openings: int = 0
    open_until: datetime | None = None
    why: str | None = None

"""What postcron expects of a platform, and how an answer becomes a verdict.

A platform is one class in one file. It never sleeps, never retries and never reads clock, config or
store; what it needs arrives in its `Login`, and what it must not lose goes out through `save`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.model import (
    Accepted,
    Act,
    Draft,
    Hour,
    Identity,
    Limits,
    Proposal,
    Receipt,
    SaveTicket,
    Session,
    Sighting,
    Ticket,
)
from postcron.web import Answer, Api


@dataclass(frozen=True)
class Login:
    """One account, ready to be used: plain keys, secrets on demand, the renewed session if any.

    A secret the configuration does not have is empty.
    """

    account: str
    settings: Mapping[str, str]
    secret: Callable[[str], str] = field(repr=False)
    session: Session | None = field(default=None, repr=False)
    #: the form in which a ticket may hold what is as good as a password (an upload address)
    seal: Callable[[str], str] = field(default=str, repr=False)
    #: and back; empty when the key it was sealed with is gone
    unseal: Callable[[str], str] = field(default=str, repr=False)


@dataclass(frozen=True)
class Key:
    """One key an account of this platform has in the configuration."""

    name: str
    required: bool = False
    secret: bool = False
    default: str | None = None
    choices: frozenset[str] = frozenset()
    help: str = ""
    #: a value of each kind there is, where kinds of account differ by what stands here
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """One thing a post may set for accounts of this platform (`--option ACCOUNT.NAME=VALUE`)."""

    name: str
    choices: frozenset[str] = frozenset()
    default: str | None = None
    help: str = ""


class Platform(Protocol):
    """Three verbs and what they rest on."""

    name: ClassVar[str]
    act: ClassVar[Act]
    keys: ClassVar[tuple[Key, ...]]
    options: ClassVar[tuple[Option, ...]]
    #: how long what phase 2 leaves at the platform can be relied on; None: for good
    ticket_life: ClassVar[timedelta | None]
    #: the longest lead that makes sense here (an upload address that dies); None: any
    max_lead: ClassVar[timedelta | None]
    #: how long after a lost answer a first look is worth believing
    settle: ClassVar[timedelta]

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        """Keep the login; `api(base_url)` opens the wire to one host."""
        ...

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        """Return what fits for an account with these settings."""
        ...

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        """Do everything repeatable early (phase 2), going on from `ticket`; safe to repeat.

        Calls `save` after every answer that gives an id. The ticket returned is `ready`, or says
        when to ask again. Raises `Temporary` or `Permanent`.
        """
        ...

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt | Accepted:
        """Make the one call that goes live, through `Api.act`, and nothing else.

        A file that is part of the call is read before it. Raises `PlatformError`; only
        `Evidence.NOT_SENT` and `Evidence.REFUSED` are believed.
        """
        ...

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        """Say what became of a call made after `since`; reads only.

        Raises `Temporary` or `Permanent` when the platform could not be read.
        """
        ...


@runtime_checkable
class Identifies(Protocol):
    """Can say who we are there."""

    def whoami(self) -> Identity:
        """Return the identity the token belongs to; raises `Temporary` or `Permanent`."""
        ...


@runtime_checkable
class Varies(Protocol):
    """Has accounts of more than one class of act; `act` is then the most careful of them."""

    @classmethod
    def act_for(cls, settings: Mapping[str, str]) -> Act:
        """Return how often the call may be made for an account with these settings."""
        ...


@runtime_checkable
class Refreshes(Protocol):
    """Has a session that must be renewed before it ends."""

    def refresh(self, now: datetime) -> Session:
        """Return a session that lasts well beyond `now`; raises `Temporary` or `Permanent`."""
        ...


@runtime_checkable
class Starts(Protocol):
    """Wants to do something within the minute before the publish call, and again before each other.

    It notes what `look` will need, or makes what nobody sees and nobody misses if it is lost.
    """

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Return the ticket, to be saved with the intent; raises `Temporary` or `Permanent`."""
        ...


@runtime_checkable
class Keeps(Protocol):
    """Takes a post before its moment, keeps it until then, and gives it back if asked before."""

    @classmethod
    def ahead(cls, settings: Mapping[str, str]) -> timedelta:
        """Return how long before its moment the publish call of an account is made."""
        ...

    def withdraw(self, draft: Draft, ticket: Ticket) -> None:
        """See to it that what it keeps will not appear; safe to repeat.

        Raises `Temporary` or `Permanent` where that is not certain.
        """
        ...


@runtime_checkable
class Visits(Protocol):
    """Can be asked for one post by its address: a receipt's id, or the URL a person sees."""

    def visit(self, address: str) -> Sighting:
        """Say whether this post of our account is there; reads only.

        LIVE comes with the receipt. GONE is sure: it is not there, or not ours. All else is
        UNCLEAR, or raises `Temporary` or `Permanent`.
        """
        ...


@runtime_checkable
class Checks(Protocol):
    """Has rules that limits cannot say: options that need each other, tags that may be too many."""

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        """Yield what does not fit, and what to do about it: two sentences each; asks nobody."""
        ...


@runtime_checkable
class Authorizes(Protocol):
    """Lets a person log in with a browser, and gives a session for it (OAuth 2.0)."""

    def authorization(self, redirect: str, state: str, verifier: str) -> str:
        """Return the page a person opens; it leads to `redirect` with a code and this `state`."""
        ...

    def redeem(self, code: str, redirect: str, verifier: str, now: datetime) -> Session:
        """Return the session a code stands for; raises `Temporary` or `Permanent`."""
        ...


@runtime_checkable
class Measures(Protocol):
    """Gives numbers about a post that is live."""

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        """Return the numbers as far as it has them, by the same name on every platform.

        Names are likes, comments, shares, quotes, saves, views, reach and clicks, and the platform's
        own for what is none of these. Raises `Temporary` or `Permanent`, with `Code.HANDLE_GONE`
        when the post is not there any more.
        """
        ...


@runtime_checkable
class Advises(Protocol):
    """Knows when an account's readers are there."""

    def best_times(self, since: datetime, until: datetime, zone: str) -> Sequence[Hour]:
        """Return the hours between two moments, in no order; raises `Temporary` or `Permanent`."""
        ...


@dataclass(frozen=True)
class Allowance:
    """How many posts a platform lets an account publish before `resets_at`; None: not said."""

    left: int
    resets_at: datetime | None = None
    #: how many answers, where it counts those apart from other posts
    answers: int | None = None


@runtime_checkable
class Allows(Protocol):
    """Can be asked how many posts it will still take; asked in phase 2, never at the second."""

    def allowance(self, now: datetime) -> Allowance | None:
        """Return what is left, None if it does not say; raises `Temporary` or `Permanent`."""
        ...


def act_of(platform: type[Platform], settings: Callable[[], Mapping[str, str]]) -> Act:
    """Return the class of act of one account; asks for its settings only where they decide."""
    return platform.act_for(settings()) if issubclass(platform, Varies) else platform.act


@dataclass(frozen=True)
class Refusal:
    """One answer that proves that nothing was published, with where that is written."""

    status: int
    #: the platform's own error code or name in the answer; None: any
    error: str | None
    permanent: bool
    code: Code
    #: the official page (or recorded reply) that says so, and when it was read
    source: str
    seen: str


#: refusals with these codes pass by themselves, or are mended by another phase 2
PASSING: Final = frozenset(
    {Code.RATE_LIMITED, Code.TOKEN_EXPIRED, Code.NOT_READY, Code.HANDLE_GONE, Code.SERVER_TROUBLE}
)


def refusal_list(*rows: tuple[int, str | None, Code, str], seen: str) -> tuple[Refusal, ...]:
    """Return a refusal list from rows of status, error name, code and source."""
    return tuple(
        Refusal(status, error, permanent=code not in PASSING, code=code, source=source, seen=seen)
        for status, error, code, source in rows
    )


def fields(answer: Answer) -> Mapping[str, Any]:
    """Return the fields of an answer that is a JSON object; none for any other."""
    body = answer.json()
    return body if isinstance(body, dict) else {}


def counted(entity: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, int]:
    """Return the numbers an entity has, by our names for its fields."""
    found = {ours: entity.get(theirs) for ours, theirs in names.items()}
    return {name: number for name, number in found.items() if type(number) is int}


def judge(answer: Answer, refusals: Sequence[Refusal], error: str | None = None) -> PlatformError:
    """Return the verdict on an answer to the publish call that did not carry an id.

    Only what stands on the refusal list is a refusal; everything else may have been carried out.
    """
    refusal = _listed(answer, refusals, error)
    said = f"{answer.status} {answer.hint() or error or ''}".strip()
    if refusal is None:
        return OutcomeUnknown(f"The platform answered {said}.", code=Code.UNEXPECTED_ANSWER)
    return _refused(answer, refusal, said)


def trouble(answer: Answer, refusals: Sequence[Refusal], error: str | None = None) -> PlatformError:
    """Return the error for an answer to a repeatable call (phase 2, looking) that did not succeed."""
    refusal = _listed(answer, refusals, error)
    said = f"{answer.status} {answer.hint() or error or ''}".strip()
    if refusal is not None:
        return _refused(answer, refusal, said)
    if answer.status == 429:
        return Temporary(
            "The platform asks us to slow down (429).",
            code=Code.RATE_LIMITED,
            retry_after=answer.retry_after(),
        )
    if answer.status in {408, 425} or answer.status >= 500:
        return Temporary(
            f"The platform has trouble: {said}.",
            code=Code.SERVER_TROUBLE,
            retry_after=answer.retry_after(),
        )
    # A page where data should be comes from something in between (a captive portal): it passes.
    family = Temporary if answer.status // 100 == 2 and answer.json() is None else Permanent
    return family(f"The platform answered {said}.", code=Code.UNEXPECTED_ANSWER)


def _refused(answer: Answer, refusal: Refusal, said: str) -> PlatformError:
    family = Permanent if refusal.permanent else Temporary
    return family(
        f"The platform refused: {said}.",
        code=refusal.code,
        evidence=Evidence.REFUSED,
        retry_after=answer.retry_after(),
    )


def _listed(answer: Answer, refusals: Sequence[Refusal], error: str | None) -> Refusal | None:
    fitting = [r for r in refusals if r.status == answer.status and r.error in {None, error}]
    return max(fitting, key=lambda r: r.error is not None, default=None)

"""Measure: ask the platforms how what is live does, and keep the numbers of each day.

Nothing that goes wrong here says anything about publishing: a login that may not read numbers may
still post, so no account is blocked or left alone because of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from postcron.errors import Code, Invalid, Permanent, PlatformError, PostcronError, Temporary
from postcron.model import Account, Delivery, Measure, Receipt
from postcron.operations.accounts import unusable
from postcron.operations.doors import Doors
from postcron.operations.house import House
from postcron.platforms.base import Measures
from postcron.rules import measuring

log = logging.getLogger(__name__)

#: posts asked about in one run; the next one goes on
LIMIT: Final = 200


@dataclass(frozen=True)
class Answer:
    """What came of asking about one post: numbers, or what went wrong."""

    delivery: Delivery
    numbers: Mapping[str, int] = field(default_factory=dict)
    error: PostcronError | None = None
    #: its account could not even be opened
    unopened: bool = False

    @property
    def account_wide(self) -> bool:
        """Say whether asking about another post of the account is of no use now."""
        return self.error is not None and (
            self.unopened or self.error.code in measuring.ACCOUNT_WIDE
        )

    @property
    def gone(self) -> bool:
        """Say whether the post is not there any more."""
        return isinstance(self.error, Permanent) and self.error.code == Code.HANDLE_GONE


@dataclass(frozen=True)
class Failed:
    """A post whose numbers could not be had, and when it is asked about again; None: never."""

    delivery: Delivery
    code: str
    why: str
    again_at: datetime | None


@dataclass
class Collected:
    """What a run found out."""

    dry_run: bool = False
    #: what it asked about, or would
    due: list[Delivery] = field(default_factory=list)
    measured: list[tuple[Delivery, Measure]] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


def measure(house: House, *, limit: int | None = None, dry_run: bool = False) -> Collected:
    """Ask about what is due, account by account, and keep what they say."""
    able = _able(house)
    collected = Collected(dry_run, house.store.measures.due(able, limit or LIMIT))
    if dry_run:
        return collected
    run, doors = house.run("measure"), Doors(house)
    with house.executor(min(house.config.run.workers, 8)) as pool:
        futures = [
            pool.submit(_answers, house, doors, account, some)
            for name, account in able.items()
            if (some := [one for one in collected.due if one.account == name])
        ]
        for future in as_completed(futures):
            _keep(house, future.result(), collected)
    house.store.beats.leave(
        run,
        at=house.clock.now(),
        found=len(collected.due),
        done=len(collected.measured),
        failed=len(collected.failed),
    )
    return collected


def _able(house: House) -> dict[str, Account]:
    """Return the accounts that may be used now and whose platform has numbers."""
    held = unusable(house)
    return {
        name: account
        for name, account in house.config.accounts.items()
        if name not in held and issubclass(house.platform_class(account), Measures)
    }


def _answers(
    house: House, doors: Doors, account: Account, some: Sequence[Delivery]
) -> list[Answer]:
    """Ask about the posts of one account, until asking on is of no use; for a worker."""
    answers: list[Answer] = []
    reader: Any = None
    for delivery in some:
        try:
            reader = reader or doors.reader(account)
            numbers = reader.measure(Receipt(delivery.remote_id or "", delivery.url))
            answers.append(Answer(delivery, dict(numbers)))
        except (PlatformError, Invalid) as error:
            answers.append(Answer(delivery, error=error, unopened=reader is None))
        except Exception as bug:
            log.exception("measuring stopped unexpectedly")
            told = Temporary(f"postcron stopped unexpectedly ({type(bug).__name__}).")
            answers.append(Answer(delivery, error=told, unopened=reader is None))
        if house.stop.is_set() or answers[-1].account_wide:
            break
    return answers


def _keep(house: House, answers: Sequence[Answer], collected: Collected) -> None:
    """Keep the answers of one account; one that cannot be asked now is put off as a whole."""
    now = house.clock.now()
    good = [one for one in answers if one.error is None]
    taken = [Measure(one.delivery.id, now.date(), one.numbers, now) for one in good]
    next_at = {one.delivery.id: _next_asking(one, now) for one in answers if not one.account_wide}
    house.store.measures.keep(taken, next_at)
    collected.measured += zip([one.delivery for one in good], taken, strict=True)
    for one in answers:
        if one.error is None:
            continue
        wide = one.account_wide
        again_at = _put_off(house, one, one.error, now) if wide else next_at[one.delivery.id]
        why = house.secrets.redact(one.error.message)
        collected.failed.append(Failed(one.delivery, str(one.error.code), why, again_at))


def _next_asking(answer: Answer, now: datetime) -> datetime | None:
    out = answer.delivery.published_at or now
    return None if answer.gone else measuring.next_asking(out, now)


def _put_off(house: House, one: Answer, error: PostcronError, now: datetime) -> datetime | None:
    """Put off a whole account; return when this post of it is asked about again, None: never."""
    until = now + _pause(error)
    ended = until - measuring.END
    house.store.measures.put_off(one.delivery.account, until, ended=ended)
    return None if (one.delivery.published_at or now) < ended else until


def _pause(error: PostcronError) -> timedelta:
    if isinstance(error, Permanent):
        return measuring.AFTER_REFUSAL
    asked = error.retry_after if isinstance(error, PlatformError) else None
    return max(measuring.AFTER_TROUBLE, asked or timedelta())

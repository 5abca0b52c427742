"""Occurrences: what is next in each series becomes a post, once, however many runs are at it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from postcron.errors import CannotWork, Invalid
from postcron.model import Account, NewPost, Run, Saved, Series
from postcron.operations.drafting import posts_of
from postcron.operations.house import House
from postcron.operations.keeping_up import as_made
from postcron.operations.placing import Diaries, placing
from postcron.operations.report import Making, Occurrence
from postcron.operations.schedule import plan_at
from postcron.operations.series_template import Template
from postcron.operations.wishes import Wish, parts_of
from postcron.rules.moments import Moment, told
from postcron.rules.recurrence import Recurrence

log = logging.getLogger(__name__)

#: posts are made this long before they are wanted, and a day before their phase 2
AHEAD: Final = timedelta(hours=48)
BEFORE_LEAD: Final = timedelta(days=1)
#: a series that can make nothing now is tried again after this
AGAIN: Final = timedelta(hours=1)


def make_due(house: House, run: Run, *, limit: int) -> Making:
    """Make the next posts of the series whose time has come."""
    making = Making()
    for one in house.store.series.due(limit):
        try:
            making.join(make(house, run, one))
        except CannotWork:
            raise
        except Exception as error:
            # Its accounts, or the rules they keep: a person mends them, and not within this minute.
            house.store.series.put_off(one, house.clock.now() + AGAIN)
            making.stalled.append((one, _why(error)))
    return making


def _why(error: Exception) -> str:
    if isinstance(error, Invalid):
        return error.message
    log.error("a series could not be made", exc_info=error)
    return f"postcron stopped unexpectedly ({type(error).__name__})."


def make(house: House, run: Run, one: Series) -> Making:
    """Make the posts of a series that are wanted soon; raises `Invalid` with nothing made.

    What should have gone out while nothing ran is left out once its grace is over, and counted.
    """
    upcoming = _Upcoming.of(house, one)
    left_out = len(upcoming.missed)

    def save(diaries: Diaries) -> tuple[Series, list[list[Saved]]] | None:
        return house.store.series.make(
            one,
            list(upcoming.threads(diaries)),
            until=upcoming.until,
            wake_at=house.clock.now() if one.left_out + left_out else upcoming.wake_at,
            left_out=left_out,
            run=run,
            seen=diaries.seen,
        )

    answer = placing(Diaries(house), save)
    if answer is None:
        return Making()
    changed, saved = answer
    ids = [thread[0].post.id for thread in saved]
    made = [Occurrence(one.id, at, id) for at, id in zip(upcoming.moments, ids, strict=True)]
    deliveries = [thread[0].deliveries for thread in saved]
    notes = as_made(house, one, upcoming.rule, list(zip(upcoming.moments, deliveries, strict=True)))
    left = [changed] if changed.left_out else []
    return Making(made, left, behind=[(one, why) for why in notes])


def require_room(
    house: House,
    wish: Wish,
    rule: Recurrence,
    accounts: Sequence[Account],
    withdrawn: Collection[int] = (),
) -> None:
    """Raise `Invalid` if an account has no moment for what would be made of a series now, or first.

    `withdrawn` are deliveries that are in nobody's way any more.
    """
    now, diaries = house.clock.now(), Diaries(house, withdrawn)
    until = now + _ahead(house, [account.name for account in accounts])
    for at in rule.between(now, until) or rule.first(1, now):
        for account in accounts:
            plan_at(diaries, account, wish, Moment(at, told(at, rule.zone)))


def _ahead(house: House, accounts: Sequence[str]) -> timedelta:
    """Return how long before they are wanted the posts for these accounts are made."""
    return max(AHEAD, *(house.policy(name).lead + BEFORE_LEAD for name in accounts))


def would_make(house: House, limit: int) -> Making:
    """Return what `make_due` would make, for a rehearsal."""
    making = Making()
    for one in house.store.series.due(limit):
        try:
            moments = _Upcoming.of(house, one).moments
        except Exception as error:
            making.stalled.append((one, _why(error)))
        else:
            making.made += [Occurrence(one.id, at) for at in moments]
    return making


@dataclass(frozen=True)
class _Upcoming:
    """The moments of a series that are to become posts now."""

    house: House
    series: Series
    template: Template
    rule: Recurrence
    #: what is wanted up to here is made
    until: datetime
    moments: Sequence[datetime]
    #: what passed while nothing ran
    missed: Sequence[datetime]

    @classmethod
    def of(cls, house: House, one: Series) -> _Upcoming:
        template, rule = Template.of(house, one), Recurrence.read(one.rule, one.zone)
        policies = [house.policy(name) for name in template.wish.accounts]
        now = house.clock.now()
        until = now + _ahead(house, template.wish.accounts)
        there = house.store.series.posts(one, since=one.made_until)
        found = [at for at in rule.between(one.made_until, until) if at not in there]
        oldest = now - max(policy.grace for policy in policies)
        moments = [at for at in found if at >= oldest]
        return cls(house, one, template, rule, until, moments, [at for at in found if at < oldest])

    @property
    def wake_at(self) -> datetime | None:
        """Return when the next one after these is to be made."""
        coming = self.rule.next(self.until)
        return None if coming is None else coming - (self.until - self.house.clock.now())

    def threads(self, diaries: Diaries) -> Iterator[list[NewPost]]:
        """Yield the posts of each moment: one, or those of a thread."""
        for number, at in enumerate(self.moments, self.series.made):
            wish = self.template.turn(number)
            wanted = Moment(at, f"series {self.series.id}: {told(at, self.rule.zone)}")
            accounts = [self.house.account(name) for name in wish.accounts]
            planned = [plan_at(diaries, account, wish, wanted) for account in accounts]
            parts, actor = parts_of(wish), self.series.created_by
            files = self.template.files_of(parts)
            news = posts_of(self.house, parts, planned, files, actor=actor)
            first, *rest = [replace(new, series_id=self.series.id) for new in news]
            # One post is the occurrence; the further parts of its thread follow it.
            yield [replace(first, occurrence=at), *rest]

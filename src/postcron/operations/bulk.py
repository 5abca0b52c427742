"""Bulk: reschedule, cancel or delete all that fits a filter; looked at first, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from postcron.errors import Invalid, Refused
from postcron.model import Delivery, Filter, Follow, Move
from postcron.operations.ahead import is_kept, take_back
from postcron.operations.cancel import withdraw
from postcron.operations.editable import is_open, why_not
from postcron.operations.house import House
from postcron.operations.placing import Diaries, Placed, placing
from postcron.operations.rescheduling import rescheduled
from postcron.operations.retry import require_approved
from postcron.operations.threads import require_place
from postcron.rules import moments
from postcron.rules.moments import Moment
from postcron.rules.spans import exactly, until
from postcron.states import State

#: deliveries that are read in one question
AT_ONCE: Final = 1000

#: what cannot be changed, and why not
Stuck = tuple[Delivery, str]


@dataclass(frozen=True)
class Line:
    """One delivery that is changed, and the time it gets if that is what changes."""

    delivery: Delivery
    placed: Placed | None = None


@dataclass(frozen=True)
class Bulk:
    """What is changed, or would be; and what fits the filter and cannot be, with the reasons."""

    lines: tuple[Line, ...]
    stuck: tuple[Stuck, ...]
    #: it was only looked at
    preview: bool


@dataclass(frozen=True)
class NewTimes:
    """The moments somebody wants: each so much later, or from a moment on so far apart."""

    by: timedelta | None = None
    at: str | None = None
    zone: str | None = None
    every: timedelta | None = None
    #: leave it where it is rather than give it another moment than that
    exact: bool = False


def cancel(house: House, wanted: Filter, *, actor: str, preview: bool) -> Bulk:
    """Withdraw what fits and is not out; what is withdrawn already does not count."""
    found = [one for one in _fitting(house, wanted) if one.state is not State.CANCELLED]
    free, stuck = _sorted_out(house, found)
    back, stuck = _had_back(house, stuck, actor=actor, preview=preview)
    free += back
    free += _withdrawn_with(house, free)
    if free and not preview:
        withdraw(house, free, (), actor=actor)
        free = _as_they_stand(house, free)
    return Bulk(tuple(map(Line, free)), tuple(stuck), preview)


def _had_back(
    house: House, stuck: Sequence[Stuck], *, actor: str, preview: bool
) -> tuple[list[Delivery], list[Stuck]]:
    """Have back what platforms keep; return that, and what stays stuck. One may stay without others."""
    back: list[Delivery] = []
    left: list[Stuck] = []
    for one, why in stuck:
        try:
            if not is_kept(house, one):
                left.append((one, why))
            else:
                back += [one] if preview else take_back(house, [one], actor=actor)
        except Refused as refused:
            left.append((one, refused.message))
    return back, left


def _withdrawn_with(house: House, chosen: Sequence[Delivery]) -> list[Delivery]:
    """Return the further parts of threads that are withdrawn with those chosen."""
    known = {one.id for one in chosen}
    posts = {part.id for one in chosen if one.followed for part in house.store.thread(one.post_id)}
    accounts = {one.account for one in chosen}
    return [
        one
        for one in house.store.deliveries_of(posts)
        if one.follows is Follow.ANSWER and one.account in accounts and one.id not in known
        if is_open(house, one)
    ]


def delete(house: House, wanted: Filter, *, actor: str, preview: bool) -> Bulk:
    """Take the posts from the lists that fit with all their deliveries, and of which nothing is out."""
    fitting = list(_fitting(house, wanted))
    chosen = {one.id for one in fitting}
    whole: list[Delivery] = []
    stuck: list[Stuck] = []
    for everyone in _whole(house, fitting):
        left = [one for one in everyone if one.state is not State.CANCELLED]
        in_the_way = _sorted_out(house, left)[1] or [
            (
                one,
                f"{one.ref} belongs to the same post and does not fit: `cancel` withdraws the rest.",
            )
            for one in left
            if one.id not in chosen
        ]
        stuck += in_the_way
        whole += [] if in_the_way else everyone
    open_ones = [one for one in whole if one.state is not State.CANCELLED]
    further = _withdrawn_with(house, open_ones)
    gone = whole + further
    if whole and not preview:
        withdraw(house, open_ones + further, whole, actor=actor)
        gone = _as_they_stand(house, gone)
    return Bulk(tuple(map(Line, gone)), tuple(stuck), preview)


def _as_they_stand(house: House, some: Sequence[Delivery]) -> list[Delivery]:
    return [one for ids in _chunks(each.id for each in some) for one in house.store.reload(ids)]


def _whole(house: House, some: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """Yield all deliveries of each of these posts."""
    for ids in _chunks(one.post_id for one in some):
        by_post: dict[int, list[Delivery]] = {id: [] for id in ids}
        for one in house.store.deliveries_of(ids):
            by_post[one.post_id].append(one)
        yield from by_post.values()


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    each = list(dict.fromkeys(ids))
    return (each[start : start + AT_ONCE] for start in range(0, len(each), AT_ONCE))


def reschedule(house: House, wanted: Filter, times: NewTimes, *, actor: str, preview: bool) -> Bulk:
    """Give what fits another time, as the rules of its account let it; a draft stays one."""
    _require_sense(house, times)
    free, stuck = _sorted_out(house, _fitting(house, wanted))
    planner = _Planner(house, times, house.clock.now())
    diaries = Diaries(house, without=[one.id for one in free])
    lines, refused = planner.place(diaries, free)
    moved = [line.delivery for line in lines]
    run = house.run("reschedule", actor=actor)

    def save(by: Diaries) -> list[Line]:
        given = lines if by is diaries else planner.place(by, moved)[0]
        house.store.change([planner.move(line) for line in given], run=run, seen=by.seen)
        return given

    if lines and not preview:
        lines = placing(diaries, save)
    return Bulk(tuple(lines), tuple(stuck + refused), preview)


def _require_sense(house: House, times: NewTimes) -> None:
    if (times.by is None) == (times.at is None):
        raise Invalid("Say how far with --by, or when with --at: one of them.", code="usage")
    if times.by is not None and times.every is not None:
        raise Invalid("--every goes with --at: --by keeps the pauses as they are.", code="usage")
    if times.at is not None:
        zone = times.zone or house.config.timezone
        moments.parse(times.at, now=house.clock.now(), zone=zone)  # said once, not for each


@dataclass(frozen=True)
class _Planner:
    """Gives deliveries the times that somebody wants."""

    house: House
    times: NewTimes
    now: datetime

    def place(self, diaries: Diaries, some: Sequence[Delivery]) -> tuple[list[Line], list[Stuck]]:
        """Return what has its new time, the first of them first, and what cannot have one."""
        lines: list[Line] = []
        refused: list[Stuck] = []
        posts = (
            self.house.store.posts(ids).items() for ids in _chunks(one.post_id for one in some)
        )
        ends = {id: post.window_end for found in posts for id, post in found}
        for one in some:
            try:
                require_place(self.house, one)
                if one.state is State.LATE:
                    require_approved(self.house, one)
                wanted = self._wanted(diaries, one)
                end = ends.get(one.post_id)
                given = diaries.move(one, wanted, window_end=end, exact=self.times.exact)
                lines.append(Line(one, given))
            except Invalid as error:
                refused.append((one, error.message))
        return lines, refused

    def _wanted(self, diaries: Diaries, one: Delivery) -> Moment:
        if one.state is State.DRAFT or one.due_at is None:
            raise Invalid(
                f"{one.ref} is a draft: `postcron edit {one.ref} --at …` gives it a time."
            )
        account = self.house.account(one.account)
        if self.times.at is not None:
            zone = self.times.zone or account.timezone
            first = moments.parse(self.times.at, now=self.now, zone=zone)
            before, every = diaries.of(account).placed, self.times.every
            return first.spaced(before[-1], every) if before and every else first
        by = self.times.by or timedelta()
        try:
            due = one.due_at + by
            moments.require_shown_everywhere(due)
        except OverflowError as error:
            message = f"{one.ref} would be due too far away for a calendar."
            raise Invalid(message) from error
        if due < self.now:
            raise Invalid(f"{one.ref} would be due {until(due, self.now)}.")
        return Moment(due, f"{exactly(abs(by))} {'later' if by >= timedelta() else 'earlier'}")

    def move(self, line: Line) -> Move:
        assert line.placed is not None, "every line of a planner is placed"  # noqa: S101
        move = rescheduled(self.house, line.delivery, line.placed)
        kept = line.delivery.gap if self.times.by is not None else self.times.every
        return replace(move, set={**move.set, "gap": kept})


def _sorted_out(house: House, some: Iterable[Delivery]) -> tuple[list[Delivery], list[Stuck]]:
    """Return what may be changed, and the rest with the reasons."""
    free: list[Delivery] = []
    stuck: list[Stuck] = []
    for one in some:
        # What no run has ever held has no call that might be out.
        if one.fence == 0 or is_open(house, one):
            free.append(one)
        else:
            stuck.append((one, why_not(one)))
    return free, stuck


def _fitting(house: House, wanted: Filter) -> Iterator[Delivery]:
    """Yield what fits, first what is due first."""
    mark: str | None = None
    while True:
        page = house.store.page(wanted, newest_first=False, limit=AT_ONCE, after=mark)
        yield from page.deliveries
        if (mark := page.next) is None:
            return

"""Changing a series: all that follows from now on, without a day, or no more at all.

A post that was made ahead and has not begun is withdrawn, and made anew if it still comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any

from postcron.errors import Invalid, Refused
from postcron.model import Delivery, Move, PostType, Series
from postcron.operations.editable import is_open, why_not
from postcron.operations.house import House
from postcron.operations.intake import taking_in
from postcron.operations.occurrences import make, require_room
from postcron.operations.series import Told, found, show
from postcron.operations.series_beginning import Repeat, require_fit
from postcron.operations.series_template import Template
from postcron.operations.wishes import Wish, accounts_of
from postcron.rules import moments
from postcron.rules.placing import LONGEST_WAIT
from postcron.rules.recurrence import Bounds, Recurrence, bounded, recurring
from postcron.rules.zones import zone_of
from postcron.states import FINAL, State, Step


@dataclass(frozen=True)
class Change:
    """What is to be different in all that follows; None leaves it as it is."""

    repeat: Repeat = field(default_factory=Repeat)
    zone: str | None = None
    text: str | None = None
    variations: Sequence[str] | None = None
    accounts: Sequence[str] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    media: Sequence[str] | None = None
    alts: Sequence[str] = ()
    type: PostType | None = None
    campaign: str | None = None
    notes: str | None = None


def change_following(house: House, id: str, change: Change, *, actor: str) -> Told:
    """Change what follows from now on; raises `DoesNotFit` or `Invalid` with nothing changed."""
    one = found(house, id)
    old, now = Template.of(house, one), house.clock.now()
    ahead = _made(house, one, now)
    wish = _wish(old.wish, change)
    accounts = accounts_of(house, wish)
    rule = _rule(one, change, now)
    with taking_in(house) as intake:
        files = old.files if change.media is None else intake.fetch(change.media, change.alts)
        template = Template(change.repeat.said or old.said, wish, _texts(old, change), files)
        require_fit(house, template, accounts)
        # What is past would not be made anew.
        open_ones = _open(house, {at: some for at, some in ahead.items() if at >= now})
        withdrawn = [each.id for each in open_ones]
        require_room(house, template.turn(0), rule, accounts, withdrawn)
        if change.media is not None:
            template = replace(template, files=intake.keep(files))
    values: dict[str, Any] = {
        "rule": rule.written(),
        "zone": rule.zone.key,
        "template": template.document(),
        "wake_at": now,
    }
    values |= _passed(house, one, now)
    run = house.run("series", actor=actor)
    moves = _withdrawing(open_ones, f"series {one.id} was changed")
    values |= _less(one, moves)
    files_kept = [each.file for each in template.files]
    changed = house.store.series.change(one, values, moves, files=files_kept, run=run)
    made, told = make(house, run, changed), show(house, id)
    notes = told.notes or tuple(why for _, why in made.behind)
    return replace(told, notes=(*notes, *_waiting(house, ahead, now)))


def skip(house: House, id: str, day: str, *, actor: str) -> Told:
    """Leave out one day; raises `Invalid` if nothing comes on it, `Refused` if that has begun."""
    one, now = found(house, id), house.clock.now()
    rule = Recurrence.read(one.rule, one.zone)
    left_out = moments.wall(day, today=now.astimezone(rule.zone).date(), without=time()).date()
    ahead = _made(house, one, now)
    gone = [at for at in rule.on(left_out) if at > now or at in ahead]
    if not gone:
        raise Invalid(f"Nothing of series {one.id} is still to come on {left_out}.")
    made = [each for at, some in ahead.items() if at in gone for each in some]
    busy = [each for each in made if each.state is not State.CANCELLED and not is_open(house, each)]
    if busy:
        raise Refused(" ".join(map(why_not, busy)))
    moves = _withdrawing(made, f"{left_out} is left out of series {one.id}")
    without = replace(rule, without=rule.without | {left_out})
    values = {"rule": without.written()} | _less(one, moves)
    house.store.series.change(one, values, moves, run=house.run("series", actor=actor))
    return show(house, id)


def end(house: House, id: str, *, actor: str) -> Told:
    """Let nothing more of a series go out but what has begun."""
    one, now = found(house, id), house.clock.now()
    rule = Recurrence.read(one.rule, one.zone)
    ended = rule.until(now.astimezone(rule.zone).replace(tzinfo=None))
    moves = _withdrawing(_open(house, _made(house, one, now)), f"series {one.id} was ended")
    values = {"rule": ended.written()} | _passed(house, one, now) | _less(one, moves)
    # What is to be told yet is told by the next run.
    values["wake_at"] = now if values["left_out"] else None
    house.store.series.change(one, values, moves, run=house.run("series", actor=actor))
    return show(house, id)


# --- what a change leaves and withdraws --------------------------------------------------------


def _made(house: House, one: Series, now: datetime) -> dict[datetime, list[Delivery]]:
    """Return the deliveries that were made ahead, by the moment they were made for.

    Rules, or a person, may have moved them: some are ahead although their moment is past.
    """
    posts = house.store.series.posts(one, since=now - LONGEST_WAIT)
    deliveries = house.store.deliveries_of(posts.values())
    made: dict[datetime, list[Delivery]] = {at: [] for at in posts}
    of = {id: at for at, id in posts.items()}
    for each in deliveries:
        made[of[each.post_id]].append(each)
    return {at: some for at, some in made.items() if at >= now or _is_ahead(some, now)}


def _is_ahead(some: Iterable[Delivery], now: datetime) -> bool:
    left = (each for each in some if each.state not in FINAL)
    return any(each.due_at is not None and each.due_at > now for each in left)


def _waiting(
    house: House, ahead: Mapping[datetime, Sequence[Delivery]], now: datetime
) -> Iterator[str]:
    """Say which posts a change leaves as they are, because their own moment is past."""
    left = _open(house, {at: some for at, some in ahead.items() if at < now})
    for id in dict.fromkeys(each.post_id for each in left):
        yield (
            f"Post {id} stays as it is: its own moment is past, and it only waits for the rules of "
            f"its account. Change it with `postcron edit {id}`, or `postcron cancel {id}`."
        )


def _open(house: House, made: Mapping[datetime, Sequence[Delivery]]) -> list[Delivery]:
    """Return the deliveries of posts of which nothing has begun, and that are not cancelled."""
    found = []
    for some in made.values():
        left = [each for each in some if each.state is not State.CANCELLED]
        if all(is_open(house, each) for each in left):
            found += left
    return found


def _withdrawing(some: Iterable[Delivery], why: str) -> list[Move]:
    left = (each for each in some if each.state is not State.CANCELLED)
    return [Move(each, Step.CANCELLED, wake_at=None, detail={"why": why}) for each in left]


def _passed(house: House, one: Series, now: datetime) -> dict[str, Any]:
    """Return how far a series is made now: what passed while nothing ran is left out, and counted."""
    if one.made_until >= now:
        return {"made_until": now, "left_out": one.left_out}
    there = house.store.series.posts(one, since=one.made_until)
    passed = Recurrence.read(one.rule, one.zone).between(one.made_until, now)
    missed = [at for at in passed if at not in there]
    return {"made_until": now, "left_out": one.left_out + len(missed)}


def _less(one: Series, moves: Sequence[Move]) -> dict[str, int]:
    """Return how many have become posts once these are withdrawn: their texts are free again."""
    return {"made": one.made - len({move.delivery.post_id for move in moves})}


# --- what is different -------------------------------------------------------------------------


def _wish(old: Wish, change: Change) -> Wish:
    accounts = list(old.accounts if change.accounts is None else change.accounts)
    texts = {**old.texts, **change.texts}
    options = {
        name: {**old.options.get(name, {}), **change.options.get(name, {})}
        for name in old.options.keys() | change.options.keys()
    }
    return replace(
        old,
        accounts=accounts,
        # What was said for an account that is left out goes with it; a new name is looked at.
        texts={name: text for name, text in texts.items() if name in {*accounts, *change.texts}},
        options={
            name: some for name, some in options.items() if name in {*accounts, *change.options}
        },
        type=change.type or old.type,
        campaign=old.campaign if change.campaign is None else change.campaign,
        notes=old.notes if change.notes is None else change.notes,
    )


def _texts(old: Template, change: Change) -> tuple[str, ...]:
    first, *rest = old.texts
    return (
        first if change.text is None else change.text,
        *(rest if change.variations is None else change.variations),
    )


def _rule(one: Series, change: Change, now: datetime) -> Recurrence:
    old, repeat = Recurrence.read(one.rule, one.zone), change.repeat
    zone = zone_of(change.zone or one.zone)
    if not repeat.said:
        if repeat.starting is not None:
            raise Invalid("--starting goes with --every or --rrule: say both.", code="usage")
        return bounded(replace(old, zone=zone), repeat.bounds, now=now)
    new = recurring(repeat.rule(), zone.key, repeat.bounds, now=now, starting=repeat.starting)
    new = replace(new, without=new.without | old.without)
    # The end stays unless another one is given.
    return bounded(new.until(old.end) if old.end and not new.end else new, Bounds(), now=now)

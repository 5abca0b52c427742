"""Add a batch: many posts checked together and saved at once, in order or each alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from postcron.errors import DoesNotFit, Invalid
from postcron.model import Batch, Follow, Mode, NewBatch, NewDelivery, NewPost
from postcron.operations.batches import Shown, show
from postcron.operations.choosing import spread
from postcron.operations.house import House
from postcron.operations.schedule_many import Asked, Row, schedule_many
from postcron.operations.wishes import Wish, accounts_of
from postcron.rules.placing import Timetable
from postcron.states import State


@dataclass(frozen=True)
class Order:
    """The batch that somebody asked for, as it was typed."""

    name: str
    mode: Mode
    #: what all of its posts have in common
    common: Wish
    #: one post for each of the media, or for each text where there are none
    media: Sequence[str] = ()
    alts: Sequence[str] = ()
    #: one for all of the media, or one for each
    texts: Sequence[str] = ()
    in_order: bool = True
    stop_on_failure: bool = False


@dataclass(frozen=True)
class Batched:
    """The answer: the batch as it is saved now, or with a rehearsal what it would hold."""

    shown: Shown | None
    rows: tuple[Row, ...] = ()
    #: it is new
    created: bool = False
    #: said beside the answer, for a person
    notes: tuple[str, ...] = ()


class _Taken(Exception):
    """Another process has just saved a batch of that name."""


def add(house: House, order: Order, *, actor: str, dry_run: bool = False) -> Batched:
    """Save a batch, all of its posts or none; raises `DoesNotFit` or `Invalid` before anything is kept.

    The name is its key: the same one again answers with what it stands for.
    """
    wishes = posts(order)
    there = house.store.batches.named(order.name)
    if there is not None:
        return _known(house, there, len(wishes))
    if order.mode is Mode.BEST:
        wishes = _at_best(house, wishes)
    new = NewBatch(
        workspace=house.config.workspace,
        name=order.name,
        mode=order.mode,
        in_order=order.in_order,
        stop_on_failure=order.stop_on_failure,
        created_by=actor,
    )
    run = house.run("batch", actor=actor)

    def save(threads: Sequence[Sequence[NewPost]], seen: Mapping[str, int]) -> list[int]:
        placed = in_place(house, order, [post for thread in threads for post in thread])
        chains = [placed] if order.in_order else [[post] for post in placed]
        added = house.store.batches.add(new, chains, run=run, seen=seen)
        if added is None:
            raise _Taken
        return added

    asked = [Asked(wish, _where(number, wish)) for number, wish in enumerate(wishes, 1)]
    try:
        answer = schedule_many(house, asked, actor=actor, dry_run=dry_run, save=save)
    except _Taken:
        return add(house, order, actor=actor)
    if answer.problems:
        raise DoesNotFit(answer.problems)
    shown = None if dry_run else show(house, order.name)
    return Batched(shown, answer.rows, created=not dry_run, notes=answer.notes)


def _at_best(house: House, wishes: Sequence[Wish]) -> list[Wish]:
    """Return the wishes with the best times of their accounts, which come in their order."""
    times = {
        account.name: [moment.at.isoformat() for moment in spread(house, account, len(wishes))]
        for account in accounts_of(house, wishes[0])
    }
    return [
        replace(wish, ats={name: some[number] for name, some in times.items()})
        for number, wish in enumerate(wishes)
    ]


def _where(number: int, wish: Wish) -> str:
    return f"post {number}" + "".join(f" ({source})" for source in wish.media)


def _known(house: House, there: Batch, asked: int) -> Batched:
    shown = show(house, there.name)
    posts = len({part.post.id for part in shown.parts})
    if posts != asked:
        message = f"Batch {there.name} has {posts} posts already, and you gave {asked}: take another name."
        raise Invalid(message, code="name_taken")
    note = f"Batch {there.name} was there already; nothing changed."
    return Batched(shown, notes=(note,))


def posts(order: Order) -> list[Wish]:
    """Return what was asked for as single posts, in order; raises `Invalid`."""
    _require_sense(order)
    media, texts = order.media, list(order.texts)
    count = len(media) or len(texts)
    if len(texts) == 1:
        texts *= count
    padded = [*order.alts, *[""] * (len(media) - len(order.alts))]
    at = "now" if order.mode is Mode.NOW else order.common.at
    return [
        replace(
            order.common,
            at=at,
            text=texts[number] if texts else None,
            media=[media[number]] if media else [],
            alts=[padded[number]] if media else [],
        )
        for number in range(count)
    ]


def _require_sense(order: Order) -> None:
    media, texts, at = len(order.media), len(order.texts), order.common.at
    if not order.name.strip():
        raise Invalid("A batch needs a name, which is its key: postcron batch add NAME …")
    if not media and not texts:
        raise Invalid("Nothing to send: give --media FILE or --text TEXT once for each post.")
    if media and texts not in {0, 1, media}:
        raise Invalid(
            f"{texts} texts for {media} media: give one --text for all, or one for each of them."
        )
    if len(order.alts) > media:
        raise Invalid(f"{len(order.alts)} alt texts for {media} media: give each its --alt.")
    if order.mode is Mode.SCHEDULED and at is None:
        message = "No time: say when the first goes with --at, or --mode now, or --mode best."
        raise Invalid(message, code="no_time")
    if order.mode is not Mode.SCHEDULED and at is not None:
        raise Invalid(f"--mode {order.mode} and --at say two different times: give one.")
    if order.mode is Mode.BEST and order.common.every is not None:
        raise Invalid("--mode best spreads them over the best times by itself: leave out --every.")


def in_place(house: House, order: Order, posts: Sequence[NewPost]) -> list[NewPost]:
    """Return the posts with their places in the batch, each as it follows the one before."""
    return [
        replace(
            post,
            position=number,
            deliveries=tuple(
                _following(house, order, one) if order.in_order and number > 1 else one
                for one in post.deliveries
            ),
        )
        for number, post in enumerate(posts, 1)
    ]


def _following(house: House, order: Order, one: NewDelivery) -> NewDelivery:
    """Return a delivery that the one before lets go; phase 2 begins no earlier than it would alone."""
    every = order.common.every
    timetable = house.config.timetables.get(one.account, Timetable())
    at_once = order.mode is Mode.NOW and every is None
    gap = timedelta() if at_once else max(timetable.min_gap, every or timedelta())
    follows = Follow.STOP if order.stop_on_failure else Follow.CONTINUE
    following = replace(one, follows=follows, gap=gap or None)
    if one.state is State.DRAFT:  # it waits for a person first, who is told if nobody comes
        return following
    return replace(following, wake_at=None, not_before=one.wake_at)

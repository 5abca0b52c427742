"""Reading: status, one post with all its history, and nothing that changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from postcron.model import (
    UNAPPROVED,
    AccountState,
    Approval,
    Attempt,
    Delivery,
    Filter,
    LedgerEvent,
    Measure,
    Pause,
    Post,
)
from postcron.operations import quotas, under_pause
from postcron.operations.advice import advice, awaiting
from postcron.operations.house import House
from postcron.operations.journal import Journal
from postcron.operations.preflight import held
from postcron.operations.selecting import post_of, select
from postcron.states import AHEAD, STUCK, UNCERTAIN, State

#: newest first, this many in `status`
SHOWN = 20


@dataclass(frozen=True)
class Story:
    """One delivery with everything that was tried and recorded."""

    delivery: Delivery
    attempts: tuple[Attempt, ...]
    events: tuple[LedgerEvent, ...]
    advice: str
    #: how it does, day by day
    measures: tuple[Measure, ...]
    pause: Pause | None


@dataclass(frozen=True)
class Shown:
    """One post with the stories of its deliveries."""

    post: Post
    stories: tuple[Story, ...]
    events: tuple[LedgerEvent, ...]


def show(house: House, id: str) -> Shown:
    """Return everything about a post, or about one of its deliveries."""
    post, chosen = post_of(house, id), select(house, id)
    events = house.store.events(Filter(post_id=post.id), limit=10_000, newest_first=False)
    stories = tuple(_story(house, post, delivery, events) for delivery in chosen)
    return Shown(post, stories, tuple(e for e in events if e.delivery_id is None))


def _story(house: House, post: Post, delivery: Delivery, events: list[LedgerEvent]) -> Story:
    return Story(
        delivery,
        tuple(house.store.attempts(delivery.id)),
        tuple(event for event in events if event.delivery_id == delivery.id),
        _advice(house, post, delivery),
        tuple(house.store.measures.of(delivery.id)),
        under_pause.now(house, [delivery]).get(delivery.id),
    )


def _advice(house: House, post: Post, delivery: Delivery) -> str:
    now = house.clock.now()
    if delivery.state in {State.DRAFT, State.LATE} and post.approval in UNAPPROVED:
        return awaiting(post, delivery)
    said = advice(delivery, now, kept=delivery.key in _kept(house))
    if delivery.state not in quotas.WAITING or delivery.due_at is None or delivery.due_at > now:
        return said
    return " ".join(filter(None, (said, quotas.waits(house, [delivery]).get(delivery.id))))


def _kept(house: House) -> set[str]:
    """Return the keys of the deliveries whose end the emergency journal of this host knows."""
    try:
        return {line.document["key"] for line in Journal(house.state_dir).lines()}
    except OSError:
        return set()


@dataclass(frozen=True)
class Status:
    """How things stand now."""

    now: datetime
    counts: dict[State, int]
    next_due: datetime | None
    upcoming: tuple[Delivery, ...]
    #: failed, late or unknown, and nothing will happen by itself
    needs_you: tuple[Delivery, ...]
    accounts: tuple[AccountState, ...]
    #: accounts that have published all that fits for now, each in a sentence
    full: Mapping[str, str]
    beats: tuple[Any, ...]
    #: why no phase would send anything; None: they would
    held: str | None
    pauses: tuple[Pause, ...]
    #: where batches have stopped, by what did not go out: the names of the batches
    stopped: Mapping[str, str]
    #: of the deliveries above, what holds them back, by id
    paused: Mapping[int, Pause]
    #: deliveries that somebody has to approve
    pending: int


def status(house: House) -> Status:
    """Return counts, what comes next, what needs a person, and when the phases last ran."""
    store = house.store
    # The uncertain ones first and by themselves: no flood of others may hide one.
    needs_you = [
        delivery
        for states in (UNCERTAIN, STUCK - UNCERTAIN)
        for delivery in store.foremost(
            Filter(states=states, stuck=True), newest_first=True, limit=200
        )
    ]
    upcoming = store.foremost(Filter(states=AHEAD), newest_first=False, limit=SHOWN)
    return Status(
        now=house.clock.now(),
        counts=store.counts(),
        # What waits its turn may have been due long ago.
        next_due=next((d.due_at for d in upcoming if not d.waits_its_turn), store.next_due()),
        upcoming=tuple(upcoming),
        needs_you=tuple(needs_you),
        accounts=tuple(store.accounts.every().values()),
        full=quotas.full(house),
        beats=tuple(store.beats.every()),
        held=held(house),
        pauses=tuple(store.pauses.every()),
        stopped={delivery.ref: name for name, delivery in store.batches.stopped()},
        paused=under_pause.now(house, upcoming),
        pending=store.count(Filter(approval=Approval.PENDING)),
    )

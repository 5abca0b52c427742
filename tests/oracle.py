"""The oracle: what must be true of the platform, the store and what people were told, whatever happened.

Eight invariants in one function. It knows nothing of how postcron works: it compares the
platform's own ledger with the store's, and both with the notices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from itertools import combinations

from postcron.model import (
    BINDING,
    PAUSED,
    UNAPPROVED,
    Attempt,
    Delivery,
    Filter,
    Follow,
    LedgerEvent,
    Outcome,
    Policy,
    Post,
)
from postcron.states import AHEAD, FINAL, STEPS, State, Step
from postcron.store import Store
from tests.builders import every_delivery

#: an act may arrive this much after the grace: it was allowed to leave at its end
DEADLINE = timedelta(seconds=60)
#: a published post is seen, or somebody is told, within this
SEEN_WITHIN = timedelta(minutes=10)
#: states that say "certainly not live"
NOT_LIVE = frozenset(State) - {
    *(State.PUBLISHED, State.UNKNOWN, State.CONFIRMING, State.PUBLISHING),
}
#: where it ends without being live: somebody has to know
ENDED_BADLY = frozenset({State.FAILED, State.LATE, State.UNKNOWN, State.CONFIRMING})


@dataclass(frozen=True)
class Shown:
    """One post in the platform's own ledger. Its text says which delivery it is: tests never repeat one."""

    account: str
    text: str
    at: datetime
    remote_id: str = ""


@dataclass(frozen=True)
class Chain:
    """Deliveries of a batch in order: none goes before those ahead of it have ended."""

    parts: Sequence[str]
    #: nor past one that did not go out
    stops: bool


@dataclass(frozen=True)
class Hold:
    """What a person holds back: nothing of it is sent any more."""

    why: str
    #: the last event before it was so
    since: int
    covers: Callable[[Delivery, Post], bool]
    #: since when; None: what was on its way then is not known
    at: datetime | None = None
    #: what was said to go out all the same
    named: Collection[str] = ()


@dataclass
class Evidence:
    """Everything there is to compare, read once."""

    store: Store
    #: what the platform shows to the world
    live: Sequence[Shown]
    #: when it is
    now: datetime
    #: deliveries (12.1) that some run named on stderr or in its report; None: not watched
    told: Collection[str] | None = None
    #: how many rows there were before, by kind: they never become fewer
    before: Mapping[str, int] = field(default_factory=dict)
    #: deliveries that must come out one after the other
    sequences: Sequence[Sequence[str]] = ()
    chains: Sequence[Chain] = ()
    holds: Sequence[Hold] = ()
    policy: Callable[[str], Policy] = lambda account: Policy()
    #: accounts whose platform keeps posts until they are due, and can be asked for them
    keepers: Collection[str] = ()
    #: nothing happens any more: whatever is still under way is stuck
    over: bool = False

    @cached_property
    def deliveries(self) -> list[Delivery]:
        return every_delivery(self.store)

    @cached_property
    def posts(self) -> dict[int, Post]:
        return self.store.posts({delivery.post_id for delivery in self.deliveries})

    @cached_property
    def events(self) -> list[LedgerEvent]:
        return self.store.events(Filter(), limit=1_000_000, newest_first=False)

    @cached_property
    def steps(self) -> dict[int, list[LedgerEvent]]:
        """Return the steps of each delivery, the first is how it began."""
        found: dict[int, list[LedgerEvent]] = defaultdict(list)
        for event in self.events:
            if event.delivery_id is not None and event.after is not None:
                found[event.delivery_id].append(event)
        return found

    def intents(self, delivery: Delivery) -> list[int]:
        """Return the events that say that a call for a delivery is about to be made."""
        return [step.id for step in self.steps[delivery.id] if step.kind == Step.INTENDED]

    @cached_property
    def attempts(self) -> dict[int, list[Attempt]]:
        return {delivery.id: self.store.attempts(delivery.id) for delivery in self.deliveries}

    def followed(self, delivery: Delivery) -> Delivery:
        """Return what a delivery follows."""
        return next(one for one in self.deliveries if one.id == delivery.after_id)

    def threads(self) -> list[list[str]]:
        """Return each thread as its parts in order."""
        by_root: dict[int, list[Delivery]] = defaultdict(list)
        for one in self.deliveries:
            if one.after_id is not None or one.followed:
                by_root[one.root_id or one.id].append(one)
        return [
            [one.ref for one in sorted(parts, key=lambda one: one.post_id)]
            for parts in by_root.values()
        ]

    def copies(self, delivery: Delivery) -> list[Shown]:
        """Return the live posts that are this delivery."""
        own = delivery.text
        text = self.posts[delivery.post_id].text if own is None else own
        return self._by_text.get((delivery.account, text), [])

    @cached_property
    def _by_text(self) -> dict[tuple[str, str], list[Shown]]:
        found: dict[tuple[str, str], list[Shown]] = {}
        for shown in self.live:
            found.setdefault((shown.account, shown.text), []).append(shown)
        return found

    def rows(self) -> dict[str, int]:
        """Return how many rows there are, by kind."""
        return {
            "posts": len(self.posts),
            "deliveries": len(self.deliveries),
            "events": len(self.events),
            "attempts": sum(map(len, self.attempts.values())),
        }


def breaches(evidence: Evidence) -> list[str]:
    """Return every breach of the eight invariants as a sentence; empty means all is well."""
    return [f"{name}: {what}" for name, check in INVARIANTS.items() for what in check(evidence)]


def _once(evidence: Evidence) -> Iterator[str]:
    for delivery in evidence.deliveries:
        ordered = 1 + sum(
            attempt.outcome is Outcome.DECLARED_ABSENT for attempt in evidence.attempts[delivery.id]
        )
        if len(copies := evidence.copies(delivery)) > ordered:
            yield f"{delivery.ref} is live {len(copies)} times"
    known = {one for delivery in evidence.deliveries for one in evidence.copies(delivery)}
    for shown in evidence.live:
        if shown not in known:
            yield f"{shown.text!r} is live at {shown.account}, and nobody scheduled it"


def _owned(evidence: Evidence) -> Iterator[str]:
    for delivery in evidence.deliveries:
        if delivery.state in {State.PUBLISHED, State.CANCELLED, State.DRAFT}:
            continue
        if delivery.waits_its_turn and not _done_with(evidence.followed(delivery), delivery):
            continue
        if delivery.wake_at is None and delivery.state not in ENDED_BADLY:
            yield f"{delivery.ref} is {delivery.state}, and nothing will move it"
        if delivery.wake_at is None and not delivery.error:
            yield f"{delivery.ref} is {delivery.state} without a reason"
        if delivery.owner is not None and delivery.lease_until is None:
            yield f"{delivery.ref} is held by {delivery.owner} for ever"
        if evidence.over and delivery.wake_at is not None:
            yield f"{delivery.ref} is still {delivery.state} at the end"


def _done_with(before: Delivery, one: Delivery) -> bool:
    """Say whether nothing keeps a delivery from going that follows another."""
    ended = {State.PUBLISHED}
    # What a pause has made late, who ends that pause decides about.
    over = before.wake_at is None and before.error_code != PAUSED
    if one.follows is Follow.CONTINUE and (over or before.state is State.CANCELLED):
        ended |= {State.FAILED, State.LATE, State.CANCELLED}
    return before.state in ended


def _receipt(evidence: Evidence) -> Iterator[str]:
    for delivery in evidence.deliveries:
        if delivery.state is not State.PUBLISHED:
            continue
        if not delivery.remote_id:
            yield f"{delivery.ref} is published without a receipt"
        if not evidence.copies(delivery):
            waited = evidence.now - (delivery.published_at or evidence.now)
            if delivery.seen_at is not None:
                yield f"{delivery.ref} was seen, and the platform has never shown it"
            elif waited > SEEN_WITHIN and delivery.wake_at is None:
                yield f"{delivery.ref} is published, nobody has seen it, and nobody looks any more"


def _told(evidence: Evidence) -> Iterator[str]:
    for delivery in evidence.deliveries:
        claimed_absent = delivery.state in NOT_LIVE and not _by_his_word(evidence, delivery)
        if claimed_absent and evidence.copies(delivery):
            yield f"{delivery.ref} is {delivery.state}, which means not live, and it is live"
        if evidence.told is None or delivery.wake_at is not None:
            continue
        if delivery.state in ENDED_BADLY and delivery.ref not in evidence.told:
            yield f"{delivery.ref} ended {delivery.state}, and nobody was told"


def _by_his_word(evidence: Evidence, delivery: Delivery) -> bool:
    """Say whether a person dropped, or sent once more, what nobody could find out."""
    outcomes = {attempt.outcome for attempt in evidence.attempts[delivery.id]}
    dropped = delivery.state is State.CANCELLED and outcomes & BINDING
    return bool(dropped) or Outcome.DECLARED_ABSENT in outcomes


def _in_order(evidence: Evidence) -> Iterator[str]:
    at = {d.ref: evidence.copies(d)[0].at for d in evidence.deliveries if evidence.copies(d)}
    for sequence in [*evidence.sequences, *evidence.threads()]:
        moments = [at[ref] for ref in sequence if ref in at]
        if moments != sorted(moments):
            yield f"{' → '.join(sequence)} came out in another order"
        gap = [ref in at for ref in sequence]
        if gap != sorted(gap, reverse=True):
            yield f"{' → '.join(sequence)} came out with a hole"
    by_ref = {delivery.ref: delivery for delivery in evidence.deliveries}
    for chain in evidence.chains:
        for ahead, one in combinations([by_ref[ref] for ref in chain.parts], 2):
            for intent in evidence.intents(one):
                if not _had_ended(evidence, ahead, one, intent, stops=chain.stops):
                    yield f"{one.ref} was sent before its turn: {ahead.ref} had not ended"


def _had_ended(
    evidence: Evidence, ahead: Delivery, one: Delivery, intent: int, *, stops: bool
) -> bool:
    """Say whether one of a batch had ended when one that comes later was about to be sent.

    What a person does with it once the later one is claimed comes too late for that.
    """
    claims = [e.id for e in evidence.steps[one.id] if e.kind == Step.CLAIMED and e.id < intent]
    steps = evidence.steps[ahead.id]
    by_hand = [e.id for e in steps if e.actor != "cron" and e.id > claims[-1]]
    before = min([intent, *by_hand])
    state = [e.after for e in steps if e.id < before][-1]
    if state is State.PUBLISHED or stops:
        return state is State.PUBLISHED
    if state not in {State.CANCELLED, State.FAILED, State.LATE}:
        return False
    later = [e for e in steps if e.id > before and e.kind in {Step.RETRIED, Step.ALLOWED}]
    return not later or later[0].actor != "cron"


def _in_time(evidence: Evidence) -> Iterator[str]:
    for delivery in evidence.deliveries:
        policy = evidence.policy(delivery.account)
        for shown in evidence.copies(delivery):
            if delivery.due_at is not None and shown.at < delivery.due_at:
                yield f"{delivery.ref} went out {delivery.due_at - shown.at} early"
            start = delivery.grace_from or delivery.due_at
            if start is None or policy.late == "publish":
                continue
            if shown.at > start + policy.grace + DEADLINE:
                yield f"{delivery.ref} went out {shown.at - start} late, and nobody agreed"


def _history(evidence: Evidence) -> Iterator[str]:
    yield from _replay(evidence)
    rows = evidence.rows()
    for kind, count in evidence.before.items():
        if rows[kind] < count:
            yield f"there were {count} {kind}, and now {rows[kind]}"
    for delivery in evidence.deliveries:
        live = [one for one in evidence.attempts[delivery.id] if one.outcome in BINDING]
        if len(live) > 1:
            yield f"{delivery.ref} has {len(live)} attempts that may be live"


def _replay(evidence: Evidence) -> Iterator[str]:
    stands: dict[int, State | None] = {}
    for event in evidence.events:
        if event.delivery_id is None or event.after is None:
            continue
        if event.before is not None:
            if event.before is not stands.get(event.delivery_id):
                yield f"event {event.id} tells of another past: {event.before} {event.kind}"
            if not _is_a_step(event):
                yield f"event {event.id} is no step: {event.before} {event.kind} {event.after}"
        stands[event.delivery_id] = event.after
    for delivery in evidence.deliveries:
        if (end := stands.get(delivery.id)) is not delivery.state:
            yield f"{delivery.ref} is {delivery.state}, and its history ends {end}"


def _is_a_step(event: LedgerEvent) -> bool:
    if event.before is None or event.kind not in set(Step):
        return False
    return STEPS.get((event.before, Step(event.kind))) is event.after


def _as_said(evidence: Evidence) -> Iterator[str]:
    for delivery in evidence.deliveries:
        post = evidence.posts[delivery.post_id]
        for hold in evidence.holds:
            late = [at for at in evidence.intents(delivery) if at > hold.since]
            if late and hold.covers(delivery, post):
                yield f"{delivery.ref} was sent although {hold.why}"
            if _appeared(evidence, delivery, hold) and hold.covers(delivery, post):
                yield f"{delivery.ref} appeared although {hold.why}, and nobody was told"
        # What was approved when it was lost is queued once more, and stopped at its intent.
        again = delivery.state is State.QUEUED and evidence.attempts[delivery.id]
        ahead = delivery.state in AHEAD | {State.PUBLISHING} and not again
        if post.approval in UNAPPROVED and ahead:
            yield f"{delivery.ref} is {delivery.state}, and its post is {post.approval}"
        settled = delivery.state in FINAL and delivery.wake_at is None
        if post.archived_at is not None and not settled:
            yield f"{delivery.ref} is {delivery.state}, and its post is archived"


def _appeared(evidence: Evidence, delivery: Delivery, hold: Hold) -> bool:
    """Say whether what a platform kept, and could have given back, appeared against a word."""
    named = delivery.account not in evidence.keepers or delivery.ref in hold.named
    if named or hold.at is None or delivery.due_at is None or delivery.due_at <= hold.at:
        return False
    return any(shown.at > hold.at for shown in evidence.copies(delivery))


INVARIANTS: dict[str, Callable[[Evidence], Iterator[str]]] = {
    "1 never twice": _once,
    "2 never stuck": _owned,
    "3 published has proof": _receipt,
    "4 never silent": _told,
    "5 in order": _in_order,
    "6 in time": _in_time,
    "7 history": _history,
    "8 as people said": _as_said,
}

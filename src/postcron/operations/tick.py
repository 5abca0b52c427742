"""Tick: recover, make the next posts of series, give up what is past its grace, queue what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from postcron.model import UNAPPROVED, Delivery, Move, Phase, Policy, Run
from postcron.operations import ahead, quotas, under_pause
from postcron.operations.accounts import unusable
from postcron.operations.house import House
from postcron.operations.occurrences import make_due, would_make
from postcron.operations.preflight import preflight, sign_off
from postcron.operations.quotas import Rooms
from postcron.operations.recover import recover
from postcron.operations.report import Report
from postcron.operations.under_pause import Barred
from postcron.rules import lateness
from postcron.states import State, Step

#: why a draft that has a time and needs approval is late
_UNAPPROVED: Final = Barred("unapproved", "Nobody has approved it.")


def tick(house: House, *, limit: int | None = None, dry_run: bool = False) -> Report:
    """Decide what is due and record it; with `dry_run` only say what would be decided."""
    report = Report(Phase.TICK, dry_run=dry_run)
    now = house.clock.now()
    limit = limit or house.config.run.due_limit
    until = now + house.config.run.horizon
    if dry_run:
        found = ahead.coming(house, Phase.TICK, now=now, end=until, limit=limit)
        report.add(found, done=frozenset(State))
        report.series = would_make(house, limit)
        return report
    run = preflight(house, Phase.TICK)
    recovered = recover(house, run)
    report.series = make_due(house, run, limit=limit)
    changed = recovered + decide(house, run, limit=limit)
    report.add(
        house.store.reload(list(dict.fromkeys(d.id for d in changed))),
        done=frozenset({State.QUEUED}),
    )
    return sign_off(house, run, report, begun=now)


def decide(house: House, run: Run, *, limit: int, until: datetime | None = None) -> list[Delivery]:
    """Move late ones aside, let out what policy allows, queue what is due; return what changed.

    Due is what comes within the horizon, or by `until` if that is later.
    """
    now = house.clock.now()
    missed = miss(house, run, now=now, limit=limit)
    under_pause.hold_back(house, run, limit=limit)
    held = unusable(house)
    allowed = _allow(house, run, limit=limit, held=held)
    horizon = max(now + house.config.run.horizon, until or now)
    return missed + allowed + _enqueue(house, run, until=horizon, limit=limit, held=held)


def _enqueue(
    house: House, run: Run, *, until: datetime, limit: int, held: frozenset[str]
) -> list[Delivery]:
    """Queue what is due; of an account with less room than that, only what fits."""
    tight = quotas.tight(house, until)
    queued = house.store.claims.enqueue(run, until=until, limit=limit, skip=held | tight.keys())
    if names := tight.keys() - held:
        queued += _fitting(house, run, tight, names, until=until, limit=limit - len(queued))
    for name, by in ahead.spans(house).items():
        if name not in held | tight.keys() and len(queued) < limit:
            room = limit - len(queued)
            queued += house.store.claims.enqueue(run, until=until + by, limit=room, only={name})
    return queued


def _fitting(
    house: House, run: Run, rooms: Rooms, names: Collection[str], *, until: datetime, limit: int
) -> list[Delivery]:
    # What a used up limit counts must not hide the other posts of its account.
    full = quotas.used_up(rooms)
    due = house.store.due.queueable(until, limit, only=names, full=full) if limit else []
    fits = [one.id for one in quotas.fitting(house, due, rooms)]
    return house.store.claims.enqueue(run, until=until, limit=limit, ids=fits) if fits else []


def miss(house: House, run: Run, *, now: datetime, limit: int) -> list[Delivery]:
    """Mark as late what is past its grace, before anything could send it."""
    return house.carry_out(misses(house, past_its_grace(house, now, limit), now), run=run)


def misses(house: House, late: Sequence[Delivery], now: datetime) -> list[Move]:
    """Return the steps to *late*, each with what kept it from going out, as far as that is known."""
    waits = quotas.waits(house, late)
    barred = under_pause.over(house, late)
    barred |= dict.fromkeys(_unapproved(house, late), _UNAPPROVED)
    return [
        missed(
            delivery,
            now,
            house.policy(delivery.account),
            waited=waits.get(delivery.id),
            barred=barred.get(delivery.id),
        )
        for delivery in late
    ]


def _unapproved(house: House, late: Sequence[Delivery]) -> Iterator[int]:
    """Yield what nobody has approved: drafts, and what was to go once more of a post changed since."""
    queued = {one.post_id for one in late if one.state is State.QUEUED}
    posts = house.store.posts(queued) if queued else {}
    for one in late:
        post = posts.get(one.post_id)
        if one.state is State.DRAFT or (post is not None and post.approval in UNAPPROVED):
            yield one.id


def past_its_grace(house: House, now: datetime, limit: int) -> list[Delivery]:
    """Return what is late and in nobody's hands.

    Asked once for each length of grace: a long one of one account must not hide what others missed.
    """
    by_grace: dict[timedelta, list[str]] = defaultdict(list)
    for name, account in house.config.accounts.items():
        by_grace[account.policy.grace].append(name)
    known = list(house.config.accounts)
    found = house.store.due.overdue(now - Policy().grace, limit, skip=known)
    for grace, names in by_grace.items():
        found += house.store.due.overdue(now - grace, limit, only=names)
    return [each for each in found if is_late(each, now, house.policy(each.account))]


def is_late(delivery: Delivery, now: datetime, policy: Policy) -> bool:
    """Say whether a delivery must not go out any more without consent."""
    return _why_late(delivery, now, policy) is not None


def _why_late(delivery: Delivery, now: datetime, policy: Policy) -> str | None:
    start = delivery.grace_from or delivery.due_at
    return None if start is None else lateness.reason(start, now, policy.grace)


def missed(
    delivery: Delivery,
    now: datetime,
    policy: Policy,
    *,
    waited: str | None = None,
    barred: Barred | None = None,
) -> Move:
    """Return the step to *late*; where the policy is not to ask, tick carries it out next.

    `waited` is what it was waiting for, if anything is known of that, and `barred` what people had not
    let it do: then a person decides.
    """
    told = barred.why if barred else waited
    why = " ".join(filter(None, (_why_late(delivery, now, policy), told)))
    return Move(
        delivery,
        Step.MISSED,
        wake_at=None if policy.late == "ask" or barred else now,
        set={"error_code": barred.code if barred else "late", "error": why},
        detail={"why": why},
    )


def _allow(house: House, run: Run, *, limit: int, held: frozenset[str]) -> list[Delivery]:
    now = house.clock.now()
    eager = {name for name, one in house.config.accounts.items() if one.policy.late == "publish"}
    rooms = quotas.rooms(house) if eager else {}
    # Let out, it could not go, and would be late again in a quarter of an hour. Not asked for, so
    # that a full account's late posts do not hide those of others.
    full = {share for share in quotas.used_up(rooms) if share[0] in eager}
    late = house.store.due.allowed_late(limit, skip=eager & held, full=full)
    chosen = [delivery for delivery in late if delivery.account not in eager]
    chosen += quotas.fitting(house, [one for one in late if one.account in eager], rooms)
    moves = [_by_policy(delivery, house.policy(delivery.account), now) for delivery in chosen]
    return house.carry_out(moves, run=run)


def _by_policy(delivery: Delivery, policy: Policy, now: datetime) -> Move:
    why = {"why": f'late = "{policy.late}"'}
    if policy.late == "publish":
        return Move(delivery, Step.ALLOWED, wake_at=now, set={"grace_from": now}, detail=why)
    if policy.late == "skip":
        return Move(delivery, Step.CANCELLED, wake_at=None, detail=why)
    return Move(delivery, Step.GAVE_UP, wake_at=None, detail=why)

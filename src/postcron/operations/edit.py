"""Edit: change what has not begun to go out; what phase 2 made for the old version is made anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from postcron.errors import DoesNotFit, Invalid, Refused
from postcron.model import PAUSED, Approval, Attachment, Delivery, Move, Post, PostChange, PostType
from postcron.operations.ahead import is_changeable, may_appear, take_back
from postcron.operations.choosing import chosen
from postcron.operations.drafting import unapproved_until
from postcron.operations.editable import EDITABLE, why_not
from postcron.operations.fitting import unfitting
from postcron.operations.house import House
from postcron.operations.intake import taking_in
from postcron.operations.placing import Diaries, Placed, new_time, placing, window_end_of
from postcron.operations.rescheduling import changed, timed
from postcron.operations.selecting import post_of, select
from postcron.operations.threads import require_place
from postcron.states import FINAL, STEPS, UNCERTAIN, State, Step

#: a new time always leads back to scheduled from here
WITHOUT_TIME = frozenset({State.DRAFT, State.QUEUED, State.FAILED, State.LATE})
#: what its post waits for does not matter to these any more
_SETTLED = FINAL | UNCERTAIN | {State.PUBLISHING, State.DRAFT}


@dataclass(frozen=True)
class Change:
    """What a person wants to be different; None leaves it as it is."""

    text: str | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    at: str | None = None
    zone: str | None = None
    media: Sequence[str] | None = None
    alts: Sequence[str] = ()
    type: PostType | None = None
    campaign: str | None = None
    notes: str | None = None
    labels: tuple[str, ...] | None = None
    priority: int | None = None
    #: refuse rather than move; and never move beyond this
    exact: bool = False
    window_end: str | None = None
    #: the options named are all there are: others are taken away
    options_whole: bool = False
    #: what the file it is applied from says now
    applied: str | None = None

    @property
    def content(self) -> bool:
        """Say whether something changes that a platform would see."""
        return any(
            [self.text is not None, self.texts, self.options, self.media is not None, self.type]
        )

    @property
    def shared(self) -> bool:
        """Say whether something changes that all deliveries of the post have in common."""
        return self.media is not None or self.type is not None


@dataclass(frozen=True)
class Edited:
    """The post and its deliveries after the change."""

    post: Post
    deliveries: tuple[Delivery, ...]
    #: said beside the answer, for a person
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Case:
    """One change of one post, as far as it is the same for all its deliveries."""

    house: House
    post: Post
    change: Change
    #: not all of the post's deliveries are changed
    alone: bool
    now: datetime
    window_end: datetime | None

    @property
    def submits(self) -> bool:
        """Say whether somebody has to approve the post once it is changed: also once more."""
        decided = self.post.approval is Approval.APPROVED
        return self.post.approval is not None and (self.change.content or not decided)


def edit(house: House, id: str, change: Change, *, actor: str) -> Edited:
    """Change a post (`12`) or one delivery (`12.1`); all of it or nothing.

    Raises `Refused` for what is on its way or out, `DoesNotFit` for what a platform would refuse.
    """
    post, chosen = post_of(house, id), select(house, id)
    everyone = house.store.deliveries(post.id)
    open_ones = _editable(house, chosen, change)
    alone = len(chosen) < len(everyone) or len(open_ones) < len(everyone)
    if alone and change.shared:
        raise _divided(post)
    now = house.clock.now()
    window_end = _window_end(house, everyone, change, now)
    case = _Case(house, post, change, alone, now, window_end or post.window_end)
    diaries = Diaries(house, without=[delivery.id for delivery in open_ones])
    with taking_in(house) as intake:
        new = None if change.media is None else intake.fetch(change.media, change.alts)
        for delivery in open_ones:
            _check(case, delivery, post.attachments if new is None else new)
        first = [_placed(case, diaries, delivery) for delivery in open_ones]
        kept = None if new is None else intake.keep(new)
    run = house.run("edit", actor=actor)
    approval = Approval.PENDING if case.submits and open_ones else None
    new_post = replace(_of_post(case), attachments=kept, approval=approval, window_end=window_end)
    # Only now: what cannot be changed as it is asked for stays where it is.
    others = take_back(house, _approved(case, everyone, open_ones), actor=actor)
    open_ones = take_back(house, open_ones, actor=actor)
    waiting = [_submitted(house, each) for each in others] + _awakened(case, everyone, open_ones)

    def save(by: Diaries) -> None:
        placed = first if by is diaries else [_placed(case, by, each) for each in open_ones]
        moves = [_move(case, *each) for each in zip(open_ones, placed, strict=True)]
        house.store.revise(post, new_post, moves + waiting, run=run, seen=by.seen)

    placing(diaries, save)
    notes = tuple(each.note for each in first if each is not None and each.note is not None)
    return Edited(post_of(house, str(post.id)), tuple(house.store.deliveries(post.id)), notes)


def _divided(post: Post) -> Refused:
    return Refused(
        f"Media and type belong to the whole of post {post.id}, and part of it is out or left out: "
        f"cancel what is not out and schedule it as a new post."
    )


def _of_post(case: _Case) -> PostChange:
    """Return what becomes different of the post itself."""
    change = case.change
    return PostChange(
        text=None if case.alone else change.text,
        type=change.type,
        campaign=change.campaign,
        notes=change.notes,
        labels=change.labels,
        priority=change.priority,
        applied=change.applied,
    )


def _awakened(
    case: _Case, everyone: Sequence[Delivery], open_ones: Sequence[Delivery]
) -> list[Move]:
    """Return the steps of what is not changed itself, and may wait for no pause any more."""
    if case.change.campaign in {None, case.post.campaign}:
        return []
    left = [one for one in everyone if one not in open_ones and _sleeps(one)]
    return [_awake(one, case.now) for one in left]


def _approved(
    case: _Case, everyone: Sequence[Delivery], open_ones: Sequence[Delivery]
) -> list[Delivery]:
    """Return what else of a post must wait for its next approval; raises `Refused` if it cannot."""
    if not (case.submits and open_ones and case.post.approval is Approval.APPROVED):
        return []
    others = [one for one in everyone if one not in open_ones]
    others = [
        one for one in others if one.state not in _SETTLED or may_appear(case.house, one, case.now)
    ]
    if busy := [one for one in others if not is_changeable(case.house, one)]:
        raise Refused(" ".join(why_not(one) for one in busy))
    return others


def _sleeps(one: Delivery) -> bool:
    """Say whether it waits for the end of a pause, which may be that of the campaign it leaves."""
    waits = (one.state, Step.RESUMED) in STEPS and one.owner is None
    return waits and one.error_code == PAUSED


def _awake(one: Delivery, now: datetime) -> Move:
    if one.state is State.LATE:  # nobody's resume decides about it any more: a person does
        return Move(one, Step.RESUMED, None, {"error_code": "late"})
    wake = None if one.wake_at is None else now  # what waits its turn goes on doing so
    return Move(one, Step.RESUMED, wake, {"error_code": None, "error": None})


def _submitted(house: House, one: Delivery) -> Move:
    wake_at = unapproved_until(house.account(one.account), one.due_at)
    return Move(one, Step.SUBMITTED, wake_at, {"ready_at": None})


def _window_end(
    house: House, deliveries: Sequence[Delivery], change: Change, now: datetime
) -> datetime | None:
    """Return the new end of a post's window; raises `Invalid` if what keeps its time is due later."""
    if change.window_end is None:
        return None
    accounts = [house.account(one.account) for one in deliveries]
    window_end = window_end_of(change.window_end, change.zone, accounts, now)
    for one in deliveries if change.at is None else ():
        if one.state in EDITABLE and one.due_at and window_end and one.due_at > window_end:
            message = f"{one.ref} is due after that end of its window: give it a time with --at."
            raise Invalid(message, code="window_over")
    return window_end


def _editable(house: House, chosen: Sequence[Delivery], change: Change) -> list[Delivery]:
    if not change.content and change.at is None:
        return []
    open_ones = [delivery for delivery in chosen if is_changeable(house, delivery)]
    if not open_ones:
        raise Refused(" ".join(why_not(delivery) for delivery in chosen))
    for delivery in open_ones:
        require_place(house, delivery)
    return open_ones


def _move(case: _Case, delivery: Delivery, placed: Placed | None) -> Move:
    changes = _content(case, delivery) | ({} if placed is None else new_time(placed))
    return changed(case.house, delivery, _step(case, delivery, placed), changes)


def _placed(case: _Case, diaries: Diaries, delivery: Delivery) -> Placed | None:
    if case.change.at is None:
        return None
    account = case.house.account(delivery.account)
    at, zone = case.change.at, case.change.zone
    wanted = chosen(diaries, account, at, zone=zone, now=case.now, since=case.now)
    return diaries.move(delivery, wanted, window_end=case.window_end, exact=case.change.exact)


def _step(case: _Case, delivery: Delivery, placed: Placed | None) -> Step:
    if case.submits:
        return Step.SUBMITTED
    if placed is None or (case.change.content and delivery.state not in WITHOUT_TIME):
        return Step.EDITED
    return timed(case.house, delivery, placed)


def _content(case: _Case, delivery: Delivery) -> dict[str, Any]:
    change = case.change
    if not change.content:
        return {}
    own = change.texts.get(delivery.account, change.text if case.alone else delivery.text)
    kept = {} if change.options_whole and delivery.account in change.options else delivery.options
    options = {**kept, **change.options.get(delivery.account, {})}
    return {
        "text": own,
        "options": options,
        "revision": delivery.revision + 1,
        "ready_at": None,
        "tries": 0,
    }


def _check(case: _Case, delivery: Delivery, attachments: Sequence[Attachment]) -> None:
    changes, change, post = _content(case, delivery), case.change, case.post
    account = case.house.account(delivery.account)
    text = changes.get("text", delivery.text)
    if text is None:
        text = post.text if change.text is None else change.text
    type, options = change.type or post.type, changes.get("options", delivery.options)
    found = unfitting(case.house, account, text, type, attachments, options, where=delivery.ref)
    if found:
        raise DoesNotFit(found)

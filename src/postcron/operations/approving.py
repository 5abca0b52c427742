"""Approve and reject: whether a post may go out, said by somebody, kept with who and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from postcron.errors import Invalid, Refused
from postcron.model import Approval, Delivery, Follow, Move, Post
from postcron.operations.ahead import is_changeable, take_back
from postcron.operations.drafting import first_wake
from postcron.operations.editable import why_not
from postcron.operations.house import House
from postcron.operations.selecting import post_of
from postcron.operations.threads import waits
from postcron.operations.tick import is_late, missed
from postcron.rules.spans import until
from postcron.states import State, Step


@dataclass(frozen=True)
class Decided:
    """The posts a person has decided about, and their deliveries now."""

    posts: tuple[Post, ...]
    deliveries: tuple[Delivery, ...]
    #: said beside the answer, for a person
    notes: tuple[str, ...] = ()


def approve(house: House, ids: Sequence[str], *, actor: str) -> Decided:
    """Let posts go out at their time, with the parts of a thread that follow them; all or none.

    What is late by now does as its account's policy says. What is approved already stays so.
    """
    posts = _asked_about(house, ids)
    run, now = house.run("approve", actor=actor), house.clock.now()
    waiting = [post.id for post in posts if post.approval is not Approval.APPROVED]
    moves = [
        move
        for id in waiting
        for one in house.store.deliveries(id)
        if (move := _let_out(house, one, now))
    ]
    house.store.decide(waiting, moves, run=run, approval=Approval.APPROVED)
    decided = _decided(house, posts)
    late = [one for one in decided.deliveries if one.state is State.LATE]
    return Decided(decided.posts, decided.deliveries, tuple(_ask(one, now) for one in late))


def reject(house: House, ids: Sequence[str], *, why: str | None, actor: str) -> Decided:
    """Keep posts from going out until they are changed, or approved after all; all or none.

    Raises `Refused` for what is out or on its way.
    """
    posts = _asked_about(house, ids)
    run = house.run("reject", actor=actor)
    told = {"why": f"rejected: {why}" if why else "rejected"}
    unsent = [one for post in posts for one in _unsent(house, post)]
    back = take_back(house, unsent, actor=actor)
    moves = [Move(one, Step.SUBMITTED, wake_at=None, detail=told) for one in back]
    asked = [post.id for post in posts]
    house.store.decide(asked, moves, run=run, approval=Approval.REJECTED, why=why)
    return _decided(house, posts)


def _asked_about(house: House, ids: Sequence[str]) -> list[Post]:
    """Return the posts of these ids, and those that follow them in a thread; raises `Invalid`."""
    if any("." in id for id in ids):
        raise Invalid("Only whole posts are approved or rejected: leave out what follows the dot.")
    posts = {post.id: post for id in ids for post in house.store.thread(post_of(house, id).id)}
    for post in posts.values():
        if post.approval is None:
            message = f"Post {post.id} needs no approval: `postcron cancel {post.id}` withdraws it."
            raise Refused(message)
    return list(posts.values())


def _unsent(house: House, post: Post) -> list[Delivery]:
    """Return what can still be kept from going out; raises `Refused` for what is on its way."""
    left = [
        one
        for one in house.store.deliveries(post.id)
        if one.state not in {State.CANCELLED, State.PUBLISHED}
    ]
    busy = [one for one in left if not is_changeable(house, one)]
    if busy or not left:
        whole = f"Nothing of post {post.id} is left to go out."
        raise Refused(" ".join(why_not(one) for one in busy) or whole)
    return left


def _let_out(house: House, one: Delivery, now: datetime) -> Move | None:
    """Return what becomes of a delivery that may go out from now on; None: nothing by itself."""
    if one.state is State.QUEUED and one.owner is None:  # to be sent once more, as it was
        return Move(one, Step.RELEASED, wake_at=now)
    if one.state not in {State.DRAFT, State.LATE} or one.due_at is None:
        return None
    policy = house.policy(one.account)
    # The next part of a thread has no time of its own: it follows the part before.
    due = max(one.due_at, now) if one.follows is Follow.ANSWER else one.due_at
    if one.state is State.DRAFT and not (due == one.due_at and is_late(one, now, policy)):
        wake = first_wake(house, house.account(one.account), State.SCHEDULED, due)
        return Move(one, Step.APPROVED, None if waits(house, one) else wake, {"due_at": due})
    if policy.late == "skip":
        return Move(one, Step.CANCELLED, wake_at=None)
    if policy.late == "publish":
        step = Step.APPROVED if one.state is State.DRAFT else Step.ALLOWED
        forgotten = {"grace_from": now, "error_code": None, "error": None}
        return Move(one, step, now, forgotten, detail={"why": 'late = "publish"'})
    return missed(one, now, policy) if one.state is State.DRAFT else None


def _ask(one: Delivery, now: datetime) -> str:
    when = until(one.due_at or now, now)
    return (
        f"{one.ref} was due {when}: `postcron edit {one.ref} --at …` gives it a new time, "
        f"`postcron retry {one.ref}` sends it now."
    )


def _decided(house: House, posts: Sequence[Post]) -> Decided:
    now = house.store.posts([post.id for post in posts])
    deliveries = [one for post in posts for one in house.store.deliveries(post.id)]
    return Decided(tuple(now[post.id] for post in posts), tuple(deliveries))

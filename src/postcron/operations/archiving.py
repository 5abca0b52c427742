"""Archive and restore: old posts leave the lists, and nothing is ever lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from postcron.errors import Invalid, Refused
from postcron.model import Post
from postcron.operations.house import House
from postcron.operations.selecting import post_of
from postcron.rules.spans import duration
from postcron.states import FINAL

#: posts that are put aside in one transaction
AT_ONCE: Final = 500


@dataclass(frozen=True)
class Archived:
    """The posts that were put aside, or brought back, by this call."""

    ids: tuple[int, ...]


def archive(
    house: House, ids: Sequence[str], *, older: str | None, actor: str, dry_run: bool = False
) -> Archived:
    """Put posts aside by id, or all that are over for so long; raises `Refused` for what is not."""
    if bool(ids) == (older is not None):
        raise Invalid("Name posts, or say --older 90d: one of the two.", code="usage")
    if older is not None:
        return _older(house, older, actor=actor, dry_run=dry_run)
    posts = _posts(house, ids)
    for post in posts:
        _require_over(house, post)
    left = [post.id for post in posts if post.archived_at is None]
    if dry_run:
        return Archived(tuple(left))
    return Archived(tuple(house.store.archive.put(left, run=house.run("archive", actor=actor))))


def restore(house: House, ids: Sequence[str], *, actor: str) -> Archived:
    """Bring posts back to the lists; those that are there stay."""
    posts = [post.id for post in _posts(house, ids)]
    return Archived(
        tuple(house.store.archive.restore(posts, run=house.run("restore", actor=actor)))
    )


def _older(house: House, older: str, *, actor: str, dry_run: bool) -> Archived:
    before, run = house.clock.now() - duration(older), house.run("archive", actor=actor)
    if dry_run:
        return Archived(tuple(house.store.archive.settled_before(before, limit=None)))
    gone: list[int] = []
    while some := house.store.archive.settled_before(before, limit=AT_ONCE):
        archived = house.store.archive.put(some, run=run)
        gone += archived
        if not archived:  # somebody else is at it
            break
    return Archived(tuple(gone))


def _posts(house: House, ids: Sequence[str]) -> list[Post]:
    if any("." in id for id in ids):
        raise Invalid("Only whole posts are archived: leave out what follows the dot.")
    return list({post.id: post for id in ids for post in (post_of(house, id),)}.values())


def _require_over(house: House, post: Post) -> None:
    for one in house.store.deliveries(post.id):
        if one.state not in FINAL:
            message = f"{one.ref} is {one.state}: only what is published or cancelled is archived."
            raise Refused(message)
        if one.wake_at is not None:
            message = (
                f"{one.ref} was published a moment ago, and is looked for once more: wait a minute."
            )
            raise Refused(message)

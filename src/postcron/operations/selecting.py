"""From what a person types to deliveries: `12` is a post, `12.2` its second delivery."""

from __future__ import annotations

import re
from collections.abc import Iterable

from postcron.errors import NotFound
from postcron.model import Delivery, Post
from postcron.operations.house import House

SHAPE = re.compile(r"(?P<post>[1-9][0-9]{0,17})(\.(?P<number>[1-9][0-9]{0,8}))?")


def select(house: House, id: str) -> list[Delivery]:
    """Return the deliveries an id names; raises `NotFound` with the reason."""
    post_id, number = _parts(id)
    found_post(house, post_id)
    if number is None:
        return house.store.deliveries(post_id)
    delivery = house.store.delivery(post_id, number)
    if delivery is None:
        count = len(house.store.deliveries(post_id))
        message = f"Post {post_id} has no delivery {number}; it has {count}."
        raise NotFound(message)
    return [delivery]


def select_all(house: House, ids: Iterable[str]) -> list[Delivery]:
    """Return the deliveries that some ids name, each of them once."""
    return list({one.id: one for id in ids for one in select(house, id)}.values())


def found_post(house: House, post_id: int) -> Post:
    """Return a post of this workspace; raises `NotFound`."""
    post = house.store.post(post_id)
    if post is None or post.workspace != house.config.workspace:
        message = f"There is no post {post_id}; `postcron list` shows what there is."
        raise NotFound(message)
    return post


def post_of(house: House, id: str) -> Post:
    """Return the post an id names, or the post its delivery belongs to."""
    return found_post(house, _parts(id)[0])


def _parts(id: str) -> tuple[int, int | None]:
    match = SHAPE.fullmatch(id.strip())
    if match is None:
        message = f"{id!r} is not an id: write 12 for a post, or 12.1 for one of its deliveries."
        raise NotFound(message)
    number = match["number"]
    return int(match["post"]), None if number is None else int(number)

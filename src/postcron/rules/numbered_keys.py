"""Keys of posts that were given none: each says where its post stands."""

from __future__ import annotations

import re
from typing import Final

_BY_NUMBER: Final = re.compile(
    r"from-(?P<store>[0-9a-f-]{32,36})-(?P<post>[1-9][0-9]{0,17})(?:/[0-9]+)?"
)


def by_number(store: str, post_id: int) -> str:
    """Return the key under which a post of a store is known elsewhere."""
    return f"from-{store}-{post_id}"


def number(key: str, store: str) -> int | None:
    """Return which post of this store a key, or that of a further part, stands for by its number."""
    match = _BY_NUMBER.fullmatch(key)
    return int(match["post"]) if match and match["store"] == store else None

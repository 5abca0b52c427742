"""What a post says, in the same words whether a file or the store says it: to be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

from postcron.errors import Invalid
from postcron.model import UNAPPROVED, Account, Delivery, Post
from postcron.operations.house import House
from postcron.operations.wishes import Wish, options_of
from postcron.rules import moments
from postcron.states import State

#: a moment of the calendar says nothing about now
_ANY_TIME: Final = datetime(1970, 1, 2, tzinfo=UTC)
#: stands before the time of what does not go out
_DRAFT: Final = "draft "

#: what a post says, to be compared: by the same words in a file and in the store
Content = Mapping[str, Any]


@dataclass(frozen=True)
class There:
    """A post that was applied, with its deliveries."""

    post: Post
    deliveries: Sequence[Delivery]

    @property
    def withdrawn(self) -> bool:
        return all(delivery.state is State.CANCELLED for delivery in self.deliveries)

    def differing(self, text: str) -> list[Delivery]:
        """Return what says something else, and is not withdrawn."""
        left = (one for one in self.deliveries if one.state is not State.CANCELLED)
        return [one for one in left if (self.post.text if one.text is None else one.text) != text]


def meant_by(house: House, wish: Wish) -> Content:
    accounts = [house.account(name) for name in wish.accounts]
    return {
        "type": str(wish.type),
        "media": [
            [_checksum(source), alt]
            for source, alt in zip_longest(wish.media, wish.alts, fillvalue="")
        ],
        "campaign": wish.campaign or "",
        "notes": wish.notes or "",
        "labels": list(wish.labels),
        "accounts": {
            account.name: {
                "priority": wish.priority,
                "text": wish.texts.get(account.name, wish.text or ""),
                "options": options_of(house, account, wish),
                "time": _time(wish, account),
            }
            for account in accounts
        },
    }


def _time(wish: Wish, account: Account) -> str:
    if wish.draft:
        return f"{_DRAFT}{_time(replace(wish, draft=False), account)}"
    if wish.at is None or wish.at == "now":
        return ""
    # Told by a clock that has seen nothing: what is past by now may have been applied in time.
    moment = moments.parse(wish.at, now=_ANY_TIME, zone=wish.zone or account.timezone)
    return moment.at.isoformat()


def found_of(wish: Wish, now: There) -> Content:
    return {
        "type": str(now.post.type),
        "media": [[each.file.sha256, each.alt] for each in now.post.attachments],
        "campaign": now.post.campaign or "",
        "notes": now.post.notes or "",
        "labels": list(now.post.labels),
        "accounts": {
            delivery.account: {
                "priority": delivery.priority,
                "text": now.post.text if delivery.text is None else delivery.text,
                "options": dict(delivery.options),
                "time": _its_time(wish, now.post, delivery),
            }
            for delivery in now.deliveries
            if delivery.state is not State.CANCELLED
        },
    }


def _its_time(wish: Wish, post: Post, delivery: Delivery) -> str:
    # What waits to be approved is a draft too, and has the time it was given.
    waits = post.approval in UNAPPROVED
    draft = delivery.state is State.DRAFT and (wish.draft or not waits)
    wanted_at = None if wish.at == "now" else delivery.wanted_at
    at = "" if wanted_at is None else wanted_at.isoformat()
    return f"{_DRAFT}{at}" if draft else at


def _checksum(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error.strerror}.", code="no_media") from error


def digest(content: Content) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def another_time(meant: Content, found: Content) -> bool:
    return any(
        found["accounts"].get(name, {}).get("time") != content["time"]
        for name, content in meant["accounts"].items()
    )

"""The outlook of an account: until when its login holds, and which posts would come too late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from postcron.errors import Invalid
from postcron.model import Account, AccountState, Filter
from postcron.operations.house import House
from postcron.platforms.base import Refreshes
from postcron.rules.spans import until
from postcron.states import AHEAD


@dataclass(frozen=True)
class Outlook:
    """When a person has to log in again, None if never as far as is known, and for how many posts."""

    ends_at: datetime | None
    posts_after: int = 0

    def sentence(self, now: datetime) -> str:
        """Return what a person wants to know, without the name of the account."""
        if self.ends_at is None:
            return ""
        verb = "expires" if self.ends_at > now else "expired"
        posts = {0: "no post", 1: "1 post"}.get(self.posts_after, f"{self.posts_after} posts")
        return f"{verb} {until(self.ends_at, now)}; {posts} after that"


def outlook(house: House, account: Account, state: AccountState | None) -> Outlook:
    """Return until when an account's login holds, against what is queued for it."""
    ends_at = login_ends(house, account, state)
    if ends_at is None:
        return Outlook(None)
    queued = Filter(states=AHEAD, account=account.name, since=ends_at)
    return Outlook(ends_at, house.store.count(queued))


def login_ends(house: House, account: Account, state: AccountState | None) -> datetime | None:
    """Return the moment after which only a person can log in again, if one is known."""
    if state is None:
        return None
    try:
        renews = issubclass(house.platform_class(account), Refreshes)
    except Invalid:
        return None
    return state.session_dies_at if renews else state.session_expires_at

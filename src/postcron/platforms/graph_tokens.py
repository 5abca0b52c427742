"""Meta's tokens that last 60 days: renewed at three quarters of that, believed while they are young.

https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
https://developers.facebook.com/docs/threads/get-started/long-lived-tokens
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from postcron.errors import Permanent
from postcron.model import Session
from postcron.platforms import oauth
from postcron.platforms.base import Login, Refusal
from postcron.platforms.graph import fetched
from postcron.web import Answer

LIFE: Final = timedelta(days=60)
#: a younger token cannot be renewed
YOUTH: Final = timedelta(hours=25)
#: a token that never ends by itself is asked for again after this
LASTING: Final = timedelta(days=365)


def token(login: Login) -> str:
    """Return the newest token: what a renewal left, unless the configuration has another since."""
    return oauth.refresh_token(login, "token")


def renewed(
    login: Login,
    now: datetime,
    ask: Callable[[str], Answer],
    refusals: tuple[Refusal, ...],
    is_good: Callable[[], Any],
) -> Session:
    """Return the session that asking for another life of the token gives.

    A token that was made less than a day ago is refused like a dead one: one that is new here is
    renewed on another day, if `is_good` does not raise. Raises `Temporary` or `Permanent`.
    """
    old = token(login)
    try:
        return session(login, oauth.told(ask(old), "access_token"), refusals, now)
    except Permanent:
        if login.session is not None and login.session.data["access"] == old:
            raise
        is_good()
        return _session(login, {"access_token": old}, now, LIFE - YOUTH, YOUTH)


def session(login: Login, answer: Answer, refusals: tuple[Refusal, ...], now: datetime) -> Session:
    """Return the session of the token in an answer; raises `Temporary` or `Permanent`."""
    given = fetched(answer, refusals, "access_token")
    lasts = given.get("expires_in")
    life = timedelta(seconds=float(lasts)) if lasts else LIFE
    return _session(login, given, now, life, life * 3 / 4)


def unending(login: Login, now: datetime, given: str = "") -> Session:
    """Return the session of a token that nobody renews: a Page's, or one of a system user."""
    access = given or token(login)
    return oauth.session(
        login, {"access_token": access}, now, key="token", refresh=access, lasts=LASTING
    )


def _session(
    login: Login, answer: Any, now: datetime, life: timedelta, renew_in: timedelta
) -> Session:
    # There is no other token to renew by: this one renews itself, and only while it lives.
    session = oauth.session(
        login, answer, now, key="token", refresh=str(answer["access_token"]), lasts=life
    )
    return replace(session, renew_at=now + renew_in)

"""LinkedIn's tokens, which last 60 days: renewed for a year by those who were given a refresh token.

Only approved partners are. With all others a person logs in anew, and is told in time: `dies_at`.
https://learn.microsoft.com/en-us/linkedin/shared/authentication/programmatic-refresh-tokens
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from postcron.errors import Code, Evidence, Permanent
from postcron.model import Session
from postcron.platforms import oauth
from postcron.platforms.base import Login, fields
from postcron.platforms.linkedin_answers import LOGIN_REFUSALS, failed
from postcron.web import Answer

LIFE: Final = timedelta(days=60)

Ask = Callable[[Mapping[str, str]], Answer]


def _key(login: Login) -> str:
    """Return the key of the configuration a session is made from."""
    return "refresh_token" if login.secret("refresh_token") else "token"


def _newest(login: Login) -> str:
    """Return what a session can be renewed by; the access token itself where nothing can."""
    return oauth.refresh_token(login, _key(login))


def access_token(login: Login) -> str:
    """Return what calls are authorized by: the session's token, or one written down since then."""
    session = login.session
    if _key(login) == "token" and (session is None or session.data["refresh"] != _newest(login)):
        return _newest(login)
    return oauth.access_token(login)


def redeemed(login: Login, now: datetime, ask: Ask, code: str, redirect: str) -> Session:
    """Return the session that a code stands for."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
    return _granted(login, now, ask, form)


def refreshed(login: Login, now: datetime, ask: Ask) -> Session:
    """Return a session that lasts; raises `Permanent` when only a person can get one."""
    newest, session = _newest(login), login.session
    if _key(login) == "token" and (session is None or session.data["refresh"] != newest):
        # Written down by hand: how old it is nobody says, and that it is good only a call.
        return _unrenewable(login, {"access_token": newest}, now)
    if session is not None and session.data["access"] == newest:
        message = (
            f"The login of {login.account} is over, and LinkedIn gave nothing to renew it by: "
            f"`postcron accounts login {login.account}`."
        )
        raise Permanent(message, code=Code.TOKEN_REFUSED, evidence=Evidence.NOT_SENT)
    return _granted(login, now, ask, {"grant_type": "refresh_token", "refresh_token": newest})


def _granted(login: Login, now: datetime, ask: Ask, form: Mapping[str, str]) -> Session:
    answer = oauth.told(ask(form), "access_token")
    body = fields(answer)
    if answer.status != 200 or "access_token" not in body:
        raise failed(answer, LOGIN_REFUSALS)
    refresh = form.get("refresh_token", "")
    if not (body.get("refresh_token") or refresh):
        return _unrenewable(login, body, now)
    session = oauth.session(login, body, now, key=_key(login), refresh=refresh, lasts=LIFE)
    # Early enough to try again for days, and for a person to hear of it.
    return replace(session, renew_at=now + (session.expires_at - now) * 3 / 4)


def _unrenewable(login: Login, body: Mapping[str, object], now: datetime) -> Session:
    access = str(body["access_token"])
    session = oauth.session(login, body, now, key=_key(login), refresh=access, lasts=LIFE)
    return replace(session, dies_at=session.expires_at)

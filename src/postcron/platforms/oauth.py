"""OAuth 2.0 as platforms speak it: a code or a refresh token, and the session it becomes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from postcron.errors import Code, Evidence, Permanent, Temporary
from postcron.model import Session
from postcron.platforms.base import Login


def page(address: str, **params: str) -> str:
    """Return the page where a person consents."""
    return f"{address}?{urlencode(params)}"


def challenge(verifier: str) -> str:
    """Return what proves later that the one who redeems a code is the one who asked (RFC 7636)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def refresh_token(login: Login, key: str = "refresh_token") -> str:
    """Return the newest token to renew by: what a renewal or a login left, else the configuration's.

    One that was put into the configuration since then is newer. Raises `Permanent` without any.
    """
    given = login.secret(key)
    if login.session is not None and login.session.data.get("seed", "") == _seed(given):
        kept = login.session.data.get("refresh", "")
        given = kept or given
    if not given:
        raise Permanent(
            f"Nobody has logged in for {login.account}: `postcron accounts login {login.account}`.",
            code=Code.TOKEN_REFUSED,
            evidence=Evidence.NOT_SENT,
        )
    return given


def access_token(login: Login, key: str = "token") -> str:
    """Return what a call is authorized by: the session's, else a token of the configuration."""
    return login.session.data["access"] if login.session is not None else login.secret(key)


def bearer(login: Login, platform: str) -> dict[str, str]:
    """Return the header a call is authorized by; raises `Temporary` before the first session."""
    if login.session is None:
        raise Temporary(
            f"There is no session with {platform} yet.",
            code=Code.TOKEN_EXPIRED,
            evidence=Evidence.NOT_SENT,
        )
    return {"Authorization": f"Bearer {access_token(login)}"}


def session(
    login: Login,
    answer: Mapping[str, Any],
    now: datetime,
    *,
    key: str = "refresh_token",
    refresh: str = "",
    lasts: timedelta = timedelta(hours=1),
    dies_in: str = "refresh_token_expires_in",
    **more: str,
) -> Session:
    """Return the session an answer of the token endpoint stands for.

    `refresh` is kept where the answer brings no new one; `lasts` is believed where it does not say
    how long the access token does. `more` is kept beside the tokens.
    """
    expires_in, left = answer.get("expires_in"), answer.get(dies_in)
    return Session(
        {
            "access": str(answer["access_token"]),
            "refresh": str(answer.get("refresh_token") or refresh),
            "seed": _seed(login.secret(key)),
            **more,
        },
        expires_at=now + (timedelta(seconds=float(expires_in)) if expires_in else lasts),
        dies_at=now + timedelta(seconds=float(left)) if left else None,
    )


def _seed(token: str) -> str:
    """Return what tells whether the configuration still has the token a session began with."""
    return hashlib.sha256(token.encode()).hexdigest()[:16] if token else ""

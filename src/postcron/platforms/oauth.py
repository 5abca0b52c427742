"""OAuth 2.0 as platforms speak it: a code or a refresh token, and the session it becomes."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from postcron.errors import Code, Evidence, Permanent, Temporary
from postcron.model import Session
from postcron.platforms.base import Login, fields
from postcron.web import Answer

#: what platforms say an error in, at the top of an answer
_WORDS: Final = frozenset({"error", "error_description", "errors", "errorDetails"}) | {
    *("code", "detail", "message", "serviceErrorCode", "status", "title", "type"),
    *("error_message", "error_type"),
}


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


class Grants:
    """What a login lives by: the code of a person's consent, and the refresh token it brings."""

    _login: Login

    def redeem(self, code: str, redirect: str, verifier: str, now: datetime) -> Session:
        grant = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        return self._granted(now, **grant, code_verifier=verifier)

    def refresh(self, now: datetime) -> Session:
        token = refresh_token(self._login)
        return self._granted(now, grant_type="refresh_token", refresh_token=token)

    def _granted(self, now: datetime, **grant: str) -> Session:
        """Return the session the token endpoint gives for this; raises `Temporary`, `Permanent`."""
        raise NotImplementedError


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


def told(answer: Answer, *names: str) -> Answer:
    """Return a good answer of a token endpoint, which has these fields, as it is; else its errors."""
    body = fields(answer)
    if answer.status == 200 and not body.get("error") and all(map(body.get, names)):
        return answer
    return words(answer)


def words(answer: Answer) -> Answer:
    """Return an answer with nothing but the words of its error, for whoever quotes it.

    Fresh tokens, which nobody knows yet, may stand in one that is not as expected.
    """
    said = {name: value for name, value in fields(answer).items() if name in _WORDS}
    # A page says who is in the way, and is worth no risk.
    is_page = answer.json() is None
    return Answer(answer.status, answer.headers, b"" if is_page else json.dumps(said).encode())


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

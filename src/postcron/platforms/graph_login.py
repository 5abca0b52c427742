"""Logging in at Meta: the page, the code it ends with, and the token of 60 days that is had for it.

Nothing proves who asked (PKCE): the pages of Instagram's and Threads' login know no such parameter,
and Facebook has it for OpenID Connect only, as a trial. A code is worth nothing without the secret of the
app, holds for an hour and is good once; `state` tells whose it is.

Where a browser may be sent back to, always to the letter as it stands in the app's list:
- Threads: an https address, never localhost (README of github.com/fbsamples/threads_api).
- Instagram: every address in its documentation is https; any other is UNCONFIRMED.
- Facebook: https; while an app is in development http://localhost, too. Whether an app of the
  business type, which has no such modes, ever is, is UNCONFIRMED.

https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions
https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow
https://developers.facebook.com/docs/facebook-login/guides/advanced/oidc-token
https://developers.facebook.com/blog/post/2018/06/08/enforce-https-facebook-login/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from postcron.errors import Invalid
from postcron.model import Session
from postcron.platforms import graph, graph_tokens, oauth
from postcron.platforms.base import Key, Login, fields
from postcron.web import Answer, Api

FACEBOOK: Final = "https://www.facebook.com"
KEYS: Final = (
    Key("client_id", help="of the app: for `postcron accounts login`"),
    Key("client_secret", secret=True, help="of the app"),
    Key(
        "redirect_uri",
        help="an https address from the app's list, where a login ends: nothing need answer there",
    ),
    Key("scopes", help="what a login asks for, separated by commas, if not only what posts need"),
)
CONFIG: Final = Key(
    "config_id", help="of Facebook Login for Business, for user tokens: in place of scopes"
)


def page(
    login: Login, address: str, redirect: str, state: str, *, localhost: bool = False, **asked: str
) -> str:
    """Return the page where a person consents; raises `Invalid` where it would lead nowhere.

    `localhost` says that an app in development may send a browser back to this machine.
    """
    app = login.settings.get("client_id")
    if not (app and login.secret("client_secret")):
        message = f"To log in {login.account} needs the client_id and client_secret of its app."
        raise Invalid(message, code="no_app")
    if not (_begins(redirect, "https") or (localhost and _begins(redirect, "http", "localhost"))):
        message = (
            f"{login.account} can be logged in by way of an https address only: put one of your own "
            "into the redirects of your app, and say it here, as redirect_uri in the configuration "
            "or with --redirect."
        )
        more = " While the app is in development http://localhost:8723/callback may do."
        raise Invalid(message + more * localhost, code="no_redirect")
    return oauth.page(
        address, client_id=app, redirect_uri=redirect, response_type="code", state=state, **asked
    )


def facebook_page(login: Login, redirect: str, state: str, scopes: str) -> str:
    """Return Facebook's page, where a configuration may stand for the scopes."""
    # https://developers.facebook.com/docs/facebook-login/facebook-login-for-business
    config, version = login.settings.get("config_id"), login.settings["graph_version"]
    asked = {"config_id": config} if config else {"scope": scopes}
    where = f"{login.settings.get('login_url') or FACEBOOK}/{version}/dialog/oauth"
    return page(login, where, redirect, state, localhost=True, **asked)


def grant(login: Login, code: str, redirect: str) -> dict[str, str]:
    """Return the form that asks Instagram or Threads for what a code stands for."""
    return {
        "client_id": login.settings.get("client_id", ""),
        "client_secret": login.secret("client_secret"),
        "grant_type": "authorization_code",
        "redirect_uri": redirect,
        "code": code,
    }


def session(
    login: Login, answer: Answer, exchange: Callable[[str], Answer], now: datetime
) -> Session:
    """Return the session of the token that the one in `answer`, of an hour, is exchanged for at once.

    Raises `Temporary` or `Permanent`; the code is spent then, and a person logs in anew.
    """
    short = _short(answer)
    lasting = oauth.told(unsaid(exchange(short), short), "access_token")
    return graph_tokens.session(login, lasting, graph.LOGIN_REFUSALS, now)


def facebook_session(login: Login, api: Api, code: str, redirect: str, now: datetime) -> Session:
    """Return the session of the person who came back from Facebook's page with this code."""
    form = grant(login, code, redirect)
    del form["grant_type"]
    path = f"{login.settings['graph_version']}/oauth/access_token"
    answer = api.call("GET", path, params=form)
    return session(login, answer, lambda token: exchanged(login, api, token), now)


def exchanged(login: Login, api: Api, token: str) -> Answer:
    """Return Facebook's answer to who asks for a person's token of 60 days by one of theirs."""
    # https://developers.facebook.com/docs/facebook-login/guides/access-tokens/get-long-lived
    params = {
        "grant_type": "fb_exchange_token",
        "client_id": login.settings.get("client_id", ""),
        "client_secret": login.secret("client_secret"),
        "fb_exchange_token": token,
    }
    return api.call("GET", f"{login.settings['graph_version']}/oauth/access_token", params=params)


def unsaid(answer: Answer, token: str) -> Answer:
    """Return an answer whose error does not repeat a token, as Meta does with one it cannot read."""
    if answer.status == 200 and "error" not in fields(answer):
        return answer
    return replace(answer, body=answer.body.replace(token.encode(), b"***"))


def _begins(address: str, scheme: str, host: str = "") -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == scheme and (parts.hostname == host if host else bool(parts.hostname))


def _short(answer: Answer) -> str:
    """Return the token of an hour; raises `Temporary` or `Permanent` if there is none."""
    body = fields(answer)
    # Instagram's documentation has it in a list; older clients know it without.
    data = body.get("data")
    given = data[0] if isinstance(data, list) and data else body
    token = given.get("access_token") if isinstance(given, dict) else None
    if answer.status != 200 or not token or not isinstance(token, str):
        raise graph.trouble(oauth.words(answer), graph.LOGIN_REFUSALS)
    return token

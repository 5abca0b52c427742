"""The windows of Meta's three logins, and what their codes are good for, after its documentation.

Sources: developers.facebook.com/docs (instagram-platform/…/business-login, threads/get-started/
get-access-tokens-and-permissions, facebook-login/guides/advanced/manual-flow, facebook-login/
facebook-login-for-business), README of github.com/fbsamples/threads_api; how a code that was used is
answered at Facebook: what others have met.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.simulators.server import Asked, Reply

APP: Final = "4711"
SECRET: Final = "app-secret-of-acme"
CONFIG: Final = "990602627938098"
REDIRECT: Final = "https://acme.example/logged-in/"
HOUR: Final = 3600.0


class NotShown(Exception):
    """The window shows an error, and the browser goes nowhere."""


@dataclass
class Window:
    """Where a person consents to one app."""

    path: str
    #: what may be asked for
    scopes: Collection[str]
    now: Callable[[], float]
    #: what is added to the address the browser ends at, and belongs to nothing
    tail: str = "#_"
    #: an app in development may be tried out on the machine of its maker
    localhost: bool = False
    #: the configurations of Facebook Login for Business
    configs: Collection[str] = ()
    redirects: Collection[str] = (REDIRECT,)
    #: what was asked for last
    asked: Mapping[str, str] = field(default_factory=dict)
    #: by code: when it was given, and for which address
    codes: dict[str, tuple[float, str]] = field(default_factory=dict)

    def consented(self, page: str, *, declines: bool = False) -> str:
        """Open a page as a person does who then consents; return where their browser ends."""
        parts = urlsplit(page)
        asked = dict(parse_qsl(parts.query, strict_parsing=True))
        self.asked = asked
        self._require_known(parts.path, asked)
        back, state = asked["redirect_uri"], asked["state"]
        if declines:
            denied = {"error": "access_denied", "error_reason": "user_denied"}
            why = {"error_description": "The user denied your request"}
            return f"{back}?{urlencode(denied | why | {'state': state})}{self.tail}"
        code = f"AQBx-{len(self.codes)}"
        self.codes[code] = self.now(), back
        return f"{back}?{urlencode({'code': code, 'state': state})}{self.tail}"

    def _require_known(self, path: str, asked: dict[str, str]) -> None:
        known = {"client_id", "redirect_uri", "response_type", "state"}
        if path != self.path or asked.keys() - known not in ({"scope"}, {"config_id"}):
            raise NotShown("Invalid Request: Request parameters are invalid")
        if (asked["client_id"], asked["response_type"]) != (APP, "code"):
            raise NotShown("Invalid platform app")
        if not set(asked.get("scope", "").split(",")) - {""} <= set(self.scopes):
            raise NotShown(f"Invalid Scopes: {asked['scope']}")
        if asked.get("config_id", CONFIG) != CONFIG or ("config_id" in asked and not self.configs):
            raise NotShown("Config ID is invalid")
        here = self.localhost and asked["redirect_uri"].startswith("http://localhost:")
        if not here and asked["redirect_uri"] not in self.redirects:
            raise NotShown("Invalid redirect_uri")

    def redeemed(self, given: Mapping[str, str], **more: str) -> str | None:
        """Return None for a good request for what a code stands for; else what is wrong with it."""
        names = {"client_id", "client_secret", "redirect_uri", "code"} | more.keys()
        if given.keys() != names or any(given[name] != value for name, value in more.items()):
            return "Invalid request"
        if (given["client_id"], given["client_secret"]) != (APP, SECRET):
            return "Error validating client secret."
        at, back = self.codes.pop(given["code"], (0.0, ""))
        if self.now() - at > HOUR:
            return "Matching code was not found or was already used"
        return None if given["redirect_uri"] == back else "Invalid redirect_uri"

    def redeemed_by_form(self, asked: Asked) -> Reply | None:
        """Return None for a good form at Instagram or Threads, else what they answer."""
        form = dict(parse_qsl(asked.body.decode(), keep_blank_values=True))
        is_form = asked.headers.get("content-type") == "application/x-www-form-urlencoded"
        grant = {"grant_type": "authorization_code"}
        wrong = self.redeemed(form, **grant) if is_form and not asked.query else "Invalid request"
        if wrong is None:
            return None
        return Reply(400, {"error_type": "OAuthException", "code": 400, "error_message": wrong})

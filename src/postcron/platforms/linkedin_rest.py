"""LinkedIn's REST API as every call has to speak it, and the addresses it gives out for bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from postcron.platforms.base import Login
from postcron.platforms.linkedin_tokens import access_token
from postcron.web import Answer, Api


class Rest:
    """The wire to LinkedIn for one account."""

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login, self._open = login, api
        self._api = api(login.settings["api_url"])

    def call(self, method: str, path: str, **request: Any) -> Answer:
        """Make a repeatable call; `finder` asks for a list, `json` and `params` are as in `Api`."""
        # https://learn.microsoft.com/en-us/linkedin/marketing/versioning
        finder = {"X-RestLi-Method": "FINDER"} if request.pop("finder", False) else {}
        return self._api.call(method, path, headers={**self._headers(), **finder}, **request)

    def act(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Make the publish call."""
        return self._api.act("POST", path, json=body, headers=self._headers())

    def send(self, address: str, content: Iterator[bytes], size: int, *, token: bool) -> Answer:
        """Send bytes to an address that LinkedIn gave out; the token goes to its own host only."""
        headers = {"Content-Type": "application/octet-stream"}
        ours = urlsplit(self._login.settings["upload_url"]).netloc
        if token and urlsplit(address).netloc == ours:
            headers |= self._authorization()
        return self._open(address).call("PUT", "", headers=headers, content=content, size=size)

    def _headers(self) -> dict[str, str]:
        return {
            **self._authorization(),
            "LinkedIn-Version": self._login.settings["version"],
            "X-Restli-Protocol-Version": "2.0.0",
        }

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {access_token(self._login)}"}


def encoded(urn: str) -> str:
    """Return a URN as it stands in a path."""
    return quote(urn, safe="")

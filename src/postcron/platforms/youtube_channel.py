"""A YouTube channel as its owner reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from postcron.errors import Code, Permanent
from postcron.platforms import oauth
from postcron.platforms.base import Login
from postcron.platforms.youtube_answers import items
from postcron.web import Answer, Api


class Channel:
    """The channel of one session."""

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self.api = api(login.settings["api_url"])

    def headers(self) -> dict[str, str]:
        """Return what authorizes a call; raises `Temporary` before the first session."""
        return oauth.bearer(self._login, "YouTube")

    def mine(self) -> Mapping[str, Any]:
        # https://developers.google.com/youtube/v3/docs/channels/list
        found = items(self._read("channels", part="id,snippet", mine="true"))
        if not found:
            raise Permanent("This Google account has no channel.", code=Code.ACCOUNT_UNUSABLE)
        return found[0]

    def video(self, id: str, parts: str) -> tuple[Mapping[str, Any] | None, datetime | None]:
        """Return a video, None if there is none, and when YouTube said so."""
        # https://developers.google.com/youtube/v3/docs/videos/list
        answer = self._read("videos", part=parts, id=id)
        return next(iter(items(answer)), None), answer.made_at()

    def _read(self, what: str, **params: str) -> Answer:
        return self.api.call("GET", f"/youtube/v3/{what}", params=params, headers=self.headers())

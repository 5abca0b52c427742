"""Instagram: photos, reels, stories and carousels, by either of Meta's two logins.

https://developers.facebook.com/docs/instagram-platform/content-publishing
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from postcron.model import (
    Attachment,
    Draft,
    Identity,
    Kind,
    Limits,
    MediaFile,
    PostType,
    Proposal,
    Session,
)
from postcron.platforms import graph, graph_login, graph_tokens
from postcron.platforms.base import Allowance, Key, Login, Option, Refusal, fields
from postcron.platforms.container_making import Part, State
from postcron.platforms.containers import Containers
from postcron.platforms.instagram_answers import HOPELESS, MAKE_REFUSALS, REFUSALS
from postcron.platforms.instagram_limits import limits, objections, people
from postcron.web import Answer, Api

#: by login: tokens of one are refused at the other
HOSTS: Final = {
    "facebook": "https://graph.facebook.com",
    "instagram": "https://graph.instagram.com",
}
#: what a login asks for, if its account does not say
SCOPES: Final = {
    "facebook": "instagram_basic,instagram_content_publish,pages_read_engagement,pages_show_list",
    "instagram": "instagram_business_basic,instagram_business_content_publish",
}
_TRIALS: Final = {"manual": "MANUAL", "performance": "SS_PERFORMANCE"}


class Instagram(Containers):
    """One professional account."""

    name: ClassVar[str] = "instagram"
    keys: ClassVar[tuple[Key, ...]] = (
        Key(
            "login",
            required=True,
            choices=frozenset(HOSTS),
            help="facebook: a token of the Page's login, for files without an address; instagram",
        ),
        Key("user_id", required=True, help="the account's id: 1784…"),
        Key(
            "token",
            secret=True,
            help="only without `postcron accounts login`: of 60 days; "
            "instagram_business_content_publish, or instagram_content_publish; for numbers also "
            "…_manage_insights",
        ),
        *graph_login.KEYS,
        graph_login.CONFIG,
        Key("graph_version", default=graph.VERSION),
        Key("api_url", help="if not graph.facebook.com, or graph.instagram.com"),
        Key("upload_url", default="https://rupload.facebook.com"),
        Key("login_url", help="if not www.facebook.com, or www.instagram.com"),
        Key("token_url", default="https://api.instagram.com", help="of the instagram login"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("collaborators", help="up to 3 user names, separated by commas"),
        Option("location_id", help="the id of a Page with a location"),
        Option("share_to_feed", frozenset({"true", "false"}), help="for a reel"),
        Option("thumb_offset", help="the cover of a reel: milliseconds from its start"),
        Option("audio_name", help="what the sound of a reel is called"),
        Option("trial", frozenset(_TRIALS), help="a reel that followers do not see at first"),
    )

    make_edge = "media"
    publish_edge = "media_publish"
    status_field = "status_code"
    why_field = "status"
    text_field = "caption"
    post_fields = "id,caption,media_type,timestamp,permalink,shortcode"
    counts: ClassVar[Mapping[str, str]] = {
        **{name: name for name in ("likes", "comments", "shares", "views", "reach")},
        "saves": "saved",
    }
    story_counts: ClassVar[frozenset[str]] = frozenset({"shares", "views", "reach"})
    refusals: ClassVar[tuple[Refusal, ...]] = REFUSALS
    make_refusals: ClassVar[tuple[Refusal, ...]] = MAKE_REFUSALS
    hopeless: ClassVar[re.Pattern[str]] = HOPELESS

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        settings = login.settings
        self._login = login
        self._version, self._user = settings["graph_version"], settings["user_id"]
        self._by_facebook = settings["login"] == "facebook"
        self._api = api(settings.get("api_url") or HOSTS[settings["login"]])
        self._uploads = api(settings["upload_url"])
        self._tokens = api(settings["token_url"])

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return limits(sends_videos=settings.get("login") == "facebook")

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        return objections(proposal)

    # --- who we are --------------------------------------------------------------------------

    def whoami(self) -> Identity:
        if self._by_facebook:
            answer = self._fetched(self._path(self._user), "id", fields="id,username")
            return Identity(str(answer["id"]), f"@{answer.get('username', self._user)}")
        # `id` is another one, of this app only.
        answer = self._fetched(self._path("me"), "user_id", fields="user_id,username")
        return graph.owner(self._login, answer, "user_id")

    def authorization(self, redirect: str, state: str, verifier: str) -> str:
        settings = self._login.settings
        scopes = settings.get("scopes") or SCOPES[settings["login"]]
        if self._by_facebook:
            return graph_login.facebook_page(self._login, redirect, state, scopes)
        # https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
        where = f"{settings.get('login_url') or 'https://www.instagram.com'}/oauth/authorize"
        return graph_login.page(self._login, where, redirect, state, scope=scopes)

    def redeem(self, code: str, redirect: str, verifier: str, now: datetime) -> Session:
        if self._by_facebook:
            return graph_login.facebook_session(self._login, self._api, code, redirect, now)
        form = graph_login.grant(self._login, code, redirect)
        answer = self._tokens.call("POST", "oauth/access_token", form=form)
        return graph_login.session(self._login, answer, self._exchanged, now)

    def _exchanged(self, token: str) -> Answer:
        # https://developers.facebook.com/docs/instagram-platform/reference/access_token
        secret = self._login.secret("client_secret")
        params = {"grant_type": "ig_exchange_token", "client_secret": secret, "access_token": token}
        return self._api.call("GET", "access_token", params=params)

    def refresh(self, now: datetime) -> Session:
        ask = self._another_life
        if self._by_facebook:
            if not self._login.secret("client_secret"):
                return graph_tokens.unending(self._login, now)
            ask = partial(graph_login.exchanged, self._login, self._api)
        return graph_tokens.renewed(self._login, now, ask, graph.LOGIN_REFUSALS, self.whoami)

    def _another_life(self, token: str) -> Answer:
        # Not in a header: these addresses are written with parameters only.
        # https://developers.facebook.com/docs/instagram-platform/reference/refresh_access_token
        params = {"grant_type": "ig_refresh_token", "access_token": token}
        return self._api.call("GET", "refresh_access_token", params=params)

    def allowance(self, now: datetime) -> Allowance | None:
        # The total is read: the documentation has three of them.
        path = self._path(self._user, "content_publishing_limit")
        answer = self._fetched(path, "data", fields="quota_usage,config")
        return graph.allowance(answer, "quota_usage", "config")

    # --- phase 2 -----------------------------------------------------------------------------

    def _children(self, draft: Draft) -> list[Part]:
        if len(draft.attachments) < 2:
            return []
        return [self._child(draft, one) for one in draft.attachments]

    def _child(self, draft: Draft, one: Attachment) -> Part:
        part = self._of_file(draft, one)
        kind = {"media_type": "VIDEO"} if one.file.kind is Kind.VIDEO else _alt(one)
        return replace(part, form={**part.form, **kind, "is_carousel_item": "true"})

    def _whole(self, draft: Draft, children: Sequence[str]) -> Part:
        if children:
            form = {"media_type": "CAROUSEL", "children": ",".join(children)}
            return Part({**form, **_said(draft)})
        [one] = draft.attachments
        part = self._of_file(draft, one)
        if draft.type is PostType.STORY:
            return replace(part, form={**part.form, "media_type": "STORIES"})
        if one.file.kind is Kind.IMAGE:
            return replace(part, form={**part.form, **_alt(one), **_said(draft)})
        # A video in the feed is a reel, since 2023.
        return replace(part, form={**part.form, **_as_reel(draft), **_said(draft)})

    def _of_file(self, draft: Draft, one: Attachment) -> Part:
        """Return the fields that say where a file comes from."""
        if one.file.kind is Kind.IMAGE:
            return Part({"image_url": draft.address(one.file)})
        if self._by_facebook:
            return Part({"upload_type": "resumable"}, one.file)
        return Part({"video_url": draft.address(one.file)})

    def state(self, id: str) -> State:
        if not self._by_facebook:
            return super().state(id)
        wanted = f"id,{self.status_field},{self.why_field},video_status"
        answer = self._fetched(self._path(id), self.status_field, fields=wanted)
        video = answer.get("video_status") or {}
        why = str(answer.get(self.why_field) or "")[:200]
        return State(str(answer[self.status_field]), why, video.get("uploading_phase"))

    def sent(self, draft: Draft, id: str, file: MediaFile, offset: int) -> None:
        path = f"ig-api-upload/{self._version}/{id}"
        answer = graph.upload(self._uploads, path, self._token, draft, file, offset)
        if answer.status != 200 or fields(answer).get("success") is not True:
            raise graph.upload_trouble(answer, MAKE_REFUSALS)

    # --- what became of it -------------------------------------------------------------------

    def _lists(self, draft: Draft | None) -> list[str]:
        feed, stories = self._path(self._user, "media"), self._path(self._user, "stories")
        if draft is None:
            return [feed, stories]
        return [stories] if draft.type is PostType.STORY else [feed]

    def _shown_as(self, draft: Draft) -> str:
        if len(draft.attachments) > 1:
            return "CAROUSEL_ALBUM"
        return "VIDEO" if draft.attachments[0].file.kind is Kind.VIDEO else "IMAGE"


def _said(draft: Draft) -> dict[str, str]:
    """Return what a reader sees beside the files; a part of a carousel has none of it."""
    with_us, place = people(draft.options), draft.options.get("location_id")
    given = {
        "caption": draft.text,
        "collaborators": json.dumps(with_us) if with_us else "",
        "location_id": place,
    }
    return {name: value for name, value in given.items() if value}


def _as_reel(draft: Draft) -> dict[str, str]:
    options, in_feed = draft.options, "true" if draft.type is PostType.POST else ""
    given: dict[str, Any] = {
        "share_to_feed": options.get("share_to_feed", in_feed),
        "thumb_offset": options.get("thumb_offset"),
        "audio_name": options.get("audio_name"),
    }
    if "trial" in options:
        given["trial_params"] = json.dumps({"graduation_strategy": _TRIALS[options["trial"]]})
    return {"media_type": "REELS"} | {name: value for name, value in given.items() if value}


def _alt(one: Attachment) -> dict[str, str]:
    return {"alt_text": one.alt} if one.alt else {}

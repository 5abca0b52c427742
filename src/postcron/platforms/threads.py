"""Threads: text, pictures, videos and carousels, and answers to one's own posts.

https://developers.facebook.com/docs/threads/posts
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from postcron.errors import Code, Permanent, PlatformError
from postcron.model import (
    Attachment,
    Cap,
    Counted,
    Draft,
    Identity,
    Kind,
    Limits,
    MediaRule,
    Proposal,
    SaveTicket,
    Session,
    Ticket,
)
from postcron.platforms import graph, graph_login, graph_tokens
from postcron.platforms.base import Allowance, Key, Login, Option, Refusal, refusal_list
from postcron.platforms.container_making import Part
from postcron.platforms.containers import CONTAINER, Containers
from postcron.rules.limits import links, threads_length
from postcron.web import Answer, Api

_POSTS: Final = "https://developers.facebook.com/docs/threads/posts"
_TROUBLE: Final = "https://developers.facebook.com/docs/threads/troubleshooting"
_LIMITS: Final = "https://developers.facebook.com/documentation/threads/overview"
_POSTIZ: Final = "gitroomhq/postiz-app, threads.provider.ts"
_SEEN: Final = "2026-11-20"

#: what a login asks for: a thread's answers need the last two
SCOPES: Final = "threads_basic,threads_content_publish,threads_manage_replies,threads_read_replies"
#: an answer with a file that came two seconds after its container was ready stood by itself
REST: Final = timedelta(seconds=40)
LINKS: Final = 5
WIDEST: Final = 1920
_TOPIC: Final = re.compile(r"[^.&]{1,50}")
_VIDEO: Final = MediaRule(
    frozenset({"video/mp4", "video/quicktime"}),
    1_000_000_000,
    max_count=20,
    max_duration=timedelta(seconds=300),
    codecs=frozenset({"h264", "hevc"}),
    min_ratio=0.01,
    max_ratio=10,
    min_fps=23,
    max_fps=60,
)
_PHOTO: Final = MediaRule(
    frozenset({"image/jpeg", "image/png"}), 8_000_000, max_count=20, min_ratio=0.1, max_ratio=10
)


class Threads(Containers):
    """One profile."""

    name: ClassVar[str] = "threads"
    keys: ClassVar[tuple[Key, ...]] = (
        Key("user_id", required=True, help="the profile's id, a long number"),
        Key(
            "token",
            secret=True,
            help="only without `postcron accounts login`: of 60 days; threads_basic "
            "threads_content_publish, for threads threads_manage_replies threads_read_replies, for "
            "numbers threads_manage_insights",
        ),
        *graph_login.KEYS,
        Key("graph_version", default="v1.0"),
        Key("api_url", default="https://graph.threads.net"),
        Key("login_url", default="https://threads.com"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "reply_control",
            frozenset({"everyone", "accounts_you_follow", "mentioned_only", "followers_only"})
            | {"parent_post_author_only"},
            help="who may answer",
        ),
        Option("topic_tag", help="one topic, 1 to 50 characters, without . and &"),
        Option("link_attachment", help="the address a text without files shows a preview of"),
    )

    make_edge = "threads"
    publish_edge = "threads_publish"
    status_field = "status"
    why_field = "error_message"
    text_field = "text"
    post_fields = "id,text,media_type,timestamp,permalink,shortcode"
    #: a share is a repost, as on all platforms that have them; what Threads calls one has its own name
    counts: ClassVar[Mapping[str, str]] = {
        "likes": "likes",
        "comments": "replies",
        "shares": "reposts",
        "quotes": "quotes",
        "sends": "shares",
        "views": "views",
    }
    #: The quota and texts that are too long are not here: their codes are not written anywhere.
    #: 24/4279009 is believed of a first call only: what a published container says is not known.
    refusals: ClassVar[tuple[Refusal, ...]] = (
        *graph.LOGIN_REFUSALS,
        *refusal_list(
            (400, "24/4279009", Code.HANDLE_GONE, _TROUBLE),
            (400, "*/4279013", Code.ACCOUNT_UNUSABLE, _POSTIZ),
            seen=_SEEN,
        ),
    )
    make_refusals: ClassVar[tuple[Refusal, ...]] = (
        *refusals,
        *refusal_list((400, "*/2207051", Code.RATE_LIMITED, _POSTIZ), seen=_SEEN),
    )
    hopeless: ClassVar[re.Pattern[str]] = re.compile(r"INVALID_\w+|FAILED_PROCESSING_\w+")

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        settings = login.settings
        self._login = login
        self._version, self._user = settings["graph_version"], settings["user_id"]
        self._api = api(settings["api_url"])

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return Limits(
            source=_POSTS,
            as_of="2026-11-20",
            text_max=500,
            count=threads_length,
            unit="characters (an emoji is its bytes)",
            media={Kind.IMAGE: _PHOTO, Kind.VIDEO: _VIDEO},
            max_attachments=20,
            mixed=True,
            alt_max=1000,
            fetched=frozenset({Kind.IMAGE, Kind.VIDEO}),
            # 1000 answers a day fit: more than this in a row is not what is meant.
            max_parts=100,
            caps=(
                Cap(250, timedelta(days=1), _LIMITS, Counted(answers=False)),
                Cap(1000, timedelta(days=1), _LIMITS, Counted(answers=True)),
            ),
        )

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        link = proposal.options.get("link_attachment")
        found = links(proposal.text) | ({link} if link else set())
        if len(found) > LINKS:
            yield f"there are {len(found)} links, and {LINKS} fit.", "Leave some out."
        if link and proposal.attachments:
            yield "link_attachment is for a text without files.", "Leave it or them out."
        topic = proposal.options.get("topic_tag")
        if topic is not None and not _TOPIC.fullmatch(topic):
            yield f"topic_tag is {topic!r}.", "Write 1 to 50 characters, without . and &."
        for one in proposal.attachments:
            if one.file.kind is Kind.VIDEO and (one.file.width or 0) > WIDEST:
                yield f"{one.name} is {one.file.width} pixels wide, and {WIDEST} fit.", "Scale it."

    # --- who we are --------------------------------------------------------------------------

    def whoami(self) -> Identity:
        answer = self._fetched(self._path("me"), "id", fields="id,username")
        return graph.owner(self._login, answer, "id")

    def authorization(self, redirect: str, state: str, verifier: str) -> str:
        # https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions
        settings = self._login.settings
        scopes = settings.get("scopes") or SCOPES
        where = f"{settings['login_url']}/oauth/authorize"
        return graph_login.page(self._login, where, redirect, state, scope=scopes)

    def redeem(self, code: str, redirect: str, verifier: str, now: datetime) -> Session:
        form = graph_login.grant(self._login, code, redirect)
        answer = self._api.call("POST", "oauth/access_token", form=form)
        return graph_login.session(self._login, answer, self._exchanged, now)

    def _exchanged(self, token: str) -> Answer:
        # https://developers.facebook.com/docs/threads/get-started/long-lived-tokens
        secret = self._login.secret("client_secret")
        params = {"grant_type": "th_exchange_token", "client_secret": secret, "access_token": token}
        return self._api.call("GET", "access_token", params=params)

    def refresh(self, now: datetime) -> Session:
        return graph_tokens.renewed(
            self._login, now, self._another_life, graph.LOGIN_REFUSALS, self.whoami
        )

    def _another_life(self, token: str) -> Answer:
        # Not in a header: this address is written with parameters only, and without a version.
        # https://developers.facebook.com/docs/threads/get-started/long-lived-tokens
        params = {"grant_type": "th_refresh_token", "access_token": token}
        return self._api.call("GET", "refresh_access_token", params=params)

    def allowance(self, now: datetime) -> Allowance | None:
        posts = self._left("quota_usage", "config")
        if posts is None:
            return None
        # Asked for by itself: who may not answer may not ask for it either.
        with suppress(PlatformError):
            answers = self._left("reply_quota_usage", "reply_config")
            return posts if answers is None else replace(posts, answers=answers.left)
        return posts

    def _left(self, used: str, config: str) -> Allowance | None:
        # https://developers.facebook.com/documentation/threads/overview
        path = self._path("me", "threads_publishing_limit")
        answer = self._fetched(path, "data", fields=f"{used},{config}")
        return graph.allowance(answer, used, config)

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        if draft.parent is not None and draft.parent.remote_id.startswith(CONTAINER):
            # A wrong parent cannot be repaired.
            message = (
                "What it answers is live, and where is not known: the rest waits for a person."
            )
            raise Permanent(message, code=Code.CONTENT_REFUSED)
        ticket = super().prepare(draft, ticket, save)
        answers_with_file = draft.parent is not None and bool(draft.attachments)
        if not (ticket.ready and answers_with_file) or "rested" in ticket.data:
            return ticket
        ticket = replace(ticket.having(rested=True), ready=False, check_after=REST)
        save(ticket)
        return ticket

    def _children(self, draft: Draft) -> list[Part]:
        if len(draft.attachments) < 2:
            return []
        return [
            Part({**_of_file(draft, one), "is_carousel_item": "true"}) for one in draft.attachments
        ]

    def _whole(self, draft: Draft, children: Sequence[str]) -> Part:
        # Never with `auto_publish_text`: it makes and publishes in one call, which leaves nothing to
        # read after a lost answer.
        if children:
            kind = {"media_type": "CAROUSEL", "children": ",".join(children)}
        elif draft.attachments:
            kind = _of_file(draft, draft.attachments[0])
        else:
            kind = {"media_type": "TEXT"}
        given = {
            "text": draft.text,
            "reply_to_id": draft.parent.remote_id if draft.parent else "",
            **{option.name: draft.options.get(option.name, "") for option in self.options},
        }
        return Part(kind | {name: value for name, value in given.items() if value})

    # --- what became of it -------------------------------------------------------------------

    def _lists(self, draft: Draft | None) -> list[str]:
        posts, answers = self._path("me", "threads"), self._path("me", "replies")
        if draft is None:
            return [posts, answers]
        return [posts] if draft.parent is None else [answers]

    def _shown_as(self, draft: Draft) -> str:
        if not draft.attachments:
            return "TEXT_POST"
        if len(draft.attachments) > 1:
            return "CAROUSEL_ALBUM"
        return "VIDEO" if draft.attachments[0].file.kind is Kind.VIDEO else "IMAGE"


def _of_file(draft: Draft, one: Attachment) -> dict[str, str]:
    kind = "VIDEO" if one.file.kind is Kind.VIDEO else "IMAGE"
    alt = {"alt_text": one.alt} if one.alt else {}
    return {"media_type": kind, f"{kind.lower()}_url": draft.address(one.file), **alt}

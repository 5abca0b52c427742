"""Facebook Pages: text, links, photos, videos, reels and stories.

A post is made unseen within the minute before its moment, and shown by one call about it, which may
be made again. Videos and stories are published by a call about what was uploaded; whether that one
may be made again is written nowhere, so a person decides where its end cannot be read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final

from postcron.errors import Code, Permanent, PlatformError
from postcron.model import (
    Accepted,
    Act,
    Attachment,
    Draft,
    Identity,
    Kind,
    Limits,
    PostType,
    Proposal,
    Receipt,
    SaveTicket,
    Session,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms import graph, graph_login, graph_tokens
from postcron.platforms.base import Key, Login, Option, fields
from postcron.platforms.facebook_answers import REFUSALS, making_failed
from postcron.platforms.facebook_limits import limits, objections
from postcron.platforms.facebook_reading import STORIES, Reader
from postcron.platforms.facebook_video import Sender
from postcron.web import Answer, Api, Upload

log = logging.getLogger(__name__)

#: what a login asks for, if its account does not say
SCOPES: Final = "pages_manage_posts,pages_read_engagement,pages_show_list"


class Way(StrEnum):
    """How a post gets onto the Page."""

    FEED = "feed"
    FILM = "videos"
    REEL = "video_reels"
    PHOTO_STORY = "photo_stories"
    VIDEO_STORY = "video_stories"


class Facebook:
    """One Page."""

    name: ClassVar[str] = "facebook"
    # Showing a post that was made unseen was answered twice with success, and there was one post.
    # Of the other calls nothing is known: `look` says ABSENT without leave to repeat.
    act: ClassVar[Act] = Act.HANDLE
    keys: ClassVar[tuple[Key, ...]] = (
        Key("page_id", required=True),
        Key(
            "token",
            secret=True,
            help="only without `postcron accounts login`: the Page's own token, not a person's: "
            "pages_manage_posts, pages_read_engagement",
        ),
        *graph_login.KEYS,
        graph_login.CONFIG,
        Key("graph_version", default=graph.VERSION),
        Key("api_url", default="https://graph.facebook.com"),
        Key("upload_url", default="https://rupload.facebook.com"),
        Key("login_url", default=graph_login.FACEBOOK),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("link", help="shown as a card under the text"),
        Option("title", help="for a video or a reel"),
    )
    #: how long unused photos and uploads are kept is written nowhere
    ticket_life: ClassVar[timedelta | None] = timedelta(hours=6)
    max_lead: ClassVar[timedelta | None] = timedelta(hours=5)
    settle: ClassVar[timedelta] = timedelta(seconds=30)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        settings = login.settings
        self._login, self._page = login, settings["page_id"]
        self._base = f"/{settings['graph_version']}"
        self._api, self._uploads = api(settings["api_url"]), api(settings["upload_url"])

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return limits(settings)

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        return objections(proposal)

    # --- who we are --------------------------------------------------------------------------

    def whoami(self) -> Identity:
        # https://developers.facebook.com/docs/graph-api/reference/page
        page = self._reader().fetched(self._page, "id", fields="id,name")
        return Identity(str(page["id"]), str(page.get("name", self._page)))

    def authorization(self, redirect: str, state: str, verifier: str) -> str:
        scopes = self._login.settings.get("scopes") or SCOPES
        return graph_login.facebook_page(self._login, redirect, state, scopes)

    def redeem(self, code: str, redirect: str, verifier: str, now: datetime) -> Session:
        person = graph_login.facebook_session(self._login, self._api, code, redirect, now)
        token = self._granted(person.data["access"])
        return graph_tokens.unending(self._login, now, token)

    def _granted(self, person: str) -> str:
        """Return the Page's token; raises `Permanent` where a person may not give it.

        One that is had for a person's token of 60 days never ends by itself.
        """
        # https://developers.facebook.com/docs/pages/access-tokens
        # Asked of the Page: in the list of a person's Pages (me/accounts) one that belongs to a
        # business has been missing (teodorlilov/kontuur-app, docs/META-FB-PROBE.md).
        params, headers = {"fields": "id,access_token"}, graph.bearer(person)
        path = f"{self._base}/{self._page}"
        answer = self._api.call("GET", path, params=params, headers=headers)
        if not graph.is_missing(answer):
            unsaid = graph_login.unsaid(answer, person)
            if token := graph.fetched(unsaid, graph.LOGIN_REFUSALS).get("access_token"):
                return str(token)
        why = (
            f"Whoever logged in gave no access to the Page {self._page} of {self._login.account}: "
            "log in as somebody who manages it, and tick it there."
        )
        raise Permanent(why, code=Code.ACCOUNT_UNUSABLE)

    def refresh(self, now: datetime) -> Session:
        return graph_tokens.unending(self._login, now)

    @property
    def _token(self) -> str:
        return graph_tokens.token(self._login)

    def _headers(self) -> dict[str, str]:
        return graph.bearer(self._token)

    def _reader(self) -> Reader:
        return Reader(self._api, self._token, self._base, self._page)

    def _edge(self, name: str) -> str:
        return f"{self._base}/{self._page}/{name}"

    def _sender(self) -> Sender:
        return Sender(self._api, self._uploads, self._token, self._base, self._page)

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        ticket, way = _begun(draft, ticket), way_of(draft)
        if way in {Way.REEL, Way.VIDEO_STORY}:
            ticket = self._sender().brought(draft, ticket, save, way)
        elif way is Way.FILM:
            ticket = self._sender().chunked(draft, ticket, save)
        else:
            ticket = self._with_photos(draft, ticket, save)
        if ticket.ready:
            save(ticket)
        return ticket

    def _with_photos(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        for attachment in draft.attachments[len(ticket.data["photos"]) :]:
            photo = self._photo(draft, attachment)
            ticket = ticket.having(photos=[*ticket.data["photos"], photo])
            save(ticket)
        return Ticket(ticket.data, ready=True)

    def _photo(self, draft: Draft, attachment: Attachment) -> str:
        # https://developers.facebook.com/docs/graph-api/reference/page/photos
        # After a lost answer one stays behind that nobody sees.
        file, alt = attachment.file, attachment.alt
        answer = self._api.call(
            "POST",
            self._edge("photos"),
            headers=self._headers(),
            form={"published": "false", **({"alt_text_custom": alt} if alt else {})},
            upload=Upload("source", attachment.name, file.mime, file.size, draft.read(file, 0)),
        )
        return str(_made(answer)["id"])

    # --- phase 3 -----------------------------------------------------------------------------

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Make the post, unseen: once for all calls. One whose answer is lost is never seen either.

        Not earlier, because a post may be dated, and sorted, by the moment it was made.
        """
        if way_of(draft) is not Way.FEED or "post" in ticket.data:
            return ticket
        photos = [{"media_fbid": photo} for photo in ticket.data["photos"]]
        given = {
            "message": draft.text,
            "link": draft.options.get("link"),
            "attached_media": photos,
        }
        body = {name: value for name, value in given.items() if value}
        # https://developers.facebook.com/docs/graph-api/reference/page/feed
        # No `fields`: one that could not be read made an error of a post that was there.
        answer = self._api.call(
            "POST",
            self._edge("feed"),
            headers=self._headers(),
            json={**body, "published": False},
        )
        post = str(_made(answer)["id"])
        if early := self._is_shown(post):
            log.warning("Facebook shows %s already, before its moment", post)
        return ticket.having(post=post, early=early)

    def _is_shown(self, post: str) -> bool:
        # A read that fails says nothing, and a second post could be one too many.
        with suppress(PlatformError):
            return self._reader().post(post).sight is Sight.LIVE
        return False

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt | Accepted:
        way = way_of(draft)
        if ticket.data.get("early"):
            # No proof that nothing is live: so it is looked for, and never made again.
            post = ticket.data["post"]
            raise Permanent(f"Facebook showed {post} when it was made, before its moment.")
        if way is Way.FEED:
            # https://developers.facebook.com/docs/graph-api/reference/pagepost
            path, shown = f"{self._base}/{ticket.data['post']}", {"is_published": True}
            answer = self._api.act("POST", path, headers=self._headers(), json=shown)
        else:
            form = _finish(way, draft, ticket)
            answer = self._api.act("POST", self._edge(way), headers=self._headers(), form=form)
        done = fields(answer)
        if answer.status != 200 or done.get("success") is not True or "error" in done:
            raise graph.judge(answer, REFUSALS)
        if way is Way.FEED:
            return Receipt(ticket.data["post"])
        if way in {Way.FILM, Way.REEL}:
            return Accepted(ticket.data["video"])
        if done.get("post_id"):
            return Receipt(f"{STORIES}{done['post_id']}")
        raise graph.judge(answer, ())

    # --- what became of it -------------------------------------------------------------------

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        way = way_of(draft)
        if way is Way.FEED:
            return self._reader().post(ticket.data["post"])
        if way in {Way.FILM, Way.REEL}:
            return self._reader().video(ticket.data["video"], accepted="handle" in ticket.data)
        media = ticket.data["video"] if way is Way.VIDEO_STORY else ticket.data["photos"][0]
        return self._reader().story("media_id", media)

    def visit(self, address: str) -> Sighting:
        return self._reader().visited(address)

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        return self._reader().numbers(receipt.remote_id)


def way_of(draft: Draft) -> Way:
    """Return how a post gets onto the Page."""
    films = any(one.file.kind is Kind.VIDEO for one in draft.attachments)
    if draft.type is PostType.REEL:
        return Way.REEL
    if draft.type is PostType.STORY:
        return Way.VIDEO_STORY if films else Way.PHOTO_STORY
    return Way.FILM if films else Way.FEED


def _begun(draft: Draft, ticket: Ticket) -> Ticket:
    known = ticket.data
    if known.get("revision") != draft.revision:
        return Ticket({"revision": draft.revision, "photos": []})
    if not ticket.ready or "post" in known:
        return Ticket(known)
    # A complete one comes back because it is old: what cannot be asked for any more goes up again.
    askable = {name: known[name] for name in ("video", "path") if "path" in known}
    return Ticket({"revision": draft.revision, "photos": [], **askable})


def _finish(way: Way, draft: Draft, ticket: Ticket) -> dict[str, str]:
    if way is Way.PHOTO_STORY:
        # https://developers.facebook.com/docs/page-stories-api
        return {"photo_id": ticket.data["photos"][0]}
    form = {"upload_phase": "finish"}
    if way is Way.FILM:
        # https://developers.facebook.com/docs/video-api/guides/publishing
        form["upload_session_id"] = ticket.data["session"]
    else:
        form["video_id"] = ticket.data["video"]
    if way is Way.REEL:
        # https://developers.facebook.com/docs/video-api/guides/reels-publishing
        form["video_state"] = "PUBLISHED"
    if way is not Way.VIDEO_STORY:
        words = {"description": draft.text, "title": draft.options.get("title")}
        form |= {name: value for name, value in words.items() if value}
    return form


def _made(answer: Answer) -> Mapping[str, Any]:
    body = fields(answer)
    if answer.status != 200 or "error" in body or not body.get("id"):
        raise making_failed(answer)
    return body

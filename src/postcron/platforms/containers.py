"""What Instagram and Threads share: containers, made and processed unseen, published by one call.

What a container holds is frozen when it is made. It lives for a day, and its status says whether it
was published, but not as what: the id of the post is in the answer, or in a list of posts.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, PlatformError, Temporary
from postcron.model import (
    Act,
    Draft,
    Kind,
    MediaFile,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms import graph, graph_tokens
from postcron.platforms.base import Login, Refusal, counted, fields
from postcron.platforms.container_making import TOP, Making, Part, State, is_for
from postcron.platforms.graph_feed import Feed, Post
from postcron.web import Answer, Api

#: before the id in a receipt: it is published, and not known as what
CONTAINER: Final = "container:"
#: a post may bear the time at which its container was made, and a person may post later
BEFORE: Final = timedelta(hours=24)
AFTER: Final = timedelta(hours=1)

_ID: Final = re.compile(r"[0-9]+")
#: said of one post, not of the login: few have seen a story, or it is not counted like a post
_UNSEEN: Final = "Not enough viewers"
_NOT_OF_STORIES: Final = "for this media product type"
_SHORTCODE: Final = re.compile(r"https?://[^?#]+/(?:p|reels?|tv|post)/([\w-]+)/?(?:[?#].*)?")


class Containers(ABC):
    """An account whose posts are containers first."""

    # Whether a container can be published twice is written nowhere. So its status is read, and the
    # list of posts, before the same one is sent again; and no new one is ever made by itself.
    act: ClassVar[Act] = Act.READBACK
    #: a container lives for 24 hours, and so does an address that is signed
    ticket_life: ClassVar[timedelta | None] = timedelta(hours=20)
    max_lead: ClassVar[timedelta | None] = timedelta(hours=20)
    #: the status of a container lags behind what became of it
    settle: ClassVar[timedelta] = timedelta(minutes=3)

    #: the platform's own words: the edges, and the fields of a container and of a post
    make_edge: ClassVar[str]
    publish_edge: ClassVar[str]
    status_field: ClassVar[str]
    why_field: ClassVar[str]
    text_field: ClassVar[str]
    post_fields: ClassVar[str]
    #: the metrics of a post, by our names
    counts: ClassVar[Mapping[str, str]]
    #: those of them that a story has, too
    story_counts: ClassVar[frozenset[str]] = frozenset()
    #: answers to the publish call, and to making a container
    refusals: ClassVar[tuple[Refusal, ...]]
    make_refusals: ClassVar[tuple[Refusal, ...]]
    #: why a container failed that would fail again
    hopeless: ClassVar[re.Pattern[str]]

    _login: Login
    _api: Api
    _version: str
    _user: str

    @abstractmethod
    def _children(self, draft: Draft) -> list[Part]:
        """Return the parts of a carousel; none for a post of one container."""

    @abstractmethod
    def _whole(self, draft: Draft, children: Sequence[str]) -> Part:
        """Return what is published, made of the children."""

    @abstractmethod
    def _lists(self, draft: Draft | None) -> list[str]:
        """Return the edges that list our posts: the one this draft will stand in, or all there are."""

    @abstractmethod
    def _shown_as(self, draft: Draft) -> str:
        """Return the `media_type` of a post that is made of this draft."""

    # --- the wire ----------------------------------------------------------------------------

    @property
    def _token(self) -> str:
        return graph_tokens.token(self._login)

    @property
    def _feed(self) -> Feed:
        return Feed(self._fetched, self.post_fields)

    def _path(self, *words: str) -> str:
        return "/".join([self._version, *words])

    def _read(self, path: str, **params: str) -> Answer:
        return self._api.call("GET", path, params=params, headers=graph.bearer(self._token))

    def _fetched(self, path: str, *names: str, **params: str) -> Mapping[str, Any]:
        return graph.fetched(self._read(path, **params), graph.LOGIN_REFUSALS, *names)

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        making, parts = Making(self, draft, ticket, save), self._children(draft)
        done = [making.carried(str(number), part) for number, part in enumerate(parts)]
        ready = all(done) and making.carried(TOP, self._whole(draft, making.ids(len(parts))))
        return making.end(ready=ready, pause=self._pause(draft))

    def _pause(self, draft: Draft) -> timedelta:
        # Pictures take a few seconds; for the rest, once a minute is what they advise.
        long = any(one.file.kind is not Kind.IMAGE for one in draft.attachments)
        return timedelta(seconds=30 if long else 2)

    def made(self, part: Part) -> str:
        answer = self._api.call(
            "POST",
            self._path(self._user, self.make_edge),
            form=part.form,
            headers=graph.bearer(self._token),
        )
        return str(graph.fetched(answer, self.make_refusals, "id")["id"])

    def state(self, id: str) -> State:
        wanted = f"id,{self.status_field},{self.why_field}"
        answer = self._fetched(self._path(id), self.status_field, fields=wanted)
        return State(str(answer[self.status_field]), str(answer.get(self.why_field) or "")[:200])

    def sent(self, draft: Draft, id: str, file: MediaFile, offset: int) -> None:
        raise NotImplementedError(f"{type(self).__name__} fetches its files")

    # --- phase 3 -----------------------------------------------------------------------------

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Note the newest posts, once; before another call, whether an earlier one did it."""
        if not is_for(ticket, draft):
            why = "What it answers is another post now: it is made anew."
            raise Temporary(why, code=Code.HANDLE_GONE, evidence=Evidence.NOT_SENT)
        if "known" not in ticket.data:
            return ticket.having(known=self._feed.newest(self._lists(draft)[0]))
        status = self.state(ticket.data["containers"][TOP]["id"]).status
        return ticket.having(again=True, landed=status == "PUBLISHED")

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        if ticket.data.get("landed"):
            raise OutcomeUnknown("An earlier call has published it, it seems: nothing was sent.")
        answer = self._api.act(
            "POST",
            self._path(self._user, self.publish_edge),
            form={"creation_id": ticket.data["containers"][TOP]["id"]},
            headers=graph.bearer(self._token),
        )
        body, id = fields(answer), str(fields(answer).get("id"))
        if answer.status == 200 and _ID.fullmatch(id) and "error" not in body:
            return Receipt(id)
        raise graph.judge(answer, self._refusing(ticket))

    def _refusing(self, ticket: Ticket) -> Sequence[Refusal]:
        # After another call, that a container is gone may be what that call has done.
        again = "again" in ticket.data
        return [each for each in self.refusals if not (again and each.code == Code.HANDLE_GONE)]

    # --- what became of it -------------------------------------------------------------------

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        id = ticket.data["containers"][TOP]["id"]
        status = self.state(id).status
        if status == "PUBLISHED":
            receipt = self._receipt_of(id, draft, ticket, since)
            return Sighting(Sight.LIVE, "Its container is published.", receipt)
        ours, complete = self._ours(draft, ticket, since)
        if len(ours) == 1 and draft.text.strip() and self.text_field in ours[0]:
            return Sighting(Sight.LIVE, "It is among the newest posts.", _receipt(ours[0]))
        if ours:
            posts = " and ".join(_receipt(post).url or str(post["id"]) for post in ours)
            return Sighting(Sight.UNCLEAR, f"This may be it, and nothing proves it: {posts}.")
        if status not in {"FINISHED", "IN_PROGRESS"}:
            why = f"It is not among the newest posts, and its container is {status}."
            return Sighting(Sight.UNCLEAR, why)
        if not complete:
            why = "The list of posts does not reach back to one that was there before the call."
            return Sighting(Sight.UNCLEAR, why)
        return Sighting(Sight.ABSENT, "Its container is not published, nor is it among the posts.")

    def _receipt_of(self, id: str, draft: Draft, ticket: Ticket, since: datetime) -> Receipt:
        """Return the receipt of what is published for sure: as a post, or else as its container."""
        with suppress(PlatformError):
            ours, _ = self._ours(draft, ticket, since)
            if len(ours) == 1:
                return _receipt(ours[0])
        return Receipt(CONTAINER + id)

    def _ours(self, draft: Draft, ticket: Ticket, since: datetime) -> tuple[list[Post], bool]:
        """Return the new posts that may be this draft, and whether the list was read far enough."""
        known = ticket.data.get("known", ())
        posts, complete = self._feed.made_since(self._lists(draft)[0], known)
        return [post for post in posts if self._may_be(post, draft, since)], complete

    def _may_be(self, post: Post, draft: Draft, since: datetime) -> bool:
        if post.get("media_type") != self._shown_as(draft):
            return False
        at = _moment(post.get("timestamp"))
        if at is not None and not since - BEFORE <= at <= since + AFTER:
            return False
        # Not every login is shown texts.
        text = post.get(self.text_field, draft.text)
        return _plain(str(text or "")) == _plain(draft.text)

    def visit(self, address: str) -> Sighting:
        id = address.removeprefix(CONTAINER)
        if id != address and _ID.fullmatch(id):
            return self._as_container(id)
        code = _SHORTCODE.fullmatch(address)
        if code is not None:
            return self._listed(address, "shortcode", code[1])
        if not _ID.fullmatch(address):
            return Sighting(Sight.UNCLEAR, f"{address} is not the address of a post.")
        answer = self._read(self._path(address), fields=self.post_fields)
        if graph.is_missing(answer):
            return self._listed(address, "id", address)
        post = graph.fetched(answer, graph.LOGIN_REFUSALS, "id")
        return Sighting(Sight.LIVE, "It is there.", _receipt(post))

    def _as_container(self, id: str) -> Sighting:
        status = self.state(id).status
        if status == "PUBLISHED":
            return Sighting(Sight.LIVE, "Its container is published.", Receipt(CONTAINER + id))
        return Sighting(Sight.UNCLEAR, f"Its container is {status}.")

    def _listed(self, address: str, name: str, wanted: str) -> Sighting:
        post, complete = self._feed.find(self._lists(None), name, wanted)
        if post is not None:
            return Sighting(Sight.LIVE, "It is among the posts.", _receipt(post))
        if complete:
            return Sighting(Sight.GONE, f"{address} is not among the posts of this account.")
        return Sighting(Sight.UNCLEAR, f"{address} is not among the newest posts of this account.")

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        if not _ID.fullmatch(receipt.remote_id):
            return {}  # it is live, and known only as a container, or by what a person said
        # https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights
        # https://developers.facebook.com/docs/threads/insights
        answer = self._insights(receipt, self.counts)
        if _says(answer, _NOT_OF_STORIES) and self.story_counts:
            # For a day, that is: https://developers.facebook.com/docs/instagram-platform/reference/instagram-media/insights
            answer = self._insights(receipt, self.story_counts)
        if graph.is_missing(answer):
            if self.visit(receipt.remote_id).sight is Sight.GONE:
                raise Permanent("It is not there any more.", code=Code.HANDLE_GONE)
            return {}
        if _says(answer, _UNSEEN) or _says(answer, _NOT_OF_STORIES):
            return {}
        metrics = graph.fetched(answer, graph.LOGIN_REFUSALS, "data")
        return counted(graph.insights(metrics), self.counts)

    def _insights(self, receipt: Receipt, names: Iterable[str]) -> Answer:
        path = self._path(receipt.remote_id, "insights")
        return self._read(path, metric=",".join(self.counts[name] for name in names))


def _says(answer: Answer, words: str) -> bool:
    error = graph.fault(answer)
    return error is not None and words in error.message


def _receipt(post: Post) -> Receipt:
    return Receipt(str(post["id"]), post.get("permalink"))


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()

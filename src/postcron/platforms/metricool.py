"""Metricool: a planner with a clock of its own, for one network of one brand.

Nothing there publishes a post now. It is created with a minute that lies ahead, and Metricool
publishes it then. Creating it is the publish call, and cannot be repeated. It is made half an hour
before it is due, so that a lost answer is settled while nothing is public; what is paused, cancelled
or edited here meanwhile is deleted there first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from postcron.errors import Code, Permanent, Temporary
from postcron.model import (
    Accepted,
    Act,
    Draft,
    Hour,
    Identity,
    Limits,
    Proposal,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms import metricool_networks as networks
from postcron.platforms.base import Key, Login, Option, fields, judge, trouble
from postcron.platforms.metricool_answers import data, part_of, refusals, same_text, sighting
from postcron.platforms.metricool_media import Way, fetched, uploaded
from postcron.web import Answer, Api

POSTS: Final = "/v2/scheduler/posts"
#: the minute of a post lies at least this far ahead when it is created, or deleted
AHEAD: Final = timedelta(seconds=60)
#: how long before it is due a post is created
EARLY: Final = {"0m": timedelta(), "10m": timedelta(minutes=10), "30m": timedelta(minutes=30)}
#: the planner is read from so long before that minute to so long after: it may be moved by days
BEFORE: Final = timedelta(days=1)
AFTER: Final = timedelta(days=8)
#: a post somebody names by its public address is looked for so far back
BACK: Final = timedelta(days=60)
#: what is asked for best times
ADVISED: Final = frozenset({"facebook", "instagram", "tiktok", "linkedin", "youtube", "twitter"})


class Metricool:
    """One network of one brand."""

    name: ClassVar[str] = "metricool"
    act: ClassVar[Act] = Act.READBACK
    keys: ClassVar[tuple[Key, ...]] = (
        Key("user_id", required=True, help="Account settings → API"),
        Key("blog_id", required=True, help="the brand: blogId in the dashboard's address"),
        Key("network", required=True, choices=frozenset(networks.NETWORKS)),
        Key("token", required=True, secret=True, help="Account settings → API; Advanced plan"),
        Key(
            "media",
            default="upload",
            choices=frozenset({"upload", "address"}),
            help="how files get there: uploaded, or fetched from their web address",
        ),
        Key(
            "ahead",
            default="30m",
            choices=frozenset(EARLY),
            help="how long before it is due a post is put into the planner",
        ),
        Key("api_url", default="https://app.metricool.com"),
    )
    options: ClassVar[tuple[Option, ...]] = networks.OPTIONS
    #: how long files are kept that no post uses is not said
    ticket_life: ClassVar[timedelta | None] = timedelta(hours=20)
    max_lead: ClassVar[timedelta | None] = None
    #: how soon a new post is listed is not said
    settle: ClassVar[timedelta] = timedelta(minutes=3)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        settings = login.settings
        self._login = login
        self._open = api
        self._api = api(settings["api_url"])
        self._network, self._blog = settings["network"], settings["blog_id"]
        self._fetches = settings.get("media") == "address"

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        network = networks.NETWORKS.get(settings.get("network", ""), networks.Network(280, 1, 1))
        return networks.limits(network, fetched=settings.get("media") == "address")

    @classmethod
    def ahead(cls, settings: Mapping[str, str]) -> timedelta:
        return EARLY[settings["ahead"]]

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        return networks.objections(proposal.settings["network"], proposal)

    # --- who we are --------------------------------------------------------------------------

    def whoami(self) -> Identity:
        brand, _ = self._brand()
        return Identity(self._blog, f"{brand.get('label') or self._blog} ({self._network})")

    def _brand(self) -> tuple[Mapping[str, Any], Answer]:
        """Return the brand if it can publish there, and the answer it was in; raises `Permanent`.

        A wrong brand would publish without complaint.
        """
        # https://app.metricool.com/resources/apidocs/index.html GET /v2/settings/brands
        answer = self._call("GET", "/v2/settings/brands")
        brands = data(answer, list)
        brand = next((one for one in brands if str(one.get("id")) == self._blog), None)
        if brand is None:
            there = ", ".join(f"{one.get('id')} ({one.get('label')})" for one in brands) or "none"
            raise _unusable(f"This user has no brand {self._blog}: {there}.")
        label = brand.get("label") or self._blog
        if not (brand.get("networksData") or {}).get(f"{self._network}Data"):
            raise _unusable(f"{self._network} is not connected to {label} in Metricool.")
        actions = (brand.get("brandRole") or {}).get("actions") or {}
        if actions.get("publishPosts") is False or actions.get("schedulePosts") is False:
            raise _unusable(f"This user may not publish for {label} in Metricool.")
        return brand, answer

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        if ticket.ready or ticket.data.get("revision") != draft.revision:
            ticket = Ticket({"revision": draft.revision, "media": []})
        for number in range(len(draft.attachments)):
            ticket = self._carried(draft, number, ticket, save)
        urls = [way["url"] for way in ticket.data["media"]]
        body = networks.body(self._network, draft, urls)
        ticket = Ticket({**ticket.data, "body": body}, ready=True)
        save(ticket)
        return ticket

    def _carried(self, draft: Draft, number: int, ticket: Ticket, save: SaveTicket) -> Ticket:
        """Return the ticket with one file at the end of its way; each step of it is saved."""
        ways, file, kept = ticket.data["media"], draft.attachments[number].file, ticket

        def keep(way: Way) -> None:
            nonlocal kept
            kept = ticket.having(media=[*ways[:number], way, *ways[number + 1 :]])
            save(kept)

        way = ways[number] if number < len(ways) else {}
        if not self._fetches:
            uploaded(self._login, self._call, self._open, draft, file, way, keep)
        elif "url" not in way:
            keep(fetched(self._call, draft, file))
        return kept

    # --- phase 3 -----------------------------------------------------------------------------

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Choose the minute by Metricool's own clock, and note what looks like ours already."""
        _, answer = self._brand()
        minute = _minute(max((answer.made_at() or draft.due_at) + AHEAD, draft.due_at))
        moment = {"dateTime": _wall(minute), "timezone": "UTC"}
        ticket = ticket.having(body={**ticket.data["body"], "publicationDate": moment})
        if "known" in ticket.data:
            return ticket
        return ticket.having(known=[post["id"] for post in self._alike(ticket)])

    def publish(self, draft: Draft, ticket: Ticket) -> Accepted:
        # https://app.metricool.com/resources/apidocs/index.html POST /v2/scheduler/posts
        answer = self._api.act(
            "POST",
            f"/api{POSTS}",
            json=ticket.data["body"],
            params=self._about(),
            headers=self._headers(),
        )
        post = fields(answer).get("data")
        if answer.status == 200 and isinstance(post, dict) and post.get("id"):
            return Accepted(str(post["id"]), check_after=AHEAD)
        raise judge(answer, refusals(answer))

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        handle, ours = ticket.data.get("handle"), self._ours(ticket)
        if len(ours) == 1:
            return sighting(ours[0], self._network)
        if ours:
            ids = " and ".join(str(post["id"]) for post in ours)
            return Sighting(
                Sight.UNCLEAR, f"More than one post in the planner looks like it: {ids}."
            )
        if handle:
            why = f"Post {handle} is not in Metricool's planner any more: somebody edited or deleted it."
            return Sighting(Sight.MISSING, why)
        # Never absent: nothing says how soon a post is listed, and its minute is too near to wait.
        return Sighting(Sight.UNCLEAR, "It is not in Metricool's planner, so far as that shows it.")

    def withdraw(self, draft: Draft, ticket: Ticket) -> None:
        handle, ours = ticket.data.get("handle"), self._ours(ticket)
        if len(ours) != 1:
            count = "no post" if not ours else "more than one post"
            raise _not_there(f"Metricool's planner shows {count} that looks like it.")
        [post], (_, answer) = ours, self._brand()
        if handle and str(post["id"]) != handle and not self._is_unmistakable(post):
            raise _not_there(f"Metricool's planner has {post['id']} in the place of {handle}.")
        there, now = sighting(post, self._network), answer.made_at() or draft.due_at
        if there.expected_at is None or there.expected_at < now + AHEAD:
            raise _not_there(f"Its minute is too near, or over. {there.why}")
        if any(str(one.get("status")).upper() != "PENDING" for one in post["providers"]):
            raise _not_there(f"Metricool has begun to publish it. {there.why}")
        # https://app.metricool.com/resources/apidocs/index.html DELETE /v2/scheduler/posts/{id}
        with suppress(Temporary):  # what has become of it shows when it is read
            deleted = self._call("DELETE", f"{POSTS}/{post['id']}")
            if deleted.status not in {200, 204, 404}:
                raise trouble(deleted, refusals(deleted))
        if self._read(str(post["id"])) is not None:
            raise Temporary("Metricool still shows it in its planner.", code=Code.NOT_READY)

    def _ours(self, ticket: Ticket) -> list[Mapping[str, Any]]:
        """Return what our call may have made: one post if all is well."""
        handle, known = ticket.data.get("handle"), set(ticket.data.get("known", ()))
        post = self._read(handle) if handle else None
        if post is not None:
            return [post]
        return [post for post in self._alike(ticket) if post["id"] not in known]

    def _alike(self, ticket: Ticket) -> list[Mapping[str, Any]]:
        """Return the posts around its minute that look like ours: never by the minute itself."""
        body = ticket.data["body"]
        minute = datetime.fromisoformat(body["publicationDate"]["dateTime"])
        return [
            post for post in self._posts(minute - BEFORE, minute + AFTER) if self._is(post, body)
        ]

    def _is(self, post: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
        if not part_of(post, self._network) or list(post.get("media") or ()) != body["media"]:
            return False
        return self._is_unmistakable(body) or same_text(str(post.get("text") or ""), body["text"])

    def _is_unmistakable(self, body: Mapping[str, Any]) -> bool:
        # What we upload has an address of its own; what they fetch may have that of an older copy.
        return bool(body.get("media")) and not self._fetches

    def visit(self, address: str) -> Sighting:
        if address.isdecimal() and address.isascii():
            post = self._read(address)
            if post is None:
                return Sighting(Sight.GONE, f"Metricool's planner has no post {address}.")
            return sighting(post, self._network)
        _, answer = self._brand()
        now = answer.made_at()
        if "://" in address and now is not None:
            for post in self._posts(now - BACK, now + BEFORE):
                if part_of(post, self._network).get("publicUrl") == address:
                    return sighting(post, self._network)
        return Sighting(Sight.UNCLEAR, f"Metricool's planner does not show {address}.")

    # --- advice ------------------------------------------------------------------------------

    def best_times(self, since: datetime, until: datetime, zone: str) -> Sequence[Hour]:
        if self._network not in ADVISED:
            message = f"Metricool knows no best times for {self._network}."
            raise Permanent(message, code=Code.NOT_CONFIGURED)
        place = ZoneInfo(zone)
        start, end = (_wall(moment.astimezone(place)) for moment in (since, until))
        params = {"start": start, "end": end, "timezone": zone}
        # https://app.metricool.com/resources/apidocs/index.html GET /v2/scheduler/besttimes
        answer = self._call("GET", f"/v2/scheduler/besttimes/{self._network}", params=params)
        try:
            return [
                # Their week begins on Sunday, which is 1.
                Hour((int(day["dayOfWeek"]) - 2) % 7, int(hour["hourOfDay"]), float(hour["value"]))
                for day in data(answer, list)
                for hour in day["bestTimesByHour"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            message = "Metricool's best times are not as it documents them."
            raise Temporary(message, code=Code.UNEXPECTED_ANSWER) from error

    # --- the wire ----------------------------------------------------------------------------

    def _read(self, id: str) -> Mapping[str, Any] | None:
        """Return a post of the planner, or None if there is none any more."""
        answer = self._call("GET", f"{POSTS}/{id}")
        if answer.status == 404 and fields(answer):
            return None
        return data(answer, dict, "id", "providers")

    def _posts(self, since: datetime, until: datetime) -> list[Mapping[str, Any]]:
        params = {"start": _wall(since), "end": _wall(until), "timezone": "UTC"}
        answer = self._call("GET", POSTS, params={**params, "extendedRange": "true"})
        posts = data(answer, list)
        if not all(isinstance(post, dict) and "id" in post for post in posts):
            raise trouble(answer, refusals(answer))
        return posts

    def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> Answer:
        return self._api.call(
            method,
            f"/api{path}",
            params={**self._about(), **(params or {})},
            headers={**self._headers(), **(headers or {})},
            **body,
        )

    def _about(self) -> dict[str, str]:
        return {"userId": self._login.settings["user_id"], "blogId": self._blog}

    def _headers(self) -> dict[str, str]:
        return {"x-mc-auth": self._login.secret("token")}


def _minute(moment: datetime) -> datetime:
    """Return the first whole minute that is not before: seconds are cut there."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)


def _wall(moment: datetime) -> str:
    """Return what clocks show; in UTC, where no hour comes twice, unless the moment has a zone."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def _not_there(message: str) -> Permanent:
    return Permanent(message, code=Code.HANDLE_GONE)


def _unusable(message: str) -> Permanent:
    return Permanent(message, code=Code.ACCOUNT_UNUSABLE)

"""OnlySocial, and Mixpost on a server of one's own: one API under two core paths.

Phase 2 leaves a draft there, which nobody sees; publishing is one call about that draft, keyed by
its uuid. A second draft for the same delivery is the only way to publish twice, so none is made
once that call may have been sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import quote

from postcron.errors import Code, Permanent, Temporary
from postcron.model import (
    Accepted,
    Act,
    Attachment,
    Draft,
    Identity,
    Limits,
    Proposal,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms import behind
from postcron.platforms import onlysocial_networks as networks
from postcron.platforms.base import Key, Login, Option, Refusal, judge
from postcron.platforms.onlysocial_answers import (
    DRAFT_REFUSALS,
    MIXPOST_REFUSALS,
    NO_POST,
    REFUSALS,
    UPLOAD_REFUSALS,
    accepts,
    fields,
    known,
    listed,
    media_of,
    part_of,
    reason,
    sighting,
    status_of,
)
from postcron.web import Answer, Api, Upload

#: pages of drafts read for one whose uuid was lost: it is among the newest
PAGES: Final = 3
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _keys(api_url: Key, core_path: str) -> tuple[Key, ...]:
    return (
        Key("workspace", required=True, help="the uuid in the dashboard's address"),
        Key("account_id", required=True, help="the number of the account in that workspace"),
        Key("network", required=True, choices=frozenset(networks.NETWORKS)),
        Key("token", required=True, secret=True, help="Access Tokens in the dashboard's menu"),
        api_url,
        Key("core_path", default=core_path),
    )


class OnlySocial:
    """One account in one workspace of OnlySocial."""

    name: ClassVar[str] = "onlysocial"
    act: ClassVar[Act] = Act.HANDLE
    refusals: ClassVar[tuple[Refusal, ...]] = REFUSALS
    keys: ClassVar[tuple[Key, ...]] = _keys(
        Key("api_url", default="https://app.onlysocial.io"), "os"
    )
    options: ClassVar[tuple[Option, ...]] = networks.OPTIONS
    #: drafts stay until somebody deletes them
    ticket_life: ClassVar[timedelta | None] = None
    max_lead: ClassVar[timedelta | None] = None
    #: the call changes one row, and the post is read from the same database
    settle: ClassVar[timedelta] = timedelta(seconds=10)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        settings = login.settings
        self._login = login
        self._api = api(settings["api_url"])
        self._account_id, self._network = settings["account_id"], settings["network"]
        self._base = f"/{settings['core_path']}/api/{quote(settings['workspace'], safe='')}"

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return networks.limits(
            networks.NETWORKS.get(settings.get("network", ""), networks.Network())
        )

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        network = proposal.settings["network"]
        yield from networks.objections(network, proposal.options)
        yield from behind.objections(network, proposal)

    # --- who we are --------------------------------------------------------------------------

    def whoami(self) -> Identity:
        account = self._account()
        name = account.get("username") or account.get("name") or self._account_id
        return Identity(str(account.get("uuid") or account["id"]), f"{name} ({self._network})")

    def _account(self) -> Mapping[str, Any]:
        """Return the account if it can publish; raises `Permanent`."""
        # https://docs.inovector.com/books/api-reference/page/accounts
        accounts = listed(self._call("GET", "/accounts"))
        account = next((a for a in accounts if str(a.get("id")) == self._account_id), None)
        if account is None:
            there = ", ".join(f"{a.get('id')} ({a.get('username')})" for a in accounts) or "none"
            raise _unusable(f"There is no account {self._account_id} in this workspace: {there}.")
        if account.get("provider") != self._network:
            provider = account.get("provider")
            raise _unusable(f"Account {self._account_id} is on {provider}, not {self._network}.")
        if account.get("authorized") is False:
            raise _unusable(f"Account {self._account_id} has to be connected again in {self.name}.")
        return account

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        account = self._account()
        ticket = self._begun(draft, ticket, save)
        there = len(ticket.data["media"])
        for number, attachment in enumerate(draft.attachments[there:], there):
            uploaded = self._uploaded(draft, number, attachment)
            ticket = ticket.having(media=[*ticket.data["media"], uploaded])
            save(ticket)
        if "post" not in ticket.data:
            # All media there from the start: an earlier run may have died in the middle of this.
            lost = self._orphan(ticket) if there == len(draft.attachments) else None
            ticket = ticket.having(post=lost or self._created(draft, ticket, account["id"]))
            save(ticket)
        self._require_whole(ticket, save)
        ticket = Ticket(ticket.data, ready=True)
        save(ticket)
        return ticket

    def _begun(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        """Return the ticket if it is for this revision, else a new one with the old draft gone."""
        if ticket.data.get("revision") == draft.revision:
            return ticket
        old = ticket.data.get("post") or self._orphan(ticket)
        if old is not None:
            self._discard(old)
        ticket = Ticket({"revision": draft.revision, "media": []})
        save(ticket)
        return ticket

    def _uploaded(self, draft: Draft, number: int, attachment: Attachment) -> int:
        file = attachment.file
        ending = file.mime.rpartition("/")[2].replace("jpeg", "jpg")
        # https://docs.inovector.com/books/api-reference/page/media
        answer = self._call(
            "POST",
            "/media",
            form={"alt_text": attachment.alt} if attachment.alt else None,
            upload=Upload(
                field="file",
                name=f"pc-{draft.key[:8]}-{number + 1}-{file.sha256[:8]}.{ending}",
                mime=file.mime,
                size=file.size,
                chunks=draft.read(file, 0),
            ),
        )
        return int(fields(answer, "id", refusals=UPLOAD_REFUSALS)["id"])

    def _created(self, draft: Draft, ticket: Ticket, account: int) -> str:
        options = networks.wire_options(self._network, self._account_id, draft.type, draft.options)
        content = {"body": as_html(draft.text), "media": ticket.data["media"], "url": ""}
        version = {
            "account_id": 0,
            "is_original": True,
            "content": [content],
            "options": options,
        }
        # Without any of the flags that schedule it, a post is born as a draft.
        # https://api.onlysocial.io/api-8272458
        body = {"accounts": [account], "tags": [], "versions": [version]}
        answer = self._call("POST", "/posts", json=body)
        return str(fields(answer, "uuid", refusals=DRAFT_REFUSALS)["uuid"])

    def _orphan(self, ticket: Ticket) -> str | None:
        """Return the draft of an earlier run that died before it could note the uuid.

        Its media are ours alone. A draft without media is never taken up: it might be that of
        another delivery with the same words, and ours left behind does no harm.
        """
        media = ticket.data.get("media")
        if not media:
            return None
        for post in self._drafts():
            if media_of(post) == media and part_of(post, self._account_id):
                return str(post["uuid"])
        return None

    def _drafts(self) -> Iterator[Mapping[str, Any]]:
        for page in range(1, PAGES + 1):
            # https://docs.inovector.com/books/api-reference/page/posts
            params = {"status": "draft", "page": str(page)}
            posts = listed(self._call("GET", "/posts", params=params))
            if not posts:
                return
            yield from posts

    def _require_whole(self, ticket: Ticket, save: SaveTicket) -> None:
        """Read the draft back: a media id that is not known there is dropped without a word."""
        post = self._read(ticket.data["post"])
        if post and (status_of(post) != "draft" or _is_whole(post, ticket)):
            # What is past being a draft was taken further by somebody there: publishing says so.
            return
        self._discard(ticket.data["post"])
        save(Ticket())
        raise Temporary(
            f"The draft in {self.name} is gone or lacks media; it is made anew.",
            code=Code.HANDLE_GONE,
        )

    def _discard(self, uuid: str) -> None:
        """Delete a draft, and nothing but a draft. One that stays behind does no harm."""
        post = self._read(uuid)
        if post is not None and status_of(post) == "draft":
            # https://docs.inovector.com/books/api-reference/page/posts
            self._call("DELETE", f"/posts/{uuid}", json={"trash": False})

    # --- phase 3 -----------------------------------------------------------------------------

    def publish(self, draft: Draft, ticket: Ticket) -> Accepted:
        uuid = ticket.data["post"]
        # https://github.com/inovector/n8n-nodes-mixpost/blob/master/nodes/Mixpost/Mixpost.node.ts
        answer = self._api.act(
            "POST",
            f"{self._base}/posts/schedule/{uuid}",
            json={"postNow": True},
            headers=self._headers(),
        )
        if not accepts(answer):
            raise judge(answer, self.refusals, known(answer, self.refusals))
        return Accepted(uuid, check_after=timedelta(seconds=2))

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        return sighting(self._read(ticket.data["post"]), self._account_id)

    def visit(self, address: str) -> Sighting:
        """See `Visits`: what the network calls its own post only the network can show."""
        workspace = self._login.settings["workspace"]
        uuids = [uuid for uuid in _UUID.findall(address) if uuid != workspace]
        if not uuids or (address != uuids[0] and workspace not in address):
            return Sighting(Sight.UNCLEAR, f"{address} is not an address in this workspace.")
        post = self._read(uuids[0])
        if post is not None and not part_of(post, self._account_id):
            return Sighting(Sight.GONE, f"{address} does not go to account {self._account_id}.")
        return sighting(post, self._account_id)

    # --- the wire ----------------------------------------------------------------------------

    def _read(self, uuid: str) -> Mapping[str, Any] | None:
        """Return the post, or None if there is none any more."""
        # https://docs.inovector.com/books/api-reference/page/posts
        answer = self._call("GET", f"/posts/{uuid}")
        if answer.status == 404 and reason(answer) == NO_POST:
            return None
        return fields(answer, "uuid", "status")

    def _call(self, method: str, path: str, **body: Any) -> Answer:
        return self._api.call(method, f"{self._base}{path}", headers=self._headers(), **body)

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self._login.secret('token')}"}


class Mixpost(OnlySocial):
    """One account in one workspace of a Mixpost somebody runs for themselves."""

    name: ClassVar[str] = "mixpost"
    refusals: ClassVar[tuple[Refusal, ...]] = MIXPOST_REFUSALS
    keys: ClassVar[tuple[Key, ...]] = _keys(
        Key("api_url", required=True, help="where your Mixpost runs, https://social.example.org"),
        "mixpost",
    )


def as_html(text: str) -> str:
    """Return a text that is still itself after the platform has read it as HTML.

    Entities are decoded once, so those in the text are written as such. Then tags are removed, and
    no escape survives both: a `<` with anything but white space after it takes text with it. It is
    written as its full-width twin.
    """
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    return re.sub(r"<(?![ \t\n\v\f\r])", "＜", text)


def _is_whole(post: Mapping[str, Any], ticket: Ticket) -> bool:
    return not post.get("trashed") and media_of(post) in (None, ticket.data["media"])


def _unusable(message: str) -> Permanent:
    return Permanent(message, code=Code.ACCOUNT_UNUSABLE)

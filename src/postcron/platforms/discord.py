"""Discord: a webhook, which only writes, or a bot, which can read what it wrote."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from postcron.errors import Invalid
from postcron.model import (
    Act,
    Draft,
    Identity,
    Kind,
    Limits,
    MediaRule,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms.base import Key, Login, Option, fields
from postcron.platforms.discord_answers import (
    UNKNOWN_MESSAGE,
    error_code,
    fetched,
    listed,
    refused,
)
from postcron.rules.limits import utf16
from postcron.rules.resembling import gist
from postcron.web import Answer, Api, Upload

#: messages on one page of a listing, and pages read before a look gives up
PAGE: Final = 100
PAGES: Final = 5
#: the newest messages noted before a call: more than one, because people delete some
KNOWN: Final = 5
#: a nonce has so many characters at most
NONCE: Final = 25
SILENT: Final = 4096
NO_PREVIEW: Final = 4

_TRUTH: Final = frozenset({"true", "false"})
_ADDRESS: Final = re.compile(
    r"(?:https://(?:\w+\.)?discord(?:app)?\.com/channels/(?:\d+|@me)/)?(?P<channel>\d+)/(?P<id>\d+)"
)
_MIMES: Final = {
    Kind.IMAGE: frozenset({"image/jpeg", "image/png", "image/webp", "image/avif", "image/gif"}),
    Kind.GIF: frozenset({"image/gif"}),
    Kind.VIDEO: frozenset({"video/mp4", "video/webm", "video/quicktime"}),
    Kind.AUDIO: frozenset({"audio/mpeg", "audio/ogg", "audio/wav", "audio/flac", "audio/mp4"}),
}


class Discord:
    """One channel, by the address of a webhook or by a bot's token."""

    name: ClassVar[str] = "discord"
    # A webhook ignores the nonce and lists nothing (discord/discord-api-docs#6647). A bot's nonce
    # is sent and not relied on: it is good for "the past few minutes", whatever these are.
    act: ClassVar[Act] = Act.BLIND
    keys: ClassVar[tuple[Key, ...]] = (
        Key("webhook", secret=True, help="its address: Channel → Integrations → Webhooks"),
        Key("thread_id", help="with webhook: a thread of its channel"),
        Key(
            "channel_id",
            help="instead of webhook: the channel a bot writes into",
            examples=("", "1234567890"),
        ),
        Key("token", secret=True, help="with channel_id: the bot's token"),
        Key("api_url", default="https://discord.com/api/v10", help="with channel_id"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("silent", _TRUTH, help="arrives without a sound"),
        Option("link_preview", _TRUTH, help="false: links are not shown as cards"),
    )
    ticket_life: ClassVar[timedelta | None] = None
    max_lead: ClassVar[timedelta | None] = None
    settle: ClassVar[timedelta] = timedelta(minutes=2)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._channel = login.settings.get("channel_id")
        if self._channel is None:
            self._api = api(_versioned(login.secret("webhook")))
            self._place = self._messages = ""
        else:
            self._api = api(login.settings["api_url"])
            self._place = f"/channels/{self._channel}"
            self._messages = f"{self._place}/messages"

    @classmethod
    def act_for(cls, settings: Mapping[str, str]) -> Act:
        return Act.READBACK if settings.get("channel_id") else Act.BLIND

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return Limits(
            source="https://discord.com/developers/docs/resources/webhook#execute-webhook",
            as_of="2026-08-06",
            text_max=2000,
            count=utf16,
            media={
                kind: MediaRule(mimes, max_bytes=10 * 1024 * 1024, max_count=10)
                for kind, mimes in _MIMES.items()
            },
            max_attachments=10,
            mixed=True,
            alt_max=1024,
        )

    # --- who we are --------------------------------------------------------------------------

    def whoami(self) -> Identity:
        if self._channel is None:
            # https://discord.com/developers/docs/resources/webhook#get-webhook-with-token
            hook = fetched(self._read(""), "id", "channel_id")
            return Identity(str(hook["id"]), f"{hook.get('name')} (webhook)")
        # https://discord.com/developers/docs/resources/user#get-current-user
        user = fetched(self._read("/users/@me"), "id", "username")
        return Identity(str(user["id"]), str(user["username"]))

    def _headers(self) -> dict[str, str]:
        # The address of a webhook is all it needs.
        bot = self._channel is not None
        return {"Authorization": f"Bot {self._login.secret('token')}"} if bot else {}

    def _read(self, path: str, **params: str) -> Answer:
        return self._api.call("GET", path, params=params, headers=self._headers())

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        """See that the channel is there. Files go with the call: there is no other place for them."""
        # https://discord.com/developers/docs/resources/channel#get-channel
        place = fetched(self._read(self._place), "id")
        data = {"guild": place.get("guild_id")}
        if self._channel is not None:
            data["author"] = self.whoami().remote_id
        ticket = Ticket(data, ready=True)
        save(ticket)
        return ticket

    # --- phase 3 -----------------------------------------------------------------------------

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Note the newest messages, once: every call of this delivery comes after them."""
        if self._channel is None or "known" in ticket.data:
            return ticket
        return ticket.having(known=[message["id"] for message in self._newest(KNOWN)])

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        message, params = _message(draft), {}
        if self._channel is None:
            # Without `wait` a message that could not be saved is answered like any other.
            params = {"wait": "true", **self._in_thread()}
        else:
            nonce = hashlib.sha256(draft.key.encode()).hexdigest()[:NONCE]
            message |= {"nonce": nonce, "enforce_nonce": True}
        body: dict[str, Any] = {"json": message}
        if draft.attachments:
            # https://discord.com/developers/docs/reference#uploading-files
            body = {"form": {"payload_json": json.dumps(message)}, "uploads": _uploads(draft)}
        # https://discord.com/developers/docs/resources/webhook#execute-webhook
        # https://discord.com/developers/docs/resources/message#create-message
        answer = self._api.act(
            "POST", self._messages, params=params, headers=self._headers(), **body
        )
        sent = fields(answer)
        if answer.status == 200 and sent.get("id") and sent.get("channel_id"):
            return _receipt(sent, ticket.data["guild"])
        raise refused(answer)

    def _in_thread(self, default: str | None = None) -> dict[str, str]:
        thread = self._login.settings.get("thread_id", default)
        return {} if thread is None else {"thread_id": thread}

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        if self._channel is None:
            why = "A webhook cannot read its channel: have a look yourself."
            return Sighting(Sight.UNCLEAR, why)
        messages, complete = self._made_since(ticket)
        alike = [message for message in messages if _is_alike(message, draft, ticket)]
        found = [one for one in alike if _plain(one["content"]) == _plain(draft.text)]
        receipts = [_receipt(message, ticket.data["guild"]) for message in found or alike]
        if len(found) == 1:
            return Sighting(Sight.LIVE, "It is among the newest messages.", receipts[0])
        if receipts:
            urls = " and ".join(str(receipt.url) for receipt in receipts)
            how = (
                "More than one message looks"
                if found
                else "Something of it differs, but this looks"
            )
            return Sighting(Sight.UNCLEAR, f"{how} like it: {urls}.")
        if not complete:
            why = "The list of messages does not reach back to one that was there before the call."
            return Sighting(Sight.UNCLEAR, why)
        return Sighting(Sight.ABSENT, "It is not among the messages made since the call.")

    def _made_since(self, ticket: Ticket) -> tuple[list[Mapping[str, Any]], bool]:
        """Return what came after the noted messages, and whether one of those was met.

        A bot that may not read the history is shown an empty list, which proves nothing.
        """
        found: list[Mapping[str, Any]] = []
        known = set(ticket.data.get("known", ()))
        for _ in range(PAGES):
            page = self._newest(PAGE, **({"before": found[-1]["id"]} if found else {}))
            for message in page:
                if message["id"] in known:
                    return found, True
                found.append(message)
            if not page:
                break
        return found, False

    def _newest(self, limit: int, **params: str) -> list[Mapping[str, Any]]:
        # https://discord.com/developers/docs/resources/message#get-channel-messages
        return listed(self._read(self._messages, limit=str(limit), **params))

    def visit(self, address: str) -> Sighting:
        match = _ADDRESS.fullmatch(address)
        if match is None or self._channel not in {None, match["channel"]}:
            return Sighting(Sight.UNCLEAR, f"{address} is not the address of a message here.")
        place = fetched(self._read(self._place), "id")
        # https://discord.com/developers/docs/resources/webhook#get-webhook-message
        params = {}
        if self._channel is None and place.get("channel_id") != match["channel"]:
            params = {"thread_id": match["channel"]}
        path = f"{self._messages or '/messages'}/{match['id']}"
        answer = self._read(path, **params)
        if answer.status == 404 and error_code(answer) == UNKNOWN_MESSAGE:
            return Sighting(Sight.GONE, f"There is no message {match['id']}.")
        message = fetched(answer, "id", "channel_id", "author")
        author = message["author"]["id"]
        if self._channel is not None and author != self.whoami().remote_id:
            return Sighting(Sight.GONE, f"{address} was written by somebody else.")
        return Sighting(Sight.LIVE, "It is there.", _receipt(message, place.get("guild_id")))


def _versioned(address: str) -> str:
    """Return a webhook's address as it is called; raises `Invalid` for one that is none."""
    if not re.search(r"/webhooks/[0-9]+/[^/?#]+$", address.rstrip("/")):
        raise Invalid(
            "The address of a Discord webhook ends with /webhooks/, its number and its token: copy "
            "it from the channel's settings; a bot needs channel_id and token instead."
        )
    return re.sub(r"/api/webhooks/", "/api/v10/webhooks/", address.rstrip("/"))


def _message(draft: Draft) -> dict[str, Any]:
    chosen = {"silent": ("true", SILENT), "link_preview": ("false", NO_PREVIEW)}
    flags = sum(flag for name, (value, flag) in chosen.items() if draft.options.get(name) == value)
    described = [
        {"id": number, **({"description": one.alt} if one.alt else {})}
        for number, one in enumerate(draft.attachments)
    ]
    return {
        # Otherwise an @everyone in a text wakes everyone.
        "allowed_mentions": {"parse": []},
        **({"content": draft.text} if draft.text else {}),
        **({"attachments": described} if described else {}),
        **({"flags": flags} if flags else {}),
    }


def _uploads(draft: Draft) -> list[Upload]:
    return [
        Upload(f"files[{n}]", one.name, one.file.mime, one.file.size, draft.read(one.file, 0))
        for n, one in enumerate(draft.attachments)
    ]


def _is_alike(message: Mapping[str, Any], draft: Draft, ticket: Ticket) -> bool:
    sizes = [attachment["size"] for attachment in message["attachments"]]
    return (
        message["author"]["id"] == ticket.data["author"]
        and gist(message["content"]) == gist(draft.text)
        and sizes == [attachment.file.size for attachment in draft.attachments]
    )


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()


def _receipt(message: Mapping[str, Any], guild: str | None) -> Receipt:
    channel, id = message["channel_id"], message["id"]
    return Receipt(
        f"{channel}/{id}", f"https://discord.com/channels/{guild or '@me'}/{channel}/{id}"
    )

"""Telegram: a bot writes into a channel, a group or a chat, and can read nothing of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import quote

from postcron.model import (
    Act,
    Attachment,
    Draft,
    Identity,
    Kind,
    Limits,
    MediaRule,
    Proposal,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms.base import Key, Login, Option
from postcron.platforms.telegram_answers import fetched, refusal, sent
from postcron.rules.limits import utf16
from postcron.web import Api, Upload

CAPTION: Final = 1024
#: width and height of a photo together
PERIMETER: Final = 10_000
_TRUTH: Final = frozenset({"true", "false"})
#: the method that sends one file of a kind, and what the file is called in it
_METHODS: Final = {
    Kind.IMAGE: ("sendPhoto", "photo"),
    Kind.VIDEO: ("sendVideo", "video"),
    # As a document an animation stays what it is.
    Kind.GIF: ("sendDocument", "document"),
    Kind.DOCUMENT: ("sendDocument", "document"),
}


class Telegram:
    """One bot, and one chat it may write into."""

    name: ClassVar[str] = "telegram"
    # There is no key against repeats (tdlib/telegram-bot-api#126), and no bot can read a chat.
    act: ClassVar[Act] = Act.BLIND
    keys: ClassVar[tuple[Key, ...]] = (
        Key("chat", required=True, help="@channel, or the number of a chat the bot may write into"),
        Key("token", required=True, secret=True, help="what @BotFather gave you"),
        Key("api_url", default="https://api.telegram.org"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("silent", _TRUTH, help="arrives without a sound"),
        Option("link_preview", _TRUTH, help="false: the first link is not shown as a card"),
    )
    ticket_life: ClassVar[timedelta | None] = None
    max_lead: ClassVar[timedelta | None] = None
    settle: ClassVar[timedelta] = timedelta(0)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._api = api(login.settings["api_url"])

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        megabyte = 1_000_000
        return Limits(
            source="https://core.telegram.org/bots/api#sending-files",
            as_of="2026-11-20",
            text_max=4096,
            count=utf16,
            media={
                Kind.IMAGE: MediaRule(
                    frozenset({"image/jpeg", "image/png"}),
                    10 * megabyte,
                    max_count=10,
                    min_ratio=1 / 20,
                    max_ratio=20,
                ),
                Kind.VIDEO: MediaRule(frozenset({"video/mp4"}), 50 * megabyte, max_count=10),
                Kind.GIF: MediaRule(frozenset({"image/gif"}), 50 * megabyte, max_count=10),
                Kind.DOCUMENT: MediaRule(
                    frozenset({"application/pdf"}), 50 * megabyte, max_count=10
                ),
            },
            max_attachments=10,
            mixed=True,
        )

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        length = utf16(proposal.text)
        if proposal.attachments and length > CAPTION:
            what = f"the text has {length} characters, and {CAPTION} fit beside media."
            yield what, f"Shorten it by {length - CAPTION}."
        kinds = {_METHODS[attachment.file.kind][1] for attachment in proposal.attachments}
        if "document" in kinds and len(kinds) > 1:
            yield "photos and videos cannot stand beside other files.", "Make a post of each."
        for attachment in proposal.attachments:
            file = attachment.file
            if file.kind is Kind.IMAGE and (file.width or 0) + (file.height or 0) > PERIMETER:
                what = (
                    f"width and height of {attachment.name} are more than {PERIMETER:,} together."
                )
                yield what, "Make it smaller."

    # --- who we are --------------------------------------------------------------------------

    def whoami(self) -> Identity:
        # https://core.telegram.org/bots/api#getme
        bot = fetched(self._api.call("POST", self._path("getMe")), "id", "username")
        return Identity(str(bot["id"]), f"@{bot['username']}")

    def _path(self, method: str) -> str:
        return f"/bot{quote(self._login.secret('token'), safe=':')}/{method}"

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        """See that the chat is there. Files go with the call: there is no other place for them."""
        # https://core.telegram.org/bots/api#getchat
        chat = {"chat_id": self._login.settings["chat"]}
        found = fetched(self._api.call("POST", self._path("getChat"), json=chat), "id")
        ticket = Ticket({"chat": found["id"]}, ready=True)
        save(ticket)
        return ticket

    # --- phase 3 -----------------------------------------------------------------------------

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        method, message = _message(draft, ticket.data["chat"])
        path, files = self._path(method), list(_uploads(draft))
        if files:
            answer = self._api.act("POST", path, form=_form(message), uploads=files)
        else:
            # https://core.telegram.org/bots/api#sendmessage
            answer = self._api.act("POST", path, json=message)
        if messages := sent(answer):
            return _receipt(messages)
        raise refusal(answer, album=len(files) > 1)

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        return Sighting(Sight.UNCLEAR, "Telegram lets no bot read a chat: have a look yourself.")


def _message(draft: Draft, chat: int) -> tuple[str, dict[str, Any]]:
    """Return the method and its fields, without the files."""
    common: dict[str, Any] = {"chat_id": chat}
    if "silent" in draft.options:
        common["disable_notification"] = draft.options["silent"] == "true"
    if not draft.attachments:
        return "sendMessage", {**common, "text": draft.text, **_preview(draft)}
    if len(draft.attachments) == 1:
        [one] = draft.attachments
        # https://core.telegram.org/bots/api#sendphoto, #sendvideo, #senddocument
        return _METHODS[one.file.kind][0], {**common, **_caption(draft), **_about(one)}
    # https://core.telegram.org/bots/api#sendmediagroup
    # A caption is shown under all of them if it is the only one.
    album = [
        {
            "type": _METHODS[one.file.kind][1],
            "media": f"attach://file{number}",
            **({} if number else _caption(draft)),
            **_about(one),
        }
        for number, one in enumerate(draft.attachments)
    ]
    return "sendMediaGroup", {**common, "media": album}


def _preview(draft: Draft) -> dict[str, Any]:
    if "link_preview" not in draft.options:
        return {}
    return {"link_preview_options": {"is_disabled": draft.options["link_preview"] == "false"}}


def _caption(draft: Draft) -> dict[str, Any]:
    return {"caption": draft.text} if draft.text else {}


def _about(attachment: Attachment) -> dict[str, Any]:
    file = attachment.file
    if file.kind is not Kind.VIDEO:
        return {}
    known = {"width": file.width, "height": file.height}
    if file.duration is not None:
        known["duration"] = round(file.duration.total_seconds())
    return {**{name: value for name, value in known.items() if value}, "supports_streaming": True}


def _uploads(draft: Draft) -> Iterator[Upload]:
    for number, attachment in enumerate(draft.attachments):
        file, alone = attachment.file, len(draft.attachments) == 1
        field = _METHODS[file.kind][1] if alone else f"file{number}"
        yield Upload(field, attachment.name, file.mime, file.size, draft.read(file, 0))


def _form(message: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in message.items()
    }


def _receipt(messages: list[Mapping[str, Any]]) -> Receipt:
    """Name the chat as well: messages are counted in each by itself."""
    chat, first = messages[0]["chat"], messages[0]["message_id"]
    numbers = ",".join(str(message["message_id"]) for message in messages)
    url = f"https://t.me/{chat['username']}/{first}" if chat.get("username") else None
    return Receipt(f"{chat['id']}/{numbers}", url)

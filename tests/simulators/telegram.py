"""A strict Telegram Bot API of one bot, after the sheet.

Sources: core.telegram.org/bots/api, and the errors of tdlib/telegram-bot-api (Client.cpp).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from PIL import Image

from tests.simulators.multipart import Part, parts
from tests.simulators.server import Asked, Live, Reply, Server

TOKEN: Final = "123456:telegram-token-of-acme"
CHANNEL: Final = -1001234567890
GROUP: Final = -4000

_CHATS: Final = {
    "@acme": {"id": CHANNEL, "type": "channel", "title": "Acme", "username": "acme"},
    str(CHANNEL): {"id": CHANNEL, "type": "channel", "title": "Acme", "username": "acme"},
    str(GROUP): {"id": GROUP, "type": "group", "title": "Friends"},
}
_COMMON: Final = frozenset({"chat_id", "disable_notification"})
_VIDEO: Final = frozenset({"width", "height", "duration", "supports_streaming"})
_FIELDS: Final = {
    "sendMessage": _COMMON | {"text", "link_preview_options"},
    "sendPhoto": _COMMON | {"photo", "caption"},
    "sendVideo": _COMMON | {"video", "caption"} | _VIDEO,
    "sendDocument": _COMMON | {"document", "caption"},
    "sendMediaGroup": _COMMON | {"media"},
}
_METHODS: Final = _FIELDS.keys() | {"getMe", "getChat"}
_MOST: Final = {"photo": 10_000_000, "video": 50_000_000, "document": 50_000_000}


@dataclass(frozen=True)
class Message:
    """One message; an album is one entry with all of its numbers."""

    numbers: tuple[int, ...]
    chat: Mapping[str, Any]
    text: str
    media: tuple[Part, ...]
    silent: bool
    at: float


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    description: str
    parameters: Mapping[str, Any] | None = None


class Telegram(Server):
    """One bot that may write into a channel and a group."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []
        #: chats that have moved: their new number
        self.moved: dict[int, int] = {}
        #: the place in the next album of what cannot be sent although the rest is
        self.fails_in_album: int | None = None
        self._last = 41

    @property
    def live(self) -> list[Live]:
        return [
            Live(
                f"{message.chat['id']}/{','.join(map(str, message.numbers))}",
                message.text,
                message.media,
                message.at,
            )
            for message in self.messages
        ]

    def perform(self, asked: Asked) -> Reply:
        try:
            return Reply(200, {"ok": True, "result": self._result(asked)})
        except Refused as refused:
            body = {"ok": False, "error_code": refused.status, "description": refused.description}
            more = {"parameters": refused.parameters} if refused.parameters else {}
            return Reply(refused.status, body | more)

    def _result(self, asked: Asked) -> Any:
        bot, _, method = asked.path.removeprefix("/bot").partition("/")
        if not asked.path.startswith("/bot") or method not in _METHODS:
            raise Refused(404, "Not Found")
        if bot != TOKEN:
            raise Refused(401, "Unauthorized")
        if asked.method != "POST" or asked.query:
            raise Refused(400, "Bad Request: this bot posts its parameters")
        if method == "getMe":
            return {"id": 123456, "is_bot": True, "first_name": "Acme", "username": "acme_bot"}
        given, files = _given(asked)
        chat = self._chat(given)
        return chat if method == "getChat" else self._send(method, chat, given, files)

    def _send(
        self,
        method: str,
        chat: Mapping[str, Any],
        given: Mapping[str, Any],
        files: Mapping[str, Part],
    ) -> Any:
        attached = {item["media"].removeprefix("attach://") for item in given.get("media", ())}
        if strange := (given.keys() | files.keys()) - _FIELDS[method] - attached:
            raise Refused(400, f"Bad Request: unexpected field {sorted(strange)}")
        if (new := self.moved.get(chat["id"])) is not None:
            told = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, told, {"migrate_to_chat_id": new})
        if method == "sendMessage":
            return self._text(chat, given)
        if method == "sendMediaGroup":
            return self._album(chat, given, files)
        return self._file(chat, given, files, method.removeprefix("send").lower())

    def _chat(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        chat = _CHATS.get(str(given.get("chat_id")))
        if chat is None:
            raise Refused(400, "Bad Request: chat not found")
        return chat

    def _text(self, chat: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        text = given.get("text", "")
        if not text.strip():
            raise Refused(400, "Bad Request: message text is empty")
        if len(text) > 4096:
            raise Refused(400, "Bad Request: message is too long")
        return self._sent(chat, given, text, [])[0]

    def _file(
        self,
        chat: Mapping[str, Any],
        given: Mapping[str, Any],
        files: Mapping[str, Part],
        kind: str,
    ) -> dict[str, Any]:
        if kind not in files:
            raise Refused(400, f"Bad Request: there is no {kind} in the request")
        _check(kind, files[kind])
        return self._sent(chat, given, _caption(given), [files[kind]])[0]

    def _album(
        self, chat: Mapping[str, Any], given: Mapping[str, Any], files: Mapping[str, Part]
    ) -> list[dict[str, Any]]:
        items = given["media"]
        if not 2 <= len(items) <= 10:
            raise Refused(400, "Bad Request: there must be from 2 to 10 messages in the group")
        kinds = {item["type"] for item in items}
        if "document" in kinds and len(kinds) > 1:
            raise Refused(400, "Bad Request: document can't be mixed with other media types")
        found = []
        for item in items:
            known = {"type", "media", "caption"} | (_VIDEO if item["type"] == "video" else set())
            part = files.get(item["media"].removeprefix("attach://"))
            if part is None or item.keys() - known:
                raise Refused(400, "Bad Request: wrong file identifier/HTTP URL specified")
            _check(item["type"], part)
            found.append(part)
        captions = [_caption(item) for item in items if "caption" in item]
        failing, self.fails_in_album = self.fails_in_album, None
        if failing is not None:
            del found[failing - 1]
        text = captions[0] if len(captions) == 1 else ""
        messages = self._sent(chat, given, text, found)
        if failing is not None:
            told = f'Failed to send message #{failing} with the error message "PHOTO_INVALID"'
            raise Refused(400, f"Bad Request: {told}")
        return messages

    def _sent(
        self, chat: Mapping[str, Any], given: Mapping[str, Any], text: str, media: list[Part]
    ) -> list[dict[str, Any]]:
        first, count = self._last + 1, max(len(media), 1)
        self._last += count
        silent = bool(given.get("disable_notification", False))
        numbers = tuple(range(first, first + count))
        self.messages.append(Message(numbers, chat, text, tuple(media), silent, self.now()))
        return [{"message_id": number, "chat": chat, "date": int(self.now())} for number in numbers]


def _given(asked: Asked) -> tuple[dict[str, Any], dict[str, Part]]:
    """Return the parameters and the files of a request, which may be JSON or a form with files."""
    form = parts(asked)
    if form is None:
        body = asked.json()
        if asked.headers.get("content-type") != "application/json" or not isinstance(body, dict):
            raise Refused(400, "Bad Request: can't parse the request")
        return body, {}
    words = {name: part.text for name, part in form.items() if part.file is None}
    plain = {"caption", "chat_id"}
    given = {name: text if name in plain else json.loads(text) for name, text in words.items()}
    return given, {name: part for name, part in form.items() if part.file is not None}


def _caption(given: Mapping[str, Any]) -> str:
    caption = str(given.get("caption", ""))
    if len(caption) > 1024:
        raise Refused(400, "Bad Request: message caption is too long")
    return caption


def _check(kind: str, part: Part) -> None:
    if len(part.content) > _MOST[kind]:
        raise Refused(413, "Request Entity Too Large")
    starts = {"photo": (b"\x89PNG", b"\xff\xd8\xff"), "document": (b"",)}.get(kind)
    fits = part.content[4:8] == b"ftyp" if starts is None else part.content.startswith(starts)
    if not fits:
        raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED")
    if kind == "photo":
        with Image.open(BytesIO(part.content)) as image:
            short, long = sorted(image.size)
        if short + long > 10_000 or long > 20 * short:
            raise Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")

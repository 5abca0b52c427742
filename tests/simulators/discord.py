"""A strict Discord with one channel, which a webhook and a bot may write into, after the sheet.

Sources: discord/discord-api-docs (resources/webhook, resources/message, topics/rate-limits).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.simulators.multipart import Part, parts
from tests.simulators.server import Asked, Live, Reply, Server

HOOK: Final = "1300000000000000001"
HOOK_TOKEN: Final = "webhook-token-of-acme_0123456789"
BOT: Final = "1300000000000000002"
BOT_TOKEN: Final = "bot-token-of-acme"
CHANNEL: Final = "1300000000000000010"
THREAD: Final = "1300000000000000011"
GUILD: Final = "1300000000000000020"
#: how long a bot's nonce is remembered
FEW_MINUTES: Final = 180.0

_WEBHOOK: Final = rf"/api/v10/webhooks/{HOOK}/([^/]+)"
_CHANNEL: Final = r"/api/v10/channels/(\d+)"
_FIELDS: Final = frozenset({"content", "allowed_mentions", "attachments", "flags"})


@dataclass(frozen=True)
class Message:
    """One message."""

    id: str
    channel: str
    author: str
    content: str
    files: tuple[Part, ...]
    given: Mapping[str, Any]
    at: float


@dataclass
class Refused(Exception):
    """An answer that ends a request early."""

    status: int
    code: int
    message: str


class Discord(Server):
    """One channel with a thread."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []
        #: a bot that may not read the history is shown nothing
        self.readable = True
        self._last = 1_308_765_432_109_876_543

    @property
    def webhook(self) -> str:
        """The address people copy."""
        return f"{self.url}/api/webhooks/{HOOK}/{HOOK_TOKEN}"

    @property
    def live(self) -> list[Live]:
        return [
            Live(f"{each.channel}/{each.id}", each.content, each.files, each.at)
            for each in self.messages
        ]

    def already_there(self, content: str, *, author: str = "1") -> str:
        """Let somebody have written before; return the message's id."""
        return self._added(CHANNEL, author, {"content": content}, []).id

    def _added(
        self, channel: str, author: str, given: Mapping[str, Any], files: list[Part]
    ) -> Message:
        self._last += 4_194_304
        content = str(given.get("content", "")).strip()
        self.messages.append(
            Message(str(self._last), channel, author, content, tuple(files), given, self.now())
        )
        return self.messages[-1]

    # --- the way of a request ----------------------------------------------------------------

    def perform(self, asked: Asked) -> Reply:
        try:
            return self._routed(asked)
        except Refused as refused:
            return Reply(refused.status, {"message": refused.message, "code": refused.code})

    def _routed(self, asked: Asked) -> Reply:
        if not asked.headers.get("user-agent"):
            raise Refused(403, 40333, "internal network error")
        for method, path, work in (
            ("GET", _WEBHOOK, self._hook),
            ("POST", _WEBHOOK, self._execute),
            ("GET", rf"{_WEBHOOK}/messages/(\d+)", self._hooks_message),
            ("GET", r"/api/v10/users/@me", self._me),
            ("GET", _CHANNEL, self._channel),
            ("GET", rf"{_CHANNEL}/messages", self._list),
            ("POST", rf"{_CHANNEL}/messages", self._create),
            ("GET", rf"{_CHANNEL}/messages/(\d+)", self._message),
        ):
            match = re.fullmatch(path, asked.path)
            if match and method == asked.method:
                return work(asked, *match.groups())
        if "/webhooks/" in asked.path:
            raise Refused(404, 10015, "Unknown Webhook")
        raise Refused(404, 0, "404: Not Found")

    # --- the webhook -------------------------------------------------------------------------

    def _hook(self, asked: Asked, token: str) -> Reply:
        _open(token)
        hook = {"id": HOOK, "type": 1, "name": "Acme", "channel_id": CHANNEL, "guild_id": GUILD}
        return Reply(200, hook)

    def _execute(self, asked: Asked, token: str) -> Reply:
        _open(token)
        thread = asked.query.get("thread_id")
        if thread not in {None, THREAD}:
            raise Refused(404, 10003, "Unknown Channel")
        given, files = _given(asked, _FIELDS)
        message = self._added(thread or CHANNEL, HOOK, given, files)
        if asked.query.get("wait") != "true":
            return Reply(204, b"")
        return Reply(200, _entity(message) | {"webhook_id": HOOK})

    def _hooks_message(self, asked: Asked, token: str, id: str) -> Reply:
        _open(token)
        channel = asked.query.get("thread_id", CHANNEL)
        for message in self.messages:
            if (message.id, message.channel, message.author) == (id, channel, HOOK):
                return Reply(200, _entity(message) | {"webhook_id": HOOK})
        raise Refused(404, 10008, "Unknown Message")

    # --- the bot -----------------------------------------------------------------------------

    def _me(self, asked: Asked) -> Reply:
        _authorize(asked)
        return Reply(200, {"id": BOT, "username": "acme-bot", "bot": True})

    def _channel(self, asked: Asked, id: str) -> Reply:
        _authorize(asked, id)
        return Reply(200, {"id": CHANNEL, "type": 0, "guild_id": GUILD, "name": "news"})

    def _create(self, asked: Asked, id: str) -> Reply:
        _authorize(asked, id)
        given, files = _given(asked, _FIELDS | {"nonce", "enforce_nonce"})
        nonce = given.get("nonce")
        if len(str(nonce or "")) > 25:
            raise Refused(400, 50035, "Invalid Form Body")
        if nonce and given.get("enforce_nonce"):
            for message in self.messages:
                recent = message.at > self.now() - FEW_MINUTES
                if recent and message.author == BOT and message.given.get("nonce") == nonce:
                    return Reply(200, _entity(message) | {"nonce": nonce})
        message = self._added(CHANNEL, BOT, given, files)
        return Reply(200, _entity(message) | ({"nonce": nonce} if nonce else {}))

    def _list(self, asked: Asked, id: str) -> Reply:
        _authorize(asked, id)
        limit = int(asked.query.get("limit", "50"))
        if not 1 <= limit <= 100:
            raise Refused(400, 50035, "Invalid Form Body")
        before = int(asked.query.get("before", str(2**63)))
        newest = sorted(self.messages, key=lambda message: int(message.id), reverse=True)
        shown = [m for m in newest if m.channel == CHANNEL and int(m.id) < before]
        return Reply(200, [_entity(message) for message in shown[:limit] if self.readable])

    def _message(self, asked: Asked, channel: str, id: str) -> Reply:
        _authorize(asked, channel)
        for message in self.messages:
            if (message.id, message.channel) == (id, channel):
                return Reply(200, _entity(message))
        raise Refused(404, 10008, "Unknown Message")


def _open(token: str) -> None:
    if token != HOOK_TOKEN:
        raise Refused(401, 50027, "Invalid Webhook Token")


def _authorize(asked: Asked, channel: str = CHANNEL) -> None:
    if asked.headers.get("authorization") != f"Bot {BOT_TOKEN}":
        raise Refused(401, 0, "401: Unauthorized")
    if channel != CHANNEL:
        raise Refused(404, 10003, "Unknown Channel")


def _given(asked: Asked, known: frozenset[str]) -> tuple[dict[str, Any], list[Part]]:
    """Return the message and the files of a request, which may be JSON or a form with files."""
    form = parts(asked)
    if form is None:
        if asked.headers.get("content-type") != "application/json":
            raise Refused(400, 50035, "Invalid Form Body")
        given, files = asked.json(), []
    else:
        payload = form.pop("payload_json", None)
        given = json.loads(payload.content) if payload is not None else {}
        files = list(form.values())
        if list(form) != [f"files[{number}]" for number in range(len(form))]:
            raise Refused(400, 50035, "Invalid Form Body")
    if not isinstance(given, dict):
        raise Refused(400, 50109, "The request body contains invalid JSON.")
    _check(given, files, known)
    return given, files


def _check(given: Mapping[str, Any], files: list[Part], known: frozenset[str]) -> None:
    content = given.get("content", "")
    described = {
        entry["id"]: entry.get("description", "") for entry in given.get("attachments", ())
    }
    too_long = len(content) > 2000 or any(len(words) > 1024 for words in described.values())
    if given.keys() - known or too_long or len(files) > 10:
        raise Refused(400, 50035, "Invalid Form Body")
    if not content.strip() and not files:
        raise Refused(400, 50006, "Cannot send an empty message")
    if described.keys() - set(range(len(files))):
        raise Refused(400, 50035, "Invalid Form Body")
    if any(len(part.content) > 10 * 1024 * 1024 or part.file is None for part in files):
        raise Refused(413, 40005, "Request entity too large")


def _entity(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "type": 0,
        "channel_id": message.channel,
        "content": message.content,
        "author": {"id": message.author, "username": "acme"},
        "attachments": [
            {"id": str(number), "filename": part.file, "size": len(part.content)}
            for number, part in enumerate(message.files)
        ],
    }

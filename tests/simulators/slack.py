"""A strict Slack with one incoming webhook, after the sheet.

Sources: docs.slack.dev (incoming webhooks, Block Kit), api.slack.com changelog 2016-05-17.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tests.simulators.server import Asked, Live, Reply, Server

PATH: Final = "/services/T024BE7LD/B024BE7LH/slack-token-of-acme"
PLAIN: Final = {"Content-Type": "text/plain; charset=utf-8"}


class Slack(Server):
    """One channel behind one webhook; it gives no message a name."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: list[Live] = []
        #: what the text would have woken: <!channel>, <@U1>
        self.pings: list[str] = []

    @property
    def webhook(self) -> str:
        return f"{self.url}{PATH}"

    @property
    def live(self) -> list[Live]:
        return self.posts

    def perform(self, asked: Asked) -> Reply:
        status, word = self._posted(asked)
        return Reply(status, word.encode(), PLAIN)

    def _posted(self, asked: Asked) -> tuple[int, str]:
        if asked.path != PATH:
            return (
                (403, "invalid_token") if asked.path.startswith("/services/T") else (404, "no_team")
            )
        body = asked.json()
        is_json = asked.headers.get("content-type") == "application/json"
        if asked.method != "POST" or not is_json or not isinstance(body, dict):
            return 400, "invalid_payload"
        if body.keys() - {"text", "blocks", "unfurl_links", "unfurl_media"}:
            return 400, "invalid_payload"
        if not str(body.get("text", "")).strip():
            return 400, "no_text"
        blocks = body.get("blocks", [])
        if len(blocks) > 50 or not all(map(_fits, blocks)):
            return 400, "invalid_blocks"
        shown = [block["text"]["text"] for block in blocks if block["type"] == "section"]
        text = "\n".join(shown) if blocks else body["text"]
        self.pings += re.findall(r"<[!@][^>]*>", text)
        pictures = tuple(block["image_url"] for block in blocks if block["type"] == "image")
        self.posts.append(Live(str(len(self.posts) + 1), _read(text), pictures, self.now()))
        return 200, "ok"


def _fits(block: Mapping[str, Any]) -> bool:
    if block.get("type") == "section":
        text = block.get("text", {})
        return text.get("type") == "mrkdwn" and 0 < len(text.get("text", "")) <= 3000
    if block.get("type") == "image":
        address, alt = block.get("image_url", ""), block.get("alt_text", "")
        return address.startswith("https://") and 0 < len(alt) <= 2000
    return False


def _read(text: str) -> str:
    """Return a text as a reader sees it."""
    assert not re.search(r"&(?!amp;|lt;|gt;)", text), "an & that is not escaped"
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

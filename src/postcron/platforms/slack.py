"""Slack: an incoming webhook, which takes a message and says no more than `ok`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from postcron.errors import Code, Invalid
from postcron.model import (
    Act,
    Draft,
    Kind,
    Limits,
    MediaRule,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms.base import Key, Login, Option, judge, refusal_list
from postcron.web import Answer, Api

#: a section of a message has no room for more
TEXT: Final = 3000
_TRUTH: Final = frozenset({"true", "false"})
_CHANGELOG: Final = (
    "https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks"
)
_WEBHOOKS: Final = "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"

#: An error is one word of plain text. 500 rollup_error is not here: it may have been posted.
#: Nor are no_text, no_service and posting_to_general_channel_denied: no page of Slack's lists them.
REFUSALS: Final = refusal_list(
    (400, "invalid_payload", Code.CONTENT_REFUSED, _CHANGELOG),
    (400, "invalid_blocks", Code.CONTENT_REFUSED, _WEBHOOKS),
    (400, "missing_text_or_fallback_or_attachments", Code.CONTENT_REFUSED, _WEBHOOKS),
    (400, "user_not_found", Code.ACCOUNT_UNUSABLE, _CHANGELOG),
    (403, "invalid_token", Code.TOKEN_REFUSED, _WEBHOOKS),
    (403, "action_prohibited", Code.ACCOUNT_UNUSABLE, _CHANGELOG),
    (404, "channel_not_found", Code.ACCOUNT_UNUSABLE, _CHANGELOG),
    (404, "no_team", Code.ACCOUNT_UNUSABLE, _WEBHOOKS),
    (410, "channel_is_archived", Code.ACCOUNT_UNUSABLE, _CHANGELOG),
    (429, None, Code.RATE_LIMITED, _WEBHOOKS),
    seen="2026-11-20",
)


class Slack:
    """One webhook, which stands for one channel."""

    name: ClassVar[str] = "slack"
    # No id comes back, nothing can be read, and a repeat is a second message.
    act: ClassVar[Act] = Act.BLIND
    keys: ClassVar[tuple[Key, ...]] = (
        Key("webhook", required=True, secret=True, help="https://hooks.slack.com/services/…"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("link_preview", _TRUTH, help="false: links are not shown as cards"),
    )
    ticket_life: ClassVar[timedelta | None] = None
    max_lead: ClassVar[timedelta | None] = None
    settle: ClassVar[timedelta] = timedelta(0)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        address = login.secret("webhook")
        if len(urlsplit(address).path.strip("/").split("/")) < 2:
            raise Invalid(
                "The address of a Slack webhook is https://hooks.slack.com/services/ and what "
                "follows: copy it from the app's Incoming Webhooks."
            )
        self._api = api(address)

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        images = MediaRule(
            frozenset({"image/jpeg", "image/png", "image/gif"}), 10_000_000, max_count=10
        )
        return Limits(
            source="https://docs.slack.dev/reference/block-kit/blocks/section-block",
            as_of="2026-11-20",
            text_max=TEXT,
            count=lambda text: len(_escaped(text)),
            media={
                Kind.IMAGE: images,
                Kind.GIF: MediaRule(frozenset({"image/gif"}), 10_000_000, max_count=10),
            },
            max_attachments=10,
            mixed=True,
            alt_max=2000,
            fetched=frozenset({Kind.IMAGE, Kind.GIF}),
        )

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        """See that pictures have an address; Slack itself can be asked nothing."""
        _body(draft)
        return Ticket(ready=True)

    # --- phase 3 -----------------------------------------------------------------------------

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Ask for the addresses once: what makes them is loaded now, not at the second."""
        _body(draft)
        return ticket

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        body = _body(draft)
        # https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
        answer = self._api.act("POST", "", json=body)
        if answer.status == 200 and answer.body.strip() == b"ok":
            # There is no other name for the message than the delivery's own.
            return Receipt(draft.key)
        word = _word(answer)
        raise judge(answer, () if word is None else REFUSALS, word)

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        return Sighting(Sight.UNCLEAR, "A webhook cannot read its channel: have a look yourself.")


def _body(draft: Draft) -> dict[str, Any]:
    text = _escaped(draft.text)
    body: dict[str, Any] = {"text": text}
    if "link_preview" in draft.options:
        shown = draft.options["link_preview"] == "true"
        body |= {"unfurl_links": shown, "unfurl_media": shown}
    if not draft.attachments:
        return body
    # https://docs.slack.dev/reference/block-kit/blocks/image-block
    pictures = [
        {"type": "image", "image_url": draft.address(one.file), "alt_text": one.alt or one.name}
        for one in draft.attachments
    ]
    words = [{"type": "section", "text": {"type": "mrkdwn", "text": text}}] if text else []
    # Beside blocks the text is what a notification says.
    return {
        **body,
        "text": text or _escaped(pictures[0]["alt_text"]),
        "blocks": [*words, *pictures],
    }


def _escaped(text: str) -> str:
    """Return a text that is still itself after Slack has read it: no `<!channel>` wakes anybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _word(answer: Answer) -> str | None:
    """Return the one word Slack says; None if it is not Slack that speaks."""
    text = answer.body.decode("utf-8", "replace").strip()
    is_word = text.isascii() and text.replace("_", "").isalnum() and len(text) < 60
    return text if is_word else None

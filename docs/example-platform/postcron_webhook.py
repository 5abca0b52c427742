"""A platform of your own: each post is delivered to an address, once per Idempotency-Key.

The receiver answers 201 with {"id": "…", "url": "…"}; the same key again gets the same answer; and
GET {address}/{key} shows the post, or 404. That is all this platform promises, and so all that
postcron does with it after a lost answer: it looks under the key, and may repeat the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

from postcron.errors import Code
from postcron.model import (
    Act,
    Draft,
    Limits,
    Receipt,
    SaveTicket,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms.base import Key, Login, Option, fields, judge, refusal_list, trouble
from postcron.web import Answer, Api

#: answers that prove that nothing was published; whatever is not listed may have been
REFUSALS = refusal_list(
    (400, None, Code.CONTENT_REFUSED, "our own receiver, README"),
    (401, None, Code.TOKEN_REFUSED, "our own receiver, README"),
    (429, None, Code.RATE_LIMITED, "our own receiver, README"),
    seen="2026-11-21",
)


class Webhook:
    """One address that takes posts."""

    name: ClassVar[str] = "webhook"
    act: ClassVar[Act] = Act.REPEATABLE
    keys: ClassVar[tuple[Key, ...]] = (
        Key("api_url", required=True, help="where posts are delivered to"),
        Key("token", required=True, secret=True, help="what the receiver knows us by"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("channel", help="a word for the receiver: where it should show the post"),
    )
    ticket_life: ClassVar[timedelta | None] = None
    max_lead: ClassVar[timedelta | None] = None
    settle: ClassVar[timedelta] = timedelta(seconds=5)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._api = api(login.settings["api_url"])

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return Limits(source="our own receiver, README", as_of="2026-11-21", text_max=10_000)

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        """Freeze what is sent: there is nothing to upload."""
        body = {"text": draft.text, "channel": draft.options.get("channel")}
        return Ticket({"revision": draft.revision, "body": body}, ready=True)

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        headers = {**self._authorization(), "Idempotency-Key": draft.key}
        answer = self._api.act("POST", "/", json=ticket.data["body"], headers=headers)
        if answer.status == 201 and (receipt := _receipt(answer)) is not None:
            return receipt
        raise judge(answer, REFUSALS)

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        answer = self._api.call("GET", f"/{draft.key}", headers=self._authorization())
        if answer.status == 404:
            return Sighting(Sight.ABSENT, "Nothing has its key.", safe_to_repeat=True)
        receipt = _receipt(answer)
        if answer.status != 200 or receipt is None:
            raise trouble(answer, REFUSALS)
        return Sighting(Sight.LIVE, "The receiver shows it.", receipt)

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._login.secret('token')}"}


def _receipt(answer: Answer) -> Receipt | None:
    body = fields(answer)
    return Receipt(body["id"], body.get("url")) if isinstance(body.get("id"), str) else None

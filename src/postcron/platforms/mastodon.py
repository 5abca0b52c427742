"""Mastodon, and the servers that speak its language (GoToSocial, Hollo, Pleroma …)."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from postcron.errors import Code, Invalid, Permanent
from postcron.model import (
    Act,
    Attachment,
    Cap,
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
from postcron.platforms.base import Key, Login, Option, counted, fields, judge, trouble
from postcron.platforms.mastodon_answers import (
    READ_REFUSALS,
    UPLOAD_REFUSALS,
    fetched,
    refusing,
)
from postcron.rules.limits import mastodon_length
from postcron.web import Answer, Api, Upload

log = logging.getLogger(__name__)

#: statuses on one page of a listing, and pages read before a look gives up
PAGE: Final = 40
PAGES: Final = 5
#: the newest statuses noted before a call: more than one, because people delete some
KNOWN: Final = 5

#: what a status counts; its kin leave some of these out
COUNTS: Final = {
    "likes": "favourites_count",
    "comments": "replies_count",
    "shares": "reblogs_count",
    "quotes": "quotes_count",
}
#: numbers on Mastodon, ULIDs on GoToSocial, UUIDs on Hollo
_ID: Final = re.compile(r"[A-Za-z0-9-]+")
#: with a region Mastodon knows some (zh-TW), and takes the language of others (pt-BR):
#: https://github.com/mastodon/mastodon/blob/main/app/helpers/languages_helper.rb
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
IMAGES: Final = frozenset(
    {"image/jpeg", "image/png", "image/heic", "image/heif", "image/webp", "image/avif"}
)
VIDEOS: Final = frozenset({"video/mp4", "video/webm", "video/quicktime", "video/ogg"})
AUDIOS: Final = frozenset(
    {"audio/mpeg", "audio/ogg", "audio/wav", "audio/x-wav", "audio/flac", "audio/aac", "audio/mp4"}
    | {"audio/3gpp"}
)


class Mastodon:
    """One account on one server."""

    name: ClassVar[str] = "mastodon"
    # The Idempotency-Key is sent and not relied on: Mastodon before February 2026 made two posts
    # of two requests at once, some servers answer a repeat with 500, others ignore the key, and
    # all forget it after an hour.
    act: ClassVar[Act] = Act.READBACK
    keys: ClassVar[tuple[Key, ...]] = (
        Key("api_url", required=True, help="your server, https://mastodon.social"),
        Key(
            "token",
            required=True,
            secret=True,
            help="Preferences → Development; read:accounts read:statuses write:media write:statuses",
        ),
        Key("max_characters", default="500", help="if your server allows more"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "visibility",
            frozenset({"public", "unlisted", "private", "direct"}),
            default="public",
        ),
        Option("language", help="ISO 639-1, like en; otherwise the account's own"),
        Option("sensitive", frozenset({"true", "false"})),
        Option("spoiler_text", help="the warning the text is folded behind"),
    )
    #: media that no post uses are deleted after a day
    ticket_life: ClassVar[timedelta | None] = timedelta(hours=20)
    max_lead: ClassVar[timedelta | None] = None
    #: a server behind a slow proxy finishes minutes after the proxy gave up
    settle: ClassVar[timedelta] = timedelta(minutes=2)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._api = api(login.settings["api_url"])

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        def image(*mimes: str) -> MediaRule:
            return MediaRule(frozenset(mimes), 16_777_216, max_count=4, max_pixels=33_177_600)

        return Limits(
            source="https://mastodon.social/api/v2/instance",
            as_of="2026-07-02",
            text_max=_number(settings.get("max_characters", "500")),
            count=mastodon_length,
            media={
                # One that stands still is a picture.
                Kind.IMAGE: image(*IMAGES, "image/gif"),
                Kind.GIF: image("image/gif"),
                Kind.VIDEO: MediaRule(
                    VIDEOS, max_bytes=103_809_024, max_pixels=8_294_400, max_fps=120
                ),
                Kind.AUDIO: MediaRule(AUDIOS, max_bytes=103_809_024),
            },
            max_attachments=4,
            alt_max=1500,
            # No limit is documented: a whole day of talk at 5 s each is not what is meant.
            max_parts=100,
            caps=(
                Cap(
                    300,
                    timedelta(hours=3),
                    "https://github.com/mastodon/mastodon/blob/main/app/lib/rate_limiter.rb",
                ),
            ),
        )

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        warning, language = (proposal.options.get(name) for name in ("spoiler_text", "language"))
        most = cls.limits(proposal.settings).text_max
        length = mastodon_length(proposal.text) + mastodon_length(warning or "")
        # GoToSocial counts them together, and says so; Mastodon does not say.
        if warning and length > most:
            what = f"text and spoiler_text have {length} characters together, and {most} fit."
            yield what, f"Shorten them by {length - most}."
        if language is not None and not _LANGUAGE.fullmatch(language):
            yield f"language is {language!r}.", "Write its code of ISO 639-1, like en or pt-BR."

    # --- who we are --------------------------------------------------------------------------

    def whoami(self) -> Identity:
        account = self._account()
        return Identity(str(account["id"]), f"@{account['acct']}")

    def _account(self) -> Mapping[str, Any]:
        # https://docs.joinmastodon.org/methods/accounts/#verify_credentials
        answer = self._read("/api/v1/accounts/verify_credentials")
        return fetched(answer, READ_REFUSALS, "id", "acct")

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._login.secret('token')}"}

    def _read(self, path: str, **params: str) -> Answer:
        return self._api.call("GET", path, params=params, headers=self._authorization())

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        ticket = _begun(draft, ticket)
        if "account" not in ticket.data:
            ticket = ticket.having(**self._about_us())
        media = list(ticket.data["media"])
        for number, attachment in enumerate(draft.attachments):
            before = media[number] if number < len(media) else None
            media[number : number + 1] = [self._carried(draft, attachment, before)]
            ticket = ticket.having(media=list(media))
            save(ticket)
        if not all(one["ready"] for one in media):
            return Ticket(ticket.data, check_after=timedelta(seconds=3))
        ticket = Ticket({**ticket.data, "body": _body(draft, ticket)}, ready=True)
        save(ticket)
        return ticket

    def _about_us(self) -> dict[str, Any]:
        """Return what makes a status recognizable as ours, and the account's own language."""
        account = self._account()
        # https://docs.joinmastodon.org/methods/apps/#verify_credentials (404 on GoToSocial)
        answer = self._read("/api/v1/apps/verify_credentials")
        # Some servers say 401 of a good token here: who we are was asked just before.
        unknown = answer.status in {401, 403, 404} and fields(answer)
        application = {} if unknown else fetched(answer, READ_REFUSALS, "name")
        return {
            "account": str(account["id"]),
            "language": (account.get("source") or {}).get("language"),
            "application": application.get("name"),
        }

    def _carried(
        self, draft: Draft, attachment: Attachment, before: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        """Return one attachment's id and whether it is ready, a step further than before."""
        if before is None:
            return self._uploaded(draft, attachment)
        if before["ready"]:
            return before
        # https://docs.joinmastodon.org/methods/media/#get
        answer = self._read(f"/api/v1/media/{before['id']}")
        if answer.status == 404:
            return self._uploaded(draft, attachment)
        fetched(answer, UPLOAD_REFUSALS, "id")
        return {**before, "ready": answer.status == 200}

    def _uploaded(self, draft: Draft, attachment: Attachment) -> Mapping[str, Any]:
        # https://docs.joinmastodon.org/methods/media/#v2
        # A repeat after a lost answer leaves an orphan that the server deletes within a day.
        file = attachment.file
        answer = self._api.call(
            "POST",
            "/api/v2/media",
            headers=self._authorization(),
            form={"description": attachment.alt},
            upload=Upload("file", attachment.name, file.mime, file.size, draft.read(file, 0)),
        )
        media = fetched(answer, UPLOAD_REFUSALS, "id")
        return {"id": str(media["id"]), "ready": answer.status == 200}

    # --- phase 3 -----------------------------------------------------------------------------

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Note the newest statuses, once: every call of this delivery comes after them."""
        if "known" in ticket.data:
            return ticket.having(again=True)
        return ticket.having(known=[status["id"] for status in self._statuses(ticket, KNOWN)])

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        # https://docs.joinmastodon.org/methods/statuses/#create
        answer = self._api.act(
            "POST",
            "/api/v1/statuses",
            json=ticket.data["body"],
            headers={**self._authorization(), "Idempotency-Key": draft.key},
        )
        status = fields(answer)
        if answer.status == 200 and status.get("id"):
            # Some versions drop a file they cannot find and publish without it (mastodon#21864):
            # live is live, and somebody should know.
            wanted, there = len(ticket.data["media"]), status.get("media_attachments")
            if isinstance(there, list) and len(there) < wanted:
                lost = wanted - len(there)
                log.warning("%s is live without %d of its files", _receipt(status).url, lost)
            return _receipt(status)
        raise judge(answer, *refusing(answer, ticket))

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        statuses, complete = self._made_since(ticket)
        ours = [status for status in statuses if self._is_ours(status, ticket)]
        if len(ours) == 1:
            return Sighting(Sight.LIVE, "It is among the newest statuses.", _receipt(ours[0]))
        if ours:
            urls = " and ".join(_receipt(status).url or status["id"] for status in ours)
            return Sighting(Sight.UNCLEAR, f"More than one status looks like it: {urls}.")
        if not complete:
            why = "The list of statuses does not reach back to one that was there before the call."
            return Sighting(Sight.UNCLEAR, why)
        if self._media_are_gone(ticket):
            why = "It is not among the newest statuses, but its media are used or deleted."
            return Sighting(Sight.UNCLEAR, why)
        return Sighting(Sight.ABSENT, "It is not among the statuses made since the call.")

    def _made_since(self, ticket: Ticket) -> tuple[list[Mapping[str, Any]], bool]:
        """Return what came after the noted statuses, and whether one of those was met.

        Meeting one is the proof that the list shows what there is, and all of it.
        """
        found: list[Mapping[str, Any]] = []
        known = set(ticket.data.get("known", ()))
        for _ in range(PAGES):
            page = self._statuses(ticket, PAGE, **({"max_id": found[-1]["id"]} if found else {}))
            for status in page:
                if status["id"] in known:
                    return found, True
                found.append(status)
            if not page:
                break
        return found, False

    def _statuses(self, ticket: Ticket, limit: int, **params: str) -> list[Mapping[str, Any]]:
        # https://docs.joinmastodon.org/methods/accounts/#statuses
        path = f"/api/v1/accounts/{ticket.data['account']}/statuses"
        answer = self._read(path, limit=str(limit), exclude_reblogs="true", **params)
        page = answer.json()
        if answer.status != 200 or not isinstance(page, list):
            raise trouble(answer, READ_REFUSALS)
        return page

    def _is_ours(self, status: Mapping[str, Any], ticket: Ticket) -> bool:
        sent = {media["id"] for media in ticket.data["media"]}
        if sent & {media["id"] for media in status["media_attachments"]}:
            return True
        application = (status.get("application") or {}).get("name")
        if ticket.data["application"] not in {None, application}:
            return False
        text = _plain(ticket.data["body"]["status"])
        return bool(text) and _plain(self._source(status)) == text

    def _source(self, status: Mapping[str, Any]) -> str:
        # https://docs.joinmastodon.org/methods/statuses/#source
        # `content` is HTML with its links rewritten: it is never compared.
        answer = self._read(f"/api/v1/statuses/{status['id']}/source")
        if answer.status == 404:
            return ""
        return str(fetched(answer, READ_REFUSALS, "text")["text"])

    def visit(self, address: str) -> Sighting:
        # https://docs.joinmastodon.org/methods/statuses/#get
        id = address.partition("?")[0].rstrip("/").rpartition("/")[2]
        if not _ID.fullmatch(id):
            return Sighting(Sight.UNCLEAR, f"{address} is not the address of a status.")
        answer = self._read(f"/api/v1/statuses/{id}")
        if answer.status in {404, 410} and isinstance(fields(answer).get("error"), str):
            return Sighting(Sight.GONE, f"The server has no status {id}.")
        status = fetched(answer, READ_REFUSALS, "id", "account")
        if status["account"]["id"] != self._account()["id"]:
            return Sighting(Sight.GONE, f"{address} is a post of @{status['account'].get('acct')}.")
        return Sighting(Sight.LIVE, "The server shows it.", _receipt(status))

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        # https://docs.joinmastodon.org/entities/Status/
        answer = self._read(f"/api/v1/statuses/{receipt.remote_id}")
        if answer.status in {404, 410} and isinstance(fields(answer).get("error"), str):
            raise Permanent("It is not there any more.", code=Code.HANDLE_GONE)
        status = fetched(answer, READ_REFUSALS, "id")
        return counted(status, COUNTS)

    def _media_are_gone(self, ticket: Ticket) -> bool:
        # Mastodon shows media here only until a post has them.
        paths = [f"/api/v1/media/{media['id']}" for media in ticket.data["media"]]
        return any(self._read(path).status == 404 for path in paths)


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Invalid(f"max_characters is {text!r}: write a number, like 500.")
    return int(text)


def _begun(draft: Draft, ticket: Ticket) -> Ticket:
    known = ticket.data
    if known.get("revision") != draft.revision:
        return Ticket({"revision": draft.revision, "media": []})
    if not ticket.ready:
        return ticket
    # A complete one comes back because its media may be gone by now: look at each again.
    return Ticket({**known, "media": [{**media, "ready": False} for media in known["media"]]})


def _body(draft: Draft, ticket: Ticket) -> dict[str, Any]:
    """Return the publish call's body: frozen, and nothing left to settings that may change."""
    given = {
        "language": draft.options.get("language") or ticket.data["language"],
        "spoiler_text": draft.options.get("spoiler_text"),
        "media_ids": [media["id"] for media in ticket.data["media"]],
        "in_reply_to_id": None if draft.parent is None else draft.parent.remote_id,
    }
    body = {name: value for name, value in given.items() if value}
    if "sensitive" in draft.options:
        body["sensitive"] = draft.options["sensitive"] == "true"
    visibility = draft.options.get("visibility", "public")
    return {"status": draft.text, "visibility": visibility, **body}


def _receipt(status: Mapping[str, Any]) -> Receipt:
    return Receipt(str(status["id"]), status.get("url") or status.get("uri"))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()

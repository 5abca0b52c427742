"""Bluesky (AT Protocol): one record under a key of our own, written as often as need be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from postcron.errors import Code, Evidence, Permanent, Temporary
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
    Session,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms import oauth
from postcron.platforms.base import Key, Login, Option, counted, fields, judge
from postcron.platforms.bluesky_answers import (
    LOGIN_REFUSALS,
    REFUSALS,
    UPLOAD_REFUSALS,
    error_name,
    fetched,
)
from postcron.platforms.bluesky_record import (
    COLLECTION,
    languages,
    record,
    record_key,
    written,
)
from postcron.rules.films import blanked, blanks
from postcron.rules.limits import graphemes
from postcron.rules.metadata import bare
from postcron.web import Api

_RATES: Final = "https://docs.bsky.app/docs/advanced-guides/rate-limits"
#: points an account has for what it writes: a post costs three
POINTS: Final = {timedelta(hours=1): 5000, timedelta(days=1): 35_000}
#: where everybody can log in; it names the server (PDS) that holds the account
ENTRYWAY: Final = "https://bsky.social"
#: measured: exp − iat of an access token
SESSION_LIFE: Final = timedelta(hours=2)
#: what a post view counts: app.bsky.feed.defs#postView
COUNTS: Final = {
    "likes": "likeCount",
    "comments": "replyCount",
    "shares": "repostCount",
    "quotes": "quoteCount",
    "saves": "bookmarkCount",
}
#: a post's URI, or its page
_ADDRESS: Final = re.compile(
    rf"(?:at://(?P<did>[^/]+)/{re.escape(COLLECTION)}"
    r"|https://[^/]+/profile/(?P<handle>[^/]+)/post)/(?P<rkey>[^/?#]+)/?([?#].*)?"
)
#: a post's `langs`, of which there may be so many
LANGUAGES: Final = 3
#: what Bluesky makes; the main password skips the second factor, and cannot be taken back alone
_APP_PASSWORD: Final = re.compile(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_SESSION: Final = ("accessJwt", "refreshJwt", "did")


class Bluesky:
    """One account on one PDS, by app password."""

    name: ClassVar[str] = "bluesky"
    # putRecord with our own key: however often it is repeated, there is one record.
    act: ClassVar[Act] = Act.REPEATABLE
    keys: ClassVar[tuple[Key, ...]] = (
        Key("api_url", default=ENTRYWAY, help="your own PDS, if you have one"),
        Key("identifier", required=True, help="handle, DID or e-mail address"),
        Key("app_password", required=True, secret=True, help="Settings → App passwords"),
        Key(
            "view_url", default="https://public.api.bsky.app", help="the app view that counts likes"
        ),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option("language", help="up to three language tags, with commas: en,it"),
    )
    #: the only promise is that a blob nobody uses yet stays for an hour
    ticket_life: ClassVar[timedelta | None] = timedelta(minutes=55)
    max_lead: ClassVar[timedelta | None] = timedelta(minutes=45)
    #: read-your-writes; a request whose sender hung up was done half a second later
    settle: ClassVar[timedelta] = timedelta(seconds=2)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._home = api(login.settings["api_url"])
        self._open = api
        session = login.session
        self._pds = self._home if session is None else api(session.data["pds"])

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        images = frozenset({"image/jpeg", "image/png", "image/webp"})
        return Limits(
            source="https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky",
            as_of="2026-11-20",
            text_max=300,
            text_max_bytes=3000,
            count=graphemes,
            media={
                # Newer servers take 2,000,000; which one holds an account is not ours to know.
                Kind.IMAGE: MediaRule(images, max_bytes=1_000_000, max_count=4),
                # The lexicon takes 300 MB, but a blob as large as this is all that Bluesky's own
                # hosts let through.
                Kind.VIDEO: MediaRule(frozenset({"video/mp4"}), max_bytes=50_000_000),
            },
            max_attachments=4,
            # No limit is documented: a whole day of talk at 5 s each is not what is meant.
            max_parts=100,
            caps=tuple(Cap(points // 3, per, _RATES) for per, points in POINTS.items()),
        )

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        tags = languages(proposal.options)
        if len(tags) > LANGUAGES:
            yield f"there are {len(tags)} languages, and {LANGUAGES} fit.", "Leave some out."
        for tag in tags:
            if not _LANGUAGE.fullmatch(tag):
                yield f"{tag!r} is no language tag.", "Write it like en or pt-BR."

    # --- who we are --------------------------------------------------------------------------

    def refresh(self, now: datetime) -> Session:
        """Return a fresh session: by the old one if it still can, else by the app password.

        Logging in is kept for when nothing else works: an account may do it 300 times a day.
        """
        body = self._renewed() or self._logged_in()
        return Session(
            {
                "access": str(body["accessJwt"]),
                "refresh": str(body["refreshJwt"]),
                "did": str(body["did"]),
                "pds": self._pds_of(body),
            },
            expires_at=now + SESSION_LIFE,
        )

    def _renewed(self) -> Mapping[str, Any] | None:
        # https://docs.bsky.app/docs/api/com-atproto-server-refresh-session
        # A crash before the new pair is saved does no harm: for two hours the old refresh token
        # gets the same new one again.
        if self._login.session is None:
            return None
        headers = _bearer(self._login.session.data["refresh"])
        answer = self._pds.call("POST", "/xrpc/com.atproto.server.refreshSession", headers=headers)
        if answer.status in {400, 401}:
            return None
        return fetched(oauth.told(answer, *_SESSION), LOGIN_REFUSALS, *_SESSION)

    def _logged_in(self) -> Mapping[str, Any]:
        # https://docs.bsky.app/docs/api/com-atproto-server-create-session
        password = self._login.secret("app_password")
        if not _APP_PASSWORD.fullmatch(password):
            raise Permanent(
                "app_password is no app password (xxxx-xxxx-xxxx-xxxx), and nothing else is sent: "
                "make one in Bluesky, at Settings → Privacy and security → App passwords.",
                code=Code.TOKEN_REFUSED,
                evidence=Evidence.NOT_SENT,
            )
        given = {"identifier": self._login.settings["identifier"], "password": password}
        answer = self._home.call("POST", "/xrpc/com.atproto.server.createSession", json=given)
        return fetched(oauth.told(answer, *_SESSION), LOGIN_REFUSALS, *_SESSION)

    def _pds_of(self, body: Mapping[str, Any]) -> str:
        # An address somebody wrote down is the PDS itself; only the entryway sends us on.
        api_url = self._login.settings["api_url"]
        services = (body.get("didDoc") or {}).get("service", [])
        named = [s["serviceEndpoint"] for s in services if s["id"].endswith("#atproto_pds")]
        return str(named[0]) if named and api_url == ENTRYWAY else api_url

    def whoami(self) -> Identity:
        # https://docs.bsky.app/docs/api/com-atproto-server-get-session
        headers = self._authorization()
        answer = self._pds.call("GET", "/xrpc/com.atproto.server.getSession", headers=headers)
        body = fetched(answer, REFUSALS, "did", "handle")
        if body.get("active") is False:
            raise Permanent(
                f"The account {body['handle']} is {body.get('status', 'not active')} at Bluesky: "
                "reactivate it there.",
                code=Code.ACCOUNT_UNUSABLE,
            )
        return Identity(str(body["did"]), str(body["handle"]))

    def _session(self) -> Session:
        if self._login.session is None:
            raise Temporary(
                "There is no session with Bluesky yet.",
                code=Code.TOKEN_EXPIRED,
                evidence=Evidence.NOT_SENT,
            )
        return self._login.session

    def _authorization(self) -> dict[str, str]:
        return _bearer(self._session().data["access"])

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        ticket = self._begun(draft, ticket)
        for attachment in draft.attachments[len(ticket.data["blobs"]) :]:
            blob = self._upload(draft, attachment)
            ticket = ticket.having(blobs=[*ticket.data["blobs"], blob])
            save(ticket)
        if "record" not in ticket.data:
            made = record(draft, ticket.data["blobs"], self._did_of)
            ticket = ticket.having(record=made | self._answering(draft))
        ticket = Ticket(ticket.data, ready=True)
        save(ticket)
        return ticket

    def _begun(self, draft: Draft, ticket: Ticket) -> Ticket:
        known = ticket.data
        if known.get("revision") == draft.revision:
            # A complete one comes back because its blobs may be gone: they go up again, and the
            # record stays as it is, because a repeat has to be the same to the byte.
            return Ticket({**known, "blobs": []}) if ticket.ready else ticket
        # The key outlives every edit: whatever is still on its way meets this post, not another.
        rkey = known.get("rkey") or record_key(draft.due_at, draft.key)
        repo = self._session().data["did"]
        return Ticket({"revision": draft.revision, "repo": repo, "rkey": rkey, "blobs": []})

    def _upload(self, draft: Draft, attachment: Attachment) -> Any:
        # https://docs.bsky.app/docs/api/com-atproto-repo-upload-blob
        file = attachment.file
        content, size = draft.read(file, 0), file.size
        if file.kind is Kind.IMAGE:
            # Everybody can read a blob as it went up, and with it where a photo was taken:
            # https://docs.bsky.app/docs/advanced-guides/posts#images-embeds
            picture = bare(b"".join(content))
            content, size = iter([picture]), len(picture)
        else:
            # A film is too large to be held: it is read twice.
            content = blanked(content, blanks(draft.read(file, 0)))
        answer = self._pds.call(
            "POST",
            "/xrpc/com.atproto.repo.uploadBlob",
            headers={**self._authorization(), "Content-Type": file.mime},
            content=content,
            size=size,
        )
        return fetched(answer, UPLOAD_REFUSALS, "blob")["blob"]

    def _answering(self, draft: Draft) -> dict[str, Any]:
        """Return what makes a record an answer: its parent and the first of the thread, by content."""
        if draft.parent is None:
            return {}
        root = draft.root or draft.parent
        return {"reply": {"root": self._reference(root), "parent": self._reference(draft.parent)}}

    def _reference(self, receipt: Receipt) -> dict[str, Any]:
        match = _ADDRESS.fullmatch(receipt.remote_id)
        body = None if match is None else self._record(str(match["did"]), match["rkey"])
        if body is None:
            message = (
                f"The part it answers is not there any more: {receipt.url or receipt.remote_id}."
            )
            raise Permanent(message, code=Code.CONTENT_REFUSED)
        return {"uri": body["uri"], "cid": body["cid"]}

    def _did_of(self, handle: str) -> str | None:
        # https://docs.bsky.app/docs/api/com-atproto-identity-resolve-handle
        answer = self._pds.call(
            "GET", "/xrpc/com.atproto.identity.resolveHandle", params={"handle": handle}
        )
        if answer.status == 400:
            return None
        return str(fetched(answer, (), "did")["did"])

    # --- phase 3 -----------------------------------------------------------------------------

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        # https://docs.bsky.app/docs/api/com-atproto-repo-put-record
        # swapRecord null: it must not exist yet, or be the same. createRecord would not do: with
        # a key that exists it answers 500, and without a key every repeat is a second post.
        answer = self._pds.act(
            "POST",
            "/xrpc/com.atproto.repo.putRecord",
            headers=self._authorization(),
            json={
                "repo": ticket.data["repo"],
                "collection": COLLECTION,
                "rkey": ticket.data["rkey"],
                "validate": True,
                "swapRecord": None,
                "record": _dated(draft, ticket),
            },
        )
        body = fields(answer)
        if answer.status == 200 and isinstance(body.get("uri"), str):
            return _receipt(ticket.data["repo"], ticket.data["rkey"], body["uri"])
        raise judge(answer, REFUSALS, error_name(body))

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        # https://docs.bsky.app/docs/api/com-atproto-repo-get-record
        # On the PDS and without a token. The app view lags, so it is never asked.
        body = self._record(ticket.data["repo"], ticket.data["rkey"])
        if body is None:
            return Sighting(Sight.ABSENT, "No record has its key.", safe_to_repeat=True)
        receipt = _receipt(ticket.data["repo"], ticket.data["rkey"], body["uri"])
        if body["value"] == _dated(draft, ticket):
            return Sighting(Sight.LIVE, "The record is there as it was written.", receipt)
        return Sighting(Sight.UNCLEAR, f"Something else has its key: see {receipt.url}.")

    def visit(self, address: str) -> Sighting:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            return Sighting(Sight.UNCLEAR, f"{address} is not the address of a post.")
        repo, whose = self._session().data["did"], match["did"] or match["handle"]
        if whose != repo and (whose.startswith("did:") or self._did_of(whose) != repo):
            return Sighting(Sight.GONE, f"{address} is a post of {whose}.")
        body = self._record(repo, match["rkey"])
        if body is None:
            return Sighting(Sight.GONE, f"There is no post {match['rkey']} any more.")
        return Sighting(Sight.LIVE, "It is there.", _receipt(repo, match["rkey"], body["uri"]))

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        # https://docs.bsky.app/docs/api/app-bsky-feed-get-posts
        # The app view counts what others do; it may lag or be away while the PDS is fine.
        view = self._open(self._login.settings["view_url"])
        params = {"uris": receipt.remote_id}
        answer = view.call("GET", "/xrpc/app.bsky.feed.getPosts", params=params)
        posts = fetched(answer, (), "posts")["posts"]
        if posts:
            return counted(posts[0], COUNTS)
        match = _ADDRESS.fullmatch(receipt.remote_id)
        if match is None or self._record(str(match["did"]), match["rkey"]) is None:
            raise Permanent("It is not there any more.", code=Code.HANDLE_GONE)
        raise Temporary("The app view does not show it yet.", code=Code.NOT_READY)

    def _record(self, repo: str, rkey: str) -> Mapping[str, Any] | None:
        """Return a record as the PDS has it; None if it certainly has none under this key."""
        where = {"repo": repo, "collection": COLLECTION, "rkey": rkey}
        answer = self._pds.call("GET", "/xrpc/com.atproto.repo.getRecord", params=where)
        if answer.status == 400 and error_name(fields(answer)) == "RecordNotFound":
            return None
        return fetched(answer, REFUSALS, "uri", "cid", "value")


def _dated(draft: Draft, ticket: Ticket) -> dict[str, Any]:
    # The planned moment, not the moment of sending: a repeat has to be the same to the byte.
    return {**ticket.data["record"], "createdAt": written(draft.due_at)}


def _receipt(repo: str, rkey: str, uri: str) -> Receipt:
    return Receipt(uri, f"https://bsky.app/profile/{repo}/post/{rkey}")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}

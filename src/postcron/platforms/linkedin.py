"""LinkedIn: an organisation's posts can be read back, a member's never; so one act of two classes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Final

from postcron.errors import Code, Invalid, Permanent
from postcron.model import (
    Act,
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
from postcron.platforms import linkedin_tokens as tokens
from postcron.platforms import oauth
from postcron.platforms.base import Key, Login, Option, fields
from postcron.platforms.carrying import carried
from postcron.platforms.linkedin_answers import (
    DENIED,
    READ_REFUSALS,
    error_of,
    failed,
    fetched,
    verdict,
)
from postcron.platforms.linkedin_media import Carrying
from postcron.platforms.linkedin_posts import content, numbers, receipt, sighting
from postcron.platforms.linkedin_rest import Rest, encoded
from postcron.rules.littletext import escaped, length
from postcron.web import Answer, Api

#: the newest one on 2026-09-19; each is spoken for a year at least, and then not at all (426)
VERSION: Final = "202609"
#: posts of a listing; so many are looked at
PAGE: Final = 50
ROLES: Final = ("ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER")
SCOPES: Final = {
    "person": "openid profile w_member_social",
    "organization": "w_organization_social r_organization_social rw_organization_admin",
}

_AUTHOR: Final = re.compile(r"urn:li:(person|organization):[A-Za-z0-9_-]+")
_ADDRESS: Final = re.compile(
    r"(?:https://www\.linkedin\.com/feed/update/)?(urn:li:(?:share|ugcPost):\d+)/?(?:\?.*)?"
)
_DOCUMENTS: Final = frozenset(
    {
        "application/pdf",
        "application/msword",
        "application/vnd.ms-powerpoint",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    }
)


class LinkedIn:
    """One member, or one organisation a member may post for."""

    name: ClassVar[str] = "linkedin"
    act: ClassVar[Act] = Act.BLIND
    keys: ClassVar[tuple[Key, ...]] = (
        Key(
            "author",
            required=True,
            help="whose posts these are; an organisation's can be read back",
            examples=("urn:li:organization:5515715", "urn:li:person:8675309"),
        ),
        Key("client_id", help="with `accounts login`: linkedin.com/developers → your app → Auth"),
        Key("client_secret", secret=True, help="beside the client id"),
        Key("token", secret=True, help="only without `postcron accounts login`: lasts 60 days"),
        Key("refresh_token", secret=True, help="if your app is approved for such"),
        Key("scopes", help="if your app has others than its product usually gives"),
        Key("version", default=VERSION, help="LinkedIn-Version: the month it is of, as YYYYMM"),
        Key("api_url", default="https://api.linkedin.com"),
        Key(
            "upload_url", default="https://www.linkedin.com", help="where bytes may take the token"
        ),
        Key("login_url", default="https://www.linkedin.com"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "visibility",
            frozenset({"PUBLIC", "CONNECTIONS", "LOGGED_IN"}),
            default="PUBLIC",
            help="CONNECTIONS is for members",
        ),
        Option("title", help="of a document or a video; otherwise the file's name"),
        Option("reshare", frozenset({"true", "false"}), default="true"),
    )
    #: how long files that no post uses stay is nowhere said; a day is known to be well
    ticket_life: ClassVar[timedelta | None] = timedelta(hours=20)
    max_lead: ClassVar[timedelta | None] = None
    #: how far the list lags is nowhere said
    settle: ClassVar[timedelta] = timedelta(minutes=5)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._rest = Rest(login, api)
        self._tokens = api(login.settings["login_url"])
        self._author = login.settings["author"]

    @classmethod
    def act_for(cls, settings: Mapping[str, str]) -> Act:
        # Reading members' posts takes r_member_social, which is closed to new apps.
        return Act.BLIND if _whose(settings["author"]) == "person" else Act.READBACK

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        _whose(settings["author"])
        images = frozenset({"image/jpeg", "image/png", "image/gif"})
        if not re.fullmatch(r"20\d{2}(0[1-9]|1[0-2])", settings.get("version", VERSION)):
            raise Invalid(f"version is {settings['version']!r}: write a month, like {VERSION}.")
        return Limits(
            source="https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares",
            as_of="2026-05-01",
            text_max=3000,
            count=length,
            unit="characters (escaped as LinkedIn wants it)",
            media={
                # How many bytes it may have is nowhere said; "fewer than" so many pixels is.
                Kind.IMAGE: MediaRule(images, 20_000_000, max_count=20, max_pixels=36_152_319),
                Kind.GIF: MediaRule(
                    frozenset({"image/gif"}), 20_000_000, max_pixels=36_152_319, max_frames=250
                ),
                Kind.VIDEO: MediaRule(
                    frozenset({"video/mp4"}),
                    max_bytes=500_000_000,
                    min_bytes=76_800,
                    min_duration=timedelta(seconds=3),
                    max_duration=timedelta(minutes=30),
                ),
                Kind.DOCUMENT: MediaRule(_DOCUMENTS, max_bytes=100_000_000, max_pages=300),
            },
            max_attachments=20,
            alt_max=4086,
        )

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        person = _whose(proposal.settings["author"]) == "person"
        if proposal.options.get("visibility") == "CONNECTIONS" and not person:
            yield "an organisation has no connections.", "Choose visibility PUBLIC or LOGGED_IN."
        if not proposal.text.strip():
            yield "LinkedIn does not promise to take a post without words.", "Write a few."

    # --- who we are --------------------------------------------------------------------------

    def authorization(self, redirect: str, state: str, verifier: str) -> str:
        # https://learn.microsoft.com/en-us/linkedin/shared/authentication/authorization-code-flow
        return oauth.page(
            f"{self._login.settings['login_url'].rstrip('/')}/oauth/v2/authorization",
            response_type="code",
            client_id=self._login.settings.get("client_id", ""),
            redirect_uri=redirect,
            state=state,
            scope=self._login.settings.get("scopes") or SCOPES[_whose(self._author)],
        )

    def redeem(self, code: str, redirect: str, verifier: str, now: datetime) -> Session:
        return tokens.redeemed(self._login, now, self._token, code, redirect)

    def refresh(self, now: datetime) -> Session:
        return tokens.refreshed(self._login, now, self._token)

    def _token(self, form: Mapping[str, str]) -> Answer:
        client = {
            "client_id": self._login.settings.get("client_id", ""),
            "client_secret": self._login.secret("client_secret"),
        }
        return self._tokens.call("POST", "/oauth/v2/accessToken", form={**form, **client})

    def whoami(self) -> Identity:
        return self._member() if _whose(self._author) == "person" else self._organization()

    def _member(self) -> Identity:
        # https://learn.microsoft.com/en-us/linkedin/consumer/integrations/self-serve/sign-in-with-linkedin-v2
        member = fetched(self._rest.call("GET", "/v2/userinfo"), READ_REFUSALS, "sub")
        urn = f"urn:li:person:{member['sub']}"
        if urn != self._author:
            raise Permanent(
                f"The token of {self._login.account} belongs to {member.get('name')}, who is {urn}, "
                f"not {self._author}.",
                code=Code.ACCOUNT_UNUSABLE,
            )
        # That is asked without a version; whether ours is still spoken would show at the post only.
        # Whatever else this says (a member's posts may not be read) is no matter.
        answer = self._posts(1)
        if answer.status == 426:
            raise failed(answer, READ_REFUSALS)
        return Identity(urn, str(member.get("name") or urn))

    def _posts(self, count: int) -> Answer:
        # https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api
        params = {"q": "author", "author": self._author, "count": str(count), "sortBy": "CREATED"}
        return self._rest.call("GET", "/rest/posts", params=params, finder=True)

    def _organization(self) -> Identity:
        # https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/organization-access-control-by-role
        for role in ROLES:
            params = {"q": "roleAssignee", "role": role, "state": "APPROVED"}
            answer = self._rest.call("GET", "/rest/organizationAcls", params=params)
            if answer.status == 403 and error_of(answer) == DENIED:
                # Whose page it is may not be asked with this token; posting says it, too.
                return Identity(self._author, self._author)
            elements = fetched(answer, READ_REFUSALS, "elements")["elements"]
            if any(self._author in one.values() for one in elements):
                return Identity(self._author, self._author)
        raise Permanent(
            f"The token of {self._login.account} may not post for {self._author}: its member needs "
            "a role in that page.",
            code=Code.ACCOUNT_UNUSABLE,
        )

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        return carried(draft, ticket, save, Carrying(self._rest, self._login, draft).steps)

    # --- phase 3 -----------------------------------------------------------------------------

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        # https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/posts-api
        body = {
            "author": self._author,
            "commentary": escaped(draft.text),
            "visibility": draft.options.get("visibility", "PUBLIC"),
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            **content(draft, [media["urn"] for media in ticket.data["media"]]),
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": draft.options.get("reshare") == "false",
        }
        answer = self._rest.act("/rest/posts", body)
        # The body is empty; the id is in this header and nowhere else.
        urn = answer.headers.get("x-restli-id", "")
        if answer.status == 201 and urn.startswith("urn:li:"):
            return receipt(urn)
        raise verdict(answer)

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        if self.act_for(self._login.settings) is Act.BLIND:
            return Sighting(Sight.UNCLEAR, "LinkedIn shows a member's posts to people only.")
        answer = self._posts(PAGE)
        posts = fields(answer).get("elements")
        if answer.status != 200 or not isinstance(posts, list):
            raise failed(answer, READ_REFUSALS)
        begin = since.astimezone(UTC).timestamp() * 1000
        newer = [post for post in posts if post.get("createdAt", begin) >= begin]
        urns = frozenset(media["urn"] for media in ticket.data["media"])
        found = sighting(newer, draft, urns)
        if found is not None:
            return found
        if len(newer) == len(posts):
            why = "The list of posts does not reach back to one that was there before the call."
            return Sighting(Sight.UNCLEAR, why)
        return Sighting(Sight.ABSENT, "It is not among the posts made since the call.")

    def visit(self, address: str) -> Sighting:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            return Sighting(Sight.UNCLEAR, f"{address} is not the address of a post.")
        if self.act_for(self._login.settings) is Act.BLIND:
            return Sighting(Sight.UNCLEAR, "LinkedIn shows a member's posts to people only.")
        answer = self._rest.call("GET", f"/rest/posts/{encoded(match[1])}")
        if answer.status == 404 and error_of(answer) is not None:
            return Sighting(Sight.GONE, f"LinkedIn has no post {match[1]}.")
        post = fetched(answer, READ_REFUSALS, "id", "author")
        if post["author"] != self._author:
            return Sighting(Sight.GONE, f"{match[1]} is a post of {post['author']}.")
        return Sighting(Sight.LIVE, "LinkedIn shows it.", receipt(str(post["id"])))

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        if self.act_for(self._login.settings) is Act.BLIND or "://" in receipt.remote_id:
            return {}
        # https://learn.microsoft.com/en-us/linkedin/marketing/community-management/organizations/share-statistics
        # In a list only what stands in it is encoded, not its brackets.
        urn = receipt.remote_id
        which = f"{'ugcPosts' if ':ugcPost:' in urn else 'shares'}=List({encoded(urn)})"
        answer = self._rest.call(
            "GET",
            f"/rest/organizationalEntityShareStatistics?{which}",
            params={"q": "organizationalEntity", "organizationalEntity": self._author},
        )
        found = numbers(fetched(answer, READ_REFUSALS, "elements")["elements"], urn)
        # What is said of a post that is gone, or that nobody has seen, is nowhere said.
        if found is None and self.visit(urn).sight is Sight.GONE:
            raise Permanent("It is not there any more.", code=Code.HANDLE_GONE)
        return found or {}


def _whose(author: str) -> str:
    """Return what kind of author this is; raises `Invalid` for none."""
    match = _AUTHOR.fullmatch(author)
    if match is None:
        raise Invalid(
            f"author is {author!r}: write urn:li:person:… for a member, or "
            "urn:li:organization:… for a page."
        )
    return match[1]

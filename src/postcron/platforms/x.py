"""X (Twitter), API v2: one call a post, no key to repeat it by, a list of our own to read back."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from postcron.errors import Code, Invalid, Permanent
from postcron.model import (
    Act,
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
from postcron.platforms.base import Key, Login, Option, fields, judge
from postcron.platforms.carrying import carried
from postcron.platforms.x_answers import (
    LOGIN_REFUSALS,
    READ_REFUSALS,
    data_of,
    error_of,
    failed,
    is_missing,
    refusing,
)
from postcron.platforms.x_media import Carrying
from postcron.platforms.x_posts import SHOWN, Post, numbers, receipt, sighting
from postcron.rules.tweets import weighted_length
from postcron.web import Answer, Api

SCOPES: Final = "tweet.read tweet.write users.read media.write offline.access"
#: posts on one page of a listing, and pages read before a look gives up
PAGE: Final = 100
PAGES: Final = 3

_ID: Final = re.compile(r"[0-9]{1,19}")
#: a post's id, or its page
_ADDRESS: Final = re.compile(
    r"(?:https://(?:x|twitter)\.com/\w+/status/)?(?P<id>[0-9]{1,19})(?:[/?#].*)?"
)
_CASHTAG: Final = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?\b")


class X(oauth.Grants):
    """One account, by OAuth 2.0 with refresh tokens that are good for one time."""

    name: ClassVar[str] = "x"
    act: ClassVar[Act] = Act.READBACK
    keys: ClassVar[tuple[Key, ...]] = (
        Key("user_id", required=True, help="the account's number"),
        Key("client_id", required=True, help="console.x.com → your app → OAuth 2.0"),
        Key("client_secret", secret=True, help="only if the app is a confidential client"),
        Key("refresh_token", secret=True, help="unless you log in with postcron; used once"),
        Key("max_characters", default="280", help="more with Premium"),
        Key("api_url", default="https://api.x.com"),
        Key("login_url", default="https://x.com", help="where a person logs in"),
    )
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "reply_settings",
            frozenset({"everyone", "following", "mentionedUsers", "subscribers", "verified"}),
            default="everyone",
        ),
        Option("made_with_ai", frozenset({"true", "false"})),
        Option("paid_partnership", frozenset({"true", "false"})),
    )
    #: media that no post uses are gone after a day
    ticket_life: ClassVar[timedelta | None] = timedelta(hours=20)
    max_lead: ClassVar[timedelta | None] = None
    #: how far the list lags is nowhere said
    settle: ClassVar[timedelta] = timedelta(minutes=5)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._api = api(login.settings["api_url"])
        self._user = login.settings["user_id"]

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        images = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
        return Limits(
            source="https://docs.x.com/x-api/media/quickstart/best-practices",
            as_of="2026-08-22",
            text_max=_number(settings.get("max_characters", "280")),
            count=weighted_length,
            media={
                Kind.IMAGE: MediaRule(images, max_bytes=5_000_000, max_count=4),
                Kind.GIF: MediaRule(
                    frozenset({"image/gif"}),
                    15_000_000,
                    max_side=1280,
                    max_pixels=1280 * 1080,
                    max_frames=350,
                    max_frame_pixels=300_000_000,
                ),
                Kind.VIDEO: MediaRule(
                    frozenset({"video/mp4", "video/quicktime"}),
                    max_bytes=512_000_000,
                    min_duration=timedelta(seconds=0.5),
                    max_duration=timedelta(seconds=140),
                    min_side=32,
                    max_side=1280,
                    max_pixels=1280 * 1024,
                    min_ratio=1 / 3,
                    max_ratio=3,
                    max_fps=60,
                ),
            },
            max_attachments=4,
            alt_max=1000,
            max_parts=100,
            caps=(
                Cap(
                    100,
                    timedelta(minutes=15),
                    "https://docs.x.com/x-api/fundamentals/rate-limits",
                ),
            ),
        )

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        # https://docs.x.com/changelog
        if len(_CASHTAG.findall(proposal.text)) > 1:
            yield "X takes one cashtag in a post.", "Leave the others out, or write them without $."

    # --- who we are --------------------------------------------------------------------------

    def authorization(self, redirect: str, state: str, verifier: str) -> str:
        # https://docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code
        return oauth.page(
            f"{self._login.settings['login_url'].rstrip('/')}/i/oauth2/authorize",
            response_type="code",
            client_id=self._login.settings["client_id"],
            redirect_uri=redirect,
            scope=SCOPES,
            state=state,
            code_challenge=oauth.challenge(verifier),
            code_challenge_method="S256",
        )

    def _granted(self, now: datetime, **form: str) -> Session:
        # https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token
        # A refresh token is good for one time: its answer must not be lost.
        id, secret = self._login.settings["client_id"], self._login.secret("client_secret")
        headers = {}
        if secret:
            # A confidential client says who it is in a header, a public one in the form.
            basic = base64.b64encode(f"{id}:{secret}".encode()).decode()
            headers = {"Authorization": f"Basic {basic}"}
        else:
            form = {**form, "client_id": id}
        asked = self._api.call("POST", "/2/oauth2/token", form=form, headers=headers)
        answer = oauth.told(asked, "access_token")
        body = fields(answer)
        if answer.status != 200 or "access_token" not in body:
            raise failed(answer, LOGIN_REFUSALS)
        refresh = form.get("refresh_token", "")
        return oauth.session(self._login, body, now, refresh=refresh, lasts=timedelta(hours=2))

    def whoami(self) -> Identity:
        # https://docs.x.com/x-api/users/get-my-user
        user = data_of(self._read("/2/users/me"), READ_REFUSALS, "id", "username")
        if str(user["id"]) != self._user:
            raise Permanent(
                f"The token of {self._login.account} belongs to @{user['username']}, whose user_id "
                f"is {user['id']}, not {self._user}.",
                code=Code.ACCOUNT_UNUSABLE,
            )
        return Identity(str(user["id"]), f"@{user['username']}")

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {oauth.access_token(self._login)}"}

    def _read(self, path: str, **params: str) -> Answer:
        return self._api.call("GET", path, params=params, headers=self._authorization())

    def _read_with(self, path: str, shown: str, **params: str) -> Answer:
        """Read with more fields than a post always has, if X takes one of the names for that."""
        # X's specification has one name for this parameter, its pages have the other.
        for name in ("post.fields", "tweet.fields"):
            answer = self._read(path, **params, **{name: shown})
            if answer.status != 400 or error_of(answer) is None:
                return answer
        return self._read(path, **params)

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        carrying = Carrying(self._api, self._authorization(), draft)
        return carried(draft, ticket, save, carrying.steps)

    # --- phase 3 -----------------------------------------------------------------------------

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        # https://docs.x.com/x-api/posts/create-post
        answer = self._api.act(
            "POST", "/2/tweets", json=_body(draft, ticket), headers=self._authorization()
        )
        data = fields(answer).get("data")
        id = str(data.get("id")) if isinstance(data, dict) else ""
        if answer.status == 201 and _ID.fullmatch(id):
            return receipt(id)
        raise judge(answer, *refusing(answer))

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        posts, complete = self._made_since(since)
        keys = frozenset(media["key"] for media in ticket.data["media"] if media["key"])
        found = sighting(posts, draft, keys)
        if found is not None:
            return found
        if not complete:
            return Sighting(Sight.UNCLEAR, "There are more posts since the call than were read.")
        if not posts and not self._posts(max_results="5")[0]:
            why = "The list shows no post at all, so that ours is not there proves nothing."
            return Sighting(Sight.UNCLEAR, why)
        return Sighting(Sight.ABSENT, "It is not among the posts made since the call.")

    def _made_since(self, since: datetime) -> tuple[list[Post], bool]:
        """Return the account's posts since a moment, and whether that is all of them."""
        begin, found, token = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), [], ""
        for _ in range(PAGES):
            more = {"pagination_token": token} if token else {}
            page, token = self._posts(max_results=str(PAGE), start_time=begin, **more)
            found += page
            if not token:
                return found, True
        return found, False

    def _posts(self, **params: str) -> tuple[list[Post], str]:
        """Return one page of the account's posts, and the token of the next one if there is."""
        # https://docs.x.com/x-api/users/get-posts
        answer = self._read_with(f"/2/users/{self._user}/tweets", SHOWN, **params)
        body = fields(answer)
        meta, posts = body.get("meta"), body.get("data", [])
        # Without any posts there is no `data`; without `meta` it is not X's list.
        if answer.status != 200 or not isinstance(meta, dict) or not isinstance(posts, list):
            raise failed(answer, READ_REFUSALS)
        return posts, str(meta.get("next_token") or "")

    def visit(self, address: str) -> Sighting:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            return Sighting(Sight.UNCLEAR, f"{address} is not the address of a post.")
        # https://docs.x.com/x-api/posts/get-post-by-id
        answer = self._read(f"/2/tweets/{match['id']}", expansions="author_id")
        if is_missing(answer):
            return Sighting(Sight.GONE, f"X has no post {match['id']}.")
        post = data_of(answer, READ_REFUSALS, "id")
        author = post.get("author_id")
        if author is None:
            return Sighting(Sight.UNCLEAR, f"X does not say whose post {match['id']} is.")
        if str(author) != self._user:
            return Sighting(Sight.GONE, f"{address} is a post of somebody else.")
        return Sighting(Sight.LIVE, "X shows it.", receipt(str(post["id"])))

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        if not _ID.fullmatch(receipt.remote_id):
            return {}  # it is known by what a person said, and not by its id
        # https://docs.x.com/x-api/posts/get-post-by-id
        # https://docs.x.com/x-api/fundamentals/metrics
        answer = self._read_with(f"/2/tweets/{receipt.remote_id}", "public_metrics")
        if is_missing(answer):
            raise Permanent("It is not there any more.", code=Code.HANDLE_GONE)
        return numbers(data_of(answer, READ_REFUSALS, "id"))


def _body(draft: Draft, ticket: Ticket) -> dict[str, Any]:
    body: dict[str, Any] = {"text": draft.text}
    if ticket.data["media"]:
        body["media"] = {"media_ids": [media["id"] for media in ticket.data["media"]]}
    if draft.parent is not None:
        body["reply"] = {"in_reply_to_tweet_id": draft.parent.remote_id}
    if (who := draft.options.get("reply_settings", "everyone")) != "everyone":
        body["reply_settings"] = who
    marked = {"made_with_ai", "paid_partnership"} & draft.options.keys()
    return body | {name: draft.options[name] == "true" for name in sorted(marked)}


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Invalid(f"max_characters is {text!r}: write a number, like 280.")
    return int(text)

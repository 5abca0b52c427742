"""TikTok: a video is there but for its last part, and sending that posts it; photos it fetches itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from postcron.errors import Code, Permanent
from postcron.model import (
    Accepted,
    Act,
    Draft,
    Identity,
    Limits,
    Proposal,
    Receipt,
    SaveTicket,
    Session,
    Sight,
    Sighting,
    Ticket,
)
from postcron.platforms import oauth
from postcron.platforms import tiktok_post as post
from postcron.platforms.base import Key, Login, Option, counted, fields, trouble
from postcron.platforms.tiktok_answers import (
    LOGIN_REFUSALS,
    Task,
    code_of,
    fetched,
    given,
    refused,
    task_of,
    unclear,
)
from postcron.platforms.tiktok_upload import Upload, tried
from postcron.web import Answer, Api

SCOPE: Final = "user.info.basic,video.publish"
#: what numbers take beside it, if the app has it
COUNTING: Final = "video.list"
COUNTS: Final = {
    "likes": "like_count",
    "comments": "comment_count",
    "shares": "share_count",
    "views": "view_count",
}
_VIDEO: Final = re.compile(r"/video/(\d+)")
#: how the id of a task that posts photos begins
_OF_PHOTOS: Final = "p_"
_TASK: Final = re.compile(r"[a-z_]{1,20}~[\w.-]{1,60}")


class TikTok(oauth.Grants):
    """One creator."""

    name: ClassVar[str] = "tiktok"
    # A video's task posts once, however often its last part arrives. Photos have no task before the
    # call: a lost answer to theirs is never followed by another call, because no look proves absence.
    act: ClassVar[Act] = Act.HANDLE
    keys: ClassVar[tuple[Key, ...]] = (
        Key("client_key", required=True, help="developers.tiktok.com → Manage apps"),
        Key("client_secret", required=True, secret=True, help="beside the client key"),
        Key("refresh_token", secret=True, help="only without `postcron accounts login`"),
        Key("scopes", help=f"{SCOPE} if not said; with ,{COUNTING} numbers can be read"),
        Key("api_url", default="https://open.tiktokapis.com"),
        Key("login_url", default="https://www.tiktok.com"),
    )
    options: ClassVar[tuple[Option, ...]] = post.OPTIONS
    #: an upload address lives an hour; so much of it is kept for the upload and for being late
    ticket_life: ClassVar[timedelta | None] = timedelta(minutes=45)
    max_lead: ClassVar[timedelta | None] = timedelta(minutes=45)
    settle: ClassVar[timedelta] = timedelta(minutes=2)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._api = api(login.settings["api_url"])
        self._scopes = login.settings.get("scopes") or SCOPE
        self._upload = Upload(login, api)
        #: last parts read in the minute before their call
        self._tails: dict[str, bytes] = {}

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return post.LIMITS

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        return post.objections(proposal)

    # --- who we are --------------------------------------------------------------------------

    def authorization(self, redirect: str, state: str, verifier: str) -> str:
        # https://developers.tiktok.com/doc/login-kit-desktop
        return oauth.page(
            f"{self._login.settings['login_url']}/v2/auth/authorize/",
            client_key=self._login.settings["client_key"],
            response_type="code",
            scope=self._scopes,
            redirect_uri=redirect,
            state=state,
            # In hexadecimal, unlike everybody else's.
            code_challenge=hashlib.sha256(verifier.encode()).hexdigest(),
            code_challenge_method="S256",
        )

    def _granted(self, now: datetime, **grant: str) -> Session:
        # https://developers.tiktok.com/doc/oauth-user-access-token-management
        # Each refresh token is good once: the new one is kept before anything is done with it.
        form = {
            "client_key": self._login.settings["client_key"],
            "client_secret": self._login.secret("client_secret"),
            **grant,
        }
        needed = ("access_token", "open_id")
        answer = oauth.told(self._api.call("POST", "/v2/oauth/token/", form=form), *needed)
        body = fields(answer)
        if answer.status != 200 or not body.keys() >= set(needed):
            raise trouble(answer, LOGIN_REFUSALS, code_of(answer))
        return oauth.session(
            self._login,
            body,
            now,
            refresh=grant.get("refresh_token", ""),
            dies_in="refresh_expires_in",
            open_id=str(body["open_id"]),
        )

    def whoami(self) -> Identity:
        headers = self._headers()
        user = self._creator(headers)["creator_username"]
        assert self._login.session is not None  # noqa: S101 - the headers are made of it
        return Identity(self._login.session.data["open_id"], f"@{user}")

    def _creator(self, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        # https://developers.tiktok.com/doc/content-posting-api-reference-query-creator-info
        answer = self._api.call(
            "POST",
            "/v2/post/publish/creator_info/query/",
            headers={**(headers or self._headers()), "Content-Type": _JSON},
        )
        return fetched(answer, "creator_username", "privacy_level_options")

    def _headers(self) -> dict[str, str]:
        return oauth.bearer(self._login, "TikTok")

    def _asked(self, path: str, body: Mapping[str, Any]) -> Answer:
        headers = {**self._headers(), "Content-Type": _JSON}
        return self._api.call("POST", f"/v2/post/publish/{path}/", json=body, headers=headers)

    def _task(self, id: str) -> Task:
        # https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status
        return task_of(self._asked("status/fetch", {"publish_id": id}))

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        creator = self._creator()
        about = post.about(draft, creator)
        user = {"user": str(creator["creator_username"])}
        if ticket.data.get("tried"):
            # Whatever the post has become since: another may be made only if this one never is.
            ticket = tried(draft, ticket, self._task(ticket.data["task"]))
            if ticket.data:
                save(ticket)
                return ticket
        if post.shows_photos(draft):
            ticket = Ticket({"revision": draft.revision, "about": about, **user}, ready=True)
            save(ticket)
            return ticket
        sent = 0
        if "task" in ticket.data:
            task = self._task(ticket.data["task"])
            ticket = self._upload.begun(draft, ticket, task)
            sent = task.uploaded or 0
        if "task" not in ticket.data:
            ticket, sent = self._new_task(draft, about).having(**user), 0
            save(ticket)
        ticket = self._upload.go_on(draft, ticket, sent, save)
        save(ticket)
        return ticket

    def _new_task(self, draft: Draft, about: Mapping[str, Any]) -> Ticket:
        # https://developers.tiktok.com/doc/content-posting-api-reference-direct-post
        plan = post.Parts(draft.attachments[0].file.size).plan()
        answer = self._asked("video/init", {"post_info": about, "source_info": plan})
        return self._upload.noted(draft, answer, fetched(answer, "publish_id", "upload_url"))

    # --- phase 3 -----------------------------------------------------------------------------

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Have at hand what the call is made of, and note that it may have been made."""
        if post.shows_photos(draft):
            files = [attachment.file for attachment in draft.attachments]
            return ticket.having(photos=[self._login.seal(draft.address(file)) for file in files])
        if not self._login.unseal(ticket.data["address"]):
            why = "The key that sealed the upload address is gone: `postcron retry` uploads anew"
            if ticket.data.get("tried"):
                # What is gone is forgotten, and its task must not be: the call may have landed.
                raise Permanent(f"{why} an hour after the call.", code=Code.NOT_CONFIGURED)
            raise Permanent(f"{why}.", code=Code.HANDLE_GONE)
        self._tails[draft.key] = self._upload.last_part(draft, ticket)
        return ticket.having(tried=True)

    def publish(self, draft: Draft, ticket: Ticket) -> Accepted:
        if post.shows_photos(draft):
            return self._publish_photos(ticket)
        tail = self._tails.pop(draft.key, None) or self._upload.last_part(draft, ticket)
        answer = self._upload.finish(draft, ticket, tail)
        if answer.status != 201:
            raise unclear(answer)
        return Accepted(ticket.data["task"])

    def _publish_photos(self, ticket: Ticket) -> Accepted:
        # https://developers.tiktok.com/doc/content-posting-api-reference-photo-post
        addresses = [self._login.unseal(sealed) for sealed in ticket.data["photos"]]
        answer = self._api.act(
            "POST",
            "/v2/post/publish/content/init/",
            json=post.photos(ticket.data["about"], addresses),
            headers={**self._headers(), "Content-Type": _JSON},
        )
        task = given(answer, "publish_id")
        if task is None:
            raise refused(answer)
        return Accepted(str(task["publish_id"]))

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        id = ticket.data.get("task") or ticket.data.get("handle")
        if id is None:
            why = (
                "TikTok tells nobody what became of photos whose answer was lost: look in the app."
            )
            return Sighting(Sight.UNCLEAR, why)
        task = self._task(id)
        if task.lacks(ticket.data.get("size", 0)):
            # Not even when its address is dead: one look is no proof, and what is gone is forgotten.
            # The same part once more does no harm, and phase 2 knows when to begin anew.
            return Sighting(Sight.ABSENT, "The last part is not there.", safe_to_repeat=True)
        return _sighting(id, task, ticket.data["user"], photos=post.shows_photos(draft))

    def visit(self, address: str) -> Sighting:
        """See `Visits`: TikTok knows a post by its task, not by the address a person sees."""
        if not _TASK.fullmatch(address):
            return Sighting(Sight.UNCLEAR, f"{address} cannot be asked for: look yourself.")
        task = self._task(address)
        user = str(self._creator()["creator_username"])
        sighting = _sighting(address, task, user, photos=address.startswith(_OF_PHOTOS))
        if sighting.sight is Sight.LIVE and not task.posts:
            why = "It is posted, and TikTok shows it to nobody, or to nobody yet."
            return Sighting(Sight.UNCLEAR, why)
        return sighting

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        # Whether photos can be asked for is nowhere said.
        if COUNTING not in self._scopes.split(",") or receipt.remote_id.startswith(_OF_PHOTOS):
            return {}
        id = self._public_id(receipt)
        if id is None:
            return {}
        # https://developers.tiktok.com/doc/tiktok-api-v2-video-query
        answer = self._api.call(
            "POST",
            "/v2/video/query/",
            params={"fields": ",".join(("id", *COUNTS.values()))},
            json={"filters": {"video_ids": [id]}},
            headers=self._headers(),
        )
        videos = fetched(answer).get("videos")
        if videos == []:
            raise Permanent("It is not there any more.", code=Code.HANDLE_GONE)
        return counted(videos[0], COUNTS) if videos else {}

    def _public_id(self, receipt: Receipt) -> str | None:
        """Return the id the public knows it by: TikTok may have had none when it was posted."""
        if found := _VIDEO.search(receipt.url or ""):
            return found[1]
        if not _TASK.fullmatch(receipt.remote_id):
            return None
        answer = self._asked("status/fetch", {"publish_id": receipt.remote_id})
        if code_of(answer) == "invalid_publish_id":
            return None  # how long it remembers a task is nowhere said
        return next(iter(task_of(answer).posts), None)


_JSON: Final = "application/json; charset=UTF-8"


def _sighting(id: str, task: Task, user: str, *, photos: bool) -> Sighting:
    if task.failed:
        return Sighting(Sight.GONE, f"TikTok gave it up: {task.failure}.")
    if task.status == "PUBLISH_COMPLETE":
        # One task may have several public ids; the first is as good as any.
        # What the public sees photos under is written by nobody but those who look at them:
        # https://github.com/bellingcat/auto-archiver/issues/295
        page = f"https://www.tiktok.com/@{user}/{'photo' if photos else 'video'}"
        url = f"{page}/{task.posts[0]}" if task.posts else None
        return Sighting(Sight.LIVE, "TikTok has posted it.", Receipt(id, url))
    if task.status in {"PROCESSING_UPLOAD", "PROCESSING_DOWNLOAD"}:
        return Sighting(Sight.WORKING, "TikTok is working on it.")
    return Sighting(Sight.UNCLEAR, f"TikTok says it is {task.status[:40]}.")

"""YouTube: the video goes up early and private, and publishing it is one call that may be repeated."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from postcron.errors import Code, Evidence, Permanent, PlatformError, Temporary
from postcron.model import (
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
from postcron.platforms import youtube_video as video
from postcron.platforms.base import Key, Login, Option, fields, trouble
from postcron.platforms.youtube_answers import LOGIN_REFUSALS, fetched, reason, refused
from postcron.platforms.youtube_channel import Channel
from postcron.platforms.youtube_upload import Upload, begun
from postcron.web import Api

log = logging.getLogger(__name__)

SCOPE: Final = "https://www.googleapis.com/auth/youtube.force-ssl"
#: each of these lets us publish; with youtube.upload alone a video could never be made public
SCOPES: Final = frozenset(
    {SCOPE, *(f"https://www.googleapis.com/auth/{name}" for name in ("youtube", "youtubepartner"))}
)
#: so long before its moment a video goes out although YouTube still works on it
AT_LAST: Final = timedelta(minutes=1)
#: what is wrong with a login is wrong with the publish call, too
_OF_THE_LOGIN: Final = frozenset({Code.TOKEN_EXPIRED, Code.TOKEN_REFUSED, Code.ACCOUNT_UNUSABLE})
_ADDRESS: Final = re.compile(
    r"(?:https://(?:(?:www|m)\.)?(?:youtube\.com/(?:watch\?v=|shorts/)|youtu\.be/))?"
    r"([A-Za-z0-9_-]{11})(?:[?&].*)?"
)
NUMBERS: Final = {"views": "viewCount", "likes": "likeCount", "comments": "commentCount"}


class YouTube(oauth.Grants):
    """One channel."""

    name: ClassVar[str] = "youtube"
    # https://developers.google.com/youtube/v3/docs/videos/update: it sets, it does not add.
    act: ClassVar[Act] = Act.REPEATABLE
    keys: ClassVar[tuple[Key, ...]] = (
        Key("client_id", required=True, help="Google Cloud console → Credentials → Desktop app"),
        Key("client_secret", required=True, secret=True, help="beside the client id"),
        Key("refresh_token", secret=True, help="only without `postcron accounts login`"),
        Key("api_url", default="https://www.googleapis.com"),
        Key("upload_url", default="https://www.googleapis.com"),
        Key("token_url", default="https://oauth2.googleapis.com"),
        Key("login_url", default="https://accounts.google.com"),
    )
    options: ClassVar[tuple[Option, ...]] = video.OPTIONS
    #: a private video stays until somebody deletes it
    ticket_life: ClassVar[timedelta | None] = None
    max_lead: ClassVar[timedelta | None] = None
    #: whatever arrives late says the same as the repeat
    settle: ClassVar[timedelta] = timedelta(seconds=5)

    def __init__(self, login: Login, api: Callable[[str], Api]) -> None:
        self._login = login
        self._tokens = api(login.settings["token_url"])
        self._channel = Channel(login, api)
        self._upload = Upload(login, api, self._channel)

    @classmethod
    def limits(cls, settings: Mapping[str, str]) -> Limits:
        return video.LIMITS

    @classmethod
    def objections(cls, proposal: Proposal) -> Iterator[tuple[str, str]]:
        return video.objections(proposal)

    # --- who we are --------------------------------------------------------------------------

    def authorization(self, redirect: str, state: str, verifier: str) -> str:
        # https://developers.google.com/identity/protocols/oauth2/native-app
        return oauth.page(
            f"{self._login.settings['login_url']}/o/oauth2/v2/auth",
            client_id=self._login.settings["client_id"],
            redirect_uri=redirect,
            response_type="code",
            scope=SCOPE,
            state=state,
            code_challenge=oauth.challenge(verifier),
            code_challenge_method="S256",
            access_type="offline",
            prompt="consent",
        )

    def _granted(self, now: datetime, **grant: str) -> Session:
        # https://developers.google.com/identity/protocols/oauth2/native-app
        form = {
            "client_id": self._login.settings["client_id"],
            "client_secret": self._login.secret("client_secret"),
            **grant,
        }
        answer = oauth.told(self._tokens.call("POST", "/token", form=form), "access_token")
        body = fields(answer)
        if answer.status != 200 or not body.get("access_token"):
            raise trouble(answer, LOGIN_REFUSALS, reason(answer))
        if "scope" in body and not SCOPES & set(str(body["scope"]).split()):
            why = f"This login may not publish: log in again, and allow {SCOPE}."
            raise Permanent(why, code=Code.TOKEN_REFUSED)
        # A refresh token is not given again: the one we have stays good.
        return oauth.session(self._login, body, now, refresh=grant.get("refresh_token", ""))

    def whoami(self) -> Identity:
        channel = self._channel.mine()
        about = channel["snippet"]
        return Identity(str(channel["id"]), str(about.get("customUrl") or about["title"]))

    # --- phase 2 -----------------------------------------------------------------------------

    def prepare(self, draft: Draft, ticket: Ticket, save: SaveTicket) -> Ticket:
        ticket = begun(draft, ticket)
        if "video" not in ticket.data:
            ticket = self._upload.go_on(draft, ticket, save)
            if "video" not in ticket.data:
                return ticket
        if ticket.data["revision"] != draft.revision:
            ticket = self._retold(draft, ticket)
            save(ticket)
        found, at_last = self._worked_on(draft, ticket, save)
        if not (at_last or _is_processed(found)):
            return Ticket(ticket.data, check_after=timedelta(seconds=20))
        ticket = self._illustrated(draft, ticket, save, at_last=at_last)
        ticket = Ticket({**ticket.data, "status": video.shown(draft, found["status"])}, ready=True)
        save(ticket)
        return ticket

    def _retold(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Let the uploaded video say what an edit changed: its file is the same."""
        # https://developers.google.com/youtube/v3/docs/videos/update
        answer = self._channel.api.call(
            "PUT",
            "/youtube/v3/videos",
            params={"part": "snippet"},
            json={"id": ticket.data["video"], "snippet": video.snippet(draft)},
            headers=self._channel.headers(),
        )
        fetched(answer, "id")
        return ticket.having(revision=draft.revision)

    def _worked_on(
        self, draft: Draft, ticket: Ticket, save: SaveTicket
    ) -> tuple[Mapping[str, Any], bool]:
        """Return the uploaded video as it is, and whether there is no time left to wait for it."""
        found, now = self._channel.video(ticket.data["video"], "status,processingDetails")
        if found is None:
            why = "The uploaded video is not there any more; it is uploaded again."
            raise Temporary(why, code=Code.HANDLE_GONE)
        details = found.get("processingDetails") or {}
        if (why_not := _failed(found["status"], details)) is not None:
            save(begun(draft, Ticket()))  # another try begins with another upload
            why = f"YouTube does not take this video: {why_not}."
            raise Permanent(why, code=Code.MEDIA_REFUSED)
        return found, now is not None and now >= draft.due_at - AT_LAST

    def _illustrated(
        self, draft: Draft, ticket: Ticket, save: SaveTicket, *, at_last: bool
    ) -> Ticket:
        """Give the video its thumbnail, for which it is not kept from going out."""
        thumbnail = video.thumbnail_of(draft)
        if thumbnail is None or ticket.data.get("thumbnail") == thumbnail.file.sha256:
            return ticket
        try:
            why_not = self._upload.illustrate(ticket.data["video"], draft, thumbnail.file)
        except PlatformError as error:
            again = isinstance(error, Temporary) and not (at_last and "bare" in ticket.data)
            if again:
                save(ticket.having(bare=True))
            if again or error.code in _OF_THE_LOGIN:
                raise
            why_not = error.message
        if why_not is not None:
            log.warning("%s goes out without its thumbnail: %s", thumbnail.name, why_not)
        ticket = ticket.having(thumbnail=thumbnail.file.sha256)
        save(ticket)
        return ticket

    # --- phase 3 -----------------------------------------------------------------------------

    def before_publish(self, draft: Draft, ticket: Ticket) -> Ticket:
        """Note what somebody has set in YouTube Studio since phase 2: the call would reset it."""
        with suppress(PlatformError):
            found, _ = self._channel.video(ticket.data["video"], "status")
            if found is not None:
                return ticket.having(status=video.shown(draft, found["status"]))
        return ticket

    def publish(self, draft: Draft, ticket: Ticket) -> Receipt:
        # https://developers.google.com/youtube/v3/docs/videos/update
        # Only `status`: a part that is sent replaces all that it held.
        id, wanted = ticket.data["video"], ticket.data["status"]["privacyStatus"]
        answer = self._channel.api.act(
            "PUT",
            "/youtube/v3/videos",
            params={"part": "status"},
            json={"id": id, "status": ticket.data["status"]},
            headers=self._channel.headers(),
        )
        seen = _seen(fields(answer)) if fields(answer).get("id") == id else None
        if answer.status == 200 and seen == wanted:
            return _receipt(id)
        if answer.status == 200 and seen == "private":
            # https://developers.google.com/youtube/v3/docs/videos: projects were locked like this
            why = (
                f"YouTube keeps {_url(id)} private: see in YouTube Studio what it holds against it."
            )
            raise Permanent(why, code=Code.ACCOUNT_UNUSABLE, evidence=Evidence.REFUSED)
        raise refused(answer)

    def look(self, draft: Draft, ticket: Ticket, since: datetime) -> Sighting:
        id, wanted = ticket.data["video"], ticket.data["status"]["privacyStatus"]
        found, _ = self._channel.video(id, "status")
        if found is None:
            return Sighting(Sight.GONE, f"Somebody removed {_url(id)}.")
        if (why_not := _failed(found["status"], {})) is not None:
            return Sighting(Sight.GONE, f"YouTube took {_url(id)} away: {why_not}.")
        if _seen(found) == wanted:
            return Sighting(Sight.LIVE, f"The video is {wanted}.", _receipt(id))
        if _seen(found) == "private":
            return Sighting(Sight.ABSENT, "The video is still private.", safe_to_repeat=True)
        return Sighting(Sight.UNCLEAR, f"Somebody made {_url(id)} {_seen(found)}.")

    def visit(self, address: str) -> Sighting:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            return Sighting(Sight.UNCLEAR, f"{address} is not the address of a video.")
        found, _ = self._channel.video(match[1], "snippet,status")
        if found is None:
            return Sighting(Sight.GONE, f"There is no video {match[1]} any more.")
        if found["snippet"]["channelId"] != self._channel.mine()["id"]:
            whose = found["snippet"].get("channelTitle")
            return Sighting(Sight.GONE, f"{address} is a video of {whose}.")
        if _seen(found) == "private":
            return Sighting(Sight.GONE, f"{_url(match[1])} is private: nobody sees it.")
        return Sighting(Sight.LIVE, "YouTube shows it.", _receipt(match[1]))

    def measure(self, receipt: Receipt) -> Mapping[str, int]:
        found, _ = self._channel.video(receipt.remote_id, "statistics")
        if found is None:
            raise Permanent("It is not there any more.", code=Code.HANDLE_GONE)
        numbers = found["statistics"]
        return {ours: int(numbers[name]) for ours, name in NUMBERS.items() if name in numbers}


def _is_processed(video: Mapping[str, Any]) -> bool:
    working = (video.get("processingDetails") or {}).get("processingStatus") == "processing"
    return video["status"].get("uploadStatus") == "processed" and not working


def _failed(status: Mapping[str, Any], details: Mapping[str, Any]) -> str | None:
    """Return why YouTube gave a video up; None if it did not."""
    if status.get("uploadStatus") in {"failed", "rejected", "deleted"}:
        why = status.get("rejectionReason") or status.get("failureReason") or "no reason given"
        return f"{status['uploadStatus']}, {why}"
    if details.get("processingStatus") == "failed":
        return f"processing failed, {details.get('processingFailureReason', 'no reason given')}"
    return None


def _seen(video: Mapping[str, Any]) -> str | None:
    """Return who can see a video."""
    return (video.get("status") or {}).get("privacyStatus")


def _url(id: str) -> str:
    return f"https://www.youtube.com/watch?v={id}"


def _receipt(id: str) -> Receipt:
    return Receipt(id, _url(id))

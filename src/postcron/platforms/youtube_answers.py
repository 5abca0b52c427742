"""What YouTube answers: how far an upload is, which refusals are believed, and how long they last."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from postcron.errors import Code, PlatformError
from postcron.platforms.base import fields, judge, refusal_list, trouble
from postcron.web import Answer

_ERRORS: Final = "https://developers.google.com/youtube/v3/docs/errors"
_INSERT: Final = "https://developers.google.com/youtube/v3/docs/videos/insert"
_UPDATE: Final = "https://developers.google.com/youtube/v3/docs/videos/update"
_THUMBNAIL: Final = "https://developers.google.com/youtube/v3/docs/thumbnails/set"
_QUOTA: Final = "https://developers.google.com/youtube/v3/determine_quota_cost"
_OAUTH: Final = "https://developers.google.com/identity/protocols/oauth2"
_RAN_TWICE: Final = "DayMoonDevelopment/post-for-me#337"

_METADATA: Final = (
    *("invalidTitle", "invalidDescription", "invalidCategoryId", "invalidTags"),
    *("invalidVideoMetadata", "invalidPublishAt", "invalidRecordingDetails"),
    "defaultLanguageNotSet",
)

REFUSALS: Final = refusal_list(
    *((400, name, Code.CONTENT_REFUSED, _INSERT) for name in _METADATA),
    (400, "mediaBodyRequired", Code.MEDIA_REFUSED, _INSERT),
    (400, "invalidFilename", Code.MEDIA_REFUSED, _INSERT),
    (400, "invalidImage", Code.MEDIA_REFUSED, _THUMBNAIL),
    (400, "uploadLimitExceeded", Code.RATE_LIMITED, _INSERT),
    (401, "authorizationRequired", Code.TOKEN_EXPIRED, _ERRORS),
    (401, "authError", Code.TOKEN_EXPIRED, _ERRORS),
    (401, "youtubeSignupRequired", Code.ACCOUNT_UNUSABLE, _ERRORS),
    (403, "quotaExceeded", Code.RATE_LIMITED, _QUOTA),
    (403, "insufficientPermissions", Code.TOKEN_REFUSED, _ERRORS),
    (403, "forbidden", Code.ACCOUNT_UNUSABLE, _UPDATE),
    (403, "forbiddenPrivacySetting", Code.CONTENT_REFUSED, _UPDATE),
    (403, "forbiddenLicenseSetting", Code.CONTENT_REFUSED, _UPDATE),
    (403, "channelClosed", Code.ACCOUNT_UNUSABLE, _ERRORS),
    (403, "channelSuspended", Code.ACCOUNT_UNUSABLE, _ERRORS),
    (404, "videoNotFound", Code.HANDLE_GONE, _UPDATE),
    (409, "ALREADY_EXISTS", Code.SERVER_TROUBLE, _RAN_TWICE),
    (429, "uploadRateLimitExceeded", Code.RATE_LIMITED, _THUMBNAIL),
    seen="2026-11-20",
)
LOGIN_REFUSALS: Final = refusal_list(
    (400, "invalid_grant", Code.TOKEN_REFUSED, _OAUTH),
    (400, "invalid_client", Code.TOKEN_REFUSED, _OAUTH),
    (401, "invalid_client", Code.TOKEN_REFUSED, _OAUTH),
    (400, "unauthorized_client", Code.TOKEN_REFUSED, _OAUTH),
    seen="2026-11-20",
)

#: quotas are counted by the day of YouTube's home
_PACIFIC: Final = ZoneInfo("America/Los_Angeles")
_RANGE: Final = re.compile(r"bytes=0-([0-9]+)")


def reason(answer: Answer) -> str | None:
    """Return the name of what went wrong; None for words that are not YouTube's."""
    error = fields(answer).get("error")
    if not isinstance(error, dict):
        return error if isinstance(error, str) else None  # the token endpoint's are flat
    named = [one.get("reason") for one in error.get("errors") or () if isinstance(one, dict)]
    return next((str(name) for name in (*named, error.get("status")) if name), None)


def refused(answer: Answer) -> PlatformError:
    """Return the verdict on an answer to the publish call that is not what it should be."""
    return _lasting(answer, judge(answer, REFUSALS, reason(answer)))


def troubled(answer: Answer) -> PlatformError:
    """Return the error for a repeatable call."""
    return _lasting(answer, trouble(answer, REFUSALS, reason(answer)))


def fetched(answer: Answer, *names: str) -> Mapping[str, Any]:
    """Return the fields of a good answer, which has at least these."""
    body = fields(answer)
    if answer.status != 200 or not body.keys() >= set(names):
        raise troubled(answer)
    return body


def items(answer: Answer) -> Sequence[Mapping[str, Any]]:
    """Return what a list call found."""
    found = fetched(answer, "items")["items"]
    if not isinstance(found, list):
        raise troubled(answer)
    return found


def _lasting(answer: Answer, error: PlatformError) -> PlatformError:
    """Return the error with how long to wait, which YouTube writes down but does not answer."""
    if error.code == Code.RATE_LIMITED and error.retry_after is None:
        waits = {"quotaExceeded": _until_midnight(answer), "uploadLimitExceeded": timedelta(days=1)}
        error.retry_after = waits.get(reason(answer) or "", timedelta(minutes=1))
    return error


def _until_midnight(answer: Answer) -> timedelta:
    # https://developers.google.com/youtube/v3/getting-started#quota
    now = answer.made_at()
    if now is None:
        return timedelta(hours=1)
    tomorrow = (now.astimezone(_PACIFIC) + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    return tomorrow.astimezone(now.tzinfo) - now


@dataclass(frozen=True)
class Progress:
    """How far an upload is."""

    #: bytes that YouTube has
    stored: int
    #: the video, once it has all of them
    video: str | None = None
    #: where the session went on, if it moved
    moved: str | None = None


def progress(answer: Answer, size: int) -> Progress | None:
    """Return what an upload session says of itself; None when there is none any more."""
    # https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol
    if answer.status == 308:
        stored = _RANGE.fullmatch(answer.headers.get("range", ""))
        return Progress(int(stored[1]) + 1 if stored else 0, moved=answer.headers.get("location"))
    if answer.status in {404, 410}:
        return None
    body = fields(answer)
    if answer.status in {200, 201} and body.get("id"):
        return Progress(size, str(body["id"]))
    raise troubled(_wordless(answer))


def _wordless(answer: Answer) -> Answer:
    """Return an answer without a page that may repeat the session's address, which is a secret."""
    return answer if reason(answer) else Answer(answer.status, answer.headers, b"")

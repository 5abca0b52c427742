"""What LinkedIn's answers mean: the refusal lists, with their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from postcron.errors import Code, PlatformError
from postcron.platforms.base import Refusal, fields, judge, refusal_list, trouble
from postcron.web import Answer

_LEARN: Final = "https://learn.microsoft.com/en-us/linkedin"
_ERRORS: Final = f"{_LEARN}/shared/api-guide/concepts/error-handling"
_POSTS: Final = f"{_LEARN}/marketing/community-management/shares/posts-api"
_RATES: Final = f"{_LEARN}/shared/api-guide/concepts/rate-limits"
_VERSIONS: Final = f"{_LEARN}/marketing/versioning"
_OAUTH: Final = f"{_LEARN}/shared/authentication/programmatic-refresh-tokens"
_VIDEOS: Final = f"{_LEARN}/marketing/community-management/shares/videos-api"
_SEEN: Final = "2026-11-20"

#: "Content is a duplicate of urn:li:share:…", which may be ours, or not be there at all
DUPLICATE: Final = "DUPLICATE_POST"
REVOKED: Final = "REVOKED_ACCESS_TOKEN"
#: the token is good, and may not read this
DENIED: Final = "ACCESS_DENIED"

_ANYWHERE: Final = (
    (401, None, Code.TOKEN_EXPIRED, _ERRORS),
    (401, REVOKED, Code.TOKEN_REFUSED, "jclusso/omniauth-linkedin-openid#6"),
    (403, None, Code.ACCOUNT_UNUSABLE, _ERRORS),
    (400, "VERSION_MISSING", Code.NOT_CONFIGURED, _VERSIONS),
    (426, None, Code.NOT_CONFIGURED, _VERSIONS),
    (429, None, Code.RATE_LIMITED, _RATES),
)
#: 409 is not here: a conflict may be with a call of ours. Nor is 504: LinkedIn says itself that it
#: must not be taken for a failure. Nor a duplicate: it may name a call of ours, or a ghost
#: (ComposioHQ/composio#2710).
REFUSALS: Final = refusal_list(
    *_ANYWHERE,
    (400, None, Code.CONTENT_REFUSED, _POSTS),
    (400, "MEDIA_ASSET_WAITING_UPLOAD", Code.NOT_READY, _POSTS),
    (400, "MEDIA_ASSET_PROCESSING_FAILED", Code.HANDLE_GONE, _POSTS),
    (400, "INVALID_IMAGE_ID", Code.HANDLE_GONE, _POSTS),
    (400, "INVALID_VIDEO_ID", Code.HANDLE_GONE, _POSTS),
    (404, None, Code.CONTENT_REFUSED, _ERRORS),
    (411, None, Code.CONTENT_REFUSED, _ERRORS),
    (413, None, Code.CONTENT_REFUSED, _ERRORS),
    (415, None, Code.CONTENT_REFUSED, _ERRORS),
    (422, "UNPROCESSABLE_ENTITY", Code.CONTENT_REFUSED, _ERRORS),
    seen=_SEEN,
)
MEDIA_REFUSALS: Final = refusal_list(
    *_ANYWHERE,
    (400, None, Code.MEDIA_REFUSED, _VIDEOS),
    (400, "EXPIRED_UPLOAD_URL", Code.HANDLE_GONE, _VIDEOS),
    (400, "INVALID_VIDEO_ID", Code.HANDLE_GONE, _VIDEOS),
    (404, None, Code.HANDLE_GONE, _VIDEOS),
    (422, None, Code.MEDIA_REFUSED, _ERRORS),
    seen=_SEEN,
)
#: what was begun by an earlier run may be over, or its last answer was the one that got lost
RESUMED_REFUSALS: Final = refusal_list(
    *_ANYWHERE,
    (400, None, Code.HANDLE_GONE, _VIDEOS),
    (404, None, Code.HANDLE_GONE, _VIDEOS),
    (422, None, Code.HANDLE_GONE, _ERRORS),
    seen=_SEEN,
)
#: for bytes sent to an upload address, which is over after a while; it answers in no special words
SENT_REFUSALS: Final = refusal_list(
    (400, None, Code.MEDIA_REFUSED, _VIDEOS),
    (401, None, Code.HANDLE_GONE, _VIDEOS),
    (401, REVOKED, Code.TOKEN_REFUSED, "jclusso/omniauth-linkedin-openid#6"),
    (403, None, Code.HANDLE_GONE, _VIDEOS),
    (404, None, Code.HANDLE_GONE, _VIDEOS),
    (410, None, Code.HANDLE_GONE, _VIDEOS),
    (413, None, Code.MEDIA_REFUSED, _VIDEOS),
    seen=_SEEN,
)
READ_REFUSALS: Final = refusal_list(*_ANYWHERE, seen=_SEEN)
LOGIN_REFUSALS: Final = refusal_list(
    (400, None, Code.TOKEN_REFUSED, _OAUTH),
    (401, None, Code.TOKEN_REFUSED, _OAUTH),
    seen=_SEEN,
)
_NAMED: Final = {refusal.error for refusal in (*REFUSALS, *MEDIA_REFUSALS)} | {DENIED}


def error_of(answer: Answer) -> str | None:
    """Return the name of an error; None if these are not LinkedIn's words.

    They have two shapes: an older one with a number, and a newer one with names, some of them in
    its details.
    """
    body = fields(answer)
    if "message" not in body or "status" not in body:
        error = body.get("error")
        return error if isinstance(error, str) else None
    codes = [*_details(body), str(body.get("code", ""))]
    if DUPLICATE in codes or "duplicate" in str(body["message"]).lower():
        return DUPLICATE
    return next((code for code in codes if code in _NAMED), codes[0] or "unnamed")


def _details(body: Mapping[str, Any]) -> list[str]:
    details = body.get("errorDetails")
    errors = details.get("inputErrors") if isinstance(details, dict) else None
    found = errors if isinstance(errors, list) else []
    return [str(one.get("code", "")) for one in found if isinstance(one, dict)]


def verdict(answer: Answer) -> PlatformError:
    """Return the verdict on an answer to the publish call that carried no id."""
    error = error_of(answer)
    return _advised(judge(answer, () if error in {None, DUPLICATE} else REFUSALS, error))


def failed(answer: Answer, refusals: Sequence[Refusal]) -> PlatformError:
    """Return the error for a repeatable call that did not succeed."""
    error = error_of(answer)
    return _advised(trouble(answer, refusals if error else (), error))


def _advised(error: PlatformError) -> PlatformError:
    """Return an error with what to do about it, where a version is over."""
    if error.code != Code.NOT_CONFIGURED:
        return error
    said = f"{error.message} Write a newer month as version of the account, like 202609."
    return type(error)(said, code=Code.NOT_CONFIGURED, evidence=error.evidence)


def fetched(answer: Answer, refusals: Sequence[Refusal], *names: str) -> Mapping[str, Any]:
    """Return the fields of a good answer, which has at least these."""
    body = fields(answer)
    if answer.status != 200 or not body.keys() >= set(names):
        raise failed(answer, refusals)
    return body

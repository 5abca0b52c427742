"""What Bluesky's answers mean: the refusal lists, with their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from postcron.errors import Code, Permanent
from postcron.platforms.base import Refusal, fields, refusal_list, trouble
from postcron.web import Answer

_PUT: Final = "https://docs.bsky.app/docs/api/com-atproto-repo-put-record"
_LIMITS: Final = "https://docs.bsky.app/docs/advanced-guides/rate-limits"
_MEASURED: Final = "recorded from @atproto/pds 0.4.217 and 0.5.35"
_SEEN: Final = "2026-11-20"

#: 500 is not here: it may mean that the record exists (bluesky-social/atproto#3718).
#: InvalidSwap is not here: it says that our key is taken, so something of ours is live.
REFUSALS: Final = refusal_list(
    # 400, not 401, and seen before anything is done
    (400, "ExpiredToken", Code.TOKEN_EXPIRED, _MEASURED),
    (400, "InvalidToken", Code.TOKEN_REFUSED, _MEASURED),
    (401, "AuthMissing", Code.TOKEN_REFUSED, _MEASURED),
    (401, "AuthenticationRequired", Code.TOKEN_REFUSED, _MEASURED),
    (401, "AccountDeactivated", Code.ACCOUNT_UNUSABLE, _MEASURED),
    (401, "AccountTakedown", Code.ACCOUNT_UNUSABLE, _MEASURED),
    (403, "AccountNotFound", Code.ACCOUNT_UNUSABLE, _PUT),
    (400, "InvalidRequest", Code.CONTENT_REFUSED, _MEASURED),
    # the same bytes get the same name: going up once more repairs these, and the record stays
    (400, "BlobNotFound", Code.HANDLE_GONE, _MEASURED),
    (400, "InvalidMimeType", Code.HANDLE_GONE, _PUT),
    (400, "InvalidSize", Code.HANDLE_GONE, _PUT),
    (413, "PayloadTooLarge", Code.CONTENT_REFUSED, _PUT),
    (429, "RateLimitExceeded", Code.RATE_LIMITED, _LIMITS),
    seen=_SEEN,
)
UPLOAD_REFUSALS: Final = refusal_list(
    (413, "PayloadTooLarge", Code.MEDIA_REFUSED, _MEASURED),
    (400, "InvalidRequest", Code.MEDIA_REFUSED, _MEASURED),
    (400, "ExpiredToken", Code.TOKEN_EXPIRED, _MEASURED),
    (400, "InvalidToken", Code.TOKEN_REFUSED, _MEASURED),
    (401, None, Code.TOKEN_REFUSED, _MEASURED),
    seen=_SEEN,
)
LOGIN_REFUSALS: Final = refusal_list(
    (401, "AccountTakedown", Code.ACCOUNT_UNUSABLE, _MEASURED),
    (401, None, Code.TOKEN_REFUSED, _MEASURED),
    (400, None, Code.TOKEN_REFUSED, _MEASURED),
    seen=_SEEN,
)


def error_name(body: Mapping[str, Any]) -> str | None:
    error = body.get("error")
    return error if isinstance(error, str) else None


def fetched(answer: Answer, refusals: Sequence[Refusal], *names: str) -> Mapping[str, Any]:
    """Return the fields of a good answer, which has at least these."""
    body = fields(answer)
    if answer.status != 200 or answer.json() is None:
        raise trouble(answer, refusals, error_name(body))
    for name in names:
        # Not the answer itself in the message: a session's is made of tokens.
        if name not in body:
            raise Permanent(f"Bluesky's answer lacks {name!r}: is api_url a PDS?")
    return body

"""What X's answers mean: the refusal lists, with their sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from postcron.errors import Code, PlatformError, Temporary
from postcron.platforms.base import Refusal, fields, refusal_list, trouble
from postcron.web import Answer

_API: Final = "https://docs.x.com/x-api/fundamentals/response-codes-and-errors"
_RATES: Final = "https://docs.x.com/x-api/fundamentals/rate-limits"
_OAUTH: Final = "https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token"
_MEDIA: Final = "https://docs.x.com/x-api/media/quickstart/media-upload-chunked"
_SEEN: Final = "2026-11-20"

#: "You are not allowed to create a Tweet with duplicate content.", or its older code 187
DUPLICATE: Final = "duplicate"
#: a problem of X's own without a name (`about:blank`)
UNNAMED: Final = "about:blank"

#: 500, 502, 503 and 504 are not here: X says "wait and retry", and the post may be live.
#: A duplicate is not here either: a call of ours may be what was there before (iembot#163).
REFUSALS: Final = refusal_list(
    (400, None, Code.CONTENT_REFUSED, _API),
    (400, "media", Code.HANDLE_GONE, _API),
    (401, None, Code.TOKEN_EXPIRED, _API),
    (403, None, Code.CONTENT_REFUSED, _API),
    (403, "client-forbidden", Code.TOKEN_REFUSED, _API),
    (403, "user-suspended", Code.ACCOUNT_UNUSABLE, _API),
    # a reply that came too soon after our own post
    (403, "385", Code.NOT_READY, "PLhery/node-twitter-api-v2#366"),
    (404, None, Code.CONTENT_REFUSED, _API),
    (429, None, Code.RATE_LIMITED, _RATES),
    seen=_SEEN,
)
UPLOAD_REFUSALS: Final = refusal_list(
    (400, None, Code.MEDIA_REFUSED, _MEDIA),
    (401, None, Code.TOKEN_EXPIRED, _API),
    # tokens of before 2025 lack media.write: a person has to consent again
    (403, None, Code.TOKEN_REFUSED, _MEDIA),
    (404, None, Code.MEDIA_REFUSED, _MEDIA),
    seen=_SEEN,
)
#: what was begun by an earlier run may have expired, or its last answer was the one that got lost
RESUMED_REFUSALS: Final = refusal_list(
    (400, None, Code.HANDLE_GONE, _MEDIA),
    (401, None, Code.TOKEN_EXPIRED, _API),
    (403, None, Code.TOKEN_REFUSED, _MEDIA),
    (404, None, Code.HANDLE_GONE, _MEDIA),
    seen=_SEEN,
)
READ_REFUSALS: Final = refusal_list(
    (401, None, Code.TOKEN_EXPIRED, _API),
    (403, None, Code.ACCOUNT_UNUSABLE, _API),
    (403, "client-forbidden", Code.TOKEN_REFUSED, _API),
    seen=_SEEN,
)
LOGIN_REFUSALS: Final = refusal_list(
    (400, None, Code.TOKEN_REFUSED, _OAUTH),
    (401, None, Code.TOKEN_REFUSED, _OAUTH),
    seen=_SEEN,
)


def error_of(answer: Answer) -> str | None:
    """Return the name of an error; None if these are not X's words, but of something before it."""
    body = fields(answer)
    said = " ".join(_said(body)).lower()
    codes = [str(one["code"]) for one in _errors(body) if "code" in one]
    if DUPLICATE in said or "187" in codes:
        return DUPLICATE
    if codes:
        return codes[0]
    kind = body.get("type")
    if not isinstance(kind, str):
        error = body.get("error")
        return error if isinstance(error, str) else None
    return "media" if answer.status == 400 and "media" in said else kind.rpartition("/")[2]


def _said(body: Mapping[str, Any]) -> Iterator[str]:
    for one in (body, *_errors(body)):
        yield from (str(one.get(name, "")) for name in ("title", "detail", "message"))


def _errors(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    errors = body.get("errors")
    return [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []


def refusing(answer: Answer) -> tuple[Sequence[Refusal], str | None]:
    """Return the list an answer to the publish call is judged by, and its error's name."""
    error = error_of(answer)
    return () if error in {None, DUPLICATE} else REFUSALS, error


def is_missing(answer: Answer) -> bool:
    """Say whether X says that there is no such post: with 404, or with 200 and an error."""
    kinds = [str(one.get("type")) for one in (fields(answer), *_errors(fields(answer)))]
    absent = any(kind.endswith("/resource-not-found") for kind in kinds)
    return absent and "data" not in fields(answer)


def data_of(answer: Answer, refusals: Sequence[Refusal], *names: str) -> Mapping[str, Any]:
    """Return the data of a good answer, which has at least these fields."""
    data = fields(answer).get("data")
    if answer.status == 200 and isinstance(data, dict) and data.keys() >= set(names):
        return data
    raise failed(answer, refusals)


def failed(answer: Answer, refusals: Sequence[Refusal]) -> PlatformError:
    """Return the error for a repeatable call that did not succeed."""
    if answer.status == 503:
        return Temporary(
            "X is not available (503). An account without credits hears the same: "
            "look at console.x.com if it goes on.",
            code=Code.SERVER_TROUBLE,
            retry_after=answer.retry_after(),
        )
    error = error_of(answer)
    return trouble(answer, refusals if error else (), error)

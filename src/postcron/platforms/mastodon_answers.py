"""What the answers of Mastodon and its kin mean: the refusal lists, with their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from postcron.errors import Code
from postcron.model import Ticket
from postcron.platforms.base import Refusal, fields, refusal_list, trouble
from postcron.web import Answer

_API: Final = "https://docs.joinmastodon.org/methods/statuses/#create"
_MEDIA: Final = "https://docs.joinmastodon.org/methods/media/#v2"
_ACCOUNTS: Final = "https://docs.joinmastodon.org/methods/accounts/#verify_credentials"
_RATES: Final = "https://docs.joinmastodon.org/api/rate-limits/"
_SEEN: Final = "2026-11-20"

#: Errors have no names here, only words in the account's language: the status has to do.
#: 500 is not here: on a repeat it often means that the post exists (mastodon/mastodon#40399).
#: 503 is not here: the lock on our key is held, so a sender of ours may still be at work.
REFUSALS: Final = refusal_list(
    (400, None, Code.CONTENT_REFUSED, _API),
    (401, None, Code.TOKEN_REFUSED, _API),
    (403, None, Code.ACCOUNT_UNUSABLE, _API),
    (404, None, Code.CONTENT_REFUSED, _API),
    (422, None, Code.CONTENT_REFUSED, _API),
    (429, None, Code.RATE_LIMITED, _RATES),
    seen=_SEEN,
)
NOT_FINISHED: Final = "have not finished processing"
NOT_FOUND: Final = "not found or already attached"
#: the two that are worth reading, where they are in English
BY_WORDS: Final = refusal_list(
    (422, NOT_FINISHED, Code.NOT_READY, "mastodon/mastodon#21864"),
    (422, NOT_FOUND, Code.HANDLE_GONE, _API),
    seen=_SEEN,
)
READ_REFUSALS: Final = refusal_list(
    (401, None, Code.TOKEN_REFUSED, _ACCOUNTS),
    (403, None, Code.ACCOUNT_UNUSABLE, _ACCOUNTS),
    (404, None, Code.ACCOUNT_UNUSABLE, _ACCOUNTS),
    seen=_SEEN,
)
UPLOAD_REFUSALS: Final = refusal_list(
    (400, None, Code.MEDIA_REFUSED, _MEDIA),
    (401, None, Code.TOKEN_REFUSED, _MEDIA),
    (403, None, Code.ACCOUNT_UNUSABLE, _MEDIA),
    (413, None, Code.MEDIA_REFUSED, _MEDIA),
    (422, None, Code.MEDIA_REFUSED, _MEDIA),
    seen=_SEEN,
)


def refusing(answer: Answer, ticket: Ticket) -> tuple[Sequence[Refusal], str | None]:
    """Return the list an answer is judged by, and the words it is found under."""
    error = fields(answer).get("error")
    if not isinstance(error, str):
        return (), None  # not Mastodon's words, but those of something in front of it
    if NOT_FINISHED in error:
        return BY_WORDS, NOT_FINISHED
    if ticket.data.get("again") and ticket.data["media"] and answer.status in {400, 404, 422}:
        return (), None  # a file can be attached once: its post is probably there already
    return (BY_WORDS, NOT_FOUND) if NOT_FOUND in error else (REFUSALS, None)


def fetched(answer: Answer, refusals: Sequence[Refusal], *names: str) -> Mapping[str, Any]:
    """Return the fields of a good answer, which has at least these."""
    body = fields(answer)
    if answer.status not in {200, 202, 206} or not body.keys() >= set(names):
        raise trouble(answer, refusals)
    return body

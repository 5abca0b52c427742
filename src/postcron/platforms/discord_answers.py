"""What Discord's answers mean: the refusal list, which is believed in Discord's own words only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from postcron.errors import Code, PlatformError
from postcron.platforms import base
from postcron.platforms.base import Refusal, fields, refusal_list
from postcron.web import Answer

_CODES: Final = "https://discord.com/developers/docs/topics/opcodes-and-status-codes"
_RATES: Final = "https://discord.com/developers/docs/topics/rate-limits"

UNKNOWN_MESSAGE: Final = "10008"

#: By the number in the answer. 10008 is not here: a repeat whose message somebody deleted gets it.
REFUSALS: Final = refusal_list(
    (400, "50006", Code.CONTENT_REFUSED, _CODES),
    (400, "50035", Code.CONTENT_REFUSED, _CODES),
    (400, "50109", Code.CONTENT_REFUSED, _CODES),
    (400, "220001", Code.CONTENT_REFUSED, _CODES),
    (400, "240000", Code.CONTENT_REFUSED, _CODES),
    (400, "40005", Code.MEDIA_REFUSED, _CODES),
    (413, "40005", Code.MEDIA_REFUSED, _CODES),
    (401, "50027", Code.TOKEN_REFUSED, _CODES),
    (401, "0", Code.TOKEN_REFUSED, _CODES),
    (403, "40333", Code.ACCOUNT_UNUSABLE, _CODES),
    (403, "50001", Code.ACCOUNT_UNUSABLE, _CODES),
    (403, "50013", Code.ACCOUNT_UNUSABLE, _CODES),
    # Called again and again, a webhook that is gone gets the whole address banned.
    (404, "10015", Code.ACCOUNT_UNUSABLE, _CODES),
    (404, "10003", Code.ACCOUNT_UNUSABLE, _CODES),
    (429, None, Code.RATE_LIMITED, _RATES),
    seen="2026-11-20",
)


def error_code(answer: Answer) -> str | None:
    """Return the number Discord gives an error; None if the words are not Discord's."""
    body = fields(answer)
    ours = isinstance(body.get("message"), str)
    if ours and answer.status == 429 and "retry_after" in body:
        return "429"
    code = body.get("code")
    return str(code) if ours and isinstance(code, int) else None


def refused(answer: Answer) -> PlatformError:
    """Return the verdict on an answer to the publish call that carries no message."""
    return base.judge(answer, _list(answer), error_code(answer))


def fetched(answer: Answer, *names: str) -> Mapping[str, Any]:
    """Return the fields of a good answer, which has at least these."""
    body = fields(answer)
    if answer.status != 200 or not body.keys() >= set(names):
        raise base.trouble(answer, _list(answer), error_code(answer))
    return body


def listed(answer: Answer) -> list[Mapping[str, Any]]:
    """Return the objects of a good answer that is a list."""
    page = answer.json()
    if answer.status != 200 or not isinstance(page, list):
        raise base.trouble(answer, _list(answer), error_code(answer))
    return page


def _list(answer: Answer) -> Sequence[Refusal]:
    return () if error_code(answer) is None else REFUSALS

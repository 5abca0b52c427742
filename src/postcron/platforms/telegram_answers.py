"""What Telegram's answers mean: the refusal list, and which of them an album makes doubtful."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from postcron.errors import Code, Evidence, OutcomeUnknown, Permanent, PlatformError
from postcron.platforms import base
from postcron.platforms.base import fields, judge, refusal_list, trouble
from postcron.web import Answer
from postcron.web.answer import LONGEST, SHORTEST

_SERVER: Final = "https://github.com/tdlib/telegram-bot-api telegram-bot-api/Client.cpp 01a3679"
_REQUESTS: Final = "https://core.telegram.org/bots/api#making-requests"
_SEEN: Final = "2026-11-20"

NO_CHAT: Final = "chat not found"
#: of an album a part may be there although another could not be sent
IN_PART: Final = ("failed to send message", "group send failed")

REFUSALS: Final = refusal_list(
    (400, NO_CHAT, Code.ACCOUNT_UNUSABLE, _SERVER),
    (400, None, Code.CONTENT_REFUSED, _REQUESTS),
    (401, None, Code.TOKEN_REFUSED, _SERVER),
    (403, None, Code.ACCOUNT_UNUSABLE, _SERVER),
    (413, None, Code.MEDIA_REFUSED, _SERVER),
    (429, None, Code.RATE_LIMITED, _REQUESTS),
    seen=_SEEN,
)
#: a token that is none is no method's address
READ_REFUSALS: Final = (
    *REFUSALS,
    *refusal_list((404, None, Code.TOKEN_REFUSED, _SERVER), seen=_SEEN),
)


def sent(answer: Answer) -> list[Mapping[str, Any]]:
    """Return the messages an answer says were sent; none if it does not."""
    body = fields(answer)
    result = body.get("result")
    messages: list[Any] = result if isinstance(result, list) else [result]
    whole = answer.status == 200 and body.get("ok") is True and all(map(_is_message, messages))
    return messages if whole else []


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("message_id"), int):
        return False
    return isinstance(message.get("chat"), dict) and "id" in message["chat"]


def refusal(answer: Answer, *, album: bool) -> PlatformError:
    """Return the verdict on an answer to the publish call without messages."""
    words = _words(answer)
    if words is None:
        return judge(answer, ())  # not Telegram's words, but those of something in front of it
    if album and (answer.status == 429 or any(part in words for part in IN_PART)):
        said = f"The album may have been sent in part: {answer.status} {words}."
        return OutcomeUnknown(said, code=Code.UNEXPECTED_ANSWER)
    new = _parameters(answer).get("migrate_to_chat_id")
    if answer.status == 400 and new is not None:
        return Permanent(
            f"The group has become a supergroup: write chat = {new} in the configuration.",
            code=Code.ACCOUNT_UNUSABLE,
            evidence=Evidence.REFUSED,
        )
    return _timed(judge(answer, REFUSALS, NO_CHAT if NO_CHAT in words else None), answer)


def fetched(answer: Answer, *names: str) -> Mapping[str, Any]:
    """Return the result of a good answer, which has at least these fields."""
    body, words = fields(answer), _words(answer)
    result = body.get("result")
    if answer.status == 200 and isinstance(result, dict) and result.keys() >= set(names):
        return result
    known: tuple[base.Refusal, ...] = () if words is None else READ_REFUSALS
    raise _timed(trouble(answer, known, NO_CHAT if NO_CHAT in (words or "") else None), answer)


def _words(answer: Answer) -> str | None:
    """Return why Telegram refused, in lower case; None if the answer is not one of its refusals."""
    body = fields(answer)
    description = body.get("description")
    ours = body.get("ok") is False and body.get("error_code") == answer.status
    return description.lower() if ours and isinstance(description, str) else None


def _timed(error: PlatformError, answer: Answer) -> PlatformError:
    """Tell for how long to wait: the answer says it in its body."""
    seconds = _parameters(answer).get("retry_after")
    if error.code == Code.RATE_LIMITED and isinstance(seconds, int):
        error.retry_after = min(max(timedelta(seconds=seconds), SHORTEST), LONGEST)
    return error


def _parameters(answer: Answer) -> Mapping[str, Any]:
    parameters = fields(answer).get("parameters")
    return parameters if isinstance(parameters, dict) else {}

"""What Facebook, Instagram and Threads share: Meta's Graph API, its errors, uploads and rate headers.

Errors: https://developers.facebook.com/docs/graph-api/guides/error-handling
Rates: https://developers.facebook.com/docs/graph-api/overview/rate-limiting
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from postcron.errors import Code, Permanent, PlatformError, Temporary
from postcron.model import Draft, Identity, MediaFile
from postcron.platforms import base
from postcron.platforms.base import Allowance, Login, Refusal, fields, refusal_list
from postcron.web import Answer, Api

#: sent with every call: one that has ended is served by the nearest live one without a word
VERSION: Final = "v26.0"
#: how long a quota of a day is left alone where the answer names no time
LEFT_ALONE: Final = timedelta(hours=1)

_ERRORS: Final = "https://developers.facebook.com/docs/graph-api/guides/error-handling"
_PERMISSIONS: Final = "200-299"
#: too many calls of the app, the account, the user; 80000 to 80014 are those of business use cases
_THROTTLED: Final = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_015)})
#: trouble of Meta's own. 100/33 came for objects that were fine, in the outage of 2026-05-23
_PASSING: Final = frozenset({"1", "2", "100/33"})
#: what an upload address says of bytes that may be sent once more
_AGAIN: Final = frozenset({"OffsetInvalidError", "PartialRequestError", "ProcessingFailedError"})

#: a login that is no good, or may not do this: decided before anything is done
LOGIN_REFUSALS: Final = refusal_list(
    *((status, "190", Code.TOKEN_REFUSED, _ERRORS) for status in (400, 401, 403)),
    *((status, "3", Code.ACCOUNT_UNUSABLE, _ERRORS) for status in (400, 403)),
    *((status, "10", Code.ACCOUNT_UNUSABLE, _ERRORS) for status in (400, 403)),
    *((status, _PERMISSIONS, Code.ACCOUNT_UNUSABLE, _ERRORS) for status in (400, 403)),
    seen="2026-11-20",
)


@dataclass(frozen=True)
class Fault:
    """What the error envelope of an answer says."""

    code: int
    subcode: int | None
    transient: bool
    message: str

    def names(self) -> Iterator[str]:
        """Yield what it may be listed under, the closest first: `24/4279009`, `*/4279009`, `24`."""
        if self.subcode is not None:
            yield from (f"{self.code}/{self.subcode}", f"*/{self.subcode}")
        yield str(self.code)
        if 200 <= self.code <= 299:
            yield _PERMISSIONS


def fault(answer: Answer) -> Fault | None:
    """Return the error an answer carries, whatever its status; None if it has no envelope."""
    error = fields(answer).get("error")
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        return None
    subcode = error.get("error_subcode")
    known = subcode if isinstance(subcode, int) else None
    transient = error.get("is_transient") is True
    return Fault(error["code"], known, transient, str(error.get("message", "")))


def is_missing(answer: Answer) -> bool:
    """Say whether Meta says that there is no such thing.

    It says so of what is there, too, while it is in trouble: only a list proves it.
    """
    found = fault(answer)
    return found is not None and "100/33" in found.names()


def judge(answer: Answer, refusals: Sequence[Refusal]) -> PlatformError:
    """Return the verdict on an answer to the publish call that did not carry an id.

    A refusal is listed as `code/subcode`, as `*/subcode` where only that is known, or as `code` for
    all of its subcodes.
    """
    return _timed(base.judge(answer, refusals, _listed(answer, refusals)), answer)


def trouble(answer: Answer, refusals: Sequence[Refusal]) -> PlatformError:
    """Return the error for an answer to a repeatable call that did not succeed."""
    listed, found = _listed(answer, refusals), fault(answer)
    said = f"{answer.status} {answer.hint()}".strip()
    if listed is None and found is not None and answer.status < 500:
        if found.code in _THROTTLED:
            return Temporary(
                f"The platform asks us to slow down: {said}.",
                code=Code.RATE_LIMITED,
                retry_after=pause(answer),
            )
        if found.transient or not _PASSING.isdisjoint(found.names()):
            return Temporary(f"The platform has trouble: {said}.", code=Code.SERVER_TROUBLE)
    return _timed(base.trouble(answer, refusals, listed), answer)


def upload_trouble(answer: Answer, refusals: Sequence[Refusal]) -> PlatformError:
    """Return the error for bytes that were not taken: an upload address has an envelope of its own.

    Whether it is right when it says that they never will be shows only later: containers have
    become ready after `ProcessingFailedError`.
    """
    said = fields(answer).get("debug_info")
    if isinstance(said, dict) and (said.get("retriable") is True or said.get("type") in _AGAIN):
        return Temporary(f"The upload was not taken: {answer.hint()}.", code=Code.SERVER_TROUBLE)
    return trouble(answer, refusals)


def fetched(answer: Answer, refusals: Sequence[Refusal], *names: str) -> Mapping[str, Any]:
    """Return the fields of a good answer, which has at least these."""
    body = fields(answer)
    # An error may come with status 200.
    if answer.status != 200 or "error" in body or not body.keys() >= set(names):
        raise trouble(answer, refusals)
    return body


def owner(login: Login, answer: Mapping[str, Any], field: str) -> Identity:
    """Return whose token it is; raises `Permanent` if it is not the account's."""
    user = login.settings["user_id"]
    if str(answer[field]) != user:
        raise Permanent(
            f"The token of {login.account} belongs to {answer[field]}, not to {user}: set user_id, "
            "or mend the token.",
            code=Code.ACCOUNT_UNUSABLE,
        )
    return Identity(user, f"@{answer.get('username', user)}")


def pause(answer: Answer) -> timedelta | None:
    """Return how long an answer asks us to wait, None if it does not say.

    X-Business-Use-Case-Usage says so in minutes; X-App-Usage has percentages only.
    """
    headers = {name.lower(): value for name, value in answer.headers.items()}
    minutes = _minutes(headers.get("x-business-use-case-usage", ""))
    return answer.retry_after() or (timedelta(minutes=min(minutes, 24 * 60)) if minutes else None)


def allowance(answer: Mapping[str, Any], used: str, config: str) -> Allowance | None:
    """Return what is left of a quota: `{"data": [{used: 2, config: {"quota_total": 50}}]}`."""
    try:
        [case] = answer["data"]
        return Allowance(max(int(case[config]["quota_total"]) - int(case[used]), 0))
    except (ValueError, TypeError, KeyError):
        return None


def insights(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return metrics by name: `{"data": [{"name": "likes", "values": [{"value": 3}]}]}`."""
    return {one["name"]: one["values"][0]["value"] for one in answer["data"] if one.get("values")}


def bearer(token: str) -> dict[str, str]:
    """Return what authorizes a call; as a parameter the token would stand in other people's logs."""
    return {"Authorization": f"Bearer {token}"}


def upload(
    api: Api, path: str, token: str, draft: Draft, file: MediaFile, offset: int = 0
) -> Answer:
    """Send the bytes of a file from `offset` on to an upload address (rupload).

    https://developers.facebook.com/documentation/instagram-platform/content-publishing/resumable-uploads
    """
    return api.call(
        "POST",
        path,
        headers={
            "Authorization": f"OAuth {token}",
            "Content-Type": "application/octet-stream",
            "offset": str(offset),
            "file_size": str(file.size),
        },
        content=draft.read(file, offset),
        size=file.size - offset,
    )


def _timed(error: PlatformError, answer: Answer) -> PlatformError:
    if error.code == Code.RATE_LIMITED:
        # A quota that is used up is one of a day; asking for it again soon only annoys.
        error.retry_after = pause(answer) or LEFT_ALONE
    return error


def _listed(answer: Answer, refusals: Sequence[Refusal]) -> str | None:
    """Return the name an answer's error stands under in a list, None if it does not."""
    found = fault(answer)
    known = {refusal.error for refusal in refusals if refusal.status == answer.status}
    return next((name for name in found.names() if name in known), None) if found else None


def _minutes(usage: str) -> int:
    """Return the longest wait in X-Business-Use-Case-Usage: `{"178": [{"estimated_…": 5}]}`."""
    try:
        cases = [case for of_one in json.loads(usage).values() for case in of_one]
        return max((int(case["estimated_time_to_regain_access"]) for case in cases), default=0)
    except (ValueError, AttributeError, TypeError, KeyError):
        return 0

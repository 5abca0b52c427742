"""What TikTok answers: the envelope, what a task has come to, and which refusals are believed.

Every answer says whether it is one in `error.code`; the status of HTTP alone means nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from postcron.errors import Code, OutcomeUnknown, PlatformError
from postcron.platforms.base import fields, judge, refusal_list, trouble
from postcron.web import Answer

_INIT: Final = "https://developers.tiktok.com/doc/content-posting-api-reference-direct-post"
_CREATOR: Final = (
    "https://developers.tiktok.com/doc/content-posting-api-reference-query-creator-info"
)
_PHOTO: Final = "https://developers.tiktok.com/doc/content-posting-api-reference-photo-post"
_STATUS: Final = "https://developers.tiktok.com/doc/content-posting-api-reference-get-video-status"
_UPLOAD: Final = "https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide"
_OAUTH: Final = "https://developers.tiktok.com/doc/oauth-user-access-token-management"
_LIVE_SPELLING: Final = "DayMoonDevelopment/post-for-me#327"
_SEEN: Final = "2026-11-20"

REFUSALS: Final = refusal_list(
    (200, "spam_risk_too_many_posts", Code.RATE_LIMITED, _CREATOR),
    (200, "spam_risk_user_banned_from_posting", Code.ACCOUNT_UNUSABLE, _CREATOR),
    (200, "reached_active_user_cap", Code.RATE_LIMITED, _CREATOR),
    (400, "invalid_param", Code.CONTENT_REFUSED, _INIT),
    (400, "invalid_params", Code.CONTENT_REFUSED, _LIVE_SPELLING),
    (400, "scope_permission_missed", Code.TOKEN_REFUSED, _INIT),
    (400, "app_version_check_failed", Code.ACCOUNT_UNUSABLE, _PHOTO),
    (401, "access_token_invalid", Code.TOKEN_EXPIRED, _INIT),
    (401, "scope_not_authorized", Code.TOKEN_REFUSED, _INIT),
    (403, "spam_risk_too_many_posts", Code.RATE_LIMITED, _INIT),
    (403, "spam_risk_user_banned_from_posting", Code.ACCOUNT_UNUSABLE, _INIT),
    (403, "reached_active_user_cap", Code.RATE_LIMITED, _INIT),
    (403, "unaudited_client_can_only_post_to_private_accounts", Code.ACCOUNT_UNUSABLE, _INIT),
    (403, "url_ownership_unverified", Code.MEDIA_REFUSED, _PHOTO),
    (403, "privacy_level_option_mismatch", Code.CONTENT_REFUSED, _INIT),
    (429, "rate_limit_exceeded", Code.RATE_LIMITED, _INIT),
    seen=_SEEN,
)
#: an upload that is not complete has posted nothing
CHUNK_REFUSALS: Final = (
    *REFUSALS,
    *refusal_list(
        (400, None, Code.MEDIA_REFUSED, _UPLOAD),
        (416, None, Code.NOT_READY, _UPLOAD),
        seen=_SEEN,
    ),
)
LOGIN_REFUSALS: Final = refusal_list(
    *(
        (status, error, Code.TOKEN_REFUSED, _OAUTH)
        for status in (200, 400, 401)
        for error in ("invalid_client", "invalid_grant", "invalid_request", "invalid_scope")
    ),
    *((status, "server_error", Code.SERVER_TROUBLE, _OAUTH) for status in (200, 400)),
    *((status, "temporarily_unavailable", Code.SERVER_TROUBLE, _OAUTH) for status in (200, 400)),
    seen=_SEEN,
)
#: how long is to be waited where TikTok writes it down and does not answer it
_WAITS: Final = {
    "spam_risk_too_many_posts": timedelta(days=1),
    "reached_active_user_cap": timedelta(days=1),
}


def code_of(answer: Answer) -> str | None:
    """Return what TikTok calls the answer; None for words that are not TikTok's."""
    error = fields(answer).get("error")
    if isinstance(error, str):
        return error  # the token endpoint has no envelope
    return str(error["code"]) if isinstance(error, dict) and error.get("code") else None


def fetched(answer: Answer, *names: str) -> Mapping[str, Any]:
    """Return the data of a good answer, which has at least these."""
    data = given(answer, *names)
    if data is None:
        raise _lasting(answer, trouble(answer, REFUSALS, code_of(answer)))
    return data


def given(answer: Answer, *names: str) -> Mapping[str, Any] | None:
    """Return the data of a good answer, None if it is not one."""
    data = fields(answer).get("data")
    good = answer.status == 200 and code_of(answer) == "ok"
    return data if good and isinstance(data, dict) and data.keys() >= set(names) else None


def refused(answer: Answer) -> PlatformError:
    """Return the verdict on an answer to a photo's call that gave no task."""
    return _lasting(answer, judge(answer, REFUSALS, code_of(answer)))


def unclear(answer: Answer) -> PlatformError:
    """Return the verdict on an answer to the last part of a video: the task itself has to tell."""
    # Nothing of its body: a page may repeat the address, which is a secret.
    return OutcomeUnknown(
        f"TikTok answered {answer.status} to the last part.", code=Code.UNEXPECTED_ANSWER
    )


def kept_from(answer: Answer) -> PlatformError:
    """Return the error for a part of a video, not the last, that was not taken."""
    error = code_of(answer)
    told = answer if error else Answer(answer.status, answer.headers, b"")
    return _lasting(answer, trouble(told, CHUNK_REFUSALS, error))


def _lasting(answer: Answer, error: PlatformError) -> PlatformError:
    if error.code == Code.RATE_LIMITED and error.retry_after is None:
        error.retry_after = _WAITS.get(code_of(answer) or "", timedelta(minutes=1))
    return error


@dataclass(frozen=True)
class Task:
    """What TikTok says of one post that it was given."""

    status: str
    uploaded: int | None
    failure: str
    #: the ids the public can see it under: none until it is approved, or for ever
    posts: Sequence[str]
    #: when it said so
    at: datetime | None

    @property
    def failed(self) -> bool:
        return self.status == "FAILED"

    def lacks(self, size: int) -> bool:
        """Say whether it is certain that not all of the file is there."""
        waits = self.status == "PROCESSING_UPLOAD"
        return waits and self.uploaded is not None and self.uploaded < size


def task_of(answer: Answer) -> Task:
    """Return what a task has come to."""
    data = fetched(answer, "status")
    uploaded = data.get("uploaded_bytes")
    # The name is misspelt over there; the ids are too long for a float.
    posts = data.get("publicaly_available_post_id") or ()
    return Task(
        str(data["status"]),
        uploaded if isinstance(uploaded, int) else None,
        str(data.get("fail_reason") or "no reason given"),
        [str(post) for post in posts],
        answer.made_at(),
    )

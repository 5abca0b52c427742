"""What OnlySocial and Mixpost answer: what is taken from it, and which refusals are believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from postcron.errors import Code, Permanent, PlatformError
from postcron.model import Receipt, Sight, Sighting
from postcron.platforms.base import Refusal, trouble
from postcron.web import Answer

_CREATE: Final = "https://docs.mixpost.app/api/posts/create"
_SCHEDULE: Final = (
    "https://github.com/inovector/mixpost/blob/main/src/Http/Requests/SchedulePost.php"
)
_UPLOAD: Final = (
    "https://github.com/inovector/mixpost/blob/main/src/Http/Requests/MediaUploadFile.php"
)
_MISSING: Final = (
    "https://github.com/inovector/mixpost/blob/main/src/Exceptions/MixpostExceptionHandler.php"
)

NO_POST: Final = "Post not found."


#: what a status means after the publish call; one that is not here is still on its way
SIGHTS: Final[Mapping[str, Sighting]] = {
    "draft": Sighting(
        Sight.ABSENT, "It is still a draft: the call never arrived.", safe_to_repeat=True
    ),
    "needs_approval": Sighting(
        Sight.UNCLEAR, "It waits there for somebody's approval: approve or delete it there."
    ),
}
REMOVED: Final = Sighting(
    Sight.GONE, "Somebody removed it there; it is not made anew without your word."
)
UNPROVEN: Final = "Published, unproven: the platform says so, but not where. Have a look yourself."


def _refusals(*rows: tuple[int, str | None, Code, str]) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(status, error, permanent=True, code=code, source=source, seen="2026-11-20")
        for status, error, code, source in rows
    )


#: 422 publishing and in_history are not here: they say that an earlier call was accepted.
#: 429 is not here: nothing documents when it is answered.
REFUSALS: Final = _refusals(
    (401, "Unauthenticated.", Code.TOKEN_REFUSED, _CREATE),
    (403, "Access forbidden.", Code.TOKEN_REFUSED, _CREATE),
    (404, "Workspace not found.", Code.ACCOUNT_UNUSABLE, _CREATE),
)
#: read in Mixpost's open code; that OnlySocial, which is closed, means the same is not known
MIXPOST_REFUSALS: Final = (
    *REFUSALS,
    *_refusals(
        (404, NO_POST, Code.HANDLE_GONE, _MISSING),
        (422, "cannot_scheduled", Code.CONTENT_REFUSED, _SCHEDULE),
    ),
)
DRAFT_REFUSALS: Final = (*REFUSALS, *_refusals((422, None, Code.CONTENT_REFUSED, _CREATE)))
UPLOAD_REFUSALS: Final = (
    *REFUSALS,
    *_refusals((422, None, Code.MEDIA_REFUSED, _UPLOAD), (413, None, Code.MEDIA_REFUSED, _UPLOAD)),
)


def status_of(post: Mapping[str, Any]) -> str:
    return str(post["status"]).lower()


def media_of(post: Mapping[str, Any]) -> list[int] | None:
    """Return the ids of a post's media, which come as numbers, as text or as whole objects.

    None if the answer does not tell.
    """
    try:
        media = post["versions"][0]["content"][0].get("media") or []
        return [int(each["id"] if isinstance(each, dict) else each) for each in media]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None


def part_of(post: Mapping[str, Any], account_id: str) -> Mapping[str, Any]:
    """Return what a post says of one account; accounts may be bare numbers."""
    for account in post.get("accounts") or ():
        part = account if isinstance(account, dict) else {"id": account}
        if str(part.get("id")) == account_id:
            return part
    return {}


def sighting(post: Mapping[str, Any] | None, account_id: str) -> Sighting:
    """Return what a post read after the publish call shows; None was not found."""
    if post is None:
        return REMOVED
    status, part = status_of(post), part_of(post, account_id)
    if status == "published":
        url = part.get("external_url")
        why = "The platform shows where it is." if url else UNPROVEN
        return Sighting(Sight.LIVE, why, Receipt(str(post["uuid"]), url or None))
    if status == "failed":
        errors = str(part.get("errors") or "no reason given")[:200]
        return Sighting(Sight.GONE, f"The network refused it, says the platform: {errors}")
    if post.get("trashed"):
        return REMOVED
    return SIGHTS.get(status, Sighting(Sight.WORKING, f"The platform says it is {status[:40]}."))


def fields(
    answer: Answer, *names: str, refusals: Sequence[Refusal] = REFUSALS
) -> Mapping[str, Any]:
    """Return the object in an answer, wrapped in `data` or not; raises if a field is missing."""
    body = answer.json() if answer.status in {200, 201} else None
    inner = body.get("data", body) if isinstance(body, dict) else None
    if isinstance(inner, dict) and all(name in inner for name in names):
        return inner
    raise refused(answer, refusals)


def listed(answer: Answer) -> list[Mapping[str, Any]]:
    """Return the objects of a listing; raises if the answer is none."""
    body = answer.json() if answer.status == 200 else None
    data = body.get("data") if isinstance(body, dict) else None
    if isinstance(data, list) and all(isinstance(each, dict) for each in data):
        return data
    raise refused(answer, REFUSALS)


def refused(answer: Answer, refusals: Sequence[Refusal]) -> PlatformError:
    """Return the error for a repeatable call whose answer was not what it should be."""
    if answer.status // 100 == 3:
        return Permanent(
            f"The platform redirects ({answer.status}): api_url or core_path is not quite right.",
        )
    return trouble(answer, refusals, known(answer, refusals))


def accepts(answer: Answer) -> bool:
    """Say whether the publish call was taken: Mixpost says so in a sentence, others in an object."""
    return answer.status // 100 == 2 and answer.json() is not None


def known(answer: Answer, refusals: Sequence[Refusal]) -> str | None:
    """Return the reason a call was refused if it stands on a list; other words are not ours."""
    why = reason(answer)
    return why if any(refusal.error == why for refusal in refusals) else None


def reason(answer: Answer) -> str | None:
    """Return why a call was refused: a 422 names one field, everything else has a message."""
    body = answer.json()
    if not isinstance(body, dict):
        return None
    errors = body.get("errors")
    if isinstance(errors, dict) and errors:
        # Two reasons at once are none: one of them may say that an earlier call did it.
        return str(next(iter(errors))) if len(errors) == 1 else None
    message = body.get("message")
    return message if isinstance(message, str) else None

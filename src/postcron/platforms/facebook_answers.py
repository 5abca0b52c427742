"""What Facebook's errors mean: the refusal lists, with their sources."""

from __future__ import annotations

from typing import Final

from postcron.errors import Code, PlatformError, Temporary
from postcron.platforms.base import refusal_list
from postcron.platforms.graph import LOGIN_REFUSALS, fault, trouble
from postcron.web import Answer

_FEED: Final = "https://developers.facebook.com/docs/graph-api/reference/page/feed"
_PHOTOS: Final = "https://developers.facebook.com/docs/graph-api/reference/page/photos"
_TOO_FAST: Final = "gitroomhq/postiz-app#2068"
_SEEN: Final = "2026-11-20"

#: the photos of a post belong to another one already
USED: Final = 1_366_051
#: the way to say that a chunk was expected to begin elsewhere
ELSEWHERE: Final = 1_363_037

#: 1 and 2 are not here: a post was live after them, once for each try (arsduo/koala#699).
#: 506 and the other 368 are not here: they may say that an earlier call did it (arsduo/koala#422).
#: 4, 17, 32 and their kin are not here: nobody says when they are counted.
REFUSALS: Final = (
    *LOGIN_REFUSALS,
    *refusal_list((400, "368/1390008", Code.RATE_LIMITED, _TOO_FAST), seen=_SEEN),
)
#: nobody sees what is made before, so making it may be refused and tried again
MAKE_REFUSALS: Final = (
    *REFUSALS,
    *refusal_list(
        (400, "194", Code.CONTENT_REFUSED, _FEED),
        (400, "197", Code.CONTENT_REFUSED, _FEED),
        (400, "506", Code.CONTENT_REFUSED, _FEED),
        (400, "1500", Code.CONTENT_REFUSED, _FEED),
        # the page behind a link could not be read this time
        (400, "1609005", Code.NOT_READY, _FEED),
        (400, "100/1609005", Code.NOT_READY, _FEED),
        (400, "100/1366046", Code.MEDIA_REFUSED, _PHOTOS),
        (400, "324", Code.MEDIA_REFUSED, _PHOTOS),
        (400, "368/4854002", Code.ACCOUNT_UNUSABLE, _FEED),
        (400, "368", Code.RATE_LIMITED, _FEED),
        seen=_SEEN,
    ),
)


def making_failed(answer: Answer) -> PlatformError:
    """Return the error for something unseen that could not be made."""
    found = fault(answer)
    if found is not None and found.subcode == USED:
        # Of an answer that was lost: the post it was about has the photos, and nobody sees it.
        message = "The photos belong to a post nobody sees; they are sent once more."
        return Temporary(message, code=Code.HANDLE_GONE)
    return trouble(answer, MAKE_REFUSALS)

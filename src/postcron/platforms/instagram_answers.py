"""What Instagram's errors mean: the refusal lists, with their sources."""

from __future__ import annotations

import re
from typing import Final

from postcron.errors import Code
from postcron.platforms.base import refusal_list
from postcron.platforms.graph import LOGIN_REFUSALS

_CODES: Final = "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/error-codes"
_POSTIZ: Final = "gitroomhq/postiz-app, instagram.provider.ts"
_SEEN: Final = "2026-11-20"

#: 4/2207051 is not here: a live post was answered with it (gitroomhq/postiz-app#1681).
#: -1/2207001 and 24/2207006 are not here: what is said to have failed may have been done.
#: 4, 17, 32 and their kin are not here: nobody says when they are counted.
REFUSALS: Final = (
    *LOGIN_REFUSALS,
    *refusal_list(
        (400, "9007/2207027", Code.NOT_READY, _CODES),
        (400, "9/2207042", Code.RATE_LIMITED, _CODES),
        (400, "25/2207050", Code.ACCOUNT_UNUSABLE, _CODES),
        (400, "24/2207008", Code.HANDLE_GONE, _CODES),
        (400, "-2/2207020", Code.HANDLE_GONE, _CODES),
        seen=_SEEN,
    ),
)
#: nobody sees a container, so making one may be refused and tried again
MAKE_REFUSALS: Final = (
    *LOGIN_REFUSALS,
    *refusal_list(
        (400, "1/2207057", Code.CONTENT_REFUSED, _CODES),
        (400, "4/2207051", Code.RATE_LIMITED, _CODES),
        (400, "9/2207042", Code.RATE_LIMITED, _CODES),
        (400, "25/2207050", Code.ACCOUNT_UNUSABLE, _CODES),
        (400, "100/2207023", Code.CONTENT_REFUSED, _CODES),
        (400, "100/2207028", Code.CONTENT_REFUSED, _CODES),
        (400, "100/2207040", Code.CONTENT_REFUSED, _CODES),
        (400, "352/2207026", Code.MEDIA_REFUSED, _CODES),
        (400, "36000/2207004", Code.MEDIA_REFUSED, _CODES),
        (400, "36001/2207005", Code.MEDIA_REFUSED, _CODES),
        (400, "36003/2207009", Code.MEDIA_REFUSED, _CODES),
        (400, "36004/2207010", Code.CONTENT_REFUSED, _CODES),
        # an account that has no trial reels
        (400, "*/2207081", Code.CONTENT_REFUSED, _POSTIZ),
        (400, "*/2207077", Code.MEDIA_REFUSED, _POSTIZ),
        # the file was not to be had at its address this time
        (400, "-2/2207003", Code.NOT_READY, _CODES),
        (400, "9004/2207052", Code.NOT_READY, _CODES),
        (400, "-1/2207001", Code.SERVER_TROUBLE, _CODES),
        (400, "-1/2207032", Code.SERVER_TROUBLE, _CODES),
        (400, "-1/2207053", Code.SERVER_TROUBLE, _CODES),
        # a part of a carousel has died
        (400, "24/2207006", Code.HANDLE_GONE, _CODES),
        (400, "24/2207008", Code.HANDLE_GONE, _CODES),
        (400, "-2/2207020", Code.HANDLE_GONE, _CODES),
        seen=_SEEN,
    ),
)
#: what the status of a container says of a file or a text that would fail again
HOPELESS: Final = re.compile(r"22070(?:04|05|09|10|23|26|28|40|57|77)")

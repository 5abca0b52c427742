"""Small closed sets and shapes that everything else is made of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]


class PostType(StrEnum):
    """The shape a platform shows a post in."""

    #: an ordinary entry in the feed
    POST = "post"
    #: a short upright video
    REEL = "reel"
    #: gone after a day
    STORY = "story"


class Kind(StrEnum):
    """What a media file is, by its content."""

    IMAGE = "image"
    #: an animated image
    GIF = "gif"
    VIDEO = "video"
    AUDIO = "audio"
    #: pages to leaf through: PDF and office files
    DOCUMENT = "document"


class Act(StrEnum):
    """How often a platform's publish call may be made, which decides what recovery may do."""

    #: repeating with the same key or id cannot make a second post
    REPEATABLE = "repeatable"
    #: the same handle once more is safe, a new one never is
    HANDLE = "handle"
    #: only a list of our own posts tells
    READBACK = "readback"
    #: nothing can be read: only a person knows
    BLIND = "blind"


class Phase(StrEnum):
    """The commands that cron runs."""

    PRE_UPLOAD = "pre-upload"
    TICK = "tick"
    PUBLISH = "publish"
    RETRY = "retry"
    RUN = "run"

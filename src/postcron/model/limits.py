"""What fits on a platform, as dated data, and what is said when something does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from postcron.model.media import Attachment
from postcron.model.values import Kind, PostType


@dataclass(frozen=True)
class Problem:
    """One reason why a draft does not fit: what, where, what to do."""

    where: str
    what: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" {self.do}" if self.do else "")


@dataclass(frozen=True)
class MediaRule:
    """What a platform accepts of one kind of file. Sizes in bytes."""

    mimes: frozenset[str]
    max_bytes: int
    max_count: int = 1
    min_duration: timedelta | None = None
    max_duration: timedelta | None = None
    max_pixels: int | None = None
    codecs: frozenset[str] | None = None
    min_bytes: int = 1
    #: width divided by height
    min_ratio: float | None = None
    max_ratio: float | None = None
    #: pixels of the shorter and of the longer side
    min_side: int | None = None
    max_side: int | None = None
    #: frames of a video per second
    min_fps: int | None = None
    max_fps: int | None = None
    #: pictures of a GIF, and pixels of all of them
    max_frames: int | None = None
    max_frame_pixels: int | None = None
    #: of a document
    max_pages: int | None = None


@dataclass(frozen=True)
class Counted:
    """Which of an account's posts a limit counts: not said, all of them."""

    #: only posts of these types
    types: frozenset[PostType] | None = None
    #: only parts of a thread that answer the one before (True), or only what answers none (False)
    answers: bool | None = None

    def includes(self, type: PostType, *, answers: bool) -> bool:
        of_type = self.types is None or type in self.types
        return of_type and self.answers in (None, answers)

    def __str__(self) -> str:
        """Name them: `reels`, `answers`, `posts (answers apart)`."""
        if self.types is None:
            return {None: "posts", True: "answers", False: "posts (answers apart)"}[self.answers]
        shapes = " and ".join(sorted(_PLURALS[type] for type in self.types))
        return (
            shapes + {None: "", True: " that are answers", False: " (answers apart)"}[self.answers]
        )


EVERY_POST: Final = Counted()
_PLURALS: Final = {
    PostType.POST: "ordinary posts",
    PostType.REEL: "reels",
    PostType.STORY: "stories",
}


@dataclass(frozen=True)
class Cap:
    """How many posts an account may publish in a sliding span of time, where that is documented."""

    posts: int
    per: timedelta
    source: str
    counted: Counted = EVERY_POST


@dataclass(frozen=True)
class Proposal:
    """A post as one account would publish it, before anything is saved."""

    text: str
    type: PostType
    attachments: tuple[Attachment, ...]
    options: Mapping[str, str]
    #: the account's plain keys
    settings: Mapping[str, str]


@dataclass(frozen=True)
class Limits:
    """What fits on a platform: dated data with its source."""

    source: str
    as_of: str
    text_max: int
    #: counts text as the platform does
    count: Callable[[str], int] = len
    #: the word for what `count` counts
    unit: str = "characters"
    text_max_bytes: int | None = None
    types: frozenset[PostType] = frozenset({PostType.POST})
    media: Mapping[Kind, MediaRule] = field(default_factory=dict)
    max_attachments: int = 0
    #: may files of different kinds stand in one post?
    mixed: bool = False
    alt_max: int | None = None
    #: types that are nothing without media
    needs_media: frozenset[PostType] = frozenset()
    #: kinds the platform fetches by itself: the library must have an address for them
    fetched: frozenset[Kind] = frozenset()
    caps: tuple[Cap, ...] = ()
    #: posts that may answer each other in a row, as a thread; 1: there are no threads
    max_parts: int = 1
    #: types with limits of their own: these replace all of the above, `types` and `caps` excepted
    special: Mapping[PostType, Limits] = field(default_factory=dict)

    def of(self, type: PostType) -> Limits:
        """Return what fits for posts of one type."""
        return self.special.get(type, self)

"""What fits on Instagram: dated data, and the rules that data cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from postcron.model import Attachment, Kind, Limits, MediaRule, PostType, Proposal
from postcron.rules.limits import utf16

LIMITS_PAGE: Final = "https://developers.facebook.com/docs/instagram-platform/instagram-graph-api/reference/ig-user/media"
HASHTAGS: Final = 30
MENTIONS: Final = 20
COLLABORATORS: Final = 3
#: pixels from left to right
WIDEST: Final = 1920
#: what only a video that is a reel can have
OF_REELS: Final = ("share_to_feed", "thumb_offset", "audio_name", "trial")

_VIDEOS: Final = frozenset({"video/mp4", "video/quicktime"})
_CODECS: Final = frozenset({"h264", "hevc"})

_PHOTO: Final = MediaRule(
    frozenset({"image/jpeg"}), 8_000_000, max_count=10, min_ratio=0.8, max_ratio=1.91
)
_REEL: Final = MediaRule(
    _VIDEOS,
    300_000_000,
    max_count=10,
    min_duration=timedelta(seconds=3),
    max_duration=timedelta(minutes=15),
    codecs=_CODECS,
    min_ratio=0.01,
    max_ratio=10,
    min_fps=23,
    max_fps=60,
)
_STORY: Final = replace(
    _REEL, max_bytes=100_000_000, max_duration=timedelta(seconds=60), min_ratio=0.1
)


def limits(*, sends_videos: bool) -> Limits:
    """Return what fits; a login that cannot send videos needs an address for them, too."""
    post = Limits(
        source=LIMITS_PAGE,
        as_of="2026-11-20",
        text_max=2200,
        # How emoji count is written nowhere: this is the most they can.
        count=utf16,
        unit="UTF-16 units",
        types=frozenset(PostType),
        media={Kind.IMAGE: _PHOTO, Kind.VIDEO: _REEL},
        max_attachments=10,
        mixed=True,
        alt_max=1000,
        needs_media=frozenset(PostType),
        fetched=frozenset({Kind.IMAGE} if sends_videos else {Kind.IMAGE, Kind.VIDEO}),
    )
    photo = MediaRule(_PHOTO.mimes, _PHOTO.max_bytes)
    reel = replace(post, media={Kind.VIDEO: replace(_REEL, max_count=1)}, max_attachments=1)
    story = {Kind.IMAGE: photo, Kind.VIDEO: replace(_STORY, max_count=1)}
    special = {
        PostType.REEL: reel,
        PostType.STORY: replace(post, text_max=0, media=story, max_attachments=1),
    }
    return replace(post, special=special)


def objections(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Yield what does not fit, and what to do about it."""
    options, story = proposal.options, proposal.type is PostType.STORY
    yield from too_many_tags(proposal.text)
    with_us = people(options)
    if len(with_us) > COLLABORATORS:
        what = f"there are {len(with_us)} collaborators, and {COLLABORATORS} fit."
        yield what, "Leave some out."
    for name in OF_REELS:
        if name in options and not _is_reel(proposal.type, proposal.attachments):
            yield f"{name} is for a reel.", "Leave it out, or post one video."
    for name in ("collaborators", "location_id") if story else ():
        if name in options:
            yield f"a story has no {name}.", "Leave it out."
    yield from _wrong_cover(proposal)
    for one in proposal.attachments:
        if one.file.kind is Kind.VIDEO and (one.file.width or 0) > WIDEST:
            yield f"{one.name} is {one.file.width} pixels wide, and {WIDEST} fit.", "Scale it."


def too_many_tags(text: str) -> Iterator[tuple[str, str]]:
    """Yield what of a caption is too much; behind a scheduler, too."""
    for sign, most in ("#", HASHTAGS), ("@", MENTIONS):
        if (count := text.count(sign)) > most:
            yield f"there are {count} {sign} in the text, and {most} fit.", "Leave some out."


def people(options: Mapping[str, str]) -> list[str]:
    """Return the user names of the collaborators."""
    names = (name.strip().removeprefix("@") for name in options.get("collaborators", "").split(","))
    return [name for name in names if name]


def _is_reel(type: PostType, attachments: Sequence[Attachment]) -> bool:
    kinds = [one.file.kind for one in attachments]
    return type is not PostType.STORY and kinds == [Kind.VIDEO]


def _wrong_cover(proposal: Proposal) -> Iterator[tuple[str, str]]:
    at = proposal.options.get("thumb_offset")
    if at is None:
        return
    if not at.isdecimal():
        yield f"thumb_offset is {at!r}.", "Write milliseconds, like 1500."
        return
    lasts = [one.file.duration for one in proposal.attachments if one.file.duration]
    if lasts and timedelta(milliseconds=int(at)) >= lasts[0]:
        yield f"thumb_offset is {at}, and the video ends before.", "Choose an earlier moment."

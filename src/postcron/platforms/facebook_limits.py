"""What fits on a Facebook Page: dated data, and the rules that data cannot say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from postcron.model import Cap, Counted, Kind, Limits, MediaRule, PostType, Proposal
from postcron.rules.limits import utf16

PAGE: Final = "https://developers.facebook.com/docs/graph-api/reference/page/photos"
_CODECS: Final = frozenset({"h264", "hevc", "vp9", "av1"})
_VIDEOS: Final = frozenset({"video/mp4", "video/quicktime"})

_PHOTO: Final = MediaRule(frozenset({"image/jpeg", "image/png"}), 4_000_000, max_count=10)
#: how large a video may be is written nowhere we know: this much has always been taken
_VIDEO: Final = MediaRule(_VIDEOS, 1_000_000_000, max_duration=timedelta(minutes=20))
#: 9:16, as near as encoders come to it
_REEL: Final = replace(
    _VIDEO,
    min_duration=timedelta(seconds=3),
    max_duration=timedelta(seconds=90),
    codecs=_CODECS,
    min_side=540,
    min_ratio=0.55,
    max_ratio=0.575,
    min_fps=24,
    max_fps=60,
)
# Of what is published by the API; of posts and stories no number is written.
_REELS: Final = Cap(
    30,
    timedelta(days=1),
    "https://developers.facebook.com/documentation/video-api/guides/reels-publishing",
    Counted(types=frozenset({PostType.REEL})),
)


def limits(settings: Mapping[str, str]) -> Limits:
    """Return what fits on a Page."""
    post = Limits(
        source=PAGE,
        as_of="2026-11-20",
        # Told by tools, not by a page of Facebook's.
        text_max=63_206,
        count=utf16,
        types=frozenset(PostType),
        media={Kind.IMAGE: _PHOTO, Kind.VIDEO: _VIDEO},
        max_attachments=10,
        needs_media=frozenset({PostType.REEL, PostType.STORY}),
        caps=(_REELS,),
    )
    alone = {Kind.IMAGE: replace(_PHOTO, max_count=1)}
    short = {Kind.VIDEO: replace(_VIDEO, max_duration=timedelta(seconds=60))}
    special = {
        PostType.REEL: replace(post, media={Kind.VIDEO: _REEL}, max_attachments=1),
        PostType.STORY: replace(post, text_max=0, media=alone | short, max_attachments=1),
    }
    return replace(post, special=special)


def objections(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Yield what does not fit, and what to do about it."""
    link, films = proposal.options.get("link"), False
    for one in proposal.attachments:
        file = one.file
        films = films or file.kind is Kind.VIDEO
        upright = file.kind is Kind.VIDEO and (file.height or 0) > (file.width or 0)
        if upright and proposal.type is PostType.POST:
            what = f"{one.name} is taller than wide, and becomes a reel that is never published."
            yield what, "Use --type reel."
    if link is not None and proposal.attachments:
        yield "a link cannot stand beside media.", "Leave one of them out, or write it in the text."
    if link is not None and not link.startswith(("https://", "http://")):
        yield f"link is {link!r}.", "Write it like https://example.org/page."
    if "title" in proposal.options and (not films or proposal.type is PostType.STORY):
        yield "only a video or a reel has a title.", "Leave it out."

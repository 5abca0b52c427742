"""A post as TikTok takes it: a video or photos, who may see it, and how a video is cut into parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from postcron.errors import Code, Permanent
from postcron.model import Draft, Kind, Limits, MediaRule, PostType, Proposal
from postcron.platforms.base import Option
from postcron.rules.limits import utf16

#: UTF-16 units of a video's caption and of a photo post's title
CAPTION: Final = 2200
TITLE: Final = 90
YES_OR_NO: Final = frozenset({"true", "false"})
#: whether megabytes are decimal or binary differs by source: these fit both
SMALLEST_PART: Final = 5_242_880

PRIVACY: Final = {
    "public": "PUBLIC_TO_EVERYONE",
    "followers": "FOLLOWER_OF_CREATOR",
    "friends": "MUTUAL_FOLLOW_FRIENDS",
    "private": "SELF_ONLY",
}
OPTIONS: Final = (
    Option("privacy", frozenset(PRIVACY), help="TikTok wants a person to choose it: no default"),
    Option("title", help="of photos, at most 90 characters"),
    Option("comments", YES_OR_NO, default="true"),
    Option("duet", YES_OR_NO, default="true", help="of a video"),
    Option("stitch", YES_OR_NO, default="true", help="of a video"),
    Option("cover_ms", help="the moment of a video that is its cover, in milliseconds"),
    Option("music", YES_OR_NO, help="let TikTok add music to photos"),
    Option("paid_partnership", YES_OR_NO, default="false", help="for somebody else's brand"),
    Option("own_brand", YES_OR_NO, default="false"),
    Option("ai", YES_OR_NO, help="made by AI; of a video"),
)

_VIDEO: Final = MediaRule(
    frozenset({"video/mp4", "video/quicktime", "video/webm"}),
    max_bytes=4_000_000_000,
    max_duration=timedelta(minutes=10),
    codecs=frozenset({"h264", "hevc", "vp8", "vp9"}),
    min_side=360,
    max_side=4096,
    min_fps=23,
    max_fps=60,
)
_PHOTO: Final = MediaRule(
    frozenset({"image/jpeg", "image/webp"}),
    max_bytes=20_000_000,
    max_count=35,
    max_side=1920,
    max_pixels=1920 * 1080,
)
_POST: Final = Limits(
    source="https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide",
    as_of="2026-11-20",
    text_max=4000,
    count=utf16,
    unit="UTF-16 units",
    types=frozenset({PostType.POST, PostType.REEL}),
    needs_media=frozenset({PostType.POST, PostType.REEL}),
    media={Kind.VIDEO: _VIDEO, Kind.IMAGE: _PHOTO},
    max_attachments=35,
    fetched=frozenset({Kind.IMAGE}),
)
_REEL: Final = replace(_POST, media={Kind.VIDEO: _VIDEO}, max_attachments=1, text_max=CAPTION)
LIMITS: Final = replace(_POST, special={PostType.REEL: _REEL})


def objections(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Yield what limits cannot say; see `Checks`."""
    options = proposal.options
    if "privacy" not in options:
        yield "TikTok wants you to say who may see it.", f"Set privacy: {', '.join(PRIVACY)}."
    if any(one.file.kind is Kind.VIDEO for one in proposal.attachments):
        if (length := utf16(proposal.text)) > CAPTION:
            what = f"the text has {length} UTF-16 units, and {CAPTION} fit below a video."
            yield what, f"Shorten it by {length - CAPTION}."
        if "title" in options:
            yield "a video has no title on TikTok.", "Leave it out; the text is its caption."
    if (length := utf16(options.get("title", ""))) > TITLE:
        yield f"the title has {length} UTF-16 units, and {TITLE} fit.", "Shorten it."
    if not options.get("cover_ms", "0").isdecimal():
        yield "cover_ms is no number of milliseconds.", "Write it like 1500."


def shows_photos(draft: Draft) -> bool:
    return draft.attachments[0].file.kind is Kind.IMAGE


def about(draft: Draft, creator: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a post says of itself, as far as this creator may; raises `Permanent`."""
    options = draft.options
    privacy = PRIVACY.get(options.get("privacy", ""), "")
    allowed = creator["privacy_level_options"]
    if privacy not in allowed:
        known = ", ".join(name for name, level in PRIVACY.items() if level in allowed)
        why = f"Who may see it cannot be {options.get('privacy', 'left open')}: choose of {known}."
        raise Permanent(why, code=Code.CONTENT_REFUSED)
    chosen: dict[str, Any] = {
        "privacy_level": privacy,
        "disable_comment": _off(options, "comments") or bool(creator.get("comment_disabled")),
        "brand_content_toggle": options.get("paid_partnership") == "true",
        "brand_organic_toggle": options.get("own_brand") == "true",
    }
    more = _about_photos(draft) if shows_photos(draft) else _about_video(draft, creator)
    return chosen | more


def _about_photos(draft: Draft) -> dict[str, Any]:
    music = draft.options.get("music")
    return {
        "title": draft.options.get("title", ""),
        "description": draft.text,
        **({} if music is None else {"auto_add_music": music == "true"}),
    }


def _about_video(draft: Draft, creator: Mapping[str, Any]) -> dict[str, Any]:
    longest, options = creator.get("max_video_post_duration_sec"), draft.options
    duration = draft.attachments[0].file.duration
    if longest and duration is not None and duration > timedelta(seconds=longest):
        why = (
            f"The video lasts {duration.total_seconds():g} s, and TikTok lets you post {longest} s."
        )
        raise Permanent(why, code=Code.MEDIA_REFUSED)
    return {
        "title": draft.text,
        "disable_duet": _off(options, "duet") or bool(creator.get("duet_disabled")),
        "disable_stitch": _off(options, "stitch") or bool(creator.get("stitch_disabled")),
        **({"video_cover_timestamp_ms": int(options["cover_ms"])} if "cover_ms" in options else {}),
        **({"is_aigc": options["ai"] == "true"} if "ai" in options else {}),
    }


def _off(options: Mapping[str, str], name: str) -> bool:
    return options.get(name) == "false"


def photos(about: Mapping[str, Any], addresses: Sequence[str]) -> dict[str, Any]:
    """Return the call that posts photos, which TikTok fetches by itself."""
    return {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": about,
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": addresses,
            "photo_cover_index": 0,
        },
    }


@dataclass(frozen=True)
class Parts:
    """How a file of `size` bytes is cut: as many parts as may be, so that the last one is short.

    It is the last part that posts the video. What is left over rides on it, less than a byte for
    each part.
    """

    size: int

    @property
    def count(self) -> int:
        return max(self.size // SMALLEST_PART, 1)

    @property
    def length(self) -> int:
        """Return how long each is; a single one is all of the file."""
        return self.size // self.count

    @property
    def last(self) -> int:
        """Return where the last one begins."""
        return (self.count - 1) * self.length

    def plan(self) -> dict[str, Any]:
        """Return how TikTok is told."""
        return {
            "source": "FILE_UPLOAD",
            "video_size": self.size,
            "chunk_size": self.length,
            "total_chunk_count": self.count,
        }

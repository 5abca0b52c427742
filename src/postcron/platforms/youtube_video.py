"""A post as a YouTube video: which file is which, its title, tags and flags, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from postcron.model import Attachment, Cap, Draft, Kind, Limits, MediaRule, PostType, Proposal
from postcron.platforms.base import Option

#: characters of a title, and of all tags together; 500 are allowed there, but how commas and
#: spaces count is not certain
TITLE: Final = 100
TAGS: Final = 480
YES_OR_NO: Final = frozenset({"true", "false"})

OPTIONS: Final = (
    Option("title", help="at most 100 characters; otherwise the text's first line"),
    Option("tags", help="with commas: cats,music"),
    Option("category", default="22", help="its number; 22 is People & Blogs"),
    Option("privacy", frozenset({"public", "unlisted"}), default="public"),
    Option("made_for_kids", YES_OR_NO, help="otherwise the channel's own setting"),
    Option("ai", YES_OR_NO, help="altered or synthetic media"),
    Option("embeddable", YES_OR_NO),
    Option("license", frozenset({"youtube", "creativeCommon"})),
    Option("notify", YES_OR_NO, default="true", help="tell the channel's subscribers"),
)
#: what an option is called in `status`
_FLAGS: Final = {
    "made_for_kids": "selfDeclaredMadeForKids",
    "ai": "containsSyntheticMedia",
    "embeddable": "embeddable",
    "license": "license",
}
#: what an update of `status` resets unless it is sent again
_KEPT: Final = (*_FLAGS.values(), "publicStatsViewable")

_VIDEOS: Final = frozenset({"video/mp4", "video/quicktime", "video/webm", "video/x-msvideo"})
_FILM: Final = MediaRule(_VIDEOS, max_bytes=274_877_906_944)
# https://support.google.com/youtube/answer/15424877: square or upright, up to three minutes
_SHORT: Final = replace(_FILM, max_duration=timedelta(minutes=3), max_ratio=1.0)
_THUMBNAIL: Final = MediaRule(frozenset({"image/jpeg", "image/png"}), max_bytes=52_428_800)
_POST: Final = Limits(
    source="https://developers.google.com/youtube/v3/docs/videos",
    as_of="2026-11-20",
    text_max=5000,
    text_max_bytes=5000,
    types=frozenset({PostType.POST, PostType.REEL}),
    needs_media=frozenset({PostType.POST, PostType.REEL}),
    media={Kind.VIDEO: _FILM, Kind.IMAGE: _THUMBNAIL},
    max_attachments=2,
    mixed=True,
    caps=(
        # Uploads of a whole project in a day, so this is the most for one of its channels.
        Cap(
            100,
            timedelta(days=1),
            "https://developers.google.com/youtube/v3/determine_quota_cost",
        ),
    ),
)
_REEL: Final = replace(_POST, media={Kind.VIDEO: _SHORT, Kind.IMAGE: _THUMBNAIL})
LIMITS: Final = replace(_POST, special={PostType.REEL: _REEL})


def objections(proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Yield what limits cannot say; see `Checks`."""
    if not any(one.file.kind is Kind.VIDEO for one in proposal.attachments):
        yield "a post on YouTube is a video.", "Add one; a picture beside it is its thumbnail."
    title, tags = _title(proposal.text, proposal.options), _tags(proposal.options)
    yield from wrong_title(
        title, "Set the option title, or let the text begin with a shorter line."
    )
    if set("<>") & set("".join((title, proposal.text, *tags))):
        yield "YouTube takes neither < nor > in title, text and tags.", "Write it differently."
    if (length := _length(tags)) > TAGS:
        yield f"the tags have {length} characters, and {TAGS} fit.", "Leave some out."
    if not proposal.options.get("category", "22").isdecimal():
        yield "category is not a number.", "22 is People & Blogs, 10 Music, 27 Education."


def wrong_title(title: str, do: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a title, and what to `do` about it; behind a scheduler, too."""
    if not 0 < len(title) <= TITLE:
        yield f"the title has {len(title)} characters, and 1 to {TITLE} fit.", do


def video_of(draft: Draft) -> Attachment:
    """Return the one file that is the post."""
    return next(one for one in draft.attachments if one.file.kind is Kind.VIDEO)


def thumbnail_of(draft: Draft) -> Attachment | None:
    """Return the picture that stands for it, if there is one."""
    return next((one for one in draft.attachments if one.file.kind is Kind.IMAGE), None)


def snippet(draft: Draft) -> dict[str, Any]:
    """Return what the video says of itself."""
    return {
        "title": _title(draft.text, draft.options),
        "description": draft.text,
        "tags": _tags(draft.options),
        "categoryId": draft.options.get("category", "22"),
    }


def hidden() -> dict[str, str]:
    """Return the status a video is uploaded with. Without one it would be public at once."""
    return {"privacyStatus": "private"}


def shown(draft: Draft, now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the status that publishes it: what it is `now`, what was chosen, and who may see it."""
    kept = {name: now[name] for name in _KEPT if name in now}
    chosen = {
        _FLAGS[name]: value == "true" if value in YES_OR_NO else value
        for name, value in draft.options.items()
        if name in _FLAGS
    }
    return {**kept, **chosen, "privacyStatus": draft.options.get("privacy", "public")}


def _title(text: str, options: Mapping[str, str]) -> str:
    return (options.get("title") or text.strip().partition("\n")[0]).strip()


def _tags(options: Mapping[str, str]) -> list[str]:
    return [tag for one in options.get("tags", "").split(",") if (tag := one.strip())]


def _length(tags: Sequence[str]) -> int:
    # One with a space in it counts as if it stood in quotes.
    return len(",".join(tags)) + sum(2 for tag in tags if " " in tag)

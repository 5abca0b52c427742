"""The networks behind Metricool: what fits on each, and how a post for it is written.

Figures are those of Metricool's own help pages. Byte limits of videos are not among them: these are
at most what the network itself takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from postcron.model import Draft, Kind, Limits, MediaRule, PostType, Proposal
from postcron.platforms import behind
from postcron.platforms.base import Option
from postcron.rules.limits import graphemes, threads_length
from postcron.rules.tweets import weighted_length

MEGABYTE: Final = 1_000_000
_TRUTH: Final = frozenset({"true", "false"})
_POST: Final = frozenset({PostType.POST})
_SHAPES: Final = frozenset(PostType)
_UPRIGHT: Final = 9 / 16

OPTIONS: Final = (
    Option("title", help="youtube, tiktok, pinterest: each needs one"),
    Option("made_for_kids", _TRUTH, help="youtube needs it"),
    Option("privacy", frozenset({"public", "private", "unlisted"}), help="youtube"),
    Option("board", help="pinterest needs it: the id of the board"),
    Option("link", help="pinterest needs it: where the pin leads"),
    Option("first_comment", help="said below the post at once"),
)


@dataclass(frozen=True)
class Network:
    """What one network takes through Metricool. Sizes in megabytes."""

    text_max: int
    pictures: int
    picture_size: int
    video_size: int = 300
    #: the network's own way of counting: what is too long there fails after its moment
    count: Callable[[str], int] = len
    text_max_bytes: int | None = None
    types: frozenset[PostType] = _POST
    needs_media: frozenset[PostType] = frozenset()
    #: pictures and films in one post, as many films as pictures
    mixed: bool = False
    #: width divided by height of a picture
    ratios: tuple[float, float] | None = None
    picture_mimes: frozenset[str] = frozenset({"image/jpeg", "image/png"})
    #: seconds a film may last, by type of post
    lasts: Mapping[PostType, tuple[float, float]] | None = None
    #: the field of its own data and, by option, what each is called there
    data: str | None = None
    named: Mapping[str, str] | None = None
    #: options without which Metricool refuses the post
    needs: tuple[str, ...] = ()


#: by the name the API gives a network
NETWORKS: Final[Mapping[str, Network]] = {
    "bluesky": Network(300, 4, 1, video_size=100, count=graphemes, text_max_bytes=3000),
    "facebook": Network(
        16_192,
        10,
        30,
        types=_SHAPES,
        needs_media=frozenset({PostType.REEL, PostType.STORY}),
        lasts={PostType.REEL: (3, 90), PostType.STORY: (0, 60)},
        data="facebookData",
    ),
    "instagram": Network(
        2200,
        10,
        8,
        types=_SHAPES,
        needs_media=_SHAPES,
        mixed=True,
        ratios=(3 / 4, 1.91),
        lasts={PostType.POST: (0, 60), PostType.REEL: (0, 15 * 60), PostType.STORY: (0, 60)},
        data="instagramData",
    ),
    "linkedin": Network(3000, 20, 5),
    "pinterest": Network(
        500,
        1,
        20,
        needs_media=_POST,
        data="pinterestData",
        named={"board": "boardId", "title": "pinTitle", "link": "pinLink"},
        needs=("board", "title", "link"),
    ),
    "threads": Network(500, 20, 8, count=threads_length, mixed=True),
    "tiktok": Network(
        2000,
        35,
        20,
        needs_media=_POST,
        picture_mimes=frozenset({"image/jpeg", "image/png", "image/webp"}),
        lasts={PostType.POST: (3, 10 * 60)},
        data="tiktokData",
        named={"title": "title"},
        needs=("title",),
    ),
    "twitter": Network(280, 4, 5, count=weighted_length),
    "youtube": Network(
        5000,
        0,
        0,
        needs_media=_POST,
        data="youtubeData",
        named={"title": "title", "made_for_kids": "madeForKids", "privacy": "privacy"},
        needs=("title", "made_for_kids"),
    ),
}


# --- what fits -----------------------------------------------------------------------------------


def limits(network: Network, *, fetched: bool) -> Limits:
    """Return what fits on a network; `fetched` files must have a web address of their own."""
    whole = _limits(network, PostType.POST, fetched=fetched)
    others = network.types - _POST
    return replace(whole, special={t: _limits(network, t, fetched=fetched) for t in others})


def _limits(network: Network, type: PostType, *, fetched: bool) -> Limits:
    usual = type is PostType.POST
    pictures = network.pictures if usual else int(type is PostType.STORY)
    ratios = network.ratios or (None, None)
    if type is PostType.STORY and network.ratios:
        ratios = (_UPRIGHT, _UPRIGHT)
    shortest, longest = (network.lasts or {}).get(type, (None, None))
    picture = MediaRule(
        network.picture_mimes,
        network.picture_size * MEGABYTE,
        pictures,
        min_ratio=ratios[0],
        max_ratio=ratios[1],
    )
    # HEVC and HDR do not get published.
    film = MediaRule(
        frozenset({"video/mp4"}),
        network.video_size * MEGABYTE,
        pictures if network.mixed and usual else 1,
        min_duration=_seconds(shortest),
        max_duration=_seconds(longest),
        codecs=frozenset({"h264"}),
    )
    media = {Kind.IMAGE: picture, Kind.VIDEO: film} if pictures else {Kind.VIDEO: film}
    return Limits(
        source="https://help.metricool.com/scheduling-and-posting-options-by-social-network-cwmb3",
        as_of="2026-11-20",
        # A story that is published by itself has no words.
        text_max=0 if type is PostType.STORY else network.text_max,
        count=network.count,
        text_max_bytes=network.text_max_bytes,
        types=network.types,
        media=media,
        max_attachments=max(pictures, 1),
        mixed=network.mixed and usual,
        needs_media=network.needs_media,
        fetched=frozenset(media) if fetched else frozenset(),
    )


def _seconds(number: float | None) -> timedelta | None:
    return timedelta(seconds=number) if number else None


def objections(name: str, proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Yield the options a network does not have, and those it cannot do without."""
    network = NETWORKS[name]
    known = {"first_comment", *(network.named or {})}
    for option in sorted(proposal.options.keys() - known):
        yield f"{name} has no option {option!r}.", "Leave it out for this account."
    for option in network.needs:
        if not proposal.options.get(option):
            yield f"{name} needs a {option}.", f"Add --option ACCOUNT.{option}=…"
    yield from behind.objections(name, proposal)


# --- how it is written ---------------------------------------------------------------------------


def body(name: str, draft: Draft, media: Sequence[str]) -> dict[str, Any]:
    """Return the post as Metricool wants it, all but its moment."""
    alts = [attachment.alt for attachment in draft.attachments]
    # One post for each network: of several, one could fail and the others be out.
    written = {
        "text": draft.text,
        "providers": [{"network": name}],
        "media": list(media),
        "autoPublish": True,
        "draft": False,
    }
    if any(alts):
        written["mediaAltText"] = alts
    if comment := draft.options.get("first_comment"):
        written["firstCommentText"] = comment
    return written | _data(NETWORKS[name], draft)


def _data(network: Network, draft: Draft) -> dict[str, Any]:
    if network.data is None:
        return {}
    if len(network.types) > 1:
        # Without it Facebook's media is dropped, and Instagram's carousels fail.
        return {network.data: {"type": draft.type.upper()}}
    named = network.named or {}
    given = {named[option]: value for option, value in draft.options.items() if option in named}
    plain = {field: value == "true" if value in _TRUTH else value for field, value in given.items()}
    return {network.data: plain}

"""The networks behind OnlySocial and Mixpost: what fits on each, and what a post may set there.

Sizes and kinds of media are those of Mixpost's open edition; OnlySocial publishes none of its own.
The networks' figures are narrower, and a post that breaks them would fail after its moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from postcron.errors import Code, Permanent
from postcron.model import Kind, Limits, MediaRule, PostType
from postcron.platforms.base import Option
from postcron.rules.limits import graphemes, mastodon_length, threads_length, utf16
from postcron.rules.tweets import weighted_length

_TRUTH: Final = frozenset({"true", "false"})
_SHAPES: Final = frozenset(PostType)
_PHOTO_OR_FILM: Final = frozenset({Kind.IMAGE, Kind.VIDEO})
#: what OnlySocial's body holds, whatever the network
BODY_MAX: Final = 5000
MEGABYTE: Final = 1024 * 1024

OPTIONS: Final = (
    Option("title", help="youtube, pinterest"),
    Option("status", frozenset({"public", "private", "unlisted"}), help="youtube"),
    Option("visibility", frozenset({"PUBLIC", "CONNECTIONS"}), help="linkedin"),
    Option("sensitive", _TRUTH, help="mastodon"),
    Option("link", help="pinterest"),
    Option("boards", help="pinterest: the id of the board"),
    Option(
        "privacy_level",
        frozenset({"PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"}),
        help="tiktok",
    ),
    Option("allow_comments", _TRUTH, help="tiktok"),
)
#: these are said for each account of a post by itself: {"account-7": …}
_PER_ACCOUNT: Final = frozenset({"boards", "privacy_level", "allow_comments"})
_FLAGS: Final = frozenset({"sensitive", "allow_comments"})


@dataclass(frozen=True)
class Network:
    """What one network allows beyond what OnlySocial does."""

    text_max: int = BODY_MAX
    count: Callable[[str], int] = len
    text_max_bytes: int | None = None
    types: frozenset[PostType] = frozenset({PostType.POST})
    needs_media: frozenset[PostType] = frozenset()
    kinds: frozenset[Kind] = frozenset({Kind.IMAGE, Kind.GIF, Kind.VIDEO})
    pictures: int = 10
    #: films and pictures in one post, as many as pictures
    mixed: bool = False
    options: frozenset[str] = frozenset()


_INSTAGRAM: Final = Network(
    2200, types=_SHAPES, needs_media=_SHAPES, kinds=_PHOTO_OR_FILM, mixed=True
)

#: by the name the API gives a network (an account's `provider`)
NETWORKS: Final[Mapping[str, Network]] = {
    "bluesky": Network(300, graphemes, text_max_bytes=3000, pictures=4),
    "facebook_page": Network(types=_SHAPES, needs_media=frozenset({PostType.REEL, PostType.STORY})),
    "instagram": _INSTAGRAM,
    "instagram_direct": _INSTAGRAM,
    "linkedin": Network(3000, pictures=20, options=frozenset({"visibility"})),
    "mastodon": Network(500, mastodon_length, pictures=4, options=frozenset({"sensitive"})),
    "pinterest": Network(options=frozenset({"title", "link", "boards"})),
    "threads": Network(500, threads_length, kinds=_PHOTO_OR_FILM, pictures=20, mixed=True),
    "tiktok": Network(
        2200,
        utf16,
        needs_media=frozenset({PostType.POST}),
        kinds=_PHOTO_OR_FILM,
        pictures=35,
        options=frozenset({"privacy_level", "allow_comments"}),
    ),
    "twitter": Network(280, weighted_length, pictures=4),
    "youtube": Network(
        text_max_bytes=5000,
        needs_media=frozenset({PostType.POST}),
        kinds=frozenset({Kind.VIDEO}),
        pictures=1,
        options=frozenset({"title", "status"}),
    ),
}


def limits(network: Network) -> Limits:
    """Return what fits on a network through OnlySocial."""
    several = network.pictures if network.mixed else 1
    every_kind = {
        Kind.IMAGE: MediaRule(
            frozenset({"image/jpeg", "image/png"}), 5 * MEGABYTE, network.pictures
        ),
        Kind.GIF: MediaRule(frozenset({"image/gif"}), 15 * MEGABYTE),
        Kind.VIDEO: MediaRule(frozenset({"video/mp4"}), 200 * MEGABYTE, several),
    }
    return Limits(
        source="https://github.com/inovector/mixpost/blob/main/config/mixpost.php",
        as_of="2026-11-20",
        text_max=network.text_max,
        count=network.count,
        text_max_bytes=network.text_max_bytes,
        types=network.types,
        media={kind: rule for kind, rule in every_kind.items() if kind in network.kinds},
        max_attachments=network.pictures,
        mixed=network.mixed,
        alt_max=255,
        needs_media=network.needs_media,
    )


def objections(name: str, options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the options a network does not have, and what to do about them."""
    for option in sorted(options.keys() - NETWORKS[name].options):
        yield f"{name} has no option {option!r}.", "Leave it out for this account."


def wire_options(
    name: str, account_id: str, type: PostType, chosen: Mapping[str, str]
) -> dict[str, Any]:
    """Return the `options` of a version; raises `Permanent` for one the network does not have."""
    network = NETWORKS[name]
    # Told when a post is scheduled; the account may have changed its network since then.
    for what, do in objections(name, chosen):
        raise Permanent(f"{what} {do}", code=Code.CONTENT_REFUSED)
    options = {option: _wire(option, value, account_id) for option, value in chosen.items()}
    if len(network.types) > 1:
        options["type"] = str(type)
    return {name: options} if options else {}


def _wire(option: str, value: str, account_id: str) -> Any:
    plain = value == "true" if option in _FLAGS else value
    return {f"account-{account_id}": plain} if option in _PER_ACCOUNT else plain

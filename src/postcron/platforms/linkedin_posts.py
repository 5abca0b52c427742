"""What a post on LinkedIn is made of, and which of those shown is the one that was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from postcron.model import Attachment, Draft, Kind, Receipt, Sight, Sighting
from postcron.platforms.base import counted
from postcron.rules.littletext import escaped, plain
from postcron.rules.resembling import gist, normal

Post = Mapping[str, Any]

COUNTS: Final = {
    "likes": "likeCount",
    "comments": "commentCount",
    "shares": "shareCount",
    "clicks": "clickCount",
    "views": "impressionCount",
    "reach": "uniqueImpressionsCount",
}


def receipt(urn: str) -> Receipt:
    return Receipt(urn, f"https://www.linkedin.com/feed/update/{urn}/")


def content(draft: Draft, urns: Sequence[str]) -> dict[str, Any]:
    """Return the part of a post's body that holds its media; nothing for words alone."""
    media = [_medium(draft, *each) for each in zip(draft.attachments, urns, strict=True)]
    if len(media) > 1:
        return {"content": {"multiImage": {"images": media}}}
    return {"content": {"media": media[0]}} if media else {}


def _medium(draft: Draft, attachment: Attachment, urn: str) -> dict[str, str]:
    medium = {"id": urn}
    if attachment.file.kind in {Kind.VIDEO, Kind.DOCUMENT}:
        return {**medium, "title": draft.options.get("title") or attachment.name}
    return {**medium, "altText": attachment.alt} if attachment.alt else medium


def numbers(elements: Sequence[Mapping[str, Any]], urn: str) -> Mapping[str, int] | None:
    """Return what is counted of one post; None if it is not among them.

    An element without a URN is of all posts together.
    """
    ours = (one for one in elements if urn in (one.get("share"), one.get("ugcPost")))
    one = next(ours, None)
    return None if one is None else counted(one.get("totalShareStatistics") or {}, COUNTS)


def sighting(posts: Sequence[Post], draft: Draft, urns: frozenset[str]) -> Sighting | None:
    """Return what posts made since the call show of it; None if none of them can be it.

    `urns` are those of our files: each upload has its own.
    """
    ours = [post for post in posts if _is_ours(post, draft, urns)]
    if len(ours) == 1:
        return _state(ours[0])
    alike = ours or [post for post in posts if _gist(post) == gist(plain(escaped(draft.text)))]
    if not alike:
        return None
    urls = " and ".join(receipt(str(post.get("id"))).url or "" for post in alike)
    how = "More than one post looks" if ours else "Something of it differs, but this looks"
    return Sighting(Sight.UNCLEAR, f"{how} like it: {urls}.")


def _is_ours(post: Post, draft: Draft, urns: frozenset[str]) -> bool:
    shown = _urns(post)
    if urns or shown:
        return not urns.isdisjoint(shown)
    return normal(plain(str(post.get("commentary", "")))) == normal(plain(escaped(draft.text)))


def _gist(post: Post) -> str:
    return gist(plain(str(post.get("commentary", ""))))


def _urns(post: Post) -> frozenset[str]:
    held = post.get("content") or {}
    images = (held.get("multiImage") or {}).get("images") or []
    return frozenset(str(one["id"]) for one in [held.get("media"), *images] if one and "id" in one)


def _state(post: Post) -> Sighting:
    found, state = receipt(str(post["id"])), str(post.get("lifecycleState", "PUBLISHED"))
    if state == "PUBLISHED":
        return Sighting(Sight.LIVE, "It is among the newest posts.", found)
    if state == "PUBLISH_FAILED":
        return Sighting(Sight.GONE, f"LinkedIn says that {found.url} failed.")
    return Sighting(Sight.WORKING, f"LinkedIn says it is {state}.")

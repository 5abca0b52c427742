"""Which of the posts an account shows is the one whose answer was lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from postcron.model import Draft, Receipt, Sight, Sighting
from postcron.platforms.base import counted
from postcron.rules.resembling import gist, normal
from postcron.rules.tweets import without_links

#: fields that tell posts apart, where X shows them
SHOWN: Final = "attachments,conversation_id"

#: what a post counts; X's pages call a repost a retweet, its specification does not
COUNTS: Final = {
    "likes": "like_count",
    "comments": "reply_count",
    "shares": "repost_count",
    "quotes": "quote_count",
    "saves": "bookmark_count",
    "views": "impression_count",
}

_MARK: Final = "\ufffc"
#: anything that X may have made a link of, or not
_LIKE_A_LINK: Final = re.compile(r"\S*(?:\w[.．。]\w|://|\ufffc)\S*")

Post = Mapping[str, Any]


def receipt(id: str) -> Receipt:
    """Return the receipt of a post; its address needs no user name."""
    return Receipt(id, f"https://x.com/i/status/{id}")


def numbers(post: Post) -> Mapping[str, int]:
    """Return what a post counts, by our names."""
    metrics = post.get("public_metrics") or {}
    return counted({"repost_count": metrics.get("retweet_count"), **metrics}, COUNTS)


def sighting(posts: list[Post], draft: Draft, keys: frozenset[str]) -> Sighting | None:
    """Return what posts made since the call show of it; None if none of them can be it.

    `keys` are the media keys X gave our files.
    """
    ours = [post for post in posts if _is_ours(post, draft, keys)]
    if len(ours) == 1:
        return Sighting(Sight.LIVE, "It is among the newest posts.", receipt(str(ours[0]["id"])))
    alike = ours or [post for post in posts if _is_alike(post, draft)]
    if not alike:
        return None
    urls = " and ".join(receipt(str(post["id"])).url or "" for post in alike)
    how = "More than one post looks" if ours else "Something of it differs, but this looks"
    return Sighting(Sight.UNCLEAR, f"{how} like it: {urls}.")


def _is_ours(post: Post, draft: Draft, keys: frozenset[str]) -> bool:
    shown = frozenset((post.get("attachments") or {}).get("media_keys") or ())
    if keys and shown:
        return not keys.isdisjoint(shown)
    words, theirs = _words(draft.text), _words(_text(post))
    if not words or (shown and not draft.attachments) or not _in_its_place(post, draft):
        return False
    # A link to the media is written behind the text.
    return words == (theirs.removesuffix(_MARK).rstrip() if draft.attachments else theirs)


def _in_its_place(post: Post, draft: Draft) -> bool:
    conversation, root = post.get("conversation_id"), draft.root or draft.parent
    place = str(post["id"]) if root is None else root.remote_id
    return conversation is None or str(conversation) == place


def _is_alike(post: Post, draft: Draft) -> bool:
    return not _gists(_text(post)).isdisjoint(_gists(draft.text))


def _text(post: Post) -> str:
    """Return the text as it was written: these three are what X escapes."""
    text = str(post.get("text", ""))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _words(text: str) -> str:
    """Return a text as it comes back: links are others, and white space may be."""
    return normal(without_links(text, _MARK))


def _gists(text: str) -> frozenset[str]:
    """Return the gist of a text without its links, and without anything that touches one."""
    plain = without_links(text, _MARK)
    return frozenset({gist(plain), gist(_LIKE_A_LINK.sub("", plain))})

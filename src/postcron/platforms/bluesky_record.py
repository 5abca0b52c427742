"""A post as Bluesky's record of it: facets, embeds, its date and its key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import regex

from postcron.model import Attachment, Draft, Kind

COLLECTION: Final = "app.bsky.feed.post"

_LINK: Final = regex.compile(
    r"(?:^|(?<=[\s(]))https?://[^\s<>\"]*[^\s<>\"'.,;:!?)\]}]", regex.IGNORECASE
)
_HANDLE: Final = regex.compile(
    r"(?:^|(?<=[\s(]))@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+"
    r"[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(?![@\w-])"
)
# A tag is more than digits, and the punctuation of the sentence around it is not part of it.
_TAG: Final = regex.compile(r"(?:^|(?<=\s))[#＃](?!\ufe0f)(\S*[^\d\s\p{P}]\S*?)(?=\p{P}*(?:\s|$))")
_LONGEST_TAG: Final = 64

_FEATURE: Final = "app.bsky.richtext.facet#"
_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"


def record(
    draft: Draft, blobs: Sequence[Any], did_of: Callable[[str], str | None]
) -> dict[str, Any]:
    """Return the record but for its date, with everything looked up that has to be."""
    parts = {
        "langs": languages(draft.options),
        "facets": facets(draft.text, did_of),
        "embed": _embed(draft.attachments, blobs),
    }
    given = {name: part for name, part in parts.items() if part}
    return {"$type": COLLECTION, "text": draft.text, **given}


def languages(options: Mapping[str, str]) -> list[str]:
    """Return the language tags a post wishes for."""
    tags = (tag.strip() for tag in options.get("language", "").split(","))
    return [tag for tag in tags if tag]


def _embed(attachments: Sequence[Attachment], blobs: Sequence[Any]) -> dict[str, Any] | None:
    if not attachments:
        return None
    pairs = list(zip(attachments, blobs, strict=True))
    first, blob = pairs[0]
    if first.file.kind is Kind.VIDEO:
        return {"$type": "app.bsky.embed.video", "video": blob, **_shown(first)}
    images = [{"image": blob, **_shown(attachment)} for attachment, blob in pairs]
    return {"$type": "app.bsky.embed.images", "images": images}


def _shown(attachment: Attachment) -> dict[str, Any]:
    file = attachment.file
    if file.width is None or file.height is None:
        return {"alt": attachment.alt}
    size = {"width": file.width, "height": file.height}
    return {"alt": attachment.alt, "aspectRatio": size}


@dataclass(frozen=True)
class Span:
    """A piece of the text that is more than text; offsets in characters."""

    start: int
    end: int
    #: link, mention or tag
    kind: str
    #: the address, the handle or the tag
    value: str


def spans(text: str) -> list[Span]:
    """Return links, mentions and tags in reading order; none overlaps another."""
    found = sorted(_found(text), key=lambda span: span.start)
    kept: list[Span] = []
    for span in found:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _found(text: str) -> Iterator[Span]:
    for link in _LINK.finditer(text):
        yield Span(*link.span(), "link", link[0])
    for handle in _HANDLE.finditer(text):
        yield Span(*handle.span(), "mention", handle[1])
    for tag in _TAG.finditer(text):
        if len(regex.findall(r"\X", tag[1])) <= _LONGEST_TAG:
            yield Span(*tag.span(), "tag", tag[1])


def facets(text: str, did_of: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Return the facets of a text: the server makes none by itself.

    `did_of` resolves a handle; one that nobody has stays plain text.
    """
    made = []
    for span in spans(text):
        feature = _feature(span, did_of)
        if feature is not None:
            made.append({"index": _index(text, span), "features": [feature]})
    return made


def _feature(span: Span, did_of: Callable[[str], str | None]) -> dict[str, str] | None:
    if span.kind == "link":
        return {"$type": f"{_FEATURE}link", "uri": span.value}
    if span.kind == "tag":
        return {"$type": f"{_FEATURE}tag", "tag": span.value}
    did = did_of(span.value)
    return None if did is None else {"$type": f"{_FEATURE}mention", "did": did}


def _index(text: str, span: Span) -> dict[str, int]:
    # UTF-8 bytes, the end exclusive: an emoji before a link counts four or more.
    return {
        "byteStart": len(text[: span.start].encode()),
        "byteEnd": len(text[: span.end].encode()),
    }


def record_key(planned: datetime, key: str) -> str:
    """Return the TID a delivery keeps for good: the same for the same moment and key.

    A TID is 53 bits of microseconds and 10 bits of clock id. Plans fall on whole seconds, so the
    microseconds come from the delivery's key too: ten bits alone would let two posts of one
    account at one moment meet in one of a thousand cases.
    https://atproto.com/specs/tid
    """
    digest = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    microseconds = int(planned.timestamp()) * 1_000_000 + digest % 1_000_000
    return _sortable((microseconds << 10) | (digest >> 54))


def _sortable(number: int) -> str:
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(60, -1, -5))


def written(moment: datetime) -> str:
    """Return a moment as records have it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

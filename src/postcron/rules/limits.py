"""Does a post fit: everything a platform's limits say about it, found before anything is saved."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

import regex

from postcron.model import Attachment, Limits, MediaFile, MediaRule, PostType, Problem
from postcron.rules.spans import exactly

_GRAPHEME: Final = regex.compile(r"\X")
_EMOJI: Final = regex.compile(
    r"[\p{Emoji_Presentation}\p{Extended_Pictographic}\p{RI}\ufe0f\u20e3]"
)
_URL: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\"'.,;:!?)\]}]", re.IGNORECASE)
_MENTION: Final = re.compile(r"(?<![\w/])(@\w+(?:[.-]\w+)*)@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)

#: what a URL counts on mastodon.social; servers may say otherwise
URL_LENGTH: Final = 23


def graphemes(text: str) -> int:
    """Count what a reader sees as characters (UAX 29): a family emoji is one."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def utf16(text: str) -> int:
    """Count UTF-16 code units, which are never fewer than the characters of any other counting."""
    return len(text.encode("utf-16-le")) // 2


def mastodon_length(text: str) -> int:
    """Count as Mastodon does: graphemes, any URL 23, and `@user@host` as `@user`."""
    return graphemes(_MENTION.sub(r"\1", _URL.sub("x" * URL_LENGTH, text)))


def threads_length(text: str) -> int:
    """Count as Threads does: an emoji by its UTF-8 bytes, everything else by code points.

    Whatever may be part of an emoji counts as one: that is never too little.
    """
    clusters = _GRAPHEME.findall(text)
    return sum(len(one.encode() if _EMOJI.search(one) else one) for one in clusters)


def links(text: str) -> set[str]:
    """Return the addresses in a text."""
    return set(_URL.findall(text))


def problems(
    text: str, type: PostType, attachments: Sequence[Attachment], limits: Limits, where: str
) -> list[Problem]:
    """Return every reason why this does not fit; `where` names the account in each of them."""
    if type not in limits.types:
        known = " or ".join(sorted(limits.types))
        return [Problem(where, f"there is no {type} here.", f"Choose --type {known}.")]
    limits = limits.of(type)
    return [
        *_text(text, limits, where),
        *_missing(text, type, attachments, limits, where),
        *_together(attachments, limits, where),
        *(problem for a in attachments for problem in _attachment(a, limits, where)),
    ]


def _text(text: str, limits: Limits, where: str) -> Iterator[Problem]:
    length = limits.count(text)
    if length > limits.text_max:
        yield Problem(
            where,
            f"the text has {length} {limits.unit}, and {limits.text_max} fit.",
            f"Shorten it by {length - limits.text_max}.",
        )
    size = len(text.encode())
    if limits.text_max_bytes is not None and size > limits.text_max_bytes:
        what = f"the text has {size} bytes, and {limits.text_max_bytes} fit."
        yield Problem(where, what, "Shorten it.")


def _missing(
    text: str, type: PostType, attachments: Sequence[Attachment], limits: Limits, where: str
) -> Iterator[Problem]:
    if attachments:
        return
    if type in limits.needs_media:
        yield Problem(where, f"a {type} needs media.", "Add --media FILE.")
    elif not text.strip():
        yield Problem(where, "there is neither text nor media.", "Write something to post.")


def _together(attachments: Sequence[Attachment], limits: Limits, where: str) -> Iterator[Problem]:
    if len(attachments) > limits.max_attachments:
        what = f"there are {len(attachments)} files, and {limits.max_attachments} fit."
        yield Problem(where, what, "Leave some out.")
    kinds = sorted({a.file.kind for a in attachments})
    if len(kinds) > 1 and not limits.mixed:
        what = f"{' and '.join(kinds)} cannot stand in one post."
        yield Problem(where, what, "Make a post of each.")
    for kind in kinds:
        count = sum(a.file.kind is kind for a in attachments)
        rule = limits.media.get(kind)
        if rule is not None and rule.max_count < count <= limits.max_attachments:
            what = f"there are {count} files of kind {kind}, and {rule.max_count} fit."
            yield Problem(where, what, "Leave some out.")


def _attachment(attachment: Attachment, limits: Limits, where: str) -> Iterator[Problem]:
    rule = limits.media.get(attachment.file.kind)
    name = attachment.name
    if rule is None:
        known = ", ".join(sorted(limits.media)) or "text only"
        yield Problem(where, f"{name} is of kind {attachment.file.kind}.", f"Accepted: {known}.")
        return
    for what, do in (*_content(attachment, rule), *_measures(attachment, rule)):
        yield Problem(where, f"{name} {what}", do)
    length = limits.count(attachment.alt)
    if limits.alt_max is not None and length > limits.alt_max:
        what = f"the alt text of {name} has {length} {limits.unit}, and {limits.alt_max} fit."
        yield Problem(where, what, "Shorten it.")


def _content(attachment: Attachment, rule: MediaRule) -> Iterator[tuple[str, str]]:
    file = attachment.file
    if file.mime not in rule.mimes:
        yield f"is {file.mime}.", f"Convert it to {' or '.join(sorted(rule.mimes))}."
    elif rule.codecs is not None and file.codec not in rule.codecs:
        codecs = " or ".join(sorted(rule.codecs))
        yield f"is encoded in {file.codec or 'an unknown codec'}.", f"Convert it to {codecs}."


def _measures(attachment: Attachment, rule: MediaRule) -> Iterator[tuple[str, str]]:
    file = attachment.file
    if file.size == 0:
        yield "is empty.", "Give the whole file."
    elif file.size < rule.min_bytes:
        yield (
            f"has {_bytes(file.size)}; {_bytes(rule.min_bytes)} are the least.",
            "Use a larger one.",
        )
    if file.size > rule.max_bytes:
        yield f"has {_bytes(file.size)}, and {_bytes(rule.max_bytes)} fit.", "Make it smaller."
    pixels = (file.width or 0) * (file.height or 0)
    if rule.max_pixels is not None and pixels > rule.max_pixels:
        size = f"{file.width} × {file.height} = {pixels:,} pixels"
        yield f"has {size}, and {rule.max_pixels:,} fit.", "Make it smaller."
    yield from _shaped(file, rule)
    yield from _lasts(file.duration, rule)
    yield from _runs(file.fps, rule)
    yield from _counted(file, rule)


def _shaped(file: MediaFile, rule: MediaRule) -> Iterator[tuple[str, str]]:
    width, height = file.width or 0, file.height or 0
    if not (width and height):
        return
    size = f"is {width} × {height} pixels"
    if rule.min_side is not None and min(width, height) < rule.min_side:
        yield f"{size}; each side needs {rule.min_side} at least.", "Make it larger."
    if rule.max_side is not None and max(width, height) > rule.max_side:
        yield f"{size}; no side may have more than {rule.max_side}.", "Make it smaller."
    if rule.min_ratio is not None and width / height < rule.min_ratio:
        yield f"{size}: too tall; {as_ratio(rule.min_ratio)} is the limit.", "Crop it."
    if rule.max_ratio is not None and width / height > rule.max_ratio:
        yield f"{size}: too wide; {as_ratio(rule.max_ratio)} is the limit.", "Crop it."


def as_ratio(ratio: float) -> str:
    """Return width divided by height as people write it: `1.91:1`, `1:1.25`."""
    return f"{ratio:.2f}:1" if ratio >= 1 else f"1:{1 / ratio:.2f}"


def _lasts(duration: timedelta | None, rule: MediaRule) -> Iterator[tuple[str, str]]:
    shortest, longest = rule.min_duration, rule.max_duration
    if duration is None:
        if shortest or longest:
            yield "does not say how long it lasts.", "Encode it again."
    elif shortest is not None and duration < shortest:
        yield (
            f"lasts {_exactly(duration)}; it must be {exactly(shortest)} at least.",
            "Lengthen it.",
        )
    elif longest is not None and duration > longest:
        yield f"lasts {_exactly(duration)}; {exactly(longest)} fit.", "Cut it."


def _runs(fps: float | None, rule: MediaRule) -> Iterator[tuple[str, str]]:
    # Averages are a little off, and 23.976 is what television calls 24.
    if fps is None or not fps:
        return
    least, most = rule.min_fps or 0, rule.max_fps
    if least <= round(fps) <= (most or math.inf):
        return
    fit = f"{least} at least" if most is None else f"{least} to {most}" if least else f"{most}"
    yield f"has {fps:.4g} frames a second, and {fit} fit.", "Encode it with 30."


def _counted(file: MediaFile, rule: MediaRule) -> Iterator[tuple[str, str]]:
    frames, pages = file.frames or 0, file.pages or 0
    if rule.max_frames is not None and frames > rule.max_frames:
        yield f"has {frames:,} frames, and {rule.max_frames:,} fit.", "Leave some out."
    pixels = frames * (file.width or 0) * (file.height or 0)
    if rule.max_frame_pixels is not None and pixels > rule.max_frame_pixels:
        what = f"has {pixels:,} pixels in all its frames, and {rule.max_frame_pixels:,} fit."
        yield what, "Make it smaller or shorter."
    if rule.max_pages is not None and pages > rule.max_pages:
        yield f"has {pages:,} pages, and {rule.max_pages:,} fit.", "Leave some out."


def _exactly(duration: timedelta) -> str:
    return f"{duration.total_seconds():g} s"


def _bytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB ({size:,} bytes)" if size >= 1_000_000 else f"{size:,} bytes"

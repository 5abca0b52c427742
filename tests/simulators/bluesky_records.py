"""What a PDS refuses in a post's record, and the names it gives to bytes.

Stricter than the real one in one point: a facet that overlaps another, lies outside of the text or
splits a character is refused here, where the real server takes it and readers see nonsense.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import regex

RKEY: Final = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")
_DID: Final = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]+")
_KNOWN: Final = frozenset(
    {"$type", "text", "createdAt", "langs", "facets", "tags", "reply", "labels", "embed"}
)


class Wrong(Exception):
    """Says what is wrong, in the real server's words where they are known."""


def cid(content: bytes, *, raw: bool) -> str:
    """Return a CID of version 1: raw bytes or (only like the real thing) DAG-CBOR."""
    code = b"\x01\x55" if raw else b"\x01\x71"
    name = base64.b32encode(code + b"\x12\x20" + hashlib.sha256(content).digest())
    return "b" + name.decode().lower().rstrip("=")


def record_cid(record: Mapping[str, Any]) -> str:
    return cid(json.dumps(record, sort_keys=True).encode(), raw=False)


def check(record: Mapping[str, Any], has_blob: Callable[[Any], bool]) -> None:
    """Raise `Wrong` for a record that is no post; `LookupError` for a blob that is not there."""
    if record.get("$type") != "app.bsky.feed.post":
        raise Wrong("Invalid $type: expected app.bsky.feed.post at $.record")
    _text(record.get("text"))
    if not isinstance(record.get("createdAt"), str) or not _MOMENT.fullmatch(record["createdAt"]):
        raise Wrong("Invalid datetime at $.record.createdAt")
    langs = record.get("langs", [])
    if len(langs) > 3 or not all(_LANGUAGE.fullmatch(lang) for lang in langs):
        raise Wrong("Invalid language at $.record.langs")
    _facets(record.get("facets", []), record["text"].encode())
    if "reply" in record:
        _reply(record["reply"])
    if "embed" in record:
        _embed(record["embed"], has_blob)
    if not record.keys() <= _KNOWN:
        raise Wrong(f"Unknown {sorted(record.keys() - _KNOWN)} at $.record")


def _text(text: Any) -> None:
    if not isinstance(text, str):
        raise Wrong("Missing required key text at $.record")
    size, count = len(text.encode()), len(regex.findall(r"\X", text))
    if size > 3000:
        raise Wrong(f"string too big (maximum 3000, got {size}) at $.record.text")
    if count > 300:
        raise Wrong(f"grapheme too big (maximum 300, got {count}) at $.record.text")


def _reply(reply: Any) -> None:
    if not isinstance(reply, dict) or reply.keys() != {"root", "parent"}:
        raise Wrong("Missing required key root or parent at $.record.reply")
    for name, reference in reply.items():
        if reference.keys() != {"uri", "cid"} or not reference["uri"].startswith("at://did:"):
            raise Wrong(f"Invalid strong reference at $.record.reply.{name}")
        if not reference["cid"].startswith("bafy"):
            raise Wrong(f"Invalid cid at $.record.reply.{name}")


def _facets(facets: list[Any], text: bytes) -> None:
    end = 0
    for facet in facets:
        start, stop = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        if not end <= start < stop <= len(text):
            raise Wrong("Facets overlap, or one is outside of the text, at $.record.facets")
        try:
            shown = text[start:stop].decode()
        except UnicodeDecodeError:
            raise Wrong("A facet splits a character at $.record.facets") from None
        for feature in facet["features"]:
            _feature(feature, shown)
        end = stop


def _feature(feature: Mapping[str, str], shown: str) -> None:
    kind = feature.get("$type", "").removeprefix("app.bsky.richtext.facet#")
    right = {
        "link": lambda: feature["uri"] == shown and shown.startswith(("http://", "https://")),
        "mention": lambda: shown.startswith("@") and bool(_DID.fullmatch(feature["did"])),
        "tag": lambda: shown[1:] == feature["tag"] and 0 < len(feature["tag"]) <= 64,
    }
    if kind not in right or not right[kind]():
        raise Wrong(f"Invalid facet {feature} for {shown!r} at $.record.facets")


def _embed(embed: Mapping[str, Any], has_blob: Callable[[Any], bool]) -> None:
    kind = embed.get("$type")
    if kind == "app.bsky.embed.images":
        images = embed["images"]
        if not 1 <= len(images) <= 4:
            raise Wrong("array too big (maximum 4) at $.record.embed.images")
        for number, image in enumerate(images):
            where = f"$.record.embed.images[{number}]"
            _media(image, "image", "image/", 1_000_000, where, has_blob)
    elif kind == "app.bsky.embed.video":
        _media(embed, "video", "video/mp4", 100_000_000, "$.record.embed", has_blob)
    else:
        raise Wrong(f"Unknown embed {kind} at $.record.embed")


def _media(
    part: Mapping[str, Any],
    name: str,
    mime: str,
    most: int,
    where: str,
    has_blob: Callable[[Any], bool],
) -> None:
    blob = part[name]
    if name == "image" and not isinstance(part.get("alt"), str):
        raise Wrong(f"Missing required key alt at {where}")
    if not blob["mimeType"].startswith(mime):
        raise Wrong(f"wrong mime type at {where}.{name}")
    if blob["size"] > most:
        raise Wrong(f"blob too big (maximum {most}, got {blob['size']}) at {where}.{name}")
    if not has_blob(blob):
        raise LookupError(blob["ref"]["$link"])

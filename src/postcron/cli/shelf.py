"""The catalogue of platforms, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from postcron.cli.render import table
from postcron.operations.catalogue import types
from postcron.rules.limits import as_ratio
from postcron.rules.spans import exactly

if TYPE_CHECKING:
    from postcron.model import Cap, Kind, Limits, MediaRule
    from postcron.operations.catalogue import Entry

HEADS = ("PLATFORM", "TYPES", "TEXT", "MEDIA", "LEAD", "ACT", "LOOK", "BESIDE")


def overview(some: Sequence[Entry]) -> str:
    return table(HEADS, [row(one) for one in some])


def row(one: Entry) -> tuple[str, ...]:
    """Return one line of the table: the same that docs/platforms.md shows."""
    limits = one.limits
    text = f"{limits.text_max:,}" + ("" if limits.unit == "characters" else f" {limits.unit}")
    lead, look = one.platform.max_lead, one.settle
    return (
        one.name,
        ", ".join(types(limits)),
        text,
        ", ".join(_kinds(limits)) or "none",
        "any" if lead is None else f"≤ {exactly(lead)}",
        str(one.act),
        "–" if look is None else f"after {exactly(look)}",
        ", ".join(one.abilities()) or "–",
    )


def _kinds(limits: Limits) -> Iterator[str]:
    for kind, rule in limits.media.items():
        count = min(rule.max_count, limits.max_attachments)
        yield f"{count} × {kind}" if count > 1 else str(kind)


def details(some: Sequence[Entry]) -> str:
    return "\n\n".join("\n".join(_lines(one)) for one in some)


def _lines(one: Entry) -> Iterator[str]:
    yield f"{one.name}: {one.limits.source} ({one.limits.as_of})"
    for name, limits in _by_type(one.limits):
        size = "" if limits.text_max_bytes is None else f" in {limits.text_max_bytes:,} bytes"
        files = f"{limits.max_attachments} files"
        yield f"  {name}: {limits.text_max:,} {limits.unit} of text{size}, {files}"
        for kind, rule in limits.media.items():
            fetched = " (fetched from a web address)" if kind in limits.fetched else ""
            yield f"    {kind}: {_rule(rule)}{fetched}"
    if one.limits.alt_max is not None:
        yield f"  alt text: {one.limits.alt_max:,} {one.limits.unit}"
    if one.limits.max_parts > 1:
        yield f"  thread: {one.limits.max_parts} parts"
    for cap in one.limits.caps:
        yield f"  at most {in_words(cap)}: {cap.source}"
    for option in one.platform.options:
        choices = "|".join(sorted(option.choices)) or "TEXT"
        default = f" (else {option.default})" if option.default else ""
        yield f"  option {option.name}={choices}{default}  {option.help}".rstrip()
    for key in one.platform.keys:
        marks = [word for word in ("required", "secret") if getattr(key, word)]
        told = ", ".join([*marks, *([f"else {key.default}"] if key.default else [])])
        yield f"  key {key.name}{told and f' ({told})'}  {key.help}".rstrip()


def in_words(cap: Cap) -> str:
    """Say how many fit: `30 reels within 1 d`."""
    return f"{cap.posts:,} {cap.counted} within {exactly(cap.per)}"


def _by_type(limits: Limits) -> Iterator[tuple[str, Limits]]:
    for type in types(limits):
        yield str(type), replace(limits.of(type), special={})


def _rule(rule: MediaRule) -> str:
    parts = [
        "/".join(sorted(mime.rpartition("/")[2] for mime in rule.mimes)),
        f"≥ {rule.min_bytes:,} bytes" if rule.min_bytes > 1 else "",
        f"≤ {rule.max_bytes / 1_000_000:,g} MB",
        _span(rule.min_duration, rule.max_duration),
        "" if rule.max_pixels is None else f"≤ {rule.max_pixels:,} pixels",
        "" if rule.min_side is None else f"each side ≥ {rule.min_side}",
        "" if rule.max_side is None else f"no side > {rule.max_side:,}",
        "" if rule.min_ratio is None else f"not taller than {as_ratio(rule.min_ratio)}",
        "" if rule.max_ratio is None else f"not wider than {as_ratio(rule.max_ratio)}",
        f"≤ {rule.max_count} files" if rule.max_count > 1 else "",
        "" if rule.codecs is None else "/".join(sorted(rule.codecs)),
        _range(rule.min_fps, rule.max_fps, "frames/s"),
        "" if rule.max_frames is None else f"≤ {rule.max_frames:,} frames",
        ""
        if rule.max_frame_pixels is None
        else f"≤ {rule.max_frame_pixels:,} pixels in all frames",
        "" if rule.max_pages is None else f"≤ {rule.max_pages:,} pages",
    ]
    return ", ".join(part for part in parts if part)


def _span(least: timedelta | None, most: timedelta | None) -> str:
    if least and most:
        return f"{exactly(least)} to {exactly(most)}"
    return f"≤ {exactly(most)}" if most else f"≥ {exactly(least)}" if least else ""


def _range(least: int | None, most: int | None, unit: str) -> str:
    if least is None:
        return "" if most is None else f"≤ {most} {unit}"
    return f"≥ {least} {unit}" if most is None else f"{least} to {most} {unit}"


def document(one: Entry) -> dict[str, Any]:
    limits = one.limits
    return {
        "platform": one.platform.name,
        "kind": dict(one.kind),
        "act": str(one.act),
        "settle_s": None if one.settle is None else one.settle.total_seconds(),
        "abilities": one.abilities(),
        "max_lead_s": None
        if one.platform.max_lead is None
        else one.platform.max_lead.total_seconds(),
        "source": limits.source,
        "as_of": limits.as_of,
        "max_parts": limits.max_parts,
        "alt_max": limits.alt_max,
        "caps": [_cap(cap) for cap in limits.caps],
        "types": {name: _limits(of) for name, of in _by_type(limits)},
        "options": [
            {"name": o.name, "choices": sorted(o.choices), "default": o.default, "help": o.help}
            for o in one.platform.options
        ],
        "keys": [
            {
                "name": key.name,
                "required": key.required,
                "secret": key.secret,
                "default": key.default,
                "help": key.help,
            }
            for key in one.platform.keys
        ],
    }


def _limits(limits: Limits) -> dict[str, Any]:
    return {
        "text_max": limits.text_max,
        "unit": limits.unit,
        "text_max_bytes": limits.text_max_bytes,
        "max_attachments": limits.max_attachments,
        "media": {str(kind): _media(kind, rule, limits) for kind, rule in limits.media.items()},
    }


def _cap(cap: Cap) -> dict[str, Any]:
    types = cap.counted.types
    return {
        "posts": cap.posts,
        "types": None if types is None else sorted(types),
        "answers": cap.counted.answers,
        "per_s": cap.per.total_seconds(),
        "source": cap.source,
    }


def _media(kind: Kind, rule: MediaRule, limits: Limits) -> dict[str, Any]:
    return {
        "mimes": sorted(rule.mimes),
        "codecs": None if rule.codecs is None else sorted(rule.codecs),
        "min_bytes": rule.min_bytes,
        "max_bytes": rule.max_bytes,
        "max_count": rule.max_count,
        "min_duration_s": rule.min_duration and rule.min_duration.total_seconds(),
        "max_duration_s": rule.max_duration and rule.max_duration.total_seconds(),
        "max_pixels": rule.max_pixels,
        "min_side": rule.min_side,
        "max_side": rule.max_side,
        "min_ratio": rule.min_ratio,
        "max_ratio": rule.max_ratio,
        "min_fps": rule.min_fps,
        "max_fps": rule.max_fps,
        "max_frames": rule.max_frames,
        "max_frame_pixels": rule.max_frame_pixels,
        "max_pages": rule.max_pages,
        "fetched": kind in limits.fetched,
    }

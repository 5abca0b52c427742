"""What `platforms NAME` says of one: every figure by which a post may not fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from postcron.cli.shelf import details, document, row
from postcron.model import Cap, Counted, Limits, MediaRule
from postcron.operations.catalogue import Entry, catalogue
from postcron.platforms import BUILT_IN

#: told in another way, or nothing a person can act on
ASIDE = {"source", "as_of", "count", "media", "types", "mixed", "needs_media", "fetched", "special"}
ENTRIES = catalogue(sorted(BUILT_IN))


@pytest.mark.parametrize(
    ("platform", "line"),
    [
        ("instagram", "image: jpeg, ≤ 8 MB, not taller than 1:1.25, not wider than 1.91:1, ≤ 10 "),
        ("tiktok", "≤ 4,000 MB, ≤ 10 min, each side ≥ 360, no side > 4,096, h264/hevc/vp8/vp9"),
        ("linkedin", "video: mp4, ≥ 76,800 bytes, ≤ 500 MB, 3 s to 30 min"),
        ("bluesky", "post: 300 characters of text in 3,000 bytes, 4 files"),
        ("bluesky", "at most 1,666 posts within 1 h: https://docs.bsky.app/"),
        ("mastodon", "alt text: 1,500 characters"),
        ("mastodon", "thread: 100 parts"),
        ("x", "at most 100 posts within 15 min: https://docs.x.com/"),
        ("facebook", "at most 30 reels within 1 d: https://developers.facebook.com/"),
        ("threads", "at most 250 posts (answers apart) within 1 d: https://developers.fa"),
        ("threads", "at most 1,000 answers within 1 d: https://developers.facebook.com/"),
    ],
)
def test_people_are_told_each_figure(platform: str, line: str) -> None:
    assert line in details([one for one in ENTRIES if one.platform.name == platform])


def test_the_table_tells_when_a_look_that_finds_nothing_is_believed() -> None:
    looks = {line[0]: line[-2] for line in map(row, ENTRIES)}
    assert looks["x"] == "after 5 min"
    assert looks["bluesky"] == "after 2 s"
    assert looks["slack"] == looks["linkedin author=urn:li:person:8675309"] == "–"


def told(some: Any) -> Iterator[Any]:
    """Yield every value of a document, how deep ever."""
    for one in some.values() if isinstance(some, dict) else some:
        if isinstance(one, (dict, list)):
            yield from told(one)
        else:
            yield one


def figures(value: Any) -> Iterator[Any]:
    """Yield every figure of some limits, as JSON has it."""
    for each in fields(value):
        figure = getattr(value, each.name)
        if each.name in ASIDE or figure is None:
            continue
        for one in figure if isinstance(figure, (tuple, frozenset)) else [figure]:
            if isinstance(one, (Cap, Counted)):
                yield from figures(one)
            else:
                yield one.total_seconds() if isinstance(one, timedelta) else one


def rules(limits: Limits) -> Iterator[MediaRule]:
    for one in (limits, *limits.special.values()):
        yield from one.media.values()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_programs_are_told_each_figure(entry: Entry) -> None:
    said = set(told(document(entry)))
    wanted = {*figures(entry.limits), *(f for rule in rules(entry.limits) for f in figures(rule))}
    assert wanted <= said

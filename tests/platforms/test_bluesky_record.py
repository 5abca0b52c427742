"""A post as a record: facets by UTF-8 bytes, keys, dates, embeds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.platforms.bluesky_record import facets, record, record_key, spans, written
from tests.platforms.contract import Album, draft
from tests.simulators.bluesky_records import RKEY

FAMILY = "👨‍👩‍👧‍👦"


def nobody(handle: str) -> None:
    return None


def cut(text: str) -> list[tuple[str, str]]:
    """Return what each facet covers, cut out by its bytes, and its kind."""
    content = text.encode()
    return [
        (
            content[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(),
            facet["features"][0]["$type"].partition("#")[2],
        )
        for facet in facets(text, lambda handle: "did:plc:friend")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see https://example.com now", [("https://example.com", "link")]),
        (f"{FAMILY} https://example.com", [("https://example.com", "link")]),
        ("é中🎉 #news @friend.test", [("#news", "tag"), ("@friend.test", "mention")]),
        ("(https://example.com/a)", [("https://example.com/a", "link")]),
        ("Read https://example.com/a?b=c#d.", [("https://example.com/a?b=c#d", "link")]),
        ("#café, #日本! #a_b", [("#café", "tag"), ("#日本", "tag"), ("#a_b", "tag")]),
        ("＃タグ", [("＃タグ", "tag")]),
        ("@friend.test.", [("@friend.test", "mention")]),
        ("two https://a.example https://b.example", [("https://a.example", "link"), ("https://b.example", "link")]),
    ],
)  # fmt: skip
def test_links_tags_and_mentions_are_cut_out_by_bytes(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert cut(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nothing here",
        "issue #1 of #2026",
        "a#b",
        "#️⃣ keycap",
        "me@example.com",
        "@joe@mastodon.social",
        "@a.b@c.example",
        "https://",
        "C# and F#",
        "#" + "x" * 65,
        "",
    ],
)
def test_what_only_looks_like_one_stays_text(text: str) -> None:
    assert facets(text, lambda handle: "did:plc:friend") == []


def test_a_tag_inside_a_link_belongs_to_the_link() -> None:
    assert [span.kind for span in spans("https://example.com/#about #real")] == ["link", "tag"]


def test_a_handle_nobody_has_stays_text() -> None:
    assert facets("hello @gone.test", nobody) == []


PIECES = [
    "é",
    "🎉",
    "中文",
    "(",
    ")",
    "https://ex.example/ü#x",
    "#tag",
    "#",
    "@",
    "@a.example",
    ".",
    "x",
]


@given(st.lists(st.sampled_from([*PIECES, FAMILY, " ", "\n", "\u200d"]), max_size=30).map("".join))
def test_facets_never_overlap_nor_split_a_character(text: str) -> None:
    end = 0
    for facet in facets(text, lambda handle: "did:plc:friend"):
        start, stop = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        assert end <= start < stop <= len(text.encode())
        text.encode()[start:stop].decode()
        end = stop


def test_a_key_is_a_tid_of_the_planned_second() -> None:
    planned = datetime(2026, 11, 20, 17, tzinfo=UTC)
    keys = {record_key(planned, f"key-{number}") for number in range(500)}
    assert len(keys) == 500
    assert all(RKEY.fullmatch(key) for key in keys)
    later = {record_key(planned + timedelta(seconds=1), f"key-{number}") for number in range(500)}
    assert max(keys) < min(later)


def test_the_same_moment_and_key_give_the_same_record_key() -> None:
    planned = datetime(2026, 11, 20, 17, tzinfo=UTC)
    elsewhere = planned.astimezone(timezone(timedelta(hours=9)))
    assert record_key(planned, "k") == record_key(elsewhere, "k")


def test_moments_are_written_in_utc() -> None:
    rome = timezone(timedelta(hours=1))
    assert written(datetime(2026, 11, 20, 18, tzinfo=rome)) == "2026-11-20T17:00:00.000Z"


def test_a_record_has_alt_texts_shapes_and_languages(tmp_path: Path) -> None:
    album = Album(tmp_path)
    asked = draft(
        album, "Hi", album.image(), album.image("cat", alt=""), options={"language": "en, it"}
    )
    made = record(asked, [{"blob": 1}, {"blob": 2}], nobody)
    assert made == {
        "$type": "app.bsky.feed.post",
        "text": "Hi",
        "langs": ["en", "it"],
        "embed": {
            "$type": "app.bsky.embed.images",
            "images": [
                {"image": {"blob": 1}, "alt": "A dog on a beach", "aspectRatio": {"width": 40, "height": 30}},
                {"image": {"blob": 2}, "alt": "", "aspectRatio": {"width": 40, "height": 30}},
            ],
        },
    }  # fmt: skip


def test_a_video_is_embedded_as_one(tmp_path: Path) -> None:
    album = Album(tmp_path)
    made = record(draft(album, "", album.video()), [{"blob": 1}], nobody)
    assert made["embed"]["$type"] == "app.bsky.embed.video"
    assert made["embed"]["video"] == {"blob": 1}
    assert made["embed"]["alt"] == "Waves"

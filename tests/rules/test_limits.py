"""Does a post fit: counted as the platform counts, and every reason told at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from postcron.model import Attachment, Kind, Limits, MediaFile, MediaRule, PostType
from postcron.rules.limits import graphemes, mastodon_length, problems

IMAGES = MediaRule(
    mimes=frozenset({"image/jpeg", "image/png"}),
    max_bytes=1_000_000,
    max_count=4,
    max_pixels=10_000,
)
VIDEOS = MediaRule(
    mimes=frozenset({"video/mp4"}),
    max_bytes=50_000_000,
    min_duration=timedelta(seconds=3),
    max_duration=timedelta(minutes=3),
    codecs=frozenset({"h264"}),
    min_fps=23,
    max_fps=60,
)
GIFS = MediaRule(frozenset({"image/gif"}), 1000, max_frames=10, max_frame_pixels=50_000)
DOCUMENTS = MediaRule(frozenset({"application/pdf"}), 1000, max_pages=300)
LIMITS = Limits(
    source="https://example.com/limits",
    as_of="2026-11-20",
    text_max=10,
    count=graphemes,
    text_max_bytes=100,
    types=frozenset({PostType.POST, PostType.REEL}),
    media={Kind.IMAGE: IMAGES, Kind.VIDEO: VIDEOS},
    max_attachments=4,
    alt_max=12,
    needs_media=frozenset({PostType.REEL}),
)
FAMILY = "👨‍👩‍👧‍👦"


def image(alt: str = "", **changed: Any) -> Attachment:
    file = MediaFile("0" * 64, 1000, Kind.IMAGE, "image/png", width=100, height=100)
    return Attachment(replace(file, **changed), "cat.png", alt)


def video(**changed: Any) -> Attachment:
    file = MediaFile(
        "1" * 64, 1000, Kind.VIDEO, "video/mp4", duration=timedelta(seconds=5), codec="h264"
    )
    return Attachment(replace(file, **changed), "cat.mp4")


def gif(**changed: Any) -> Attachment:
    file = MediaFile("2" * 64, 1000, Kind.GIF, "image/gif", width=100, height=50)
    return Attachment(replace(file, **changed), "cat.gif")


def document(pages: int | None) -> Attachment:
    file = MediaFile("3" * 64, 1000, Kind.DOCUMENT, "application/pdf", pages=pages)
    return Attachment(file, "cats.pdf")


def found(
    text: str = "hello",
    *attachments: Attachment,
    type: PostType = PostType.POST,
    limits: Limits = LIMITS,
) -> list[str]:
    return [str(problem) for problem in problems(text, type, attachments, limits, "acme")]


@pytest.mark.parametrize(
    ("text", "attachments", "type"),
    [
        ("hello", (), PostType.POST),
        (FAMILY * 4, (), PostType.POST),
        ("", (image(),) * 4, PostType.POST),
        ("hello", (image(alt="a black cat!"),), PostType.POST),
        ("", (video(),), PostType.REEL),
        ("hello", (image(size=1_000_000),), PostType.POST),
        ("", (video(duration=timedelta(seconds=3)),), PostType.POST),
        ("", (video(duration=timedelta(minutes=3)),), PostType.POST),
    ],
)
def test_what_fits_has_no_problems(
    text: str, attachments: tuple[Attachment, ...], type: PostType
) -> None:
    assert found(text, *attachments, type=type) == []


@pytest.mark.parametrize(
    ("problem", "text", "attachments"),
    [
        ("there is neither text nor media. Write something to post.", " \n", ()),
        ("the text has 12 characters, and 10 fit. Shorten it by 2.", "x" * 12, ()),
        ("the text has 125 bytes, and 100 fit. Shorten it.", FAMILY * 5, ()),
        ("there are 5 files, and 4 fit. Leave some out.", "", (image(),) * 5),
        ("there are 2 files of kind video, and 1 fit. Leave some out.", "", (video(), video())),
        ("image and video cannot stand in one post. Make a post of each.", "", (image(), video())),
        (
            "cat.png is of kind gif. Accepted: image, video.",
            "",
            (image(kind=Kind.GIF, mime="image/gif"),),
        ),
        (
            "cat.png is image/heic. Convert it to image/jpeg or image/png.",
            "",
            (image(mime="image/heic"),),
        ),
        ("cat.png is empty. Give the whole file.", "", (image(size=0),)),
        (
            "cat.png has 1.0 MB (1,000,001 bytes), and 1.0 MB (1,000,000 bytes) fit. Make it smaller.",
            "",
            (image(size=1_000_001),),
        ),
        (
            "cat.png has 101 × 100 = 10,100 pixels, and 10,000 fit. Make it smaller.",
            "",
            (image(width=101),),
        ),
        ("cat.mp4 is encoded in hevc. Convert it to h264.", "", (video(codec="hevc"),)),
        ("cat.mp4 is encoded in an unknown codec. Convert it to h264.", "", (video(codec=None),)),
        (
            "cat.mp4 lasts 2.9 s; it must be 3 s at least. Lengthen it.",
            "",
            (video(duration=timedelta(seconds=2.9)),),
        ),
        (
            "cat.mp4 lasts 180.5 s; 3 min fit. Cut it.",
            "",
            (video(duration=timedelta(seconds=180.5)),),
        ),
        ("cat.mp4 does not say how long it lasts. Encode it again.", "", (video(duration=None),)),
        (
            "the alt text of cat.png has 13 characters, and 12 fit. Shorten it.",
            "",
            (image(alt="a black cat !"),),
        ),
    ],
)
def test_each_limit_is_told_with_its_figure_and_what_to_do(
    problem: str, text: str, attachments: tuple[Attachment, ...]
) -> None:
    assert found(text, *attachments) == [f"acme: {problem}"]


@pytest.mark.parametrize(
    ("rule", "attachment", "problem"),
    [
        (VIDEOS, video(fps=None), None),
        (VIDEOS, video(fps=23.976), None),
        (VIDEOS, video(fps=60.02), None),
        (VIDEOS, video(fps=22), "cat.mp4 has 22 frames a second, and 23 to 60 fit."),
        (VIDEOS, video(fps=119.88), "cat.mp4 has 119.9 frames a second, and 23 to 60 fit."),
        (
            replace(VIDEOS, min_fps=None),
            video(fps=61),
            "cat.mp4 has 61 frames a second, and 60 fit.",
        ),
        (replace(VIDEOS, min_fps=None), video(fps=5), None),
        (GIFS, gif(frames=None), None),
        (GIFS, gif(frames=10), None),
        (GIFS, gif(frames=11, height=25), "cat.gif has 11 frames, and 10 fit."),
        (
            GIFS,
            gif(frames=10, height=51),
            "cat.gif has 51,000 pixels in all its frames, and 50,000 fit.",
        ),
        (DOCUMENTS, document(None), None),
        (DOCUMENTS, document(300), None),
        (DOCUMENTS, document(301), "cats.pdf has 301 pages, and 300 fit."),
    ],
)
def test_frames_and_pages_are_limited_as_far_as_they_are_known(
    rule: MediaRule, attachment: Attachment, problem: str | None
) -> None:
    limits = replace(LIMITS, media={attachment.file.kind: rule}, alt_max=None)
    told = found("Hello", attachment, limits=limits)
    assert [one.removeprefix("acme: ").startswith(problem or "") for one in told] == (
        [True] if problem else []
    )


def test_a_type_the_platform_does_not_know_is_refused() -> None:
    assert found(type=PostType.STORY) == [
        "acme: there is no story here. Choose --type post or reel."
    ]


def test_a_reel_is_nothing_without_media() -> None:
    assert found(type=PostType.REEL) == ["acme: a reel needs media. Add --media FILE."]


def test_a_platform_without_media_says_so() -> None:
    text_only = replace(LIMITS, media={}, max_attachments=0)
    assert found("hello", image(), limits=text_only) == [
        "acme: there are 1 files, and 0 fit. Leave some out.",
        "acme: cat.png is of kind image. Accepted: text only.",
    ]


def test_kinds_may_be_mixed_where_the_platform_says_so() -> None:
    assert found("", image(), video(), limits=replace(LIMITS, mixed=True)) == []


def test_all_reasons_are_told_at_once() -> None:
    told = found("x" * 200, image(mime="image/heic", size=2_000_000), image(width=9999))
    assert len(told) == 5


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        (FAMILY, 1),
        ("é", 1),
        ("🇮🇹🇫🇷", 2),
        ("a\r\nb", 3),
        ("👍🏽", 1),
        ("각", 1),
    ],
)
def test_graphemes_are_what_a_reader_sees(text: str, length: int) -> None:
    assert graphemes(text) == length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hello", 5),
        (FAMILY, 1),
        ("https://example.com/" + "x" * 200, 23),
        ("http://a.io", 23),
        ("see https://example.com/a.", 4 + 23 + 1),
        ("(https://example.com/a)", 1 + 23 + 1),
        ("https://a.io https://b.io", 23 + 1 + 23),
        ("@ada@mastodon.social hi", 4 + 3),
        ("@ada hi", 7),
        ("ada@example.com", 15),
        ("https://mastodon.social/@ada@example.com", 23),
    ],
)
def test_mastodon_counts_an_address_as_23_and_a_mention_without_its_host(
    text: str, length: int
) -> None:
    assert mastodon_length(text) == length

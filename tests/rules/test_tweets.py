"""Counting as X counts: twitter-text's own examples, and the dearer count where X is not sure."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from postcron.rules.tweets import URL_LENGTH, weighted_length, without_links

CONFIG: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "contracts" / "twitter-text-v3.json").read_text()
)
LONG = "https://example.com/" + "a" * 100


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("This is a test.", 15),
        ("http://test.co", 23),
        ("https://test.com", 23),
        ("test.com", 23),
        ("Hi http://test.co", 26),
        ("Test https://test.com test https://test.com test.com test", 86),
        (" ".join(["http://test.co"] * 10) + " ", 240),
        ("の" * 160, 320),
        ("😷👾😡🔥💩", 10),
        ("H🐱☺", 5),
        ("👨\u200d👩\u200d👧\u200d👦", 2),
        ("🇮🇹", 2),
        ("1\ufe0f\u20e3", 2),
        ("👍🏽", 2),
        ("Cafe\u0301", 4),
        ("\U00010000\U0010ffff", 4),
    ],
)
def test_a_text_weighs_what_it_weighs_on_x(text: str, length: int) -> None:
    assert weighted_length(text) == length


def test_each_code_point_weighs_what_the_official_configuration_says() -> None:
    light = [(one["start"], one["end"]) for one in CONFIG["ranges"]]
    assert CONFIG["transformedURLLength"] == URL_LENGTH
    edges = sorted({edge + step for pair in light for edge in pair for step in (-1, 0, 1)} - {-1})
    for point in edges:
        weight = 1 if any(first <= point <= last for first, last in light) else 2
        assert weighted_length(chr(point)) == weight, hex(point)


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("see https://example.com/a?b=c#d, and", "see ·, and"),
        ("(https://example.com)", "(·)"),
        ("https://en.wikipedia.org/wiki/Cron_(disambiguation) there", "· there"),
        ("http://test.coの", "·の"),
        ("https://example.com/pathの", "·の"),
        ("HTTPS://www.ExaMPLE.COM/index.html", "·"),
        ("http://☃.net/ melts", "· melts"),
        ("https://sub_domain.example.com:8080/x-", "·"),
        ("example.com?foo=bar", "·"),
        ("vine.co and t.co", "· and ·"),
        ("me@example.com", "me@example.com"),
        ("#example.com @example.com", "#example.com @example.com"),
        ("ftp://www.example.com/", "ftp://www.example.com/"),
        ("3.5 million, i.e. all. Yes", "3.5 million, i.e. all. Yes"),
        ("no link.at all", "no · all"),
    ],
)
def test_links_are_what_x_makes_links(text: str, linked: str) -> None:
    assert without_links(text, "·") == linked


@pytest.mark.parametrize("text", ["README.example", "http://intranet.local", "a.рф http://a.рф"])
def test_where_it_is_not_sure_that_x_sees_a_link_it_is_the_dearer(text: str) -> None:
    assert weighted_length(text) >= URL_LENGTH


def test_a_long_address_weighs_little_only_where_x_certainly_shortens_it() -> None:
    assert weighted_length(LONG) == URL_LENGTH
    assert weighted_length(LONG.replace(".com", ".unheardof")) > len(LONG)


def test_counting_a_hostile_text_takes_no_time() -> None:
    began = time.monotonic()
    for text in ("a." * 20_000, "https://a.com/" + "(" * 20_000, "http://" + "a-" * 20_000):
        weighted_length(text)
    assert time.monotonic() - began < 5

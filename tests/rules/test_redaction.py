"""Secrets are hidden as they are, encoded, and cut short."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcron.rules.redaction import encodings, passwords, pieces, redact

SECRET = 'k9/+ Zq"ü\\7=&?tail-of-it'


def hide(text: str, secret: str = SECRET) -> str:
    return redact(text, {form for piece in pieces(secret) for form in encodings(piece)})


def basic(login: str) -> str:
    return base64.b64encode(login.encode()).decode()


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        "k9%2f%2b%20Zq%22%c3%bc%5c7%3d%26%3ftail-of-it",
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        repr(SECRET)[1:-1],
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
    ],
)
def test_a_secret_is_hidden_in_each_of_its_encodings(shown: str) -> None:
    assert hide(f"token={shown}, and on: {shown}") == "token=***, and on: ***"


@pytest.mark.parametrize("user", ["", "a", "ab", "abc", "abcd"])
def test_a_secret_is_hidden_inside_a_basic_login(user: str) -> None:
    hidden = hide(f"Authorization: Basic {basic(f'{user}:{SECRET}')}")
    assert hidden.count("***") == 1
    assert len(hidden.partition("***")[2]) <= 4


@pytest.mark.parametrize("length", range(8, len(SECRET)))
def test_the_beginning_of_a_secret_is_hidden_from_eight_characters_on(length: int) -> None:
    assert hide(f"[{SECRET[:length]}…]") == "[***…]"


def test_what_resembles_a_secret_for_less_is_left_alone() -> None:
    assert hide(SECRET[:7]) == SECRET[:7]


@pytest.mark.parametrize(
    ("address", "shown", "hidden"),
    [
        (
            "postgresql://ada:sesame-9000@db/posts",
            "no answer from postgresql://ada:sesame-9000@db/posts",
            "no answer from postgresql://ada:***@db/posts",
        ),
        ("postgresql://ada:sesame%2F9000@db/posts", "password sesame/9000", "password ***"),
        ("postgresql://db/posts?password=sesame-9000&x=1", "for sesame-9000", "for ***"),
        (
            "https://hooks.example.com/T0/B0/xyzzy-plugh",
            "POST https://hooks.example.com/T0/B0/xyzzy-plugh failed",
            "POST https://hooks.example.com*** failed",
        ),
        ("postgresql://db/postcron", "~/.config/postcron on postgresql", None),
        ("https://example.com", "https://example.com", None),
    ],
)
def test_of_an_address_only_the_secret_part_is_hidden(
    address: str, shown: str, hidden: str | None
) -> None:
    assert hide(shown, address) == (hidden or shown)


def test_each_line_of_a_file_of_keys_is_hidden() -> None:
    assert hide("old-key-1 new-key-2", "new-key-2\nold-key-1\n") == "*** ***"


def test_a_secret_too_short_to_be_one_does_not_blot_out_every_word() -> None:
    assert hide("a cat", "a") == "a cat"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("postgresql://ada:pw@host/db", {"pw"}),
        ("postgresql://ada:p@w@host/db", {"p@w"}),
        ("postgresql://ada@host:5432/db", set()),
        ("postgresql:///db?host=/run&password=pw", {"pw"}),
        ("postgresql://ada:@host/db", set()),
        ("sqlite:////home/ada/a:b@c.db", set()),
    ],
)
def test_passwords_are_found_in_addresses(address: str, found: set[str]) -> None:
    assert passwords(address) == found


@given(st.text(min_size=8, max_size=60), st.text(max_size=40), st.text(max_size=40))
def test_no_secret_survives_in_any_text(secret: str, before: str, after: str) -> None:
    piece = secret.splitlines()[0].strip() if secret.splitlines() else ""
    if len(piece) >= 8 and "://" not in piece and "*" not in piece:
        assert piece not in hide(before + piece + after, piece)

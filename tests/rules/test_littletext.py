"""LinkedIn's little text: what is written is what is read."""

from __future__ import annotations

import pytest

from postcron.rules.littletext import escaped, length, plain


@pytest.mark.parametrize(
    ("text", "little"),
    [
        ("Hello", "Hello"),
        ("Price (5) and more", r"Price \(5\) and more"),
        (r"\ | { } @ [ ] ( ) < > # * _ ~", r"\\ \| \{ \} \@ \[ \] \( \) \< \> \# \* \_ \~"),
        ("#News and (#this), not a#b, C# or ##x", r"#News and \(#this\), not a\#b, C\# or \#\#x"),
        ("#my_tag", r"#my\_tag"),
        ("https://e.com/a_b?x=1#y", r"https://e.com/a\_b?x=1\#y"),
        ("@[Acme](urn:li:organization:123) says", "@[Acme](urn:li:organization:123) says"),
        ("@[A(B)](urn:li:organization:1)", r"\@\[A\(B\)\]\(urn:li:organization:1\)"),
        ("@[Acme](https://acme.com)", r"\@\[Acme\]\(https://acme.com\)"),
        ("grüße 🎉 の", "grüße 🎉 の"),
    ],
)
def test_only_what_is_meant_is_not_escaped(text: str, little: str) -> None:
    assert escaped(text) == little


@pytest.mark.parametrize(
    "text",
    ["a\\b {hashtag|\\#|x} |", "C# (5) #News [x](y) <z>", "\\\\#", "line\n\\\nline", "a_b~c*"],
)
def test_what_is_read_is_what_was_written(text: str) -> None:
    assert plain(escaped(text)) == text


def test_a_hashtag_and_a_mention_come_back_as_words() -> None:
    assert plain(r"Hello \(world\) {hashtag|\#|ok} {hashtag|#|so}") == "Hello (world) #ok #so"
    assert plain("@[Acme](urn:li:organization:123) says") == "Acme says"


def test_a_text_is_as_long_as_its_dearest_reading() -> None:
    assert [length(text) for text in ("ab", "a(b", "a🎉", "#x")] == [2, 4, 3, 2]

"""How X counts a text, and what of it becomes a link (twitter-text v3)."""

from __future__ import annotations

import unicodedata
from typing import Final

import regex

#: https://github.com/twitter/twitter-text/blob/master/config/v3.json, read 2026-11-20
URL_LENGTH: Final = 23
#: code points that weigh 1; all others weigh 2
_LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))

_GRAPHEME: Final = regex.compile(r"\X")
_EMOJI: Final = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3")

_TLD: Final = r"(?P<tld>[a-z]{2,}|xn--[a-z0-9-]+)"
#: with a scheme a name may be written in any alphabet; without one it is plain, and stands alone
_NAMED: Final = (
    rf"(?<![\w@$#])https?://(?:[^\s/?#.:@()\[\]]+\.)+(?:{_TLD}|(?P<foreign>[^\W\d_]{{2,}}))"
    rf"|(?<![\w@$#./-])(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)+{_TLD}"
)
_LETTERS: Final = "a-z0-9_À-ɏЀ-ӿ"
#: what a path is made of, and what it ends with: a comma behind a link is not part of it
_IN_PATH: Final = rf"[{_LETTERS}!*';:=+,.$/%#\[\]~@|&–-]"
_IN_BRACKETS: Final = rf"\({_IN_PATH}*\)"
_PATH: Final = (
    rf"/(?:(?:{_IN_PATH}|{_IN_BRACKETS})*(?:[{_LETTERS}=+#/-]|{_IN_BRACKETS}))?"
    r"|(?=\?)"
)
_QUERY: Final = r"\?[a-z0-9_!?*'@();:&=+$/%#\[\].,~|-]*[a-z0-9_&=#/-]"
_LINK: Final = regex.compile(
    rf"(?:{_NAMED})(?![a-z0-9@+-])(?::[0-9]+)?(?:{_PATH})?(?:{_QUERY})?", regex.IGNORECASE
)
#: ends of names that X certainly knows
_KNOWN: Final = regex.compile(
    r"[a-z]{2}|com|net|org|info|biz|edu|gov|mil|int|name|pro|mobi|app|dev|blog|shop|online|site"
    r"|store|tech|xyz|cloud|news|live|art|club|wiki|page|link|media|social|agency|design|digital"
)


def weighted_length(text: str) -> int:
    """Count as X does: a link 23, an emoji 2, Latin letters and their neighbours 1, the rest 2.

    Where it is not sure that X sees a link the dearer count holds: what fits here fits there.
    """
    text = unicodedata.normalize("NFC", text)
    length, at = 0, 0
    for link in _LINK.finditer(text):
        length += _weight(text[at : link.start()]) + _link_weight(link)
        at = link.end()
    return length + _weight(text[at:])


def without_links(text: str, mark: str) -> str:
    """Return a text with a mark for each link."""
    return _LINK.sub(mark, text)


def _link_weight(link: regex.Match[str]) -> int:
    known = _KNOWN.fullmatch((link["tld"] or "").lower())
    return URL_LENGTH if known else max(URL_LENGTH, _weight(link[0]))


def _weight(text: str) -> int:
    return sum(
        2 if _EMOJI.search(grapheme) else sum(_light(character) for character in grapheme)
        for grapheme in _GRAPHEME.findall(text)
    )


def _light(character: str) -> int:
    return 1 if any(first <= ord(character) <= last for first, last in _LIGHT) else 2

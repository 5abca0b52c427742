"""Hiding secrets in text: as they are, encoded, and cut short."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus, unquote

MASK: Final = "***"

#: this much of a secret gives it away: messages cut their text, and so cut secrets
TELLING: Final = 8
#: what is shorter would be found in every other word
SHORTEST: Final = 4

_PASSWORD: Final = re.compile(r"://[^/?#:@]*:([^/?#]*)@|[?&]password=([^&#]+)")


def pieces(value: str) -> set[str]:
    """Return what has to be hidden of a value: each of its lines, and of an address the secret part.

    The beginning of an address is no secret: `https://` must stay readable everywhere.
    """
    found = {piece for line in value.splitlines() for piece in _telling(line.strip())}
    return {piece for piece in found if len(piece) >= SHORTEST}


def _telling(line: str) -> set[str]:
    scheme, is_address, rest = line.partition("://")
    if not is_address:
        return {line}
    if known := passwords(line):
        return known | {unquote(password) for password in known}
    # An address that is a secret as a whole: a webhook, with its token in the path.
    return {rest[len(rest.partition("/")[0]) :]} if scheme in {"http", "https"} else set()


def passwords(address: str) -> set[str]:
    """Return the passwords that stand in an address, as they stand there."""
    return {first or second for first, second in _PASSWORD.findall(address)} - {""}


def encodings(secret: str) -> set[str]:
    """Return the forms in which a secret shows up in addresses, headers, JSON and reprs."""
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    quoted = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    lower = {_lower_escapes(form) for form in quoted}
    return {secret, repr(secret)[1:-1]} | escaped | quoted | lower | _base64(secret.encode())


def _lower_escapes(text: str) -> str:
    head, *rest = text.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _base64(secret: bytes) -> set[str]:
    # Inside a longer text (`Basic user:password`) a secret may start at any of three places in a
    # group of four characters; the first ones then belong to its neighbour, too. The last one may
    # differ as well, but the beginning of a form is hidden anyway.
    return {
        encode(bytes(before) + secret).decode().rstrip("=")[cut:]
        for before, cut in ((0, 0), (1, 2), (2, 3))
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
        if len(secret) >= TELLING
    }


def redact(text: str, forms: Iterable[str]) -> str:
    """Return the text with each form, and each beginning of one from eight characters on, masked."""
    kept, shown_from = [], 0
    # All of them first: encodings of one secret begin alike, and one masked could hide another.
    for start, end in sorted(span for form in forms for span in _spans(text, form)):
        if start >= shown_from:
            kept.append(text[shown_from:start])
        shown_from = max(shown_from, end)
    return MASK.join([*kept, text[shown_from:]])


def _spans(text: str, form: str) -> Iterator[tuple[int, int]]:
    head = form[:TELLING]
    start = text.find(head)
    while start >= 0:
        yield start, start + _shared(form, text[start : start + len(form)])
        start = text.find(head, start + 1)


def _shared(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))

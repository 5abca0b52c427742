"""Hiding secrets in text: as they are, encoded, and cut short."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from itertools import takewhile
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
    # group of four characters; the characters at its edges then depend on its neighbours.
    forms = set()
    for shift, cut in ((0, 0), (1, 2), (2, 3)):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(bytes(shift) + secret).decode().rstrip("=")
            inner = whole[cut : len(whole) if (shift + len(secret)) % 3 == 0 else -1]
            forms |= {inner} if len(inner) >= TELLING else set()
    return forms


def redact(text: str, forms: Iterable[str]) -> str:
    """Return the text with each form, and each beginning of one from eight characters on, masked."""
    for form in sorted(forms, key=len, reverse=True):
        text = _masked(text, form)
    return text


def _masked(text: str, form: str) -> str:
    head = form[:TELLING]
    before, found, rest = text.partition(head)
    kept = [before]
    while found:
        more = takewhile(lambda pair: pair[0] == pair[1], zip(form[TELLING:], rest, strict=False))
        before, found, rest = rest[sum(1 for _ in more) :].partition(head)
        kept.append(before)
    return MASK.join(kept)

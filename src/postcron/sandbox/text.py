"""What a network gets of a body that was written as HTML: as Mixpost's open edition reads it."""

from __future__ import annotations

import html
import re
from typing import Final

_ENTITY: Final = re.compile(r"&(#[0-9]+|#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);")
#: a `<` opens a tag unless white space follows, and a tag that is never closed takes all the rest
_TAG: Final = re.compile(r"<(?![ \t\n\v\f\r])[^>]*(>|$)")


def plain(body: str) -> str:
    """Return the text: `<div>` is a new line, entities are decoded, and only then tags removed."""
    lines = re.sub(r"<div></div>|<div>", "\n", body, flags=re.IGNORECASE)
    text = re.sub(r"</div>", "", lines, flags=re.IGNORECASE).removeprefix("\n")
    return _TAG.sub("", _ENTITY.sub(lambda entity: html.unescape(entity[0]), text))

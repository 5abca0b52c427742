"""Whether two texts may be the same one, after a platform rewrote what it likes to rewrite."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: so much of the words has to differ before a text is certainly another: long ones are cut off
TELLING: Final = 100

_UNSPOKEN: Final = re.compile(r"[\W_]+")


def normal(text: str) -> str:
    """Return a text in its normal form, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def gist(text: str) -> str:
    """Return the first letters and digits of a text, and nothing else of it."""
    return _UNSPOKEN.sub("", unicodedata.normalize("NFKC", text)).casefold()[:TELLING]

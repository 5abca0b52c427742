r"""LinkedIn's little text: `\ | { } @ [ ] ( ) < > # * _ ~` mean something, unless they are escaped.

One that is not escaped cuts the post off at its place, without a word.
https://learn.microsoft.com/en-us/linkedin/marketing/community-management/shares/little-text-format
"""

from __future__ import annotations

import re
from typing import Final

_RESERVED: Final = r"\\|{}@\[\]()<>#*_~"
#: a person or a company by name: `@[Acme](urn:li:organization:123)`
_MENTION: Final = rf"@\[([^{_RESERVED}]+)\]\(urn:li:(?:person|organization):[\w-]+\)"
_HASHTAG: Final = r"(?<![\w#])#(?=[^\W_])"
_TOKEN: Final = re.compile(rf"(?P<meant>{_MENTION}|{_HASHTAG})|[{_RESERVED}]")
#: how a hashtag comes back
_TEMPLATE: Final = re.compile(r"\{hashtag\|\\?#\|([^{}|]*)\}")


def escaped(text: str) -> str:
    """Return a text that reads as it is written; mentions and hashtags stay what they are."""
    return _TOKEN.sub(lambda token: token["meant"] or f"\\{token[0]}", text)


def plain(little: str) -> str:
    """Return what a person reads where this little text stands."""
    text = re.sub(_MENTION, r"\1", _TEMPLATE.sub(r"#\1", little))
    return re.sub(r"\\(.)", r"\1", text)


def length(text: str) -> int:
    """Count in UTF-16 after escaping: how LinkedIn counts is not said, and this is the dearest way."""
    return len(escaped(text).encode("utf-16-le")) // 2

"""A first configuration: what it does not say has its default."""

from __future__ import annotations

import json
from typing import Final

_ACCOUNT: Final = """\
# [accounts.my-mastodon]
# platform = "mastodon"
# api_url = "https://mastodon.social"
# token = { env = "MY_MASTODON_TOKEN" }
"""


def starter(
    *,
    timezone: str,
    workspace: str = "default",
    store_url: str | None = None,
    library: str | None = None,
) -> str:
    """Return a small configuration to begin with: what is not said in it has its default."""
    tables = [
        f"workspace = {_quoted(workspace)}\ntimezone = {_quoted(timezone)}\n",
        f"[store]\nurl = {_quoted(store_url)}\n" if store_url else "",
        f"[media]\nlibrary = {_quoted(library)}\n" if library else "",
        _ACCOUNT,
    ]
    return "\n".join(table for table in tables if table)


def _quoted(text: str) -> str:
    # A JSON string is a TOML string as well.
    return json.dumps(text, ensure_ascii=False)

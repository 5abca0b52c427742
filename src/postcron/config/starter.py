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


def starter(*, timezone: str, workspace: str) -> str:
    """Return a small configuration to begin with: what is not said in it has its default."""
    return f"workspace = {_quoted(workspace)}\ntimezone = {_quoted(timezone)}\n\n{_ACCOUNT}"


def _quoted(text: str) -> str:
    # A JSON string is a TOML string as well.
    return json.dumps(text, ensure_ascii=False)

"""What a network refuses that is posted to by way of a scheduler: after the moment of the post."""

from __future__ import annotations

from collections.abc import Iterator

from postcron.model import Proposal
from postcron.platforms.instagram_limits import too_many_tags
from postcron.platforms.youtube_video import wrong_title


def objections(network: str, proposal: Proposal) -> Iterator[tuple[str, str]]:
    """Yield what limits cannot say; see `Checks`."""
    if network.startswith("instagram"):
        yield from too_many_tags(proposal.text)
    if network == "youtube" and (title := proposal.options.get("title")):
        yield from wrong_title(title, "Shorten it.")

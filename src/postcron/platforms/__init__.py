"""Finding a platform by its name; looking one up loads nothing of the others."""

from __future__ import annotations

import sys
from functools import cache, lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from postcron.errors import ConfigInvalid
from postcron.rules.nearest import nearest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

    from postcron.platforms.base import Platform

BUILT_IN: Final = {
    "bluesky": "postcron.platforms.bluesky:Bluesky",
    "discord": "postcron.platforms.discord:Discord",
    "facebook": "postcron.platforms.facebook:Facebook",
    "instagram": "postcron.platforms.instagram:Instagram",
    "linkedin": "postcron.platforms.linkedin:LinkedIn",
    "mastodon": "postcron.platforms.mastodon:Mastodon",
    "metricool": "postcron.platforms.metricool:Metricool",
    "mixpost": "postcron.platforms.onlysocial:Mixpost",
    "onlysocial": "postcron.platforms.onlysocial:OnlySocial",
    "slack": "postcron.platforms.slack:Slack",
    "telegram": "postcron.platforms.telegram:Telegram",
    "threads": "postcron.platforms.threads:Threads",
    "tiktok": "postcron.platforms.tiktok:TikTok",
    "x": "postcron.platforms.x:X",
    "youtube": "postcron.platforms.youtube:YouTube",
}
#: where other people's packages announce theirs, by the same "module:Class"
GROUP: Final = "postcron.platforms"


def names() -> list[str]:
    """Return the names of all platforms, ours and other people's."""
    return sorted(BUILT_IN.keys() | _announced(*sys.path).names)


def find(name: str) -> type[Platform]:
    """Return the class that speaks a platform; raises `ConfigInvalid` naming the nearest one."""
    if name in BUILT_IN:
        return _loaded(BUILT_IN[name])
    announced = _announced(*sys.path)
    if name not in announced.names:
        hint = nearest(name, BUILT_IN.keys() | announced.names)
        raise ConfigInvalid(f"There is no platform {name!r}: {hint}", code="unknown_platform")
    try:
        theirs: type[Platform] = announced[name].load()
    except (ImportError, AttributeError) as error:
        message = f"The platform {name!r} of another package cannot be loaded: {error}."
        raise ConfigInvalid(message) from error
    return theirs


@cache  # a list of posts asks for it several times a row
def _loaded(place: str) -> type[Platform]:
    module, _, attribute = place.partition(":")
    built_in: type[Platform] = getattr(import_module(module), attribute)
    return built_in


@lru_cache(maxsize=1)  # it reads a file of each installed package, and a run asks every second
def _announced(*_path: str) -> EntryPoints:
    from importlib.metadata import entry_points

    return entry_points(group=GROUP)

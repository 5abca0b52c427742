"""The catalogue of platforms: what each can do, as its own code says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from postcron.model import Act, Limits, PostType
from postcron.platforms import find, names
from postcron.platforms.base import (
    Advises,
    Allows,
    Authorizes,
    Keeps,
    Measures,
    Platform,
    Refreshes,
    Varies,
    Visits,
)


@dataclass(frozen=True)
class Entry:
    """One platform, or one kind of account of it, with the limits that hold there."""

    platform: type[Platform]
    #: the keys that make this kind of account, empty where all are alike
    kind: Mapping[str, str]
    act: Act
    limits: Limits

    @property
    def name(self) -> str:
        return " ".join(
            [self.platform.name, *(f"{key}={it}" for key, it in self.kind.items() if it)]
        )

    @property
    def settle(self) -> timedelta | None:
        """How long after a call a look that finds nothing is believed; None: nothing can be read."""
        return None if self.act is Act.BLIND else self.platform.settle

    def abilities(self) -> list[str]:
        """Return what it can do beside publishing, in words."""
        known = {
            "visit": Visits,
            "login": Authorizes,
            "renewal": Refreshes,
            "numbers": Measures,
            "best times": Advises,
            "quota": Allows,
            "giving back": Keeps,
        }
        words = [word for word, ability in known.items() if issubclass(self.platform, ability)]
        return words + (["threads"] if self.limits.max_parts > 1 else [])


def catalogue(wanted: Sequence[str] = ()) -> list[Entry]:
    """Return every platform there is, or those named; raises `ConfigInvalid` for an unknown one."""
    return [entry for name in wanted or names() for entry in _entries(find(name))]


def _entries(platform: type[Platform]) -> Iterator[Entry]:
    kinds = list(_kinds(platform))
    limits = [platform.limits(_settings(platform, kind)) for kind in kinds]
    acts = [_act(platform, _settings(platform, kind)) for kind in kinds]
    if all(limit == limits[0] for limit in limits) and len(set(acts)) == 1:
        kinds = [{}]
    for kind, limit, act in zip(kinds, limits, acts, strict=False):
        yield Entry(platform, kind, act, limit)


def _kinds(platform: type[Platform]) -> Iterator[dict[str, str]]:
    """Yield the kinds of account that a key with choices, or with an example of each, tells apart."""
    telling = [key for key in platform.keys if key.choices or len(key.examples) > 1]
    if not telling:
        yield {}
        return
    key = telling[0]
    for choice in sorted(key.choices) or key.examples:
        yield {key.name: choice}


def _settings(platform: type[Platform], kind: Mapping[str, str]) -> dict[str, str]:
    plain = [key for key in platform.keys if not key.secret]
    given = {key.name: key.default or next(iter(key.examples), "") for key in plain}
    return given | dict(kind)


def _act(platform: type[Platform], settings: Mapping[str, str]) -> Act:
    return platform.act_for(settings) if issubclass(platform, Varies) else platform.act


def types(limits: Limits) -> list[PostType]:
    """Return the types of post there are, in the order of the enumeration."""
    return [type for type in PostType if type in limits.types]

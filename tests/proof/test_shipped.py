"""Every shipped platform is in every layer of the proof that takes one, and in the shared contract."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice

import pytest

from postcron.model import Act
from postcron.operations.catalogue import catalogue
from postcron.platforms import BUILT_IN, find
from postcron.platforms.base import Varies, act_of
from tests.platforms.subjects import SUBJECTS, platform_of
from tests.proof import crashes, kills, worlds


def in_crashes() -> Iterator[str]:
    """Yield what the shortest sweep draws."""
    drawn = crashes.drawn(random.Random(1))
    for setting in islice(drawn, len(crashes.platforms())):
        if setting.platform not in worlds.ACTS:
            yield setting.platform


def in_kills() -> Iterator[str]:
    return (setting.platform for setting in kills.drawn(random.Random(1)))


def in_wirefaults() -> Iterator[str]:
    return (name for name, _ in worlds.posts(random.Random(1)))


@pytest.mark.parametrize("layer", [in_crashes, in_kills, in_wirefaults])
def test_a_layer_takes_each_account_of_each_platform_once(
    layer: Callable[[], Iterator[str]],
) -> None:
    assert sorted(layer()) == sorted(SUBJECTS)


def act_of_account(name: str) -> Act:
    subject = SUBJECTS[name](None)
    subject.put_away()
    return act_of(find(platform_of(name)), lambda: subject.settings)


def test_each_shipped_platform_has_an_account_of_each_class_of_act() -> None:
    tried = {
        name: {act_of_account(one) for one in SUBJECTS if platform_of(one) == name}
        for name in BUILT_IN
    }
    for entry in catalogue(sorted(BUILT_IN)):
        acts = tried[entry.platform.name]
        assert entry.act in acts
        assert len(acts) == 1 + issubclass(entry.platform, Varies)
    assert {platform_of(name) for name in SUBJECTS} == set(BUILT_IN)


def test_each_type_of_post_that_goes_another_way_is_tried() -> None:
    """Reels and stories have calls of their own at these two."""
    for name in ("facebook", "instagram"):
        assert "story" in worlds.shapes(name)
    assert "reel" in worlds.shapes("facebook")

"""The power goes at a sync, or as the post leaves: one post, a sound store; elsewhere it would double."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.proof import power
from tests.proof.tracing import needs_strace

pytestmark = needs_strace


@pytest.mark.fault("F15", "F16")
@pytest.mark.parametrize("mode", power.SAFE)
def test_a_power_cut_doubles_nothing_and_damages_nothing(tmp_path: Path, mode: str) -> None:
    chance = random.Random(mode)
    with power.recording(tmp_path, mode) as tape:
        for cut in [tape.act, tape.act + 1, *chance.sample(tape.cuts(), 4)]:
            assert tape.cut(cut) == [], cut
        for cut in chance.sample(range(len(tape.calls)), 4):
            assert tape.cut(cut, chance) == [], cut


@pytest.mark.fault("F15", "F17")
@pytest.mark.parametrize("mode", power.UNSAFE)
def test_the_modes_that_are_refused_would_double(tmp_path: Path, mode: str) -> None:
    """What finds nothing here would prove nothing above."""
    assert power.doubles(tmp_path, mode)

"""A run after an outage takes what is nearest to now, and little memory, however much there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proof import load


@pytest.mark.fault("F102")
def test_after_an_outage_a_run_takes_the_nearest_first_and_little_memory(tmp_path: Path) -> None:
    found, took = load.story(1, tmp_path, due=500, history=20_000)
    assert found == []
    assert len(took.texts) == 50, "as many as one run takes on"

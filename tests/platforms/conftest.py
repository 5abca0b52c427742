"""What the tests of every platform are given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.platforms.contract import Album


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path)

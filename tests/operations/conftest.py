from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.stage import START, Stage, build, close_all
from tests.s3 import s3_rclone as s3_rclone


@pytest.fixture(autouse=True)
def _every_house_is_closed() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return build(tmp_path, at=START)

from collections.abc import Iterator

import pytest

from tests.operations.stage import close_all
from tests.s3 import s3_rclone as s3_rclone


@pytest.fixture(autouse=True)
def _every_house_is_closed() -> Iterator[None]:
    yield
    close_all()

"""Real servers for the tests marked `real`: started once per session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platforms.contract import Album
from tests.real import install, servers


@pytest.fixture(scope="session")
def pds_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not install.has_node():
        pytest.skip(install.NO_NODE)
    if not install.is_installed():
        pytest.skip(install.NOT_HERE)
    with servers.pds(tmp_path_factory.mktemp("pds")) as url:
        yield url


@pytest.fixture(scope="session")
def mastodon_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.mastodon_mock(tmp_path_factory.mktemp("mastodon")) as url:
        yield url


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path)

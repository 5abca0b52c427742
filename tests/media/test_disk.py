from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from postcron.errors import LibraryUnavailable
from postcron.media.disk import DiskLibrary
from tests.media.files import noise


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.fault("F92")
@pytest.mark.usefixtures("umask")
def test_only_its_owner_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "library"

    DiskLibrary(folder).put(*noise(tmp_path / "clip"))

    modes = {stat.S_IMODE(one.stat().st_mode) for one in folder.rglob("*") if one.is_file()}
    folders = [folder.parent, folder, *(one for one in folder.rglob("*") if one.is_dir())]
    assert modes == {0o600}
    assert {stat.S_IMODE(one.stat().st_mode) for one in folders} == {0o700}


def test_a_path_that_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "library").touch()

    with pytest.raises(LibraryUnavailable, match=r"library cannot be used: Not a directory\.$"):
        DiskLibrary(tmp_path / "library").put(*noise(tmp_path / "clip"))


PUT = """
import resource, signal, sys
from pathlib import Path
from postcron.media.disk import DiskLibrary
from tests.media.files import noise
source, file = noise(Path(sys.argv[1]) / "clip")
{limit}
DiskLibrary(Path(sys.argv[1]) / "library").put(source, file)
"""


def in_a_process(tmp_path: Path, limit: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PUT.format(limit=limit), str(tmp_path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_crash_halfway_leaves_no_file_under_a_name(tmp_path: Path) -> None:
    # The kernel ends the process with a signal at the write that passes the limit.
    limit = "signal.signal(signal.SIGXFSZ, signal.SIG_DFL); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))"

    done = in_a_process(tmp_path, limit)

    assert done.returncode < 0
    assert not list((tmp_path / "library").rglob("*.jpg"))
    DiskLibrary(tmp_path / "library").put(*noise(tmp_path / "clip"))


@pytest.mark.fault("F22")
def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))"

    done = in_a_process(tmp_path, limit)

    assert "LibraryUnavailable: The media library" in done.stderr
    assert not [one for one in (tmp_path / "library").rglob("*") if one.is_file()]

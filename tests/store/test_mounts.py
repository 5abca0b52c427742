"""SQLite's locks do not hold on a network: such a file system is recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from postcron.store.mounts import network_filesystem

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:26 / /mnt/nfs rw shared:2 - nfs4 server:/export rw
31 30 254:1 / /mnt/nfs/local rw - ext4 /dev/vdb rw
32 22 0:27 / /mnt/für\\040alle rw - cifs //server/share rw
33 22 0:28 / /mnt/ssh rw - fuse.sshfs me@host: rw
34 22 0:29 / /mnt/mac rw - fuse.osxfs osxfs rw
35 22 0:30 / /mnt/over rw - ext4 /dev/vdc rw
36 22 0:31 / /mnt/over rw - nfs server:/other rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/ada/postcron.db", None),
        ("/mnt/nfs/postcron.db", "nfs4"),
        ("/mnt/nfs/deep/er/postcron.db", "nfs4"),
        ("/mnt/nfs/local/postcron.db", None),
        ("/mnt/nfs2/postcron.db", None),
        ("/mnt/für alle/postcron.db", "cifs"),
        ("/mnt/ssh/postcron.db", "fuse.sshfs"),
        ("/mnt/mac/postcron.db", None),
        ("/mnt/over/postcron.db", "nfs"),
    ],
)
def test_the_deepest_and_latest_mount_decides(path: str, kind: str | None) -> None:
    assert network_filesystem(Path(path), MOUNTS) == kind


def test_this_machine_is_read_without_help(tmp_path: Path) -> None:
    assert network_filesystem(tmp_path) is None

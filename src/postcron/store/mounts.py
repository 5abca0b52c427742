"""Which file system a path lies on, as far as it matters to a database."""

from __future__ import annotations

from pathlib import Path

_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "lustre", "ceph"})
_NETWORK_FUSE = (
    "sshfs",
    "s3fs",
    "rclone",
    "gluster",
    "ceph",
    "davfs",
    "curlftpfs",
    "gcsfuse",
    "smb",
)


def network_filesystem(path: Path, mountinfo: str | None = None) -> str | None:
    """Return the kind of network file system a path lies on; None if local or not known.

    Linux only: elsewhere there is no /proc/self/mountinfo, and nothing is refused.
    """
    if mountinfo is None:
        try:
            mountinfo = Path("/proc/self/mountinfo").read_text(errors="replace")
        except OSError:
            return None
    kind = _kind_at(path.resolve(), mountinfo)
    family, _, helper = kind.partition(".")
    if kind in _NETWORK or (family == "fuse" and helper.startswith(_NETWORK_FUSE)):
        return kind
    return None


def _kind_at(path: Path, mountinfo: str) -> str:
    """Return the type of the mount with the longest matching point; of equals, the last one made."""
    best, kind = -1, ""
    for line in mountinfo.splitlines():
        before, _, behind = line.partition(" - ")
        point = Path(_plain(before.split(" ")[4]))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), behind.split(" ")[0]
    return kind


def _plain(escaped: str) -> str:
    """Return a mount point as it is written elsewhere: the kernel escapes four characters."""
    for code in ("040", "011", "012", "134"):
        escaped = escaped.replace(f"\\{code}", chr(int(code, 8)))
    return escaped

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest

from postcron.errors import Invalid, LibraryUnavailable
from postcron.media.s3 import Keys
from postcron.media.sources import Access, fetch
from postcron.web import Guard
from tests.s3 import S3Server
from tests.wire import Server, answer

AT_HOME = Access(guard=Guard(private=True))


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def test_a_path_stays_where_it_is(tmp_path: Path, into: Path) -> None:
    source = tmp_path / "photo.jpg"
    source.write_bytes(b"content")

    fetched = fetch(str(source), into)

    assert (fetched.path, fetched.name) == (source.resolve(), "photo.jpg")
    assert list(into.iterdir()) == []


def test_a_link_to_a_file_is_followed_and_keeps_its_own_name(tmp_path: Path, into: Path) -> None:
    (tmp_path / "original").write_bytes(b"content")
    (tmp_path / "photo.jpg").symlink_to("original")

    fetched = fetch(str(tmp_path / "photo.jpg"), into)

    assert (fetched.path.name, fetched.name) == ("original", "photo.jpg")


def test_what_is_no_file_is_refused_in_one_sentence(tmp_path: Path, into: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "to-device").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as line:
        line.bind(str(tmp_path / "socket"))

    for name, said in {
        "pipe": "is a pipe",
        "empty": "is empty",
        "loop": "cannot be opened",
        "to-device": "is a device",
        "socket": "cannot be opened",
        "into": "is a folder",
        "missing": "There is no file",
        "missing/below": "There is no file",
        "empty/below": "cannot be opened",
        "nul\0": "cannot be opened",
        "long" * 100: "cannot be opened",
    }.items():
        with pytest.raises(Invalid, match=said) as caught:
            fetch(str(tmp_path / name), into)
        assert str(caught.value).count(".\n") == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, into: Path) -> None:
    (tmp_path / "secret").write_bytes(b"content")
    (tmp_path / "secret").chmod(0)

    with pytest.raises(Invalid, match="may not be read"):
        fetch(str(tmp_path / "secret"), into)


@pytest.mark.parametrize("source", ["ftp://example.org/a.jpg", "file:///etc/passwd", "data://x"])
def test_other_addresses_are_refused(source: str, into: Path) -> None:
    with pytest.raises(Invalid, match="give a path, https:// or s3://"):
        fetch(source, into)


def test_an_address_is_fetched_into_a_private_file(into: Path) -> None:
    with Server(answer(b"picture")) as server:
        fetched = fetch(f"{server.url}/a%20photo.jpg?signature=canary", into, AT_HOME)

    assert fetched.path.read_bytes() == b"picture"
    assert fetched.name == "a photo.jpg"
    assert stat.S_IMODE(fetched.path.stat().st_mode) == 0o600


def test_an_address_that_holds_nothing_is_refused(into: Path) -> None:
    with Server(answer(b"")) as server, pytest.raises(Invalid, match="is empty"):
        fetch(f"{server.url}/a.jpg", into, AT_HOME)


def test_an_object_is_fetched(s3: S3Server, into: Path) -> None:
    bucket = s3.new_bucket()
    s3.client().put_object(Bucket=bucket, Key="deep/a photo.jpg", Body=b"picture")

    fetched = fetch(f"s3://{bucket}/deep/a photo.jpg", into, Access(Keys(**s3.access)))

    assert fetched.path.read_bytes() == b"picture"
    assert fetched.name == "a photo.jpg"


def test_an_object_that_is_missing_empty_or_too_large_is_refused(s3: S3Server, into: Path) -> None:
    bucket = s3.new_bucket()
    s3.client().put_object(Bucket=bucket, Key="empty", Body=b"")
    s3.client().put_object(Bucket=bucket, Key="large", Body=b"0123456789")
    access = Access(Keys(**s3.access), max_bytes=9)

    for name, said in {"missing": "no object", "empty": "is empty", "large": "larger than"}.items():
        with pytest.raises(Invalid, match=said):
            fetch(f"s3://{bucket}/{name}", into, access)


def test_a_store_that_lets_nobody_in_is_one_sentence(s3_rclone: S3Server, into: Path) -> None:
    bucket = s3_rclone.new_bucket()
    keys = Keys(**{**s3_rclone.access, "secret_key": "canary-of-the-wrong-key"})

    with pytest.raises(LibraryUnavailable) as caught:
        fetch(f"s3://{bucket}/a.jpg", into, Access(keys))

    assert "canary" not in f"{caught.value!r} {keys!r}"

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from postcron.errors import ConfigInvalid, LibraryUnavailable
from postcron.media.library import open_library
from tests import wire
from tests.media.files import noise
from tests.s3 import SECRET_KEY, S3Server


def refused(location: str, tmp_path: Path, **access: str | None) -> str:
    """Return the sentence of a library that cannot be used, which holds no secret."""
    with pytest.raises(LibraryUnavailable) as caught:
        open_library(location, **access).put(*noise(tmp_path / "clip", 1000))
    assert SECRET_KEY not in repr(caught.value)
    assert str(access.get("secret_key")) not in str(caught.value)
    return str(caught.value)


@pytest.mark.fault("F103")
def test_a_wrong_key_is_one_sentence(s3_rclone: S3Server, tmp_path: Path) -> None:
    access = {**s3_rclone.access, "secret_key": "wrong-" + SECRET_KEY}

    said = refused(f"s3://{s3_rclone.new_bucket()}", tmp_path, **access)

    assert "S3 answered" in said


@pytest.mark.fault("F103")
def test_a_missing_bucket_is_one_sentence(s3: S3Server, tmp_path: Path) -> None:
    said = refused("s3://no-such-bucket", tmp_path, **s3.access)

    assert said == "The bucket no-such-bucket cannot be used: S3 answered NoSuchBucket."


@pytest.mark.fault("F103")
def test_a_server_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    access = S3Server(f"http://127.0.0.1:{port}").access

    assert "could not be reached" in refused("s3://bucket", tmp_path, **access)


@pytest.mark.fault("F103")
@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("503 Slow Down", "S3 answered 503"),
        ("403 Forbidden", "S3 answered 403"),
        ("500 Internal Server Error", "S3 answered 500"),
        ("301 Moved", "is endpoint_url right?"),
    ],
)
def test_whatever_s3_refuses_with_is_one_sentence(status: str, said: str, tmp_path: Path) -> None:
    """Asked for an object's size it answers without a body: only the number tells."""
    with wire.Server(wire.answer(b"", status)) as server:
        access = S3Server(server.url).access
        assert said in refused("s3://bucket", tmp_path, **access)


def test_an_address_without_a_bucket_is_refused_at_once() -> None:
    with pytest.raises(ConfigInvalid, match="names no bucket"):
        open_library("s3:///folder")


def test_opening_touches_nothing() -> None:
    open_library("s3://bucket/folder", endpoint_url="http://127.0.0.1:1")

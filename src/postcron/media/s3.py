"""The media library in S3-compatible storage (AWS, Spaces, MinIO, R2 …). The only boto3 in postcron."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from postcron.errors import CannotWork, ConfigInvalid, LibraryUnavailable
from postcron.media.library import PIECE, changed, damaged, key, pieces, proved, public
from postcron.model import MediaFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: seconds a signed address holds: platforms keep what they fetched it for no longer
SIGNED_S: Final = 24 * 3600
MISSING: Final = frozenset({"404", "NoSuchKey", "NotFound"})


class NoSuchObject(Exception):
    """There is nothing under this key."""


@dataclass(frozen=True)
class Keys:
    """How to get at S3. What is None boto3 looks for itself: environment, ~/.aws, instance role."""

    endpoint_url: str | None = None
    region: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)


class Bucket:
    """One bucket: its errors are sentences, and its bytes come in pieces."""

    def __init__(self, name: str, keys: Keys) -> None:
        self.name = name
        self._keys = keys

    @cached_property
    def client(self) -> S3Client:
        """Return the client, made at its first use: boto3 takes longer to load than we to run."""
        import boto3
        from botocore.config import Config

        config = Config(
            signature_version="s3v4",
            connect_timeout=10,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 3},
            # Newer checksums are asked of AWS only: other stores refuse or ignore them.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if self._keys.endpoint_url else "auto"},
            proxies={},
        )
        return boto3.session.Session(
            aws_access_key_id=self._keys.access_key,
            aws_secret_access_key=self._keys.secret_key,
            region_name=self._keys.region or ("us-east-1" if self._keys.endpoint_url else None),
        ).client("s3", endpoint_url=self._keys.endpoint_url, config=config)

    def size(self, name: str) -> int:
        """Return how long an object is; raises `NoSuchObject`."""
        with self.translated():
            return self.client.head_object(Bucket=self.name, Key=name)["ContentLength"]

    def read(self, name: str, offset: int = 0) -> Iterator[bytes]:
        """Yield an object from `offset` in pieces of 640 KiB; raises `NoSuchObject`."""
        with self.translated():
            answer = self.client.get_object(Bucket=self.name, Key=name, Range=f"bytes={offset}-")
            with contextlib.closing(answer["Body"]) as body:
                yield from body.iter_chunks(PIECE)

    def signed(self, name: str) -> str:
        """Return an address that opens one object to whoever has it, for a day."""
        with self.translated():
            return self.client.generate_presigned_url(
                "get_object", Params={"Bucket": self.name, "Key": name}, ExpiresIn=SIGNED_S
            )

    def write(self, source: Path, name: str, mime: str) -> None:
        """Store a file as an object, in parts when it is large, in constant memory."""
        from boto3.s3.transfer import TransferConfig, create_transfer_manager

        extra = {"ContentType": mime}
        with (
            self.translated(),
            create_transfer_manager(self.client, TransferConfig(max_concurrency=4)) as manager,
        ):
            manager.upload(str(source), self.name, name, extra_args=extra).result()

    @contextlib.contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what boto3 raises into `NoSuchObject` and `LibraryUnavailable`, without its details.

        They name keys, signatures and whole addresses.
        """
        from botocore import exceptions as boto

        try:
            yield
        except boto.ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            if code in MISSING:
                raise NoSuchObject(self.name) from error
            raise self._trouble(f"S3 answered {code}") from error
        except RecursionError as error:  # it follows a redirect by asking the same address again
            raise self._trouble("it redirects for ever; is endpoint_url right?") from error
        except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
            raise self._trouble("there is no access key; set access_key and secret_key") from error
        except (boto.ConnectionError, boto.HTTPClientError) as error:
            raise self._trouble("S3 could not be reached, or fell silent") from error
        except (boto.BotoCoreError, OSError, ValueError) as error:
            raise self._trouble(f"S3 failed with {type(error).__name__}") from error

    def _trouble(self, reason: str) -> CannotWork:
        return LibraryUnavailable(f"The bucket {self.name} cannot be used: {reason}.")


class S3Library:
    """Objects under one prefix of one bucket."""

    def __init__(self, location: str, keys: Keys, public_url: str | None = None) -> None:
        bucket, self._prefix = split(location)
        self._bucket = Bucket(bucket, keys)
        self._public_url = public_url

    def put(self, source: Path, file: MediaFile) -> MediaFile:
        """Upload, unless an object of this size is there; S3 shows an object whole or not at all."""
        name = self._name(file)
        kept = replace(file, location=f"s3://{self._bucket.name}/{name}")
        if not self._holds(name, file):
            _require_unchanged(source, file)
            self._bucket.write(source, name, file.mime)
        return kept

    def read(self, file: MediaFile, offset: int = 0) -> Iterator[bytes]:
        """Yield the object from `offset`."""
        if offset >= file.size:
            return
        content = self._bucket.read(self._name(file), offset)
        try:
            yield from content if offset else proved(content, file)
        except NoSuchObject as error:
            raise damaged(file, "is not in the library any more") from error

    def address(self, file: MediaFile) -> str | None:
        """Return the public address, else one that is signed for a day."""
        if self._public_url is not None:
            return public(self._public_url, file)
        return self._bucket.signed(self._name(file))

    def check(self, file: MediaFile, *, full: bool = False) -> None:
        """Compare the size, or all of it."""
        try:
            size = self._bucket.size(self._name(file))
        except NoSuchObject as error:
            raise damaged(file, "is not in the library any more") from error
        if size != file.size:
            raise damaged(file, f"has {size} bytes instead of {file.size}")
        if full:
            for _ in self.read(file):
                pass

    def _holds(self, name: str, file: MediaFile) -> bool:
        try:
            return self._bucket.size(name) == file.size
        except NoSuchObject:
            return False

    def _name(self, file: MediaFile) -> str:
        return "/".join(filter(None, (self._prefix, key(file))))


def split(location: str) -> tuple[str, str]:
    """Return bucket and key (or prefix) of an `s3://` address."""
    parts = urlsplit(location)
    if not parts.netloc:
        raise ConfigInvalid(f"{location} names no bucket; write it like s3://bucket/folder.")
    return parts.netloc, parts.path.strip("/")


def _require_unchanged(source: Path, file: MediaFile) -> None:
    with source.open("rb") as content:
        digest = hashlib.sha256()
        for piece in pieces(content):
            digest.update(piece)
    if digest.hexdigest() != file.sha256:
        raise changed(source)

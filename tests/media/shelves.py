"""Libraries with a back door, by which things go wrong in them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from postcron.media.library import Library, open_library
from postcron.model import MediaFile
from tests.s3 import S3Server


class Shelf(Protocol):
    library: Library

    def names(self) -> list[str]: ...
    def overwrite(self, file: MediaFile, content: bytes) -> None: ...
    def remove(self, file: MediaFile) -> None: ...


class FolderShelf:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = open_library(str(folder))

    def names(self) -> list[str]:
        found = (one for one in self.folder.rglob("*") if one.is_file())
        return [str(one.relative_to(self.folder)) for one in found]

    def overwrite(self, file: MediaFile, content: bytes) -> None:
        Path(file.location).write_bytes(content)

    def remove(self, file: MediaFile) -> None:
        Path(file.location).unlink()


class S3Shelf:
    def __init__(self, server: S3Server) -> None:
        self.bucket, self.client = server.new_bucket(), server.client()
        self.library = open_library(f"s3://{self.bucket}/some/prefix/", **server.access)

    def names(self) -> list[str]:
        objects = self.client.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [one["Key"].removeprefix("some/prefix/") for one in objects]

    def overwrite(self, file: MediaFile, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=self._key(file), Body=content)

    def remove(self, file: MediaFile) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=self._key(file))

    def _key(self, file: MediaFile) -> str:
        return file.location.removeprefix(f"s3://{self.bucket}/")

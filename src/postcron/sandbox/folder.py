"""What the sandbox remembers: records in a folder, each of them whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


class Folder:
    """JSON records, media files and the ledger of what went live."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.media = path / "media"
        self.ledger = path / "ledger.jsonl"
        for folder in (path, self.media, path / "posts"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def write(self, name: str, record: Mapping[str, Any]) -> None:
        self.write_bytes(name, json.dumps(record, ensure_ascii=False, indent=1).encode())

    def write_bytes(self, name: str, content: bytes) -> None:
        target = self.path / name
        unfinished = target.with_name(f".{target.name}")
        with os.fdopen(
            os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
        ) as f:
            f.write(content)
        unfinished.replace(target)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def read(self, name: str) -> dict[str, Any] | None:
        try:
            record: dict[str, Any] = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        return record

    def records(self, kind: str) -> Iterator[dict[str, Any]]:
        for path in sorted((self.path / kind).glob("[!.]*.json")):
            yield json.loads(path.read_bytes())

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add one line to the ledger by one write: a kill leaves all of it or nothing."""
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        ledger = os.open(self.ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(ledger, line)
        finally:
            os.close(ledger)

    def entries(self) -> list[dict[str, Any]]:
        if not self.ledger.exists():
            return []
        return [json.loads(line) for line in self.ledger.read_bytes().splitlines()]

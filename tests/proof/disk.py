"""A disk that forgets: the recorded writes of a process, replayed with only what was synced."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

#: what a recording must hold
CALLS = ("pwrite64", "ftruncate", "fdatasync", "fsync", "unlink", "sendto")
_LINE = re.compile(r"(?:\d+ +)?(\w+)\((.*)")
_HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Call:
    """One recorded system call; `file` is a name within the folder, empty for the folder itself."""

    name: str
    file: str | None
    data: bytes = b""
    at: int = 0

    @property
    def syncs(self) -> bool:
        return self.name in {"fdatasync", "fsync"}


Files = dict[str, bytes]


@dataclass
class Disk:
    """What a file system holds for sure, and what it would only hold if the power stayed."""

    durable: Files
    #: writes of each file since its last sync
    pending: dict[str, list[Call]] = field(default_factory=dict)
    #: names taken out since the folder was synced
    unlinked: set[str] = field(default_factory=set)

    def do(self, call: Call) -> None:
        if call.file is None:
            return
        if call.name == "unlink":
            self.unlinked.add(call.file)
        elif call.syncs and not call.file:
            for name in self.unlinked:
                self.durable.pop(name, None)
                self.pending.pop(name, None)
            self.unlinked.clear()
        elif call.syncs:
            self.durable[call.file] = self._written(call.file, self.pending.pop(call.file, []))
            self.unlinked.discard(call.file)
        elif call.name in {"pwrite64", "ftruncate"}:
            if call.file in self.unlinked:  # a new file of that name
                self.unlinked.discard(call.file)
                self.pending[call.file] = [Call("ftruncate", call.file)]
            self.pending.setdefault(call.file, []).append(call)

    def after_a_cut(self, chance: random.Random | None = None) -> Files:
        """Return what is there after a power cut; by chance some of what was not synced, too."""
        if chance is None:
            return dict(self.durable)
        kept = {
            name: [call for call in calls if chance.random() < 0.5]
            for name, calls in self.pending.items()
        }
        return self.durable | {name: self._written(name, calls) for name, calls in kept.items()}

    def _written(self, name: str, calls: list[Call]) -> bytes:
        content = bytearray(self.durable.get(name, b""))
        for call in calls:
            if call.name == "ftruncate":
                content = bytearray(bytes(content[: call.at]).ljust(call.at, b"\0"))
            else:
                content.extend(b"\0" * (call.at + len(call.data) - len(content)))
                content[call.at : call.at + len(call.data)] = call.data
        return bytes(content)


def recorded(log: Path, folder: Path) -> Iterator[Call]:
    """Yield the calls that strace recorded (-y -xx) on the store in a folder, and each send."""
    for line in log.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None or "resumed>" in line:
            continue
        name, rest = match.groups()
        if name == "sendto":
            yield Call(name, None, _bytes(rest))
        elif (file := _file(name, rest, folder)) is not None:
            yield _filled(Call(name, file), rest)


def _file(name: str, rest: str, folder: Path) -> str | None:
    found = _HEX.search(rest) if name == "unlink" else re.search(r"<((?:\\x[0-9a-f]{2})*)>", rest)
    if found is None:
        return None
    path = Path(bytes.fromhex(found[1].replace("\\x", "")).decode())
    if path == folder:
        return ""
    ours = path.parent == folder and path.name.startswith("postcron.db")
    return path.name if ours and not path.name.endswith("-shm") else None


def _filled(call: Call, rest: str) -> Call:
    if call.name == "pwrite64":
        at = re.search(r'", \d+, (\d+)', rest)
        assert at is not None, rest[-80:]
        return replace(call, data=_bytes(rest), at=int(at[1]))
    if call.name == "ftruncate":
        length = re.search(r">, (\d+)", rest)
        assert length is not None, rest
        return replace(call, at=int(length[1]))
    return call


def _bytes(rest: str) -> bytes:
    found = _HEX.search(rest)
    return bytes.fromhex(found[1].replace("\\x", "")) if found else b""

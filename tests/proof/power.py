"""Power cuts: a real run is recorded, then replayed up to each sync with only what was synced."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tests.proof import worlds
from tests.proof.crashes import Setting, Story
from tests.proof.death import Death
from tests.proof.disk import CALLS, Call, Disk, Files, recorded
from tests.proof.figures import Figures
from tests.proof.grounds import START, on_sqlite
from tests.proof.tracing import AVAILABLE, Driven
from tests.simulators.mastodon import Keys, Mastodon

#: what postcron uses with this SQLite ("" is its own choice), and the newer mode beside it
SAFE = ("", "wal FULL")
#: what it refuses: these lose the intent, and the replay has to show it
UNSAFE = ("wal NORMAL", "delete FULL")
#: only a list tells here, and no key keeps a second call from making a second post
SETTING = Setting("sqlite", "mastodon", "ok")
DUE = START + timedelta(hours=1)


@dataclass
class Recording:
    """One run from its intent to its receipt, and what the folder held before it."""

    world: worlds.World
    base: Files
    calls: Sequence[Call]

    @property
    def act(self) -> int:
        """The number of the call with which the post left."""
        posts = [n for n, call in enumerate(self.calls) if b"POST /api/v1/statuses" in call.data]
        return posts[-1]

    def cuts(self) -> list[int]:
        """Return after how many calls the power may go: at each sync, and as the post leaves."""
        syncs = [number + 1 for number, call in enumerate(self.calls) if call.syncs]
        return sorted({0, self.act, *syncs})

    def cut(self, after: int, chance: random.Random | None = None) -> list[str]:
        """Cut the power there, let cron go on, and return what the oracle finds."""
        disk = Disk(dict(self.base))
        for call in self.calls[:after]:
            disk.do(call)
        folder = self.world.stage.house.state_dir.parent
        self._put(folder, disk.after_a_cut(chance))
        sound = _check(folder)
        server = self.server
        del server.statuses[2 if after > self.act else 1 :]
        if after > self.act and len(server.statuses) == 1:
            server.already_there("hello", application="postcron")
        self.world.stage.clock.at = DUE + timedelta(minutes=1)
        return sound + Story(self.world, SETTING)._afterwards().breaches

    def _put(self, folder: Path, files: Files) -> None:
        """Let the folder hold these files: the same inodes, as after a start of the machine."""
        self.world.database.engine.dispose()
        for path in folder.glob("postcron.db-*"):
            path.unlink()
        # The witness is synced at the end of a run: it never knows more than the store.
        shutil.rmtree(folder / "state" / "witness", ignore_errors=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)

    @property
    def server(self) -> Mastodon:
        server = self.world.server
        assert isinstance(server, Mastodon)
        return server


@contextmanager
def recording(folder: Path, mode: str) -> Iterator[Recording]:
    """Let a process bring one post out on a store in this journal mode."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        with worlds.real(place, on_sqlite, "mastodon", "ok", Death(), wired=True) as world:
            assert isinstance(world.server, Mastodon)
            world.server.keys = Keys.IGNORED
            Story(world, SETTING)._schedule()
            world.stage.pass_time(hours=1)
            world.database.engine.dispose()
            if mode:
                _turn(place / "postcron.db", mode.partition(" ")[0])
            base = {path.name: path.read_bytes() for path in place.glob("postcron.db*")}
            at = DUE - timedelta(milliseconds=400)
            driven = Driven(f"run {mode}".strip(), place, at, world.stage.house.environ)
            ended = driven.recorded(folder / "log", *CALLS)
            assert ended.code == 0, ended.complaint
            assert len(world.live()) == 1
            yield Recording(world, base, list(recorded(folder / "log", place)))


def _turn(path: Path, journal: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA journal_mode = {journal}")


def _check(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "postcron.db")) as database:
        [answer] = database.execute("PRAGMA integrity_check").fetchone()
    return [] if answer == "ok" else [f"9 damaged: {answer}"]


def sweep(figures: Figures, seed: int, count: int, folder: Path) -> None:
    """Cut the power at every sync in each safe mode, then as often again with some writes kept."""
    if not AVAILABLE:
        figures.add("strace", ["0 not run: there is no strace here"])
        return
    chance = random.Random(seed)
    for mode in SAFE:
        with recording(folder, mode) as tape:
            share = count // len(SAFE)
            for cut in _sample(tape.cuts(), share, chance):
                figures.add(f"{mode or 'own'}, cut after {cut}", tape.cut(cut))
            for number in range(share - len(tape.cuts())):
                cut = chance.randrange(len(tape.calls))
                lucky = random.Random(f"{seed} {number}")
                figures.add(f"{mode or 'own'}, torn after {cut}", tape.cut(cut, lucky))
    figures.counted["unsafe modes that doubled"] = sum(doubles(folder, mode) for mode in UNSAFE)
    if figures.counted["unsafe modes that doubled"] < len(UNSAFE):
        figures.add("control", ["0 no control: an unsafe mode lost nothing, so this shows nothing"])


def _sample(cuts: list[int], most: int, chance: random.Random) -> list[int]:
    return sorted(chance.sample(cuts, min(most, len(cuts))))


def doubles(folder: Path, mode: str) -> bool:
    """Say whether a cut just after the post left leads to a second one in this mode."""
    with recording(folder, mode) as tape:
        return any(breach.startswith("1 ") for breach in tape.cut(tape.act + 1))

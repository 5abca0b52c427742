"""P11: a file of 1 GiB from S3 to a platform, beside curl sending a local file.

YouTube takes it in one request that can be resumed, TikTok in parts. The same sink takes all of them,
and looks at nothing but how much comes. postcron's time is from its first call to its last, curl's and
aws's are whole commands.

The S3 server is bench.shelf, which lets the kernel send the file: the real one that is tested against
took four times as long as curl, and so was all that the figures said. What it takes alone
is shown, and so is the checksum of the file alone: postcron proves what it sends, on another core, and
curl does not. Where all cores have other work, the figures are those of the CPU time.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self

from bench.carrier import Carried, Task
from postcron.media.s3 import Bucket, Keys
from tests import s3

SIZE, SMALL = 1024 * 1024 * 1024, 64 * 1024 * 1024
ROUNDS = 3
BUCKET = "media"
CURL, S3_ALONE, AWS = "curl", "S3 alone", "aws s3 cp, then curl"
CHECKSUM = "checksum alone"
#: against curl, for one request and for parts; against aws and curl, for one request; and memory
GOALS = {"youtube": 2.0, "tiktok": 2.3}
FASTER = {"youtube": 4.0}
MEMORY_MB = 8


class Took(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float


Round = Mapping[str, Took]


def main() -> None:
    if shutil.which("curl") is None:
        print("P11 needs curl to compare with: not measured")
        return
    with _S3() as shelf, _running("bench.sink") as url:
        large, small = shelf.file(SIZE), shelf.file(SMALL)
        print(f"P11 {_mib(large)} from S3 to a platform; medians of {ROUNDS}")
        contest = _contest(shelf, url, large)
        rounds = [{name: work() for name, work in contest.items()} for _ in range(ROUNDS)]
        for name in contest:
            wall = statistics.median(one[name].wall for one in rounds)
            cpu = statistics.median(one[name].cpu for one in rounds)
            print(f"    {name:21}{wall:6.2f} s, CPU {cpu:.2f} s{''.join(_told(name, rounds))}")
        for platform in GOALS:
            print(f"    {platform:21}memory: {_memory(shelf, url, platform, small, large)}")


def _contest(shelf: _S3, url: str, path: Path) -> dict[str, Callable[[], Took]]:
    contest: dict[str, Callable[[], Took]] = {
        CURL: partial(_curl, url, path),
        S3_ALONE: partial(_fetched, shelf, path),
        CHECKSUM: partial(_hashed, path.stat().st_size),
    }
    if (aws := shutil.which("aws")) is not None:
        contest[AWS] = partial(_copied, aws, shelf, url, path)
    return contest | {name: partial(_uploaded, shelf, url, name, path) for name in GOALS}


def _told(name: str, rounds: Sequence[Round]) -> Iterator[str]:
    if name not in GOALS:
        return
    yield f"   {_ratio(rounds, name, CURL):.2f} x {CURL} (goal ≤ {GOALS[name]})"
    yield f", {_ratio(rounds, name, S3_ALONE):.2f} x {S3_ALONE}"
    if AWS in rounds[0]:
        yield f", {_ratio(rounds, AWS, name):.1f} x as fast as aws"
        if name in FASTER:
            yield f" (goal ≥ {FASTER[name]})"


def _ratio(rounds: Sequence[Round], name: str, base: str) -> float:
    return statistics.median(one[name].wall / one[base].wall for one in rounds)


def _memory(shelf: _S3, url: str, platform: str, *paths: Path) -> str:
    took = [(path, _carried(shelf, url, platform, path)) for path in paths]
    grown = [f"{one.after - one.before:.1f} MB more at {_mib(path)}" for path, one in took]
    return f"{', '.join(grown)} (goal ≤ {MEMORY_MB})"


def _mib(path: Path) -> str:
    return f"{path.stat().st_size // 2**20} MiB"


def _curl(url: str, path: Path) -> Took:
    return _timed(["curl", "-sf", "-o", os.devnull, "-F", f"file=@{path}", f"{url}/sink"])


def _hashed(size: int) -> Took:
    piece, digest, began = bytes(1024 * 1024), hashlib.sha256(), _now()
    for _ in range(size // len(piece)):
        digest.update(piece)
    return _since(began)


def _fetched(shelf: _S3, path: Path) -> Took:
    bucket = Bucket(BUCKET, Keys(**shelf.access))
    there = bucket.signed(str(path.relative_to(shelf.folder / BUCKET)))
    return _timed(["curl", "-sf", "-o", os.devnull, there])


def _copied(aws: str, shelf: _S3, url: str, path: Path) -> Took:
    copy, began = path.with_suffix(".copy"), _now()
    there = f"s3://{BUCKET}/{path.relative_to(shelf.folder / BUCKET)}"
    _timed([aws, "--endpoint-url", shelf.endpoint, "s3", "cp", "--quiet", there, str(copy)])
    try:
        _curl(url, copy)
        return _since(began)
    finally:
        copy.unlink()


def _timed(command: list[str]) -> Took:
    keys = {"AWS_ACCESS_KEY_ID": s3.ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": s3.SECRET_KEY}
    began = _now()
    subprocess.run(command, check=True, env={**os.environ, **keys, "AWS_REGION": "us-east-1"})
    return _since(began)


def _now() -> Took:
    """Return the time, and what this process and all it ran has had of the CPU."""
    return Took(time.perf_counter(), sum(os.times()[:4]))


def _since(began: Took) -> Took:
    now = _now()
    return Took(now.wall - began.wall, now.cpu - began.cpu)


def _uploaded(shelf: _S3, url: str, platform: str, path: Path) -> Took:
    done = _carried(shelf, url, platform, path)
    return Took(done.seconds, done.cpu)


def _carried(shelf: _S3, url: str, platform: str, path: Path) -> Carried:
    library = {"location": f"s3://{BUCKET}", **shelf.access}
    task = Task(platform, url, library, path.stat().st_size, path.stem)
    command = [sys.executable, "-m", "bench.carrier", json.dumps(asdict(task))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Carried(**json.loads(done.stdout))


class _S3:
    """An S3 server over a folder, whose objects are files of ours."""

    def __enter__(self) -> Self:
        self._scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self._scratch.name, "data")
        (self.folder / BUCKET).mkdir(parents=True)
        self._running = _running("bench.shelf", str(self.folder))
        self.endpoint = self._running.__enter__()
        self.access = s3.S3Server(self.endpoint).access
        return self

    def __exit__(self, *_: object) -> None:
        self._running.__exit__(None, None, None)
        self._scratch.cleanup()

    def file(self, size: int) -> Path:
        """Return a file where the library would keep it."""
        piece, digest = os.urandom(1024 * 1024), hashlib.sha256()
        path = self.folder / BUCKET / "new.mp4"
        with path.open("wb") as file:
            for _ in range(size // len(piece)):
                file.write(piece)
                digest.update(piece)
        name = digest.hexdigest()
        kept = path.parent / name[:2] / f"{name}.mp4"
        kept.parent.mkdir(exist_ok=True)
        return path.rename(kept)


@contextmanager
def _running(module: str, *arguments: str) -> Iterator[str]:
    """Run a server of ours; yield its address."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
